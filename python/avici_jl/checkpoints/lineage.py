"""What a run started from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from avici_jl._runtime.revision import revision
from avici_jl.checkpoints.find import find_model
from avici_jl.checkpoints.integrity import digest
from avici_jl.checkpoints.model import LoadedModel, load_model
from avici_jl.checkpoints.recipe import UNKNOWN, Stage
from avici_jl.errors import CheckpointError

_MADE = {"step": "steps", **{name: name for name in ("datasets", "cpu_seconds", "accelerator_seconds")}}


def begin(name: str, config: Mapping[str, Any]) -> list[Stage]:
    """The stages of a run that begins with these settings: those of what it starts from, and its own.

    Raises:
        CheckpointError: what it starts from cannot be read.
    """
    own: Stage = {"name": name, "revision": revision(), "parent": None, "config": dict(config)}
    if teacher := config["objective"].get("teacher"):
        own["teacher"] = digest(load_model(find_model(teacher)).params)
    if not config["init_from"]:
        return [own]
    loaded = load_model(find_model(config["init_from"]))
    stages: list[Stage] = list(loaded.recipe)
    if not stages and loaded.config.get("init_from"):
        stages = [{"name": UNKNOWN, "revision": UNKNOWN, "parent": UNKNOWN, "config": UNKNOWN}]
    if not stages:  # it was one run, with the settings that it has
        called = Path(config["init_from"]).name
        stages = [{"name": called, "revision": UNKNOWN, "parent": None, "config": loaded.config}]
    stages = end(stages, loaded)
    own["config"]["init_from"] = stages[-1]["name"]
    return [*stages, {**own, "parent": stages[-1]["digest"]}]


def begun(name: str, loaded: LoadedModel) -> list[Stage]:
    """The stages of a run, or of a model; of a run that wrote none when it began, as far as they can be told now."""
    if loaded.recipe:
        return list(loaded.recipe)
    own: Stage = {"name": name, "revision": UNKNOWN, "note": _NOT_WRITTEN}
    try:
        *earlier, last = begin(name, loaded.config)
    except CheckpointError:
        return [{**own, "config": loaded.config, "parent": UNKNOWN}]
    return [*earlier, {**last, **own}]


_NOT_WRITTEN = "Begun by an earlier release; what it started from is as it was when the model was exported."


def end(stages: Sequence[Stage], loaded: LoadedModel) -> list[Stage]:
    """Stages with what the last of them took and made, as its model says."""
    training = loaded.card.get("training", {})
    made = {ours: training[theirs] for theirs, ours in _MADE.items() if theirs in training}
    return [*stages[:-1], {**stages[-1], **made, "digest": digest(loaded.params)}]


def before(config: Mapping[str, Any]) -> dict[str, float] | None:
    """What the runs cost that a run started from, all together, by the names of progress; None if one is not there.

    Nothing is downloaded for it: who names an earlier run is a file.
    """
    total, seen = {"step": 0, "datasets": 0, "cpu_seconds": 0.0, "accelerator_seconds": 0.0}, set()
    while config.get("init_from"):
        try:
            folder = find_model(config["init_from"], download=False).resolve()
            if folder in seen:
                return None
            seen.add(folder)
            config, _, card, _ = load_model(folder)
            training = card["training"]
            for part in (training, training.get("before") or {}):
                total = {key: value + part.get(key, 0) for key, value in total.items()}
        except (CheckpointError, KeyError, TypeError, AttributeError):  # not there, or another program's
            return None
        if "before" in training:
            return total if training["before"] is not None else None
    return total
