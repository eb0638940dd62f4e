#!/usr/bin/env bash
# Make everything that logwatch needs in a Google Cloud project, build it, and call it every minute.
#
#   deploy/setup.sh --project PROJECT [options]
#
#   --project PROJECT     the project; otherwise that of gcloud's configuration        LOGWATCH_DEPLOY_PROJECT
#   --region REGION       where everything is made; asia-northeast3                    LOGWATCH_DEPLOY_REGION
#   --service SERVICE     Cloud Run service to watch; o4o-core-api                     LOGWATCH_DEPLOY_SERVICE
#   --log-view projects/P/locations/L/buckets/B/views/V
#                         read this view of the logs, with the right to it alone, and not all logs of the project
#   --name NAME           what the names of all things begin with; logwatch            LOGWATCH_DEPLOY_NAME
#   --as job|service      run as a Cloud Run job (about 60 USD a month), or as a       LOGWATCH_DEPLOY_AS
#                         service that is called (about 12); job
#   --set NAME=VALUE      a setting, e.g. --set LOGWATCH_SLACK_CHANNEL=C0123456789; may be repeated
#   --secret NAME[=-|=env]
#                         make a secret: empty, with =- from standard input, with =env from its variable of this shell
#                         (LOGWATCH_ and its name in capitals); may be repeated. Names: ops-token, ping-url, and the secrets of the channels,
#                         e.g. slack-webhook-url, smtp-password
#   --custom-index        index jsonPayload.message in the _Default log bucket, for services that log very much
#   --build               build and deploy also where it runs already: an upgrade
#   --build-region REGION where it is built, for projects that cannot build in --region
#   --secret-location REGION
#                         keep the values of new secrets in this region alone
#   --network NETWORK     send what leaves through this VPC network; with --subnet SUBNET, and --egress all-traffic for all that
#                         leaves instead of what goes to private addresses
#   --key KEY             encrypt what is made with this key of Cloud KMS: projects/P/locations/L/keyRings/R/cryptoKeys/K
#   --notification-channel projects/P/notificationChannels/ID
#                         whom Cloud Monitoring tells when logwatch itself is silent, through policies made from now on
#   --plan                show what would be made or changed, and change nothing
#   --yes                 do not ask before changing it
#   --dry-run             print every command for an empty project, look at nothing, change nothing
#
# What runs already is read first and stays as it is: service watched, job or service, region, settings, secrets, schedule. Only what an option
# names is changed, after the plan was shown. At the end `logwatch doctor` runs with the rights and secrets of a run.
set -euo pipefail
folder=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=${folder%/*}
# shellcheck source=deploy/common.sh
. "$folder/common.sh"
# shellcheck source=deploy/policies.sh
. "$folder/policies.sh"

watched=${LOGWATCH_DEPLOY_SERVICE:-} # nothing: what is watched already
as=${LOGWATCH_DEPLOY_AS:-}
build=false
build_region=
secret_location=
network=
subnet=
egress=
key=
told_to=
waiting=false

apis="artifactregistry cloudbuild cloudscheduler iam logging monitoring run secretmanager storage"
samples=us-docker.pkg.dev/cloudrun/container/
wanted_secrets= # in the order of the options
piped_secret=
shell_secrets=
settings= # NAME=VALUE with | between them, as told

# What can be set of each channel, and what is secret of that and of logwatch itself: as they declare it.
known_secrets=
secret_variables=
channel_variables=
declared='^    ([a-z_]+): ([^=]*) = \(?(Field\(.*)?$'
for file in "$root/logwatch/settings/fields.py" "$root"/logwatch/notify/channels/*/__init__.py; do
    while IFS= read -r line; do
        if ! [[ $line =~ $declared ]]; then continue; fi
        field=${BASH_REMATCH[1]}
        if [[ ${BASH_REMATCH[2]} == *SecretStr* ]]; then
            known_secrets="$known_secrets${known_secrets:+ }${field//_/-}"
            secret_variables="$secret_variables"$'\n'"LOGWATCH_$field"
        fi
        if [[ $file != */settings/fields.py ]]; then channel_variables="$channel_variables LOGWATCH_$field"; fi
    done <"$file"
done
channel_variables=$(tr '[:lower:]' '[:upper:]' <<<"$channel_variables")
secret_variables=$(tr '[:lower:]' '[:upper:]' <<<"$secret_variables")

own_values="--log-view --service --as --set --secret --build-region --secret-location --network --subnet --egress --key --notification-channel"
own_option() { # OPTION VALUE
    case $1 in
    --log-view) set_view "$2" ;;
    --service) watched=$2 ;;
    --as) as=$2 ;;
    --set) add_setting "$2" ;;
    --secret) add_secret "$2" ;;
    --build) build=true ;;
    --build-region) build_region=$2 ;;
    --secret-location) secret_location=$2 ;;
    --network) network=$2 ;;
    --subnet) subnet=$2 ;;
    --egress) egress=$2 ;;
    --key) key=$2 ;;
    --notification-channel) told_to=$told_to${told_to:+,}$2 ;;
    *) unknown_option "$1" ;;
    esac
}

