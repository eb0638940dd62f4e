#!/usr/bin/env bash
# Make everything that logwatch needs in a Google Cloud project, build it, and call it every minute.
#
#   deploy/setup.sh --project PROJECT [options]
#
#   --project PROJECT     the project; otherwise that of gcloud's configuration        LOGWATCH_DEPLOY_PROJECT
#   --region REGION       where everything is made; asia-northeast3                    LOGWATCH_DEPLOY_REGION
#   --service SERVICE     Cloud Run service to watch; o4o-core-api                     LOGWATCH_DEPLOY_SERVICE
#   --name NAME           what the names of all things begin with; logwatch            LOGWATCH_DEPLOY_NAME
#   --as job|service      run as a Cloud Run job (about 60 USD a month), or as a       LOGWATCH_DEPLOY_AS
#                         service that is called (next to nothing); job
#   --set NAME=VALUE      a setting, e.g. --set LOGWATCH_SLACK_CHANNEL=C0123456789; may be repeated
#   --secret NAME[=-]     make a secret, empty, or with =- from standard input; may be repeated. Names: ops-token,
#                         and the secrets of the channels, e.g. slack-webhook-url, smtp-password
#   --custom-index        index jsonPayload.message in the _Default log bucket, for services that log very much
#   --build               build and deploy also where it runs already: an upgrade, or changed settings and secrets
#   --dry-run             print every command for an empty project, look at nothing, change nothing
#
# A secret's value is taken too from LOGWATCH_SLACK_WEBHOOK_URL and its like in the environment, and is shown nowhere.
# Running it again changes nothing that is there already.
set -euo pipefail
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/common.sh
. "$folder/common.sh"

