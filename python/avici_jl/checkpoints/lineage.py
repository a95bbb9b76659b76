"""What a run started from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from avici_jl.checkpoints.find import find_model
from avici_jl.checkpoints.model import load_model
from avici_jl.errors import CheckpointError


def before(config: Mapping[str, Any]) -> dict[str, float] | None:
    """What the runs cost that a run started from, all together, by the names of progress; None if one is not there."""
    total = {"step": 0, "datasets": 0, "cpu_seconds": 0.0, "accelerator_seconds": 0.0}
    while config.get("init"):
        try:
            config, _, card = load_model(find_model(config["init"]))
        except CheckpointError:
            return None
        training = card["training"]
        for part in (training, training.get("before") or {}):
            total = {key: value + part.get(key, 0) for key, value in total.items()}
        if "before" in training:
            return total if training["before"] is not None else None
    return total
