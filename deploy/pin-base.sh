#!/usr/bin/env bash
# Name each base image of a Dockerfile by its digest: what a tag means today, and not what somebody makes it mean tomorrow.
#
#   deploy/pin-base.sh [DOCKERFILE]
#
# The first step of every build, so that all its stages stand on one image and the build's log names it. At a desk (make pin) it writes the
# digests to stay, and a build changes nothing of them; take a newer base by putting the bare tag back. Needs docker and a registry.
set -euo pipefail
file=${1:-Dockerfile}

bases() { # what is built upon and is no stage of the file itself, each once
    awk 'toupper($1) == "FROM" { image = $2; for (n = 2; $n ~ /^--/; n++) image = $(n + 1); if (!(image in stage)) print image
        for (n = 3; n < NF; n++) if (toupper($n) == "AS") stage[$(n + 1)] }' "$file" | sort -u
}

for image in $(bases); do
    if [[ $image == *@sha256:* || $image == scratch ]]; then continue; fi
    docker pull --quiet "$image" >/dev/null
    digest=$(docker inspect --format='{{index .RepoDigests 0}}' "$image")
    digest=${digest##*@}
    if ! [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]]; then
        echo "pin-base.sh: nobody knows the digest of $image" >&2
        exit 1
    fi
    echo "$image is $digest"
    awk -v image="$image" -v pinned="$image@$digest" 'toupper($1) == "FROM" { for (n = 2; n <= NF; n++) if ($n == image) { $n = pinned; break } } { print }' \
        "$file" >"$file.pinned"
    cat "$file.pinned" >"$file"
    rm "$file.pinned"
done
for image in $(bases); do
    if [[ $image != *@sha256:* && $image != scratch ]]; then
        echo "pin-base.sh: $image has no digest: nothing is built upon it" >&2
        exit 1
    fi
done
