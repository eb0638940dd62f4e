#!/usr/bin/env bash
# Remove everything that setup.sh made in a Google Cloud project, and nothing else. APIs stay enabled: others may use them.
#
#   deploy/teardown.sh --project PROJECT [--name NAME] [options]
#
#   --region REGION       refuse if anything stands in another region; without it, what is found is removed wherever it is
#   --log-view projects/P/locations/L/buckets/B/views/V
#                         take back the right to this log view, which setup.sh gave with the same option
#   --config FILE         take back the rights in other projects, which setup.sh gave with the same option
#   --custom-index        remove the index on jsonPayload.message too
#   --plan                show what would be removed, and remove nothing
#   --yes                 do not ask first
#   --dry-run             print every command, look at nothing, change nothing
#
# The state goes too: alerts, silences, what was sent. Figures and log entries stay. If it is stopped half way, run it again:
# the bucket with the state, which tells where the rest was, goes last.
set -euo pipefail
folder=$(CDPATH='' cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/common.sh
. "$folder/common.sh"
# shellcheck source=deploy/policies.sh
. "$folder/policies.sh"

own_values="--log-view --config"
own_option() { # OPTION VALUE
    case $1 in
    --config) config=$2 ;;
    --log-view) set_view "$2" ;;
    *) unknown_option "$1" ;;
    esac
}

# Delete what a command that looks finds; in a dry run, what it would. WHAT API GROUP... -- RESOURCE...
remove() {
    local what=$1 api=$2 group=()
    shift 2
    while [ "$1" != -- ]; do
        group+=("$1")
        shift
    done
    shift
    if ! $dry_run && ! exists "$api" gcloud "${group[@]}" describe "$@"; then return; fi
    plan remove "$what"
    change gcloud "${group[@]}" delete "$@" --quiet
}

remove_in() { # REGION
    remove "schedule $name in $1" cloudscheduler scheduler jobs -- "$name" --location="$1" --project="$project"
    remove "Cloud Run job $name in $1" run run jobs -- "$name" --region="$1" --project="$project"
    remove "Cloud Run service $name in $1" run run services -- "$name" --region="$1" --project="$project"
    remove "Cloud Run job $name-doctor in $1" run run jobs -- "$name-doctor" --region="$1" --project="$project"
    remove "repository $name in $1, with all images" artifactregistry artifacts repositories -- "$name" --location="$1" --project="$project"
}

remove_bucket() { # BUCKET, with everything in it, all versions
    if ! $dry_run; then
        if ! exists storage gcloud storage buckets describe "gs://$1" --format='value(projectNumber)' --raw; then return; fi
        if [ "$found" != "$number" ]; then note "bucket $1 belongs to another project and stays"; return; fi
    fi
    plan remove "bucket $1, with all that is in it"
    change gcloud storage rm "gs://$1" --recursive
}

remove_secrets() {
    local id
    if $dry_run; then
        echo "gcloud secrets delete SECRET --quiet --project=$project  # each secret with the label made-by=$name"
        return
    fi
    look secretmanager gcloud secrets list --filter="labels.made-by=$name" --format='value(name.basename())' --project="$project"
    for id in $found; do
        if [ "$id" = "$name-config" ] && [ -z "$config" ]; then note "rights in other projects stay: --config FILE takes them back"; fi
        plan remove "secret $id"
        change gcloud secrets delete "$id" --quiet --project="$project"
    done
}

# A role that is left behind would go to an account that no longer exists.
revoke() { # ROLE ACCOUNT
    if ! $dry_run && ! grep -qxF "$1 serviceAccount:$2" <<<"$found"; then return; fi
    plan remove "$1 on the project from ${2%%@*}"
    change gcloud projects remove-iam-policy-binding "$project" --member="serviceAccount:$2" --role="$1" --condition=None
}

revoke_all() {
    look cloudresourcemanager gcloud projects get-iam-policy "$project" --flatten='bindings[].members' --format="$policy_lines"
    revoke roles/logging.viewer "$runner"
    revoke roles/monitoring.metricWriter "$runner"
    revoke roles/monitoring.viewer "$runner"
    revoke roles/logging.logWriter "$builder"
    revoke roles/logging.logWriter "$tester"
    if [ -z "$view" ]; then return; fi
    look logging gcloud logging views get-iam-policy "${view_at[@]}" --flatten='bindings[].members' --format="$policy_lines"
    if ! $dry_run && ! grep -qxF "roles/logging.viewAccessor serviceAccount:$runner" <<<"$found"; then return; fi
    plan remove "roles/logging.viewAccessor on log view ${view_at[0]} from ${runner%%@*}"
    change gcloud logging views remove-iam-policy-binding "${view_at[@]}" --member="serviceAccount:$runner" --role=roles/logging.viewAccessor
}

# What a settings file has given elsewhere.
revoke_elsewhere() {
    if [ -z "$config" ]; then return; fi
    find_logwatch
    asked_with=("LOGWATCH_METRICS_PROJECT=$project" "LOGWATCH_STATE=gs://$state_bucket/state.json")
    ask_logwatch rights
    elsewhere remove "$answer"
}

remove_elsewhere() { # ROLE RESOURCE COMMAND...
    if ! $dry_run && ! grep -qxF "$1 serviceAccount:$runner" <<<"$found"; then return; fi
    plan remove "$1 on $2 from ${runner%%@*}"
    change "${@:3}"
}

remove_accounts() {
    local account
    if ! $dry_run; then look iam gcloud iam service-accounts list --project="$project" --format='value(email)'; fi
    for account in "$caller" "$tester" "$builder" "$runner"; do
        if ! $dry_run && ! grep -qxF "$account" <<<"$found"; then continue; fi
        plan remove "account ${account%%@*}"
        change gcloud iam service-accounts delete "$account" --quiet --project="$project"
    done
}

remove_index() {
    if ! $custom_index || { ! $dry_run && ! has_index; }; then return; fi
    plan remove "index on jsonPayload.message"
    change gcloud logging buckets update _Default --location=global --project="$project" --remove-indexes=jsonPayload.message
}

# Everywhere that anything stands; a region that was named and is not one of those is a slip.
settle_regions() {
    regions=$(regions_of "job service repository bucket")
    if [ -n "$region" ] && [ -n "$regions" ] && [ "$region" != "$regions" ]; then
        fail "$name stands in ${regions//$'\n'/, }, not in $region alone" "leave out --region, or give another --name"
    fi
    regions=${regions:-${region:-asia-northeast3}}
}

read_options "$@"
check_options
set_names
check_access

look_around
settle_regions
for each in $regions; do remove_in "$each"; done
remove_policies
remove_secrets
remove_bucket "$source_bucket"
remove_index
revoke_all
revoke_elsewhere
remove_accounts
remove_bucket "$state_bucket"
if $dry_run; then exit 0; fi
carry_out "This deletes all of that in project $project. Type the project's name to go on:" "$project"
