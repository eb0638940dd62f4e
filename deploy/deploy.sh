#!/usr/bin/env bash
# The last step of cloudbuild.yaml: put an image into use, as the Cloud Run job or service that setup.sh has made.
#
# Takes PROJECT, PROJECT_NUMBER, REGION, NAME, AS (job or service), WATCH (the service to watch), IMAGE, SETTINGS (NAME=VALUE, with | between them) and
# SECRETS (NAME=SECRET:VERSION, with commas) from the environment. Settings that are not named stay as they are; so do the secrets if
# SECRETS is empty.
set -euo pipefail

# Cloud Run checks the caller's token and takes its signature off; logwatch checks what is left: whose it is, and for which address.
# Its calls are paid for by the second, so they wait for second 5 of the minute and not for 20, unless SETTINGS say otherwise.
if [ "$AS" = service ]; then
    if [[ ${SETTINGS:-} != *LOGWATCH_STARTS=* ]]; then SETTINGS="LOGWATCH_STARTS=5s|LOGWATCH_EARLY=5s${SETTINGS:+|$SETTINGS}"; fi
    address=https://$NAME-$PROJECT_NUMBER.$REGION.run.app
    SETTINGS="LOGWATCH_SERVE_AUDIENCE=$address|LOGWATCH_SERVE_SIGNATURE=removed|\
LOGWATCH_SERVE_CALLER=$NAME-caller@$PROJECT.iam.gserviceaccount.com${SETTINGS:+|$SETTINGS}"
fi
settings="LOGWATCH_SOURCE=gcp://$PROJECT/$WATCH|LOGWATCH_STATE=gs://$PROJECT-$NAME-state/state.json"
common=(--project="$PROJECT" --region="$REGION" --image="$IMAGE" --cpu=1 --memory=512Mi --labels="made-by=$NAME"
    --service-account="$NAME-runner@$PROJECT.iam.gserviceaccount.com"
    --update-env-vars="^|^$settings${SETTINGS:+|$SETTINGS}" --quiet)
if [ -n "${SECRETS:-}" ]; then common+=(--set-secrets="$SECRETS"); fi

case $AS in
job)
    # No retry: the next minute is one, and a retry would repeat what was in flight. A run waits for the second of the minute at
    # which it looks (LOGWATCH_STARTS), then takes the state's lease, 55 s: that ends with the timeout at the latest.
    gcloud run jobs deploy "$NAME" "${common[@]}" --args=run --tasks=1 --max-retries=0 --task-timeout=75s
    ;;
service)
    # One instance; no CPU between requests, so none is paid for. Who may call stays as setup.sh has said: this account may not change it.
    gcloud run deploy "$NAME" "${common[@]}" --args=serve --concurrency=8 --max-instances=1 --min-instances=0 --cpu-throttling \
        --timeout=80s --ingress=internal --set-custom-audiences="$address" --startup-probe=httpGet.path=/healthz
    ;;
*)
    echo "deploy.sh: AS=$AS: right are job and service" >&2
    exit 2
    ;;
esac
