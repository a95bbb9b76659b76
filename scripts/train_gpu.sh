#!/usr/bin/env bash
# Train on all GPUs of this host:   scripts/train_gpu.sh DOMAIN WORKDIR [options of `avici-jl train`]
# The paper's settings by default; called again with the same folder, the run goes on. Needs `pip install "jax[cuda13]"`.
set -euo pipefail
domain=$1 workdir=$2
shift 2

export XLA_PYTHON_CLIENT_MEM_FRACTION=${XLA_PYTHON_CLIENT_MEM_FRACTION:-0.9}
# Compiled steps are kept, so that a run that goes on starts at once.
export JAX_COMPILATION_CACHE_DIR=${JAX_COMPILATION_CACHE_DIR:-$HOME/.cache/avici_jl/jax}

new=()
test -f "$workdir/config.json" || new=(--domain "$domain" --preset paper --set network.dtype=bfloat16)
exec avici-jl train --workdir "$workdir" "${new[@]}" "$@"
