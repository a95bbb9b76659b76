"""The JSON files of models and runs, and the names of what lies in their folders."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from avici_jl._runtime.trust import Untrusted
from avici_jl.errors import CheckpointError

CONFIG, CARD, PARAMS, CHECKPOINTS = "config.json", "card.json", "params", "checkpoints"
PROGRESS, HELD_OUT = "progress.csv", "held_out.csv"


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file's table.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error


def read_config(folder: Path) -> dict[str, Any]:
    """The settings of a model or a run, of whose domain no code is run (see `Untrusted`).

    Raises:
        CheckpointError: there are none, some other program wrote them, or they are damaged.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise CheckpointError(f"{folder} holds no model: it has no {CONFIG}.")
    config: Any = read_json(path)
    data: Any = config.get("data") if isinstance(config, dict) else None
    known = isinstance(data, dict) and data.get("kind") in ("values", "counts") and isinstance(data.get("domain"), str)
    if not known or not isinstance(config.get("network"), dict):
        raise CheckpointError(
            f"{path} is not the description of a model of avici_jl: it lacks network, data.kind or data.domain."
        )
    return config | {"data": data | {"domain": Untrusted(data["domain"])}}


def read_card(folder: Path) -> dict[str, Any]:
    """The card of a model, of whose domain no code is run (see `Untrusted`).

    Raises:
        CheckpointError: there is none, or it is damaged.
    """
    card: Any = read_json(folder / CARD)
    if not isinstance(card, dict) or not isinstance(card.get("domain", ""), str):
        raise CheckpointError(f"{folder / CARD} is not a card: it must be a table, and its domain a name.")
    if "domain" in card:
        card["domain"] = Untrusted(card["domain"])
    return card


def write_json(path: Path, table: Mapping[str, Any]) -> None:
    """Write a table, in one step: a reader never sees half a file."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(table, indent=2) + "\n")
    partial.replace(path)
