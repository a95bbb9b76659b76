"""The JSON files of models and runs, and the names of what lies in their folders."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from avici_jl.errors import CheckpointError

CONFIG, CARD, PARAMS, CHECKPOINTS = "config.json", "card.json", "params", "checkpoints"


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file's table.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error


def write_json(path: Path, table: Mapping[str, Any]) -> None:
    """Write a table, in one step: a reader never sees half a file."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(table, indent=2) + "\n")
    partial.replace(path)