add_setting() { # NAME=VALUE
    if ! [[ $1 =~ ^LOGWATCH_[A-Z_]+=. ]]; then fail "--set $1: right is e.g. --set LOGWATCH_LANG=en"; fi
    local field=${1#LOGWATCH_}
    field=$(printf '%s' "${field%%=*}" | tr '[:upper:]' '[:lower:]')
    if ! grep -q "^    \"$field\": {" "$root/rules/settings.schema.json"; then fail "--set ${1%%=*}: there is no such setting" "docs/settings.md lists all"; fi
    if [[ $1 == *[\|~]* ]]; then fail "--set ${1%%=*}: a value may not hold | or ~"; fi
    local secret
    for secret in $known_secrets; do
        if [ "${1%%=*}" = "$(variable_of "$secret")" ]; then fail "${1%%=*} is a secret" "give --secret $secret=- and its value on standard input"; fi
    done
    settings=$settings${settings:+|}$1
}

add_secret() { # NAME, NAME=- or NAME=env
    local secret=${1%%=*} variable
    case " $known_secrets " in
    *" $secret "*) ;;
    *) fail "--secret $secret: right are ${known_secrets// /, }" ;;
    esac
    variable=$(variable_of "$secret")
    case $1 in
    "$secret") ;;
    "$secret=-")
        if [ -n "$piped_secret" ]; then fail "standard input can be read for one secret" "run it once for each"; fi
        piped_secret=$secret
        ;;
    "$secret=env")
        if [ -z "${!variable:-}" ]; then fail "--secret $1: $variable is not set in this shell" "or give --secret $secret=- and its value on standard input"; fi
        shell_secrets="$shell_secrets $secret"
        ;;
    *) fail "a value never stands on a command line" "--secret $secret=- reads it from standard input, --secret $secret=env from $variable" ;;
    esac
    wanted_secrets="$wanted_secrets $secret"
}

check_own_options() {
    case $as in
    '' | job | service) ;;
    *) fail "--as $as: right are job and service" ;;
    esac
    case $egress in
    '' | all-traffic | private-ranges-only) ;;
    *) fail "--egress $egress: right are private-ranges-only and all-traffic" ;;
    esac
    if [ -n "$subnet$egress" ] && [ -z "$network" ]; then fail "--subnet and --egress need --network"; fi
    check_region --build-region "$build_region"
    check_region --secret-location "$secret_location"
    if ! [[ $told_to =~ ^(projects/[^/,]+/notificationChannels/[^/,]+,?)*$ ]]; then
        fail "--notification-channel $told_to: right is projects/P/notificationChannels/ID" "see: gcloud beta monitoring channels list"
    fi
    if ! [[ $key =~ ^(projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+)?$ ]]; then
        fail "--key $key: right is projects/P/locations/L/keyRings/R/cryptoKeys/K"
    fi
}

variable_of() { # SECRET: its environment variable
    printf 'LOGWATCH_%s' "$1" | tr '[:lower:]-' '[:upper:]_'
}

value_of() { # SECRET: its new value, or nothing
    local variable
    variable=$(variable_of "$1")
    if [ "$1" = "$piped_secret" ]; then
        printf '%s' "$piped_value"
    elif [[ " $shell_secrets " == *" $1 "* ]]; then
        printf '%s' "${!variable}"
    fi
}

# What runs

# Region, job or service, image and settings of what stands; where nothing does, those of a new installation.
read_what_runs() {
    look_around
    settle_region
    settle_kind
    read_settings
    if [ -n "$runs_as" ]; then say runs "Cloud Run $runs_as $name in $region: ${source_now:-nothing yet}"; fi
}

settle_region() {
    local there
    there=$(regions_of "job service")
    if [ -z "$there" ]; then there=$(regions_of "repository bucket"); fi
    if [ -z "$there" ]; then
        region=${region:-asia-northeast3}
    elif [ -n "$region" ]; then
        if ! has_line "$there" "$region"; then
            fail "$name stands in ${there//$'\n'/, }, not in $region" "leave out --region, or give another --name; to move it: deploy/teardown.sh, then deploy/setup.sh"
        fi
    elif [[ $there == *$'\n'* ]]; then
        fail "$name stands in several regions: ${there//$'\n'/, }" "give one of them with --region"
    else
        region=$there
    fi
}

# Where both stand, the one is meant that is called.
settle_kind() {
    runs_as=
    look cloudscheduler gcloud scheduler jobs describe "$name" --location="$region" --project="$project" \
        --format='value[separator="|"](state,schedule,httpTarget.uri)'
    schedule_now=$found
    if stands_as service; then runs_as=service; fi
    if stands_as job && [[ -z $runs_as || $schedule_now != *run.app* ]]; then runs_as=job; fi
    as=${as:-${runs_as:-job}}
}

# A line IMAGE|NETWORK|NAME|SECRET|VALUE for each variable of a job or service, left in `found`.
look_into() { # KIND NAME
    local path=spec.template.spec
    if [ "$1" = job ]; then path=$path.template.spec; fi
    look run gcloud run "${1}s" describe "$2" --region="$region" --project="$project" --flatten="$path.containers[].env[]" \
        --format="value[separator='|']($path.containers.image,spec.template.metadata.annotations.list(),$path.containers.env.name,$path.containers.env.valueFrom.secretKeyRef.name,$path.containers.env.value)"
}

