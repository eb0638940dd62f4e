# shellcheck shell=bash disable=SC2034
# What setup.sh and teardown.sh share: options, names, what runs already, the plan, and how a command is run. Works with the bash 3.2
# of macOS too.

project=${LOGWATCH_DEPLOY_PROJECT:-}
region=${LOGWATCH_DEPLOY_REGION:-} # nothing: where it runs already
name=${LOGWATCH_DEPLOY_NAME:-logwatch}
dry_run=false
plan_only=false
yes=false
custom_index=false
view=
view_at=()

program=${0##*/}
policy_lines='value[separator=" "](bindings.role,bindings.members)'
export CLOUDSDK_CORE_DISABLE_PROMPTS=1

fail() { # MESSAGE [CURE]
    echo "$program: $1" >&2
    if [ -n "${2:-}" ]; then echo "  $2" >&2; fi
    exit 2
}

usage() { # prints the comment at the top of the script
    awk 'NR == 1 { next } !/^#/ { exit } { sub(/^# ?/, ""); print }' "$0"
}

# The options that both scripts have; each takes its own with `own_option OPTION VALUE`, and names in `own_values` those that have a value.
read_options() { # ARGUMENTS...
    local option value
    while [ $# -gt 0 ]; do
        option=$1 value=
        shift
        case " --project --region --name ${own_values:+$own_values }" in
        *" $option "*)
            if [ $# = 0 ]; then fail "$option needs a value" "see $program --help"; fi
            value=$1
            shift
            ;;
        esac
        case $option in
        --project) project=$value ;;
        --region) region=$value ;;
        --name) name=$value ;;
        --custom-index) custom_index=true ;;
        --plan) plan_only=true ;;
        --yes) yes=true ;;
        --dry-run) dry_run=true ;;
        --help | -h) usage; exit 0 ;;
        *) own_option "$option" "$value" ;;
        esac
    done
}

unknown_option() { # OPTION
    fail "unknown option $1" "see $program --help"
}

# `view` is the log view to be read, and `view_at` where gcloud finds it.
set_view() { # NAME
    if ! [[ $1 =~ ^projects/([^/]+)/locations/([^/]+)/buckets/([^/]+)/views/([^/]+)$ ]]; then
        fail "--log-view $1: right is projects/P/locations/L/buckets/B/views/V" "see: gcloud logging views list --bucket=_Default --location=global"
    fi
    view=$1
    view_at=("${BASH_REMATCH[4]}" --bucket="${BASH_REMATCH[3]}" --location="${BASH_REMATCH[2]}" --project="${BASH_REMATCH[1]}")
}

check_region() { # OPTION REGION
    if ! [[ $2 =~ ^([a-z]+-[a-z]+[0-9]+)?$ ]]; then fail "$1 $2: right is a region, e.g. asia-northeast3"; fi
}

check_options() {
    if [ -z "$project" ]; then
        project=${CLOUDSDK_CORE_PROJECT:-$(gcloud config get-value project 2>/dev/null || true)}
    fi
    if [ -z "$project" ]; then fail "no project" "give --project PROJECT, or run: gcloud config set project PROJECT"; fi
    # Names of service accounts have at most 30 characters, and the longest ending here is -builder.
    if ! [[ $name =~ ^[a-z][a-z0-9-]{0,20}[a-z0-9]$ ]]; then
        fail "--name $name: right are 2 to 22 small letters, digits and hyphens, a letter first"
    fi
    check_region --region "$region"
}

set_names() {
    accounts=$project.iam.gserviceaccount.com
    runner=$name-runner@$accounts
    caller=$name-caller@$accounts
    builder=$name-builder@$accounts
    tester=$name-tester@$accounts
    state_bucket=$project-$name-state
    source_bucket=$project-$name-source
}

# One look that needs both a login and the project: its failure is told with the cure.
check_access() {
    number=PROJECT_NUMBER
    if $dry_run; then return; fi
    if ! command -v gcloud >/dev/null; then fail "gcloud is not installed" "https://cloud.google.com/sdk/docs/install"; fi
    errors=$(mktemp)
    trap 'rm -f "$errors" "$errors.json"' EXIT
    if number=$(gcloud projects describe "$project" --format='value(projectNumber)' 2>"$errors"); then return; fi
    case $(cat "$errors") in
    *"active account"* | *"gcloud auth login"* | *"Reauthentication"* | *UNAUTHENTICATED* | *"invalid authentication"*)
        fail "not logged in" "run: gcloud auth login"
        ;;
    *"not found"* | *NOT_FOUND* | *PERMISSION_DENIED* | *"permission"*)
        fail "project $project does not exist, or you may not see it" "see: gcloud projects list; or log in as somebody else: gcloud auth login"
        ;;
    esac
    fail "cannot look at project $project" "$(cat "$errors")"
}

# Looking

# Whether a text has a line, whole: no program is started for it.
has_line() { # TEXT LINE
    [[ $'\n'$1$'\n' == *$'\n'"$2"$'\n'* ]]
}

not_found='([Nn]ot found|NOT_FOUND|Cannot find)'

# A new account or a new API takes a while to be known everywhere: then it is worth trying again, for a minute. What a command prints
# is left in `answer`, what it complains of in the file `errors`.
patiently() { # COMMAND...
    local tries=0
    until answer=$("$@" 2>"$errors" </dev/null); do
        tries=$((tries + 1))
        if [ $tries -ge 6 ] || ! grep -qE 'does not exist|SERVICE_DISABLED|has not been used' "$errors"; then return 1; fi
        sleep "${LOGWATCH_DEPLOY_WAIT:-10}"
    done
}