known_secrets=ops-token
declared='^ +([a-z_]+): SecretStr'
for file in "$folder"/../logwatch/notify/channels/*/__init__.py; do # each channel declares its own
    while IFS= read -r line; do
        if [[ $line =~ $declared ]]; then known_secrets="$known_secrets ${BASH_REMATCH[1]//_/-}"; fi
    done <"$file"
done
apis="artifactregistry cloudbuild cloudscheduler iam logging monitoring run secretmanager storage"
wanted_secrets=
piped_secret=
settings=
build=false
samples=us-docker.pkg.dev/cloudrun/container/
policy_lines='value[separator=" "](bindings.role,bindings.members)'

own_values="--service --as --set --secret"
own_option() { # OPTION VALUE
    case $1 in
    --service) watched=$2 ;;
    --as) as=$2 ;;
    --set) add_setting "$2" ;;
    --secret) add_secret "$2" ;;
    --build) build=true ;;
    *) unknown_option "$1" ;;
    esac
}

add_setting() { # NAME=VALUE
    if ! [[ $1 =~ ^LOGWATCH_[A-Z_]+=. ]]; then fail "--set $1: right is e.g. --set LOGWATCH_LANG=en"; fi
    local field=${1#LOGWATCH_}
    field=$(printf '%s' "${field%%=*}" | tr 'A-Z' 'a-z')
    if ! grep -q "^    \"$field\": {" "${folder%/*}/rules/settings.schema.json"; then fail "--set ${1%%=*}: there is no such setting" "docs/settings.md lists all"; fi
    if [[ $1 == *[\|~]* ]]; then fail "--set ${1%%=*}: a value may not hold | or ~"; fi
    local secret
    for secret in $known_secrets; do
        if [ "${1%%=*}" = "$(variable_of "$secret")" ]; then fail "${1%%=*} is a secret" "give --secret $secret=- and its value on standard input"; fi
    done
    settings=$settings${settings:+|}$1
}

add_secret() { # NAME or NAME=-
    local secret=${1%=-}
    case " $known_secrets " in
    *" $secret "*) ;;
    *) fail "--secret ${1%%=*}: right are ${known_secrets// /, }" "a value never stands on a command line: --secret NAME=- reads it from standard input" ;;
    esac
    wanted_secrets="$wanted_secrets $secret"
    if [ "$secret" = "$1" ]; then return; fi
    if [ -n "$piped_secret" ]; then fail "standard input can be read for one secret" "run it once for each"; fi
    piped_secret=$secret
}

variable_of() { # SECRET: its environment variable
    printf 'LOGWATCH_%s' "$1" | tr 'a-z-' 'A-Z_'
}

value_of() { # SECRET: its new value, or nothing
    local variable
    variable=$(variable_of "$1")
    if [ "$1" = "$piped_secret" ]; then printf '%s' "$piped_value"; else printf '%s' "${!variable:-}"; fi
}

enable_apis() {
    local enabled='' missing='' api
    if ! $dry_run; then enabled=$(gcloud services list --enabled --project="$project" --format='value(config.name)'); fi
    for api in $apis; do
        if ! grep -qx "$api.googleapis.com" <<<"$enabled"; then missing="$missing $api.googleapis.com"; fi
    done
    if [ -z "$missing" ]; then say there "APIs"; return; fi
    say make "APIs:$missing"
    # shellcheck disable=SC2086  # several words are meant
    change gcloud services enable $missing --project="$project"
}

make_account() { # ID DESCRIPTION
    if exists gcloud iam service-accounts describe "$1@$accounts" --project="$project"; then say there "account $1"; return; fi
    say make "account $1: $2"
    change gcloud iam service-accounts create "$1" --display-name="$2" --project="$project"
}

# Give a role where it is not given yet. WHAT ROLE MEMBER GCLOUD-GROUP... ; the words of the group are followed by the resource.
grant() {
    local what=$1 role=$2 member=serviceAccount:$3
    shift 3
    local group=() rest=()
    while [ $# -gt 0 ] && [ "$1" != -- ]; do
        group+=("$1")
        shift
    done
    shift
    rest=("$@")
    if ! $dry_run && gcloud "${group[@]}" get-iam-policy "${rest[@]}" --flatten='bindings[].members' --format="$policy_lines" 2>/dev/null |
        grep -qxF "$role $member"; then
        say there "$role on $what"
        return
    fi
    say make "$role on $what for ${member#serviceAccount:}"
    change gcloud "${group[@]}" add-iam-policy-binding "${rest[@]}" --member="$member" --role="$role"
}

grant_project() { # ROLE ACCOUNT
    case $project_policy in
    *"$1 serviceAccount:$2"*) say there "$1 on the project" ;;
    *)
        say make "$1 on the project for $2"
        change gcloud projects add-iam-policy-binding "$project" --member="serviceAccount:$2" --role="$1" --condition=None
        ;;
    esac
}

make_bucket() { # BUCKET
    if exists gcloud storage buckets describe "gs://$1"; then say there "bucket $1"; return; fi
    say make "bucket $1"
    change gcloud storage buckets create "gs://$1" --project="$project" --location="$region" --uniform-bucket-level-access \
        --public-access-prevention --soft-delete-duration=0
}

# What can only be set on a bucket that is there already. VERSIONING is --versioning or --no-versioning.
finish_bucket() { # BUCKET LIFECYCLE-FILE VERSIONING
    local now=
    if ! $dry_run; then now=$(gcloud storage buckets describe "gs://$1" --format='value(lifecycle_config)'); fi
    if [ -n "$now" ]; then return; fi
    change gcloud storage buckets update "gs://$1" "$3" --lifecycle-file="$2"
}

make_repository() {
    if exists gcloud artifacts repositories describe "$name" --location="$region" --project="$project"; then say there "repository $name"; return; fi
    say make "repository $name: images; old ones are deleted but for ten"
    change gcloud artifacts repositories create "$name" --repository-format=docker --location="$region" --project="$project" \
        --labels="made-by=$name" --description="Images of $name"
    change gcloud artifacts repositories set-cleanup-policies "$name" --location="$region" --project="$project" \
        --policy="$folder/keep-images.json" --no-dry-run
}

# Secrets that were asked for or have a value in the environment: made, filled where the value is new, readable by the runner alone.
make_secrets() {
    local secret
    for secret in $known_secrets; do
        case " $wanted_secrets " in
        *" $secret "*) make_secret "$secret" ;;
        *) if [ -n "$(value_of "$secret")" ]; then make_secret "$secret"; fi ;;
        esac
    done
}

make_secret() { # SECRET
    local id=$name-$1
    if exists gcloud secrets describe "$id" --project="$project"; then
        say there "secret $id"
    else
        say make "secret $id"
        change gcloud secrets create "$id" --replication-policy=automatic --labels="made-by=$name" --project="$project"
    fi
    fill_secret "$id" "$(value_of "$1")"
    grant "secret $id" roles/secretmanager.secretAccessor "$runner" secrets -- "$id" --project="$project"
}

# The value goes through a pipe: never onto a command line, a screen or a disk.
fill_secret() { # ID VALUE
    if [ -z "$2" ]; then return; fi
    if $dry_run; then
        echo "gcloud secrets versions add $1 --data-file=- --project=$project  # the value on standard input"
        return
    fi
    if [ "$(gcloud secrets versions access latest --secret="$1" --project="$project" 2>/dev/null || true)" = "$2" ]; then return; fi
    say make "version of secret $1"
    local answer
    answer=$(printf '%s' "$2" | gcloud secrets versions add "$1" --data-file=- --project="$project" 2>&1) || fail "cannot fill secret $1" "$answer"
}

# Secrets of ours that have a value, as Cloud Run wants them: VARIABLE=SECRET:latest.
filled_secrets() {
    local secret id states list=
    for secret in $known_secrets; do
        id=$name-$secret
        if $dry_run; then
            case " $wanted_secrets " in *" $secret "*) ;; *) if [ -z "$(value_of "$secret")" ]; then continue; fi ;; esac
        else
            grep -qx "$id" <<<"$our_secrets" || continue
            states=$(gcloud secrets versions list "$id" --format='value(state)' --project="$project") || return 1
            if ! [[ $states =~ [Ee](NABLED|nabled) ]]; then
                say note "secret $id is empty: fill it with --secret $secret=- and --build" >&2
                continue
            fi
        fi
        list=$list${list:+,}$(variable_of "$secret")=$id:latest
    done
    printf '%s' "$list"
}

# The job or service, with a sample image of Google's that the first build replaces: so that the right to deploy is given on this one
# alone, and not on all that the project runs. Nothing starts the job; nobody reaches the service.
make_runnable() {
    local common=(--region="$region" --project="$project" --service-account="$runner" --labels="made-by=$name")
    if exists gcloud run "${as}s" describe "$name" --region="$region" --project="$project"; then say there "Cloud Run $as $name"; return; fi
    say make "Cloud Run $as $name, with nothing in it yet"
    if [ "$as" = job ]; then
        change gcloud run jobs create "$name" --image="${samples}job:latest" --max-retries=0 "${common[@]}"
    else
        change gcloud run deploy "$name" --image="${samples}hello:latest" --max-instances=1 --no-allow-unauthenticated --ingress=internal "${common[@]}"
    fi
}

runs_already() {
    if $dry_run; then return 1; fi
    local image path=spec.template.spec
    if [ "$as" = job ]; then path=$path.template.spec; fi
    image=$(gcloud run "${as}s" describe "$name" --region="$region" --project="$project" --format="value($path.containers[0].image)") || exit 1
    case $image in
    "$samples"*) return 1 ;;
    esac
}

build_and_deploy() {
    if ! $build && runs_already; then
        say there "image of $name (--build for an upgrade)"
        if [ -n "$settings$wanted_secrets" ]; then say note "settings and new secrets take effect with --build"; fi
        return
    fi
    local our_secrets='' secrets
    if ! $dry_run; then our_secrets=$(gcloud secrets list --filter="labels.made-by=$name" --format='value(name)' --project="$project"); fi
    secrets=$(filled_secrets) || exit 1
    say make "image of $name: tests, build, push, deploy; about ten minutes"
    watch_change gcloud builds submit "${folder%/*}" --config="${folder%/*}/cloudbuild.yaml" --project="$project" --region="$region" \
        --gcs-source-staging-dir="gs://$source_bucket/source" \
        --substitutions="^~^_NAME=$name~_REGION=$region~_AS=$as~_WATCH=$watched~_COMMIT=$(commit)~_SETTINGS=$settings~_SECRETS=$secrets"
}

# The commit that is built, with a + where files were changed since; empty without git.
commit() {
    git -C "${folder%/*}" describe --always --abbrev=9 --dirty=+ --exclude='*' 2>/dev/null || true
}

# A job is started through Google's own API and wants an OAuth token; a service is called and wants an OIDC token for its own address.
schedule() {
    local uri deadline identity
    if [ "$as" = job ]; then
        uri=https://run.googleapis.com/v2/projects/$project/locations/$region/jobs/$name:run
        deadline=30s
        identity=(--oauth-service-account-email="$caller")
    else
        local number=PROJECT_NUMBER base
        if ! $dry_run; then number=$(gcloud projects describe "$project" --format='value(projectNumber)'); fi
        base=https://$name-$number.$region.run.app
        uri=$base/tick
        deadline=60s
        identity=(--oidc-service-account-email="$caller" --oidc-token-audience="$base")
    fi
    local fixed=(--location="$region" --project="$project" --schedule='* * * * *' --time-zone=Etc/UTC --uri="$uri" --http-method=POST
        --attempt-deadline="$deadline" --max-retry-attempts=0)
    if ! exists gcloud scheduler jobs describe "$name" --location="$region" --project="$project"; then
        say make "schedule $name: every minute"
        change gcloud scheduler jobs create http "$name" "${fixed[@]}" "${identity[@]}"
    elif [ "$(gcloud scheduler jobs describe "$name" --location="$region" --project="$project" --format='value(httpTarget.uri,schedule)')" = "$uri	* * * * *" ]; then
        say there "schedule $name"
    else
        say change "schedule $name"
        change gcloud scheduler jobs update http "$name" "${fixed[@]}" "${identity[@]}"
    fi
}

add_index() {
    if ! $custom_index; then return; fi
    if ! $dry_run && has_index; then
        say there "index on jsonPayload.message"
        return
    fi
    say make "index on jsonPayload.message; it covers what is logged from now on"
    change gcloud logging buckets update _Default --location=global --project="$project" \
        --add-index=fieldPath=jsonPayload.message,type=INDEX_TYPE_STRING
}

read_options "$@"
check_options
set_names
if [ -n "$piped_secret" ]; then piped_value=$(cat); fi
check_access

enable_apis
make_account "$name-runner" "$name: reads logs, writes metrics, remembers"
make_account "$name-caller" "$name: calls it every minute"
make_account "$name-builder" "$name: builds and deploys it"
project_policy=
if ! $dry_run; then
    project_policy=$(gcloud projects get-iam-policy "$project" --flatten='bindings[].members' --format="$policy_lines")
fi
grant_project roles/logging.viewer "$runner"
grant_project roles/monitoring.metricWriter "$runner"
grant_project roles/monitoring.viewer "$runner"
grant_project roles/logging.logWriter "$builder"
grant "account $name-runner" roles/iam.serviceAccountUser "$builder" iam service-accounts -- "$runner" --project="$project"
make_bucket "$state_bucket"
finish_bucket "$state_bucket" "$folder/state-lifecycle.json" --versioning
grant "bucket $state_bucket" roles/storage.objectUser "$runner" storage buckets -- "gs://$state_bucket"
make_bucket "$source_bucket"
finish_bucket "$source_bucket" "$folder/source-lifecycle.json" --no-versioning
grant "bucket $source_bucket" roles/storage.objectViewer "$builder" storage buckets -- "gs://$source_bucket"
make_repository
grant "repository $name" roles/artifactregistry.writer "$builder" artifacts repositories -- "$name" --location="$region" --project="$project"
make_secrets
add_index
make_runnable
grant "$as $name" roles/run.developer "$builder" run "${as}s" -- "$name" --region="$region" --project="$project"
grant "$as $name" roles/run.invoker "$caller" run "${as}s" -- "$name" --region="$region" --project="$project"
build_and_deploy
schedule
if $dry_run; then exit 0; fi
say ready "$name watches $watched every minute. See it: gcloud scheduler jobs describe $name --location=$region --project=$project"