# `settings_now` has a line NAME|SECRET|VALUE for each variable of what runs.
read_settings() {
    settings_now='' image_now='' network_now='' source_now='' told_now=''
    if [ -z "$runs_as" ]; then return; fi
    local line rest
    look_into "$runs_as" "$name"
    told_now=$(told_by "$found")
    while IFS= read -r line; do
        image_now=${line%%|*} rest=${line#*|}
        network_now=${rest%%|*} rest=${rest#*|}
        if [ -n "${rest%%|*}" ]; then settings_now=$settings_now$rest$'\n'; fi
    done <<<"$found"
    source_now=$(value_now LOGWATCH_SOURCE "$settings_now")
}

told_by() { # LINES of `look_into`: image and variables, whatever their order
    cut -d '|' -f 1,3- <<<"$1" | sort
}

# What a variable is now: its value, or the name of its secret. Nothing where it is not set.
value_now() { # VARIABLE LINES
    local variable secret value
    while IFS='|' read -r variable secret value; do
        if [ "$variable" = "$1" ]; then printf '%s' "$secret$value"; fi
    done <<<"$2"
}

told() { # VARIABLE: its value as an option names it, or nothing
    local each value=
    while IFS= read -r each; do
        if [ "${each%%=*}" = "$1" ]; then value=${each#*=}; fi
    done <<<"${settings//|/$'\n'}"
    printf '%s' "$value"
}

# What is to be set anew: what was told and is not so, and what every installation has and this one has not. `given` has it with | between.
# One that goes from job to service or back takes its settings along, but for those that belong to the kind.
settle_settings() {
    local each variable secret value
    kept=$settings_now given=
    if [ "$as" != "$runs_as" ]; then
        kept=
        while IFS='|' read -r variable secret value; do
            if [ -z "$variable" ] || [[ $variable =~ ^LOGWATCH_(SERVE_[A-Z]+|STARTS|EARLY)$ ]]; then continue; fi
            kept=$kept$variable\|$secret\|$value$'\n'
            if [ -z "$secret" ]; then give "$variable=$value"; fi
        done <<<"$settings_now"
    fi
    if [ -n "$watched$view" ] && [ -z "$(told LOGWATCH_SOURCE)" ]; then
        settings=$settings${settings:+|}LOGWATCH_SOURCE=$(address_of "${watched:-$(watched_now)}")
    fi
    while IFS= read -r each; do
        if [ -n "$each" ] && [ "$(value_now "${each%%=*}" "$kept")" != "${each#*=}" ]; then tell_setting "$each"; fi
    done <<<"${settings//|/$'\n'}"
    unless_set "LOGWATCH_SOURCE=gcp://$project/o4o-core-api"
    unless_set "LOGWATCH_STATE=gs://$state_bucket/state.json"
    # The figures of two installations in one project stand apart by this.
    if [ -z "$runs_as" ] && [ "$name" != logwatch ]; then unless_set "LOGWATCH_ENVIRONMENT=$name"; fi
    # Cloud Run checks the caller's token and takes its signature off; logwatch checks what is left: whose it is, and for which address.
    # Its calls are paid for by the second, so they wait for second 5 of the minute and not for 20.
    if [ "$as" = service ]; then
        unless_set "LOGWATCH_SERVE_AUDIENCE=$address"
        unless_set LOGWATCH_SERVE_SIGNATURE=removed
        unless_set "LOGWATCH_SERVE_CALLER=$caller"
        if [ -z "$(told LOGWATCH_STARTS)$(value_now LOGWATCH_STARTS "$kept")" ]; then unless_set LOGWATCH_EARLY=5s; fi
        unless_set LOGWATCH_STARTS=5s
    fi
    source=$(told LOGWATCH_SOURCE)
    source=${source:-${source_now:-gcp://$project/o4o-core-api}}
}

# A view that is read already stays the one that is read.
address_of() { # SERVICE
    if [ -n "$view" ]; then
        printf 'gcp://%s/%s' "${view#projects/}" "$1"
    elif [[ $source_now =~ ^(gcp://[^/,]+/locations/[^/]+/buckets/[^/]+/views/[^/,]+)(/[^/,]+)?$ ]]; then
        printf '%s/%s' "${BASH_REMATCH[1]}" "$1"
    else
        printf 'gcp://%s/%s' "$project" "$1"
    fi
}

watched_now() {
    if [[ $source_now =~ ^gcp://[^/,]+/([a-z][a-z0-9-]*)$ || $source_now =~ /views/[^/,]+/([a-z][a-z0-9-]*)$ ]]; then
        printf '%s' "${BASH_REMATCH[1]}"
    else
        printf o4o-core-api
    fi
}

give() { # NAME=VALUE
    given=$given${given:+|}$1
}

unless_set() { # NAME=VALUE
    if [ -z "$(told "${1%%=*}")$(value_now "${1%%=*}" "$kept")" ]; then give "$1"; fi
}

tell_setting() { # NAME=VALUE
    local before
    before=$(value_now "${1%%=*}" "$kept")
    if [ -n "$before" ]; then plan change "$1 instead of $before"; else plan set "$1"; fi
    give "$1"
}

# Whether there is what it is to watch, and whether that logs. A slip is refused; what went after it was set up is only told.
check_watched() {
    local where service there lines
    if $dry_run || ! [[ $source =~ ^gcp://([^/]+)/([a-z][a-z0-9-]*)$ ]]; then return; fi
    where=${BASH_REMATCH[1]} service=${BASH_REMATCH[2]} lines=$services
    if [ "$where" != "$project" ] && ! lines=$(gcloud run services list --project="$where" --format="$run_format" 2>"$errors"); then
        note "the services of $where cannot be listed: $(head -n 1 "$errors")"
        return
    fi
    if ! cut -f 1 <<<"$lines" | grep -qxF "$service"; then
        there=$(cut -f 1 <<<"$lines" | grep -vxF -e "$name" -e '' | sort -u | tr '\n' ' ' || true)
        if [ "$source" = "$source_now" ]; then note "there is no Cloud Run service $service in $where any more"; return; fi
        fail "there is no Cloud Run service $service in $where" "give one that is there with --service: ${there:-there is none}"
    fi
    if ! lines=$(gcloud logging read "resource.type=\"cloud_run_revision\" resource.labels.service_name=\"$service\"" --project="$where" \
        --freshness=1h --limit=1 --format='value(timestamp)' 2>"$errors"); then
        note "the logs of $where cannot be read: $(head -n 1 "$errors")"
    elif [ -z "$lines" ]; then
        note "$service has logged nothing in the last hour: is it the right one?"
    fi
}

# What everything stands on

enable_apis() {
    local api
    look serviceusage gcloud services list --enabled --project="$project" --format='value(config.name)'
    for api in $apis ${key:+cloudkms}; do
        if ! has_line "$found" "$api.googleapis.com"; then missing_apis="$missing_apis $api.googleapis.com"; fi
    done
    missing_apis=${missing_apis# }
    if [ -z "$missing_apis" ]; then return; fi
    plan make "APIs: $missing_apis"
    # shellcheck disable=SC2086  # several words are meant
    change gcloud services enable $missing_apis --project="$project"
}

# Whether the thing that was looked at last is new: then nobody has a role on it.
new=false

make_account() { # ID DESCRIPTION
    new=false
    if has_line "$accounts_now" "$1@$accounts"; then return; fi
    new=true
    plan make "account $1: $2"
    change gcloud iam service-accounts create "$1" --display-name="$2" --project="$project"
}

make_accounts() {
    look iam gcloud iam service-accounts list --project="$project" --format='value(email)'
    accounts_now=$found
    make_account "$name-caller" "$name: calls it every minute"
    make_account "$name-tester" "$name: runs its tests"
    make_account "$name-builder" "$name: builds and deploys it"
    make_account "$name-runner" "$name: reads logs, writes metrics, remembers"
    grant "account $name-runner" iam iam service-accounts -- "$runner" --project="$project" -- roles/iam.serviceAccountUser "$builder"
    look cloudresourcemanager gcloud projects get-iam-policy "$project" --flatten='bindings[].members' --format="$policy_lines"
    if reads_project; then
        grant_project roles/logging.viewer "$runner"
    elif [ -n "$view" ]; then
        take_project roles/logging.viewer "$runner"
    fi
    grant_project roles/monitoring.metricWriter "$runner"
    grant_project roles/monitoring.viewer "$runner"
    grant_project roles/logging.logWriter "$builder"
    grant_project roles/logging.logWriter "$tester"
    grant_views
}

reads_project() {
    local place
    for place in ${source//,/ }; do
        if [[ $place != *"/views/"* && $place =~ ^gcp://$project(/|$) ]]; then return; fi
    done
    false
}

# What is read besides: views, each by the right to it alone, and other projects, whose owners give the right to them.
grant_views() {
    local place
    for place in ${source//,/ }; do
        place=projects/${place#gcp://}
        if [[ $place =~ ^(projects/[^/]+/locations/[^/]+/buckets/[^/]+/views/[^/]+) ]]; then
            set_view "${BASH_REMATCH[1]}"
            new=false
            grant "log view ${view_at[0]}" logging logging views -- "${view_at[@]}" -- roles/logging.viewAccessor "$runner"
        elif [[ $place =~ ^projects/([^/]+) && ${BASH_REMATCH[1]} != "$project" ]]; then
            note "whoever owns ${BASH_REMATCH[1]} lets it be read: gcloud projects add-iam-policy-binding ${BASH_REMATCH[1]} --member=serviceAccount:$runner --role=roles/logging.viewer"
        fi
    done
}

take_project() { # ROLE ACCOUNT
    if ! has_line "$found" "$1 serviceAccount:$2"; then return; fi
    plan remove "$1 on the project from ${2%%@*}"
    change gcloud projects remove-iam-policy-binding "$project" --member="serviceAccount:$2" --role="$1" --condition=None
}

# Give roles where they are not given yet. WHAT API GROUP... -- RESOURCE... -- [ROLE ACCOUNT]...
grant() {
    local what=$1 api=$2 group=() resource=()
    shift 2
    while [ "$1" != -- ]; do group+=("$1"); shift; done
    shift
    while [ "$1" != -- ]; do resource+=("$1"); shift; done
    shift
    found=
    if ! $new; then
        look "$api" gcloud "${group[@]}" get-iam-policy "${resource[@]}" --flatten='bindings[].members' --format="$policy_lines"
    fi
    while [ $# -gt 0 ]; do
        if ! has_line "$found" "$1 serviceAccount:$2"; then
            plan make "$1 on $what for ${2%%@*}"
            change gcloud "${group[@]}" add-iam-policy-binding "${resource[@]}" --member="serviceAccount:$2" --role="$1"
        fi
        shift 2
    done
}

grant_project() { # ROLE ACCOUNT
    if has_line "$found" "$1 serviceAccount:$2"; then return; fi
    plan make "$1 on the project for ${2%%@*}"
    change gcloud projects add-iam-policy-binding "$project" --member="serviceAccount:$2" --role="$1" --condition=None
}

# Names of buckets are the whole world's: one that somebody else has made is never written to. VERSIONING is --versioning or --no-versioning.
make_bucket() { # BUCKET LIFECYCLE-FILE VERSIONING
    local owner prevention uniform lifecycle
    new=false
    if exists storage gcloud storage buckets describe "gs://$1" \
        --format='value[separator="|"](projectNumber,location,iamConfiguration.publicAccessPrevention,iamConfiguration.uniformBucketLevelAccess.enabled,lifecycle.rule[0].action.type)' --raw; then
        IFS='|' read -r owner _ prevention uniform lifecycle <<<"$found"
        if [ "$owner" != "$number" ]; then fail "the bucket $1 belongs to another project" "give another --name"; fi
        if [ "$prevention" != enforced ] || [ "$uniform" != True ]; then
            plan change "bucket $1: nothing in it can be made public"
            change gcloud storage buckets update "gs://$1" --public-access-prevention --uniform-bucket-level-access
        fi
        if [ -n "$lifecycle" ]; then return; fi
    else
        new=true
        plan make "bucket $1"
        change gcloud storage buckets create "gs://$1" --project="$project" --location="$region" --uniform-bucket-level-access \
            --public-access-prevention --soft-delete-duration=0 ${key:+"--default-encryption-key=$key"}
    fi
    # What can only be set on a bucket that is there already.
    plan make "what is deleted in bucket $1, and when"
    change gcloud storage buckets update "gs://$1" "$3" --lifecycle-file="$2"
}

make_buckets() {
    make_bucket "$state_bucket" "$folder/state-lifecycle.json" --versioning
    grant "bucket $state_bucket" storage storage buckets -- "gs://$state_bucket" -- roles/storage.objectUser "$runner"
    make_bucket "$source_bucket" "$folder/source-lifecycle.json" --no-versioning
    grant "bucket $source_bucket" storage storage buckets -- "gs://$source_bucket" -- \
        roles/storage.objectViewer "$tester" roles/storage.objectViewer "$builder"
}

make_repository() {
    local kept_policies built_in
    new=false
    if exists artifactregistry gcloud artifacts repositories describe "$name" --location="$region" --project="$project" \
        --format='value[separator="|"](cleanupPolicies.list(),labels.build-region)'; then
        kept_policies=${found%|*} built_in=${found##*|}
    else
        new=true kept_policies='' built_in=''
        plan make "repository $name"
        change gcloud artifacts repositories create "$name" --repository-format=docker --location="$region" --project="$project" \
            --labels="made-by=$name${build_region:+,build-region=$build_region}" --description="Images of $name" ${key:+"--kms-key=$key"}
        built_in=$build_region
    fi
    if [[ $kept_policies != *keep-ten* || $kept_policies != *delete-old* ]]; then
        plan make "which images of repository $name are deleted: old ones but for ten"
        change gcloud artifacts repositories set-cleanup-policies "$name" --location="$region" --project="$project" \
            --policy="$folder/keep-images.json" --no-dry-run
    fi
    build_region=${build_region:-${built_in:-$region}}
    if [ "$build_region" != "${built_in:-$region}" ]; then
        plan change "builds run in $build_region instead of ${built_in:-$region}"
        change gcloud artifacts repositories update "$name" --location="$region" --project="$project" --update-labels="build-region=$build_region"
    fi
    grant "repository $name" artifactregistry artifacts repositories -- "$name" --location="$region" --project="$project" -- \
        roles/artifactregistry.writer "$builder"
}

# Google's own accounts that encrypt for the project: each needs the key, and each is made by asking for it.
share_key() {
    local api agent
    if [ -z "$key" ]; then return; fi
    plan make "the right to use $key for Cloud Storage, Artifact Registry, Secret Manager and Cloud Run"
    change gcloud storage service-agent --project="$project" --authorize-cmek="$key"
    for api in artifactregistry:gcp-sa-artifactregistry secretmanager:gcp-sa-secretmanager run:serverless-robot-prod; do
        agent=service-$number@${api#*:}.iam.gserviceaccount.com
        change gcloud beta services identity create --service="${api%:*}.googleapis.com" --project="$project"
        change gcloud kms keys add-iam-policy-binding "$key" --member="serviceAccount:$agent" --role=roles/cloudkms.cryptoKeyEncrypterDecrypter
    done
}

# Secrets: made where they are asked for, filled where the value is new, readable by the runner alone

# `secrets` gets what is not in use yet, as Cloud Run wants it: VARIABLE=SECRET:latest.
make_secrets() {
    local secret our_secrets id filled
    secrets=
    look secretmanager gcloud secrets list --filter="labels.made-by=$name" --project="$project" \
        --format='value(name.basename(),replication.userManaged.replicas[0].location)'
    our_secrets=$found
    if [ -z "$secret_location" ]; then secret_location=$(cut -f 2 <<<"$our_secrets" | grep -m 1 . || true); fi
    if [ -n "$key" ]; then secret_location=${secret_location:-$region}; fi
    for secret in $known_secrets; do
        id=$name-$secret new=false filled=
        if ! cut -f 1 <<<"$our_secrets" | grep -qxF "$id"; then
            if [[ " $wanted_secrets " != *" $secret "* ]]; then tell_unused "$secret"; continue; fi
            new=true
            plan make "secret $id"
            create_secret "$id"
        else
            look secretmanager gcloud secrets versions list "$id" --filter=state=ENABLED --limit=1 --format='value(name)' --project="$project"
            filled=$found
        fi
        fill_secret "$secret" "$id"
        grant "secret $id" secretmanager secrets -- "$id" --project="$project" -- roles/secretmanager.secretAccessor "$runner"
        use_secret "$secret" "$id"
    done
}

create_secret() { # ID
    if [ -z "$secret_location" ]; then
        change gcloud secrets create "$1" --replication-policy=automatic --labels="made-by=$name" --project="$project"
    else
        change gcloud secrets create "$1" --replication-policy=user-managed --locations="$secret_location" --labels="made-by=$name" \
            ${key:+"--kms-key-name=$key"} --project="$project"
    fi
}

# A variable that happens to be exported in this shell is another installation's, most likely a desk's.
tell_unused() { # SECRET
    local variable
    variable=$(variable_of "$1")
    if [ -n "${!variable:-}" ]; then note "$variable of this shell is not used: --secret $1=env would take it"; fi
}

# The value goes through a pipe: never onto a command line, a screen or a disk.
fill_secret() { # SECRET ID
    local value
    value=$(value_of "$1")
    if [ -z "$value" ]; then
        if [ -z "$filled" ]; then note "secret $2 is empty: fill it with --secret $1=-"; else tell_unused "$1"; fi
        return
    fi
    if [ -n "$filled" ] && [ "$(gcloud secrets versions access latest --secret="$2" --project="$project" 2>/dev/null || true)" = "$value" ]; then return; fi
    if [ -n "$filled" ]; then plan change "secret $2: a new value"; else plan make "value of secret $2"; fi
    filled=true
    if $dry_run; then
        echo "gcloud secrets versions add $2 --data-file=- --project=$project  # the value on standard input"
    else
        later run_fill "$2" "$1"
    fi
}

run_fill() { # ID SECRET
    value_of "$2" | gcloud secrets versions add "$1" --data-file=- --project="$project" >/dev/null 2>"$errors" || fail "cannot fill secret $1" "$(cat "$errors")"
}

use_secret() { # SECRET ID
    local variable
    variable=$(variable_of "$1")
    if [ -z "$filled" ]; then return; fi
    all_secrets=$all_secrets${all_secrets:+,}$variable=$2:latest
    if [ "$as" = "$runs_as" ] && [ "$(value_now "$variable" "$kept")" = "$2" ]; then return; fi
    plan set "$variable from secret $2"
    secrets=$secrets${secrets:+,}$variable=$2:latest
}

all_secrets=

# Whether anything is set of any channel, halves too: those are told by doctor.
check_channels() {
    local variable
    for variable in $channel_variables; do
        if [[ ,$all_secrets == *",$variable="* || -n $(value_now "$variable" "$kept")$(told "$variable") ]]; then return; fi
    done
    note "no channel is set: nobody will be told. E.g.: --secret slack-webhook-url=- < webhook.txt"
}

# What in the settings is a secret's and stands there for all to read.
check_open_secrets() {
    local variable secret value known
    while IFS='|' read -r variable secret value; do
        if [ -n "$secret" ] || ! has_line "$secret_variables" "$variable"; then continue; fi
        for known in $known_secrets; do
            if [ "$variable" = "$(variable_of "$known")" ]; then
                if [[ ,$secrets == *",$variable="* ]]; then
                    change gcloud run "${as}s" update "$name" --region="$region" --project="$project" --remove-env-vars="$variable"
                else
                    note "$variable stands in the open among the settings: --secret $known=- puts its value into a secret"
                fi
            fi
        done
    done <<<"$kept"
}

# What runs, and what calls it

run_options() { # options of `through`: how what leaves goes
    through=()
    if [ -n "$network" ]; then through+=(--network="$network" --vpc-egress="${egress:-private-ranges-only}"); fi
    if [ -n "$subnet" ]; then through+=(--subnet="$subnet"); fi
}

# The job or service, with a sample image of Google's that the first build replaces: so that the right to deploy is given on this one
# alone, and not on all that the project runs. Nothing starts the job; nobody reaches the service. It remembers its settings from now on.
make_runnable() {
    local common
    run_options
    common=(--region="$region" --project="$project" --service-account="$runner" --labels="made-by=$name" --cpu=1 --memory=512Mi
        --set-env-vars="^|^$given" ${key:+"--key=$key"} ${through[@]+"${through[@]}"})
    new=false
    if [ -n "$runs_as" ] && [ "$as" != "$runs_as" ]; then
        plan change "it runs as a $as instead of a $runs_as: $(cost_of "$as"); the $runs_as stays and is called no more"
    fi
    if stands_as "$as"; then return; fi
    new=true
    plan make "Cloud Run $as $name: $source"
    if [ "$as" = job ]; then
        change gcloud run jobs create "$name" --image="${samples}job:latest" --max-retries=0 "${common[@]}"
    else
        change gcloud run deploy "$name" --image="${samples}hello:latest" --max-instances=1 --min-instances=0 --no-allow-unauthenticated --ingress=internal \
            "${common[@]}"
    fi
    given=
}

cost_of() { # KIND
    if [ "$1" = job ]; then echo "about 60 USD a month"; else echo "about 12 USD a month"; fi
}

# Whether the network is another than that of what stands.
network_changes() {
    if $new || [ -z "$network" ]; then return 1; fi
    ! [[ $network_now == *"\"$network\""* && $network_now == *"\"$subnet"* && $network_now == *"vpc-access-egress=${egress:-private-ranges-only}"* ]]
}

deploy() {
    if $build || [ "$as" != "$runs_as" ] || [[ $image_now == "$samples"* ]]; then
        plan make "image of $name: tests, then build, push and deploy; about ten minutes"
        if $dry_run; then submit_tests "$root"; submit_build "$root"; else later run_builds; fi
        given='' secrets=''
    fi
    local options=()
    if network_changes; then
        plan change "what leaves goes through network $network"
        options+=("${through[@]}")
    fi
    if [ -n "$given" ]; then options+=(--update-env-vars="^|^$given"); fi
    if [ -n "$secrets" ]; then options+=(--update-secrets="$secrets"); fi
    if [ ${#options[@]} = 0 ]; then return; fi
    plan change "Cloud Run $as $name: a new revision of the same image"
    change gcloud run "${as}s" update "$name" --region="$region" --project="$project" "${options[@]}"
}

# Tests run as an account that may do nothing; what they have touched is not built from: the build takes the source as it was sent.
run_builds() {
    local sent
    sent=$(submit_tests "$root" --format='value[separator="/"](source.storageSource.bucket,source.storageSource.object)' </dev/null | tee /dev/stderr | tail -n 1)
    submit_build "gs://$sent"
}

submit_tests() { # SOURCE [OPTION]...
    told_or_done gcloud builds submit "$1" --config="$root/deploy/test.yaml" --project="$project" --region="$build_region" \
        --gcs-source-staging-dir="gs://$source_bucket/source" --substitutions="_NAME=$name" "${@:2}"
}

submit_build() { # SOURCE
    told_or_done gcloud builds submit "$1" --config="$root/cloudbuild.yaml" --project="$project" --region="$build_region" \
        --gcs-source-staging-dir="gs://$source_bucket/source" \
        --substitutions="^~^_NAME=$name~_REGION=$region~_AS=$as~_COMMIT=$(commit)~_SETTINGS=$build_settings~_SECRETS=$build_secrets"
}

told_or_done() { # COMMAND...
    if $dry_run; then change "$@"; else "$@" </dev/null; fi
}

# The commit that is built, with a + where files were changed since; empty without git.
commit() {
    git -C "$root" describe --always --abbrev=9 --dirty=+ --exclude='*' 2>/dev/null || true
}

# A job is started through Google's own API and wants an OAuth token; a service is called and wants an OIDC token for its own address.
schedule() {
    local uri deadline identity state called
    if [ "$as" = job ]; then
        uri=https://run.googleapis.com/v2/projects/$project/locations/$region/jobs/$name:run
        deadline=30s
        identity=(--oauth-service-account-email="$caller")
    else
        uri=$address/tick
        deadline=60s
        identity=(--oidc-service-account-email="$caller" --oidc-token-audience="$address")
    fi
    local fixed=(--location="$region" --project="$project" --uri="$uri" --http-method=POST --attempt-deadline="$deadline" --max-retry-attempts=0)
    IFS='|' read -r state _ called <<<"$schedule_now"
    if [ -z "$state" ]; then
        plan make "schedule $name: every minute"
        change gcloud scheduler jobs create http "$name" "${fixed[@]}" "${identity[@]}" --schedule='* * * * *' --time-zone=Etc/UTC
    elif [ "$called" != "$uri" ]; then
        plan change "schedule $name: calls the $as"
        change gcloud scheduler jobs update http "$name" "${fixed[@]}" "${identity[@]}"
    fi
    stopped=false
    if [ -n "$state" ] && [ "$state" != ENABLED ]; then
        stopped=true
        note "the schedule is $state, so nothing runs: gcloud scheduler jobs resume $name --location=$region --project=$project"
    fi
}

add_index() {
    if ! $custom_index || has_index; then return; fi
    plan make "index on jsonPayload.message; it covers what is logged from now on"
    change gcloud logging buckets update _Default --location=global --project="$project" \
        --add-index=fieldPath=jsonPayload.message,type=INDEX_TYPE_STRING
}

# Whether it works

# A job tries itself with other arguments. A service takes none, so that a job of the same image, settings and account stands beside it.
doctor_job() {
    if [ "$as" = job ]; then echo "$name"; else echo "$name-doctor"; fi
}

plan_doctor() {
    if [ "$as" = job ]; then return; fi
    # What was changed by hand meanwhile, an image that was rolled back or a setting, is what is to be tried.
    if [ ${#todo[@]} = 0 ] && [[ $jobs == *"$name-doctor	$region	"* ]]; then
        look_into job "$name-doctor"
        if [ "$(told_by "$found")" = "$told_now" ]; then return; fi
    fi
    plan make "Cloud Run job $name-doctor: tries what the service needs, with its settings and rights"
    if $dry_run; then make_doctor; else later make_doctor; fi
}

make_doctor() {
    runs_as=$as
    read_settings
    local variable secret value variables='' references='' options=()
    while IFS='|' read -r variable secret value; do
        if [ -n "$secret" ]; then references=$references${references:+,}$variable=$secret:latest; fi
        if [ -n "$value" ]; then variables=$variables\|$variable=$value; fi
    done <<<"$settings_now"
    if [ -n "$variables" ]; then options+=(--set-env-vars="^|^${variables#|}"); fi
    if [ -n "$references" ]; then options+=(--set-secrets="$references"); fi
    told_or_done gcloud run jobs deploy "$name-doctor" --image="${image_now:-IMAGE}" --args=doctor --max-retries=0 --task-timeout=75s \
        --region="$region" --project="$project" --service-account="$runner" --labels="made-by=$name" \
        ${key:+"--key=$key"} ${through[@]+"${through[@]}"} ${options[@]+"${options[@]}"}
}

# Run doctor and show its table. What it finds wrong makes this script end with 1.
run_doctor() {
    local execution tries=0 finished='' succeeded='' path=spec.template.spec
    say doctor "tries what a run needs"
    # It compares its lease with the timeout that there really is. The variable is none of logwatch's settings: an older image takes no notice.
    if [ "$as" = job ]; then path=$path.template.spec; fi
    look run gcloud run "${as}s" describe "$name" --region="$region" --project="$project" --format="value($path.timeoutSeconds)"
    patiently gcloud run jobs execute "$(doctor_job)" --args=doctor --tasks=1 ${found:+"--update-env-vars=DEPLOYED_TIMEOUT=$found"} --async \
        --region="$region" --project="$project" --format='value(metadata.name)' ||
        give_up "doctor cannot be run" gcloud run jobs execute "$(doctor_job)" --args=doctor
    execution=$answer
    until [ -n "$finished" ] || [ $tries = 24 ]; do
        tries=$((tries + 1))
        sleep "${LOGWATCH_DEPLOY_WAIT:-5}"
        look run gcloud run jobs executions describe "$execution" --region="$region" --project="$project" \
            --format='value[separator="|"](status.completionTime,status.succeededCount)'
        IFS='|' read -r finished succeeded <<<"$found"
    done
    tries=0 found=
    until [ -n "$found" ] || [ $tries = 6 ]; do # lines take a while to be found
        tries=$((tries + 1))
        look logging gcloud logging read "resource.type=\"cloud_run_job\" labels.\"run.googleapis.com/execution_name\"=\"$execution\" textPayload:*" \
            --project="$project" --freshness=1h --order=asc --format='value(textPayload)'
        if [ -z "$found" ]; then sleep "${LOGWATCH_DEPLOY_WAIT:-5}"; fi
    done
    printf '%s\n' "${found:-its table is not there yet: gcloud run jobs executions describe $execution --region=$region --project=$project}"
    [ "${succeeded:-0}" = 1 ]
}

tell_end() {
    if $waiting; then note "Cloud Monitoring takes policies on figures that were written: run this once more in ten minutes, for the alert policies"; fi
    if $stopped; then
        say stopped "$name watches $source, but its schedule is paused: nothing runs"
    else
        say ready "$name watches $source. See it: gcloud scheduler jobs describe $name --location=$region --project=$project"
    fi
}

read_options "$@"
check_options
check_own_options
set_names
piped_value=
if [ -n "$piped_secret" ]; then piped_value=$(cat); fi
check_access

enable_apis
read_what_runs
address=https://$name-$number.$region.run.app
settle_settings
check_watched
make_accounts
share_key
make_buckets
make_repository
make_secrets
check_channels
check_open_secrets
add_index
build_settings=$given
make_runnable
grant "$as $name" run run "${as}s" -- "$name" --region="$region" --project="$project" -- \
    roles/run.developer "$builder" roles/run.invoker "$caller"
if $new; then build_settings=; fi
build_secrets=$secrets
deploy
schedule
plan_doctor
environment=$(told LOGWATCH_ENVIRONMENT)
environment=${environment:-$(value_now LOGWATCH_ENVIRONMENT "$kept")}
if [ -z "$environment$runs_as" ] && [ "$name" != logwatch ]; then environment=$name; fi
plan_policies "${environment:-production}" "${source##*/}"
if $dry_run; then exit 0; fi
carry_out "Go on? Type yes:" yes
if $plan_only; then exit 0; fi
run_doctor || { say wrong "doctor has found what does not work: see above"; exit 1; }
tell_end
