"""What a run started from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from avici_jl.checkpoints.find import find_model
from avici_jl.checkpoints.model import load_model
from avici_jl.errors import CheckpointError


def before(config: Mapping[str, Any]) -> dict[str, float] | None:
    """What the runs cost that a run started from, all together, by the names of progress; None if one is not there.

    Nothing is downloaded for it: who names an earlier run is a file.
    """
    total, seen = {"step": 0, "datasets": 0, "cpu_seconds": 0.0, "accelerator_seconds": 0.0}, set()
    while config.get("init"):
        try:
            folder = find_model(config["init"], download=False).resolve()
            if folder in seen:
                return None
            seen.add(folder)
            config, _, card = load_model(folder)
            training = card["training"]
            for part in (training, training.get("before") or {}):
                total = {key: value + part.get(key, 0) for key, value in total.items()}
        except (CheckpointError, KeyError, TypeError, AttributeError):  # not there, or another program's
            return None
        if "before" in training:
            return total if training["before"] is not None else None
    return total
