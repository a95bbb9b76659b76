#!/usr/bin/env bash
# A stage of a training on a machine that is lent for some minutes:
#
#   scripts/train_stage.sh MINUTES STATE WORKDIR [options of `avici-jl train`]
#
# STATE is a folder that travels. A run that lies in it goes on; a new one starts with the options (--domain, --preset).
# After MINUTES by the clock, compilation included, STATE holds the newest checkpoint, in files of at most 15 MB. They may
# be MOST_MB megabytes together (60 by default): else the state that was there before stays, and the script fails.
set -euo pipefail
minutes=$1 state=$2 workdir=$3
shift 3

if compgen -G "$state/state.tar.gz.*" > /dev/null; then
    mkdir -p "$workdir"
    cat "$state"/state.tar.gz.* | tar -xzf - -C "$workdir"
fi

left=$(awk -v minutes="$minutes" -v gone="$SECONDS" 'BEGIN { print minutes - gone / 60 }')
avici-jl train --workdir "$workdir" --minutes "$left" "$@"

newest=$(ls "$workdir/checkpoints" | grep -x '[0-9]*' | sort -n | tail -n 1)
mkdir -p "$(dirname "$state")"
packed=$(mktemp -d "$state.XXXXXX")
trap 'rm -rf "$packed"' EXIT
shopt -s nullglob
(cd "$workdir" && tar -czf - ./*.json ./*.csv "checkpoints/$newest") | split --bytes=15M --numeric-suffixes - "$packed/state.tar.gz."
size=$(cat "$packed"/* | wc -c)
if [ "$size" -gt $((${MOST_MB:-60} * 1000000)) ]; then
    echo "The state takes $size bytes, more than ${MOST_MB:-60} MB; set MOST_MB." >&2
    exit 1
fi
rm -rf "$state"
mv "$packed" "$state"
echo "Step $newest is in $state, $size bytes."
