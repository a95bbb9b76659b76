"""A model that is compiled in a second, for the tests of everything that is done with models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
from flax import nnx

from avici_jl.checkpoints.model import save_model
from avici_jl.network import build_network

NETWORK = {"kind": "pair", "dim": 8, "layers": 1, "channels": 4, "statistics": ["basic"]}


def save(path: Path, kind: str = "values", data: dict[str, Any] | None = None, **card: Any) -> Path:
    network = build_network(NETWORK, rngs=nnx.Rngs(0))
    params = nnx.to_pure_dict(nnx.state(network, nnx.Param))
    params = jax.tree.map(lambda leaf: leaf + 0.05, params)
    config = {"network": NETWORK, "data": {"domain": "linear", "kind": kind, **(data or {})}}
    save_model(path, config=config, params=params, card={"threshold": 0.3, **card})
    return path
