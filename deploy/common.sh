# shellcheck shell=bash disable=SC2034
# What setup.sh and teardown.sh share: options, names, and how a command is run. Works with the bash 3.2 of macOS too.

project=${LOGWATCH_DEPLOY_PROJECT:-}
region=${LOGWATCH_DEPLOY_REGION:-asia-northeast3}
watched=${LOGWATCH_DEPLOY_SERVICE:-o4o-core-api}
name=${LOGWATCH_DEPLOY_NAME:-logwatch}
as=${LOGWATCH_DEPLOY_AS:-job}
dry_run=false
custom_index=false

program=${0##*/}
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
        --dry-run) dry_run=true ;;
        --help | -h) usage; exit 0 ;;
        *) own_option "$option" "$value" ;;
        esac
    done
}

unknown_option() { # OPTION
    fail "unknown option $1" "see $program --help"
}

check_options() {
    if [ -z "$project" ]; then
        project=${CLOUDSDK_CORE_PROJECT:-$(gcloud config get-value project 2>/dev/null || true)}
    fi
    if [ -z "$project" ]; then fail "no project" "give --project PROJECT, or run: gcloud config set project PROJECT"; fi
    case $as in
    job | service) ;;
    *) fail "--as $as: right are job and service" ;;
    esac
    # Names of service accounts have at most 30 characters, and the longest ending here is -builder.
    if ! [[ $name =~ ^[a-z][a-z0-9-]{0,20}[a-z0-9]$ ]]; then
        fail "--name $name: right are 2 to 22 small letters, digits and hyphens, a letter first"
    fi
    if ! [[ $region =~ ^[a-z]+-[a-z]+[0-9]+$ ]]; then fail "--region $region: right is a region, e.g. asia-northeast3"; fi
}

set_names() {
    accounts=$project.iam.gserviceaccount.com
    runner=$name-runner@$accounts
    caller=$name-caller@$accounts
    builder=$name-builder@$accounts
    state_bucket=$project-$name-state
    source_bucket=$project-$name-source
}

# One look that needs both a login and the project: its failure is told with the cure.
check_access() {
    if $dry_run; then return; fi
    if ! command -v gcloud >/dev/null; then fail "gcloud is not installed" "https://cloud.google.com/sdk/docs/install"; fi
    local answer
    if answer=$(gcloud projects describe "$project" --format='value(projectId)' 2>&1 >/dev/null); then return; fi
    case $answer in
    *"active account"* | *"gcloud auth login"* | *"Reauthentication"* | *UNAUTHENTICATED* | *"invalid authentication"*)
        fail "not logged in" "run: gcloud auth login"
        ;;
    *"not found"* | *NOT_FOUND* | *PERMISSION_DENIED* | *"permission"*)
        fail "project $project does not exist, or you may not see it" "see: gcloud projects list; or log in as somebody else: gcloud auth login"
        ;;
    esac
    fail "cannot look at project $project" "$answer"
}

# A new account or a new API takes a while to be known everywhere: then it is worth trying again, for a minute.
patiently() { # COMMAND... ; its output and errors are left in `answer`
    local tries=0
    until answer=$("$@" 2>&1 </dev/null); do
        tries=$((tries + 1))
        if [ $tries -ge 6 ] || ! [[ $answer =~ (does not exist|SERVICE_DISABLED|has not been used) ]]; then return 1; fi
        sleep "${LOGWATCH_DEPLOY_WAIT:-10}"
    done
}

give_up() { # WHAT COMMAND...
    echo "$program: $1: ${*:2}" >&2
    echo "$answer" >&2
    exit 1
}

# Run a command that changes something, or only print it.
change() {
    if $dry_run; then
        printf '%q ' "$@"
        printf '\n'
        return
    fi
    local answer
    if ! patiently "$@"; then give_up "this failed" "$@"; fi
}

# The same for a command whose output is worth watching.
watch_change() {
    if $dry_run; then change "$@"; else "$@" </dev/null; fi
}

# Whether a command that only looks finds its thing; a dry run looks at nothing and finds nothing.
exists() {
    if $dry_run; then return 1; fi
    local answer
    if patiently "$@"; then return 0; fi
    if [[ $answer =~ ([Nn]ot\ found|NOT_FOUND|Cannot\ find) ]]; then return 1; fi
    give_up "cannot look" "$@"
}

has_index() {
    gcloud logging buckets describe _Default --location=global --project="$project" --format='value(indexConfigs[].fieldPath)' |
        grep -q 'jsonPayload\.message'
}

# What is done, for people; in a dry run beside the commands, so that these alone are on standard output.
say() {
    if $dry_run; then printf '# %-8s%s\n' "$1" "$2" >&2; else printf '%-8s%s\n' "$1" "$2"; fi
}
