#!/usr/bin/env bash
# Remove everything that setup.sh made in a Google Cloud project, and nothing else. APIs stay enabled: others may use them.
#
#   deploy/teardown.sh --project PROJECT [--region REGION] [--name NAME] [options]
#
#   --custom-index        remove the index on jsonPayload.message too
#   --yes                 do not ask first
#   --dry-run             print every command, look at nothing, change nothing
#
# The state goes too: alerts, silences, what was sent. What is in Cloud Monitoring and Cloud Logging stays.
set -euo pipefail
folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/common.sh
. "$folder/common.sh"

yes=false

own_values=
own_option() { # OPTION
    case $1 in
    --yes) yes=true ;;
    *) unknown_option "$1" ;;
    esac
}

ask() {
    if $yes || $dry_run; then return; fi
    echo "This deletes in project $project: schedule, Cloud Run job or service, images, secrets, buckets and accounts of '$name'."
    local answer=
    read -r -p "Type the project's name to go on: " answer || true
    if [ "$answer" != "$project" ]; then fail "nothing was deleted"; fi
}

# Delete what a command that looks finds. WHAT GROUP... -- RESOURCE...
remove() {
    local what=$1
    shift
    local group=()
    while [ "$1" != -- ]; do
        group+=("$1")
        shift
    done
    shift
    if ! $dry_run && ! exists gcloud "${group[@]}" describe "$@"; then
        say gone "$what"
        return
    fi
    say remove "$what"
    change gcloud "${group[@]}" delete "$@" --quiet
}

remove_bucket() { # BUCKET, with everything in it, all versions
    if ! $dry_run && ! exists gcloud storage buckets describe "gs://$1"; then
        say gone "bucket $1"
        return
    fi
    say remove "bucket $1"
    change gcloud storage rm "gs://$1" --recursive
}

remove_secrets() {
    local id found
    if $dry_run; then
        echo "gcloud secrets delete SECRET --quiet --project=$project  # each secret with the label made-by=$name"
        return
    fi
    found=$(gcloud secrets list --filter="labels.made-by=$name" --format='value(name)' --project="$project")
    for id in $found; do
        say remove "secret $id"
        change gcloud secrets delete "$id" --quiet --project="$project"
    done
}

# A role that is left behind would go to an account that no longer exists.
revoke() { # ROLE ACCOUNT
    case $project_policy in
    *"$1 serviceAccount:$2"*) ;;
    *) if ! $dry_run; then say gone "$1 on the project"; return; fi ;;
    esac
    say remove "$1 on the project from $2"
    change gcloud projects remove-iam-policy-binding "$project" --member="serviceAccount:$2" --role="$1" --condition=None
}

remove_index() {
    if ! $custom_index; then return; fi
    if ! $dry_run && ! has_index; then
        say gone "index on jsonPayload.message"
        return
    fi
    say remove "index on jsonPayload.message"
    change gcloud logging buckets update _Default --location=global --project="$project" --remove-indexes=jsonPayload.message
}

read_options "$@"
check_options
set_names
ask
check_access

remove "schedule $name" scheduler jobs -- "$name" --location="$region" --project="$project"
remove "Cloud Run job $name" run jobs -- "$name" --region="$region" --project="$project"
remove "Cloud Run service $name" run services -- "$name" --region="$region" --project="$project"
remove "repository $name" artifacts repositories -- "$name" --location="$region" --project="$project"
remove_secrets
remove_bucket "$state_bucket"
remove_bucket "$source_bucket"
remove_index
project_policy=
if ! $dry_run; then
    project_policy=$(gcloud projects get-iam-policy "$project" --flatten='bindings[].members' --format='value[separator=" "](bindings.role,bindings.members)')
fi
revoke roles/logging.viewer "$runner"
revoke roles/monitoring.metricWriter "$runner"
revoke roles/monitoring.viewer "$runner"
revoke roles/logging.logWriter "$builder"
remove "account $name-runner" iam service-accounts -- "$runner" --project="$project"
remove "account $name-caller" iam service-accounts -- "$caller" --project="$project"
remove "account $name-builder" iam service-accounts -- "$builder" --project="$project"
