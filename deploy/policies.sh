# shellcheck shell=bash disable=SC2154,SC2034
# What tells people when logwatch itself is silent: alert policies and the dashboard of one installation, for setup.sh and teardown.sh.

policy_format='value(name,userLabels.policy,userLabels.content,notificationChannels.list(),enabled)'

# A file of this folder for this installation: its environment, its service, and labels that say whose it is and what was written.
for_us() { # FILE
    local text sum labels
    text=$(sed -e "s/(production)/($environment)/" -e "s/namespace=\\\\\"production/namespace=\\\\\"$environment/g" \
        -e "s/\"environment\": \"production\"/\"environment\": \"$environment_label\"/" -e "s/o4o-core-api/$service/g" -e "s/asia-northeast3/$region/g" "$1")
    sum=$(cksum <<<"$text")
    labels="\"made-by\": \"$name\", \"content\": \"${sum%% *}\""
    sed -e "s/\"app\": \"logwatch\"/&, $labels/" -e "s/\"logwatch\": \"\"/&, $labels/" <<<"$text"
}

content_of() { # FILE
    for_us "$1" | sed -n 's/.*"content": "\([0-9]*\)".*/\1/p' | head -n 1
}

# Those that people have made by hand, or changed since, stay as they are until the file here is another.
plan_policies() { # ENVIRONMENT SERVICE
    local file policy there
    environment=$1 service=$2
    environment_label=$(tr '[:upper:]' '[:lower:]' <<<"$environment")
    if ! [[ $environment =~ ^[A-Za-z0-9_-]+$ && $service =~ ^[a-z0-9-]+$ ]]; then
        note "alert policies and dashboard are made by hand for environment $environment: docs/operations.md"
        return
    fi
    if ! sees_monitoring gcloud alpha monitoring policies list --project="$project" \
        --filter="userLabels.app=logwatch AND userLabels.environment=$environment_label" --format="$policy_format"; then return; fi
    policies_now=$found
    # Those that are made later, once there are figures, tell whom the first ones tell.
    told_to=${told_to:-$(cut -f 4 <<<"$policies_now" | grep -m 1 . || true)}
    for file in "$folder"/policies/*.json; do
        policy=${file##*/} policy=${policy%.json}
        there=$(awk -F '\t' -v policy="$policy" '$2 == policy { print $1 " " $3 }' <<<"$policies_now")
        plan_one "alert policy $policy" "$file" "${there%% *}" "${there#* }"
    done
    sees_monitoring gcloud monitoring dashboards list --project="$project" \
        --format='value[separator="|"](name,labels.made-by,labels.content,labels.list(),displayName)' || return 0
    there=$(awk -F '|' -v name="$name" -v ours="($environment)" \
        '$2 == name || ($4 ~ /(^|,)logwatch=/ && index($5, ours)) { print $1 " " $3; exit }' <<<"$found")
    plan_one dashboard "$folder/dashboard.json" "${there%% *}" "${there#* }"
}

# Cloud Monitoring may refuse what the rest does not need: then it is told, and all else is done.
sees_monitoring() { # COMMAND...
    local answer
    found=
    if $dry_run || ! is_on monitoring; then return; fi
    if patiently "$@"; then found=$answer; return; fi
    note "alert policies and dashboard are left alone: $(head -n 1 "$errors")"
    return 1
}

plan_one() { # WHAT FILE NAME CONTENT
    if [ -z "$3" ]; then
        plan make "$1"
    elif [ -n "$4" ] && [ "$4" != "$(content_of "$2")" ]; then
        plan change "$1: as it is in this version"
    else
        return 0
    fi
    if $dry_run; then put_one "$1" "$2" "$3"; else later put_one "$1" "$2" "$3"; fi
}

# Whom a policy tells and whether it is switched on is not in the file, and stays.
put_one() { # WHAT FILE NAME
    local written channels enabled keeps=()
    if $dry_run; then written=$2; else written=$errors.json && for_us "$2" >"$written"; fi
    case "$1 $3" in
    "dashboard ") put gcloud monitoring dashboards create --config-from-file="$written" --project="$project" ;;
    dashboard*) put gcloud monitoring dashboards update "$3" --config-from-file="$written" --project="$project" ;;
    *policy*" ") put gcloud alpha monitoring policies create --policy-from-file="$written" --project="$project" ${told_to:+"--notification-channels=$told_to"} ;;
    *)
        IFS='|' read -r channels enabled < <(awk -F '\t' -v id="$3" '$1 == id { print $4 "|" $5 }' <<<"$policies_now")
        if [ -n "$channels" ]; then keeps+=("--set-notification-channels=$channels"); fi
        if [ "$enabled" = False ]; then keeps+=(--no-enabled); fi
        put gcloud alpha monitoring policies update "$3" --policy-from-file="$written" --project="$project" ${keeps[@]+"${keeps[@]}"}
        ;;
    esac
}

put() { # COMMAND...
    local answer
    if $dry_run; then change "$@"; return; fi
    if patiently "$@"; then return; fi
    # A policy on a figure is taken once the figure was written: after a few runs.
    if grep -q 'Cannot find metric' "$errors"; then waiting=true; return; fi
    note "this failed, and all else is done: $*"
    cat "$errors" >&2
}

remove_policies() {
    local id
    if $dry_run; then
        echo "gcloud alpha monitoring policies delete POLICY --quiet --project=$project  # each with the label made-by=$name"
        echo "gcloud monitoring dashboards delete DASHBOARD --quiet --project=$project  # likewise"
        return
    fi
    sees_monitoring gcloud alpha monitoring policies list --project="$project" --filter="userLabels.made-by=$name" --format='value(name,displayName)' || return 0
    while IFS=$'\t' read -r id what; do
        if [ -z "$id" ]; then continue; fi
        plan remove "alert policy $what"
        change gcloud alpha monitoring policies delete "$id" --quiet --project="$project"
    done <<<"$found"
    sees_monitoring gcloud monitoring dashboards list --project="$project" --filter="labels.made-by=$name" --format='value(name)' || return 0
    for id in $found; do
        plan remove dashboard
        change gcloud monitoring dashboards delete "$id" --quiet --project="$project"
    done
}
