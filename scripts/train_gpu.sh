#!/usr/bin/env bash
# Train on all GPUs of this host:   scripts/train_gpu.sh DOMAIN WORKDIR [options of `avici-jl train`]
# The paper's settings by default; the same command again goes on with the run. Needs `pip install "jax[cuda13]"`.
set -euo pipefail
domain=$1 workdir=$2
shift 2

export XLA_PYTHON_CLIENT_MEM_FRACTION=${XLA_PYTHON_CLIENT_MEM_FRACTION:-0.9}
exec avici-jl train --domain "$domain" --workdir "$workdir" --preset paper --set network.dtype=bfloat16 "$@"