give_up() { # WHAT COMMAND...
    echo "$program: $1: ${*:2}" >&2
    cat "$errors" >&2
    exit 1
}

# APIs that are not switched on yet: nothing is there that they would show.
missing_apis=

is_on() { # API
    [[ " $missing_apis " != *" $1.googleapis.com "* ]]
}

# What a command that only looks prints, left in `found`; nothing in a dry run, and where what is asked for is not there.
look() { # API COMMAND...
    found=
    if $dry_run || ! is_on "$1"; then return; fi
    local answer
    shift
    if patiently "$@"; then found=$answer; return; fi
    if ! grep -qE "$not_found" "$errors"; then give_up "cannot look" "$@"; fi
}

# The same, telling whether it is there.
exists() { # API COMMAND...
    if $dry_run || ! is_on "$1"; then return 1; fi
    local answer
    shift
    if patiently "$@"; then found=$answer; return; fi
    if grep -qE "$not_found" "$errors"; then return 1; fi
    give_up "cannot look" "$@"
}

run_format='value(metadata.name,region,metadata.labels.made-by)'

# What stands of this name, and where: `stands` gets a line `KIND REGION` for each Cloud Run job, Cloud Run service, repository and bucket.
# All services of the project are left in `services`.
look_around() {
    stands=
    look run gcloud run jobs list --project="$project" --format="$run_format"
    jobs=$found
    stand_in job "$jobs"
    look run gcloud run services list --project="$project" --format="$run_format"
    services=$found
    stand_in service "$found"
    look artifactregistry gcloud artifacts repositories list --project="$project" --location=all \
        --format='value(name.basename(),name.segment(3),labels.made-by)'
    stand_in repository "$found"
    look storage gcloud storage buckets describe "gs://$state_bucket" --format='value(location)'
    if [ -n "$found" ]; then stands="${stands}bucket $(tr '[:upper:]' '[:lower:]' <<<"$found")"$'\n'; fi
}

stand_in() { # KIND LINES: name, region and label of each
    local thing where label
    while IFS=$'\t' read -r thing where label; do
        if [ "$thing" != "$name" ]; then continue; fi
        if [ "$label" != "$name" ]; then
            fail "the $1 $name in $where was not made by setup.sh" "give another --name: what is somebody else's is left alone"
        fi
        stands="$stands$1 $where"$'\n'
    done <<<"$2"
}

# Regions in which something stands, each once.
regions_of() { # KINDS
    local kind where seen=' '
    while read -r kind where; do
        if [[ " $1 " == *" $kind "* && $seen != *" $where "* ]]; then
            seen="$seen$where "
            printf '%s\n' "$where"
        fi
    done <<<"$stands"
}

stands_as() { # KIND
    [[ $'\n'$stands == *$'\n'"$1 $region"$'\n'* ]]
}

has_index() {
    look logging gcloud logging buckets describe _Default --location=global --project="$project" --format='value(indexConfigs[].fieldPath)'
    [[ $found == *jsonPayload.message* ]]
}

# The plan: each thing that is to be done is told and put aside, with the commands that do it. Nothing is done before all is told.

todo=() # for each command the number of its words, then these

later() { # COMMAND...
    todo+=("$#" "$@")
}

say() { # WORD TEXT
    printf '%-8s%s\n' "$1" "$2"
}

# One line of the plan, told again when its turn has come; in a dry run beside the commands, so that these alone are on standard output.
plan() { # WORD TEXT
    if $dry_run; then printf '# %-8s%s\n' "$1" "$2" >&2; return; fi
    say "$1" "$2"
    later say "$1" "$2"
}

note() { # TEXT: what people should know, whatever is done
    if $dry_run; then printf '# %-8s%s\n' note "$1" >&2; else say note "$1"; fi
}

# A command that changes something: done when the plan is, or in a dry run only printed.
change() { # COMMAND...
    if $dry_run; then
        printf '%q ' "$@"
        printf '\n'
    else
        later run_change "$@"
    fi
}

run_change() { # COMMAND...
    local answer
    if patiently "$@"; then return; fi
    # What an API that was switched off has hidden from the plan.
    if [[ " $* " == *" create "* ]] && grep -qE 'ALREADY_EXISTS|already exists|already own it' "$errors"; then return; fi
    give_up "this failed" "$@"
}

# The same for a command whose output is worth watching.
watch_change() { # COMMAND...
    if $dry_run; then change "$@"; else later run_watched "$@"; fi
}

run_watched() { # COMMAND...
    "$@" </dev/null
}

# Do what was planned; QUESTION is put to who sits at the terminal, also where standard input is something else.
carry_out() { # QUESTION RIGHT-ANSWER
    if [ ${#todo[@]} = 0 ]; then say nothing "to change"; return; fi
    if $plan_only; then return; fi
    if ! $yes; then ask "$1" "$2"; fi
    echo
    local at=0 words
    while [ $at -lt ${#todo[@]} ]; do
        words=${todo[at]}
        "${todo[@]:at+1:words}"
        at=$((at + 1 + words))
    done
}

ask() { # QUESTION RIGHT-ANSWER
    local given=
    if ! { exec 3<>/dev/tty; } 2>/dev/null; then fail "nothing was done: there is nobody to ask" "give --yes to go on without asking"; fi
    printf '%s ' "$1" >&3
    read -r given <&3 || true
    exec 3>&-
    if [ "$given" != "$2" ]; then fail "nothing was done"; fi
}
