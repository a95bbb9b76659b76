#!/usr/bin/env bash
# Fetches the release of Cytoscape.js that reports draw networks with, and refuses anything else under that name.
set -euo pipefail
release=cytoscape@3.35.0
digest=sha512-sMvBIXiGMnhkCaWz2R06FwF/27MNlS+Tqvi17foO9UhnUg3XGZccKjxsvEqQFAQYMSSZmN5SxYzUYlQ0DOJJ3g==
into=$(cd "$(dirname "$0")/../python/avici_jl/report/vendor" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm pack --silent "$release" > /dev/null
found=sha512-$(openssl dgst -sha512 -binary ./*.tgz | base64 -w 0)
test "$found" = "$digest" || { echo "$release has the digest $found, not $digest." >&2; exit 1; }
tar -xzf ./*.tgz
cp package/dist/cytoscape.min.js "$into/cytoscape.min.js"
cp package/LICENSE "$into/cytoscape.LICENSE"
echo "$release is in $into."
