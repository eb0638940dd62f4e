#!/usr/bin/env bash
# The last step of cloudbuild.yaml: put an image into use, as the Cloud Run job or service that setup.sh has made.
#
# Takes PROJECT, PROJECT_NUMBER, REGION, NAME and IMAGE (or the file PUSHED with its digest) from the environment, and what is to change: AS (job or service; nothing: what stands), SETTINGS
# (NAME=VALUE, with | between them) and SECRETS (NAME=SECRET:VERSION, with commas). What is not named stays as it is: service watched,
# settings, secrets, memory, network.
set -euo pipefail

there=(--project="$PROJECT" --region="$REGION")
as=${AS:-}
if [ -z "$as" ]; then
    for kind in job service; do
        if gcloud run "${kind}s" describe "$NAME" "${there[@]}" --format='value(metadata.name)' >/dev/null 2>&1; then as=$as${as:+ and }$kind; fi
    done
fi

# Each push of an image has a name of its own that nobody can move to another one.
if [ -s "${PUSHED:-}" ]; then IMAGE=$(cat "$PUSHED"); fi
options=("${there[@]}" --quiet --image="$IMAGE")
if [ -n "${SETTINGS:-}" ]; then options+=(--update-env-vars="^|^$SETTINGS"); fi
if [ -n "${SECRETS:-}" ]; then options+=(--update-secrets="$SECRETS"); fi

case $as in
job)
    # No retry: the next minute is one, and a retry would repeat what was in flight. A run waits for the second of the minute at
    # which it looks (LOGWATCH_STARTS), then takes the state's lease, 55 s: that ends with the timeout at the latest.
    gcloud run jobs update "$NAME" "${options[@]}" --args=run --max-retries=0 --task-timeout=75s
    ;;
service)
    # One instance; no CPU between requests, so none is paid for. Who may call stays as setup.sh has said: this account may not change it.
    # The address is the audience that its caller's token is made out to. A process that hangs is replaced after two or three minutes: each
    # probe wakes it for a moment, and is paid for.
    gcloud run services update "$NAME" "${options[@]}" --args=serve --concurrency=8 --max-instances=1 --cpu-throttling --timeout=80s \
        --set-custom-audiences="https://$NAME-$PROJECT_NUMBER.$REGION.run.app" --startup-probe=httpGet.path=/healthz \
        --liveness-probe=httpGet.path=/healthz,periodSeconds=60,timeoutSeconds=5,failureThreshold=2
    ;;
*)
    echo "deploy.sh: AS=$as: right are job and service" >&2
    exit 2
    ;;
esac
