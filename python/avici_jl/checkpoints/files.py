"""The JSON files of models and runs, and the names of what lies in their folders."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from avici_jl._runtime.settings import Length, OneOf, Range, build
from avici_jl._runtime.trust import Untrusted
from avici_jl.checkpoints.renamed import with_new_names
from avici_jl.data.typical import OVERALL
from avici_jl.errors import CheckpointError, ConfigError

CONFIG, CARD, PARAMS, CHECKPOINTS = "config.json", "card.json", "params.npz", "checkpoints"
OLD_PARAMS = "params"
_NUMBERS = re.compile(r"\[\n[-+.\deE,\s]+\]")
PROGRESS, HELD_OUT = "progress.csv", "held_out.csv"


_WORD = Annotated[str, Length(0, 4096)]
_DATA: dict[str, Any] = {
    "domain": _WORD,
    "kind": Annotated[str, OneOf(("values", "counts"))],
    "sizes": Annotated[list[dict[str, Annotated[float, Range(0, 1e9)]]], Length(1, 1000)],
    "rows": Annotated[list[Annotated[int, Range(0, 2**40)]], Length(1, 1000)],
    "interventional": Annotated[list[Annotated[float, Range(0, 1)]], Length(1, 1000)],
}
_CONFIG: dict[str, Any] = {"data": dict[str, Any], "network": dict[str, Any]}
_NEEDED = {"data", "network", "kind", "domain"}
_SHARE = Annotated[float, Range(0, 1)]
_CARD: dict[str, Any] = {
    "domain": _WORD,
    "training": dict[str, Any],
    "threshold": _SHARE,
    "thresholds": dict[str, _SHARE],
    "temperature": Annotated[float, Range(0, 1e6, open_least=True)],
    "digest": _WORD,
    "parameters": int,
    "data": dict[str, Any],
    "calibration": dict[str, list[_SHARE]],
    "typical": dict[str, Any],
    "pair_score": dict[str, Any],
    "evaluation": list[dict[str, Any]],
}
_TRAINING: dict[str, Any] = {"datasets": float, "step": float, "seconds": float}
_NUMBER_LIST = Annotated[list[float], Length(5, 1000)]
_TYPICAL: dict[str, Any] = {
    "levels": _NUMBER_LIST,
    "characteristics": dict[str, _NUMBER_LIST],
    "least": Annotated[list[Annotated[float, Range(0, 1)]], Length(len(OVERALL), len(OVERALL))],
}
_STATISTICS = Annotated[list[Annotated[float, Range(-1e9, 1e9)]], Length(1, 100_000)]
_PAIR_SCORE: dict[str, Any] = {
    "signed": _STATISTICS,
    "size": _STATISTICS,
    "constant": Annotated[float, Range(-1e9, 1e9)],
}
_WEIGHTS = {"weights": dict[str, Annotated[float, Range(0, 1e6, open_least=True)]]}
"""Of cards of this release on."""
_PAIR = Annotated[list[float], Length(2, 2)]
_EVALUATION: dict[str, Any] = {
    "domain": _WORD,
    "d": float,
    "n_obs": float,
    "n_int": float,
    "auprc": dict[str, _PAIR],
    "f1": _PAIR,
    "ece": _PAIR,
}


def read_json(path: Path) -> dict[str, Any]:
    """A JSON file's table.

    Raises:
        CheckpointError: it is missing or damaged.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    if not isinstance(table, dict):
        raise CheckpointError(f"{path} must hold a table, not a {type(table).__name__}.")
    return table


def read_config(folder: Path) -> dict[str, Any]:
    """The settings of a model or a run by their names of this release (see `avici_jl.checkpoints.renamed`).

    No code of their domain is run (see `Untrusted`).

    Raises:
        CheckpointError: there are none, some other program wrote them, or they are damaged.
    """
    path = folder / CONFIG
    if not path.is_file():
        raise CheckpointError(f"{folder} holds no model: it has no {CONFIG}.")
    config = read_json(path)
    for place, hints in (("", _CONFIG), ("data.", _DATA)):
        table = config["data"] if place else config
        for name in _NEEDED & hints.keys() - table.keys():
            raise CheckpointError(f"{path} is not the description of a model of avici_jl: it lacks {place}{name}.")
        _check(table, hints, path, place)
    if any("d" not in size for size in config["data"].get("sizes", [])):
        raise CheckpointError(f"{path}: data.sizes: each needs d, a number of variables.")
    try:
        config = with_new_names(config)
    except ConfigError as error:
        raise CheckpointError(f"{path}: {error}") from None
    _check(config, {"init_from": _WORD}, path)
    return config | {"data": config["data"] | {"domain": Untrusted(config["data"]["domain"])}}


def read_card(folder: Path) -> dict[str, Any]:
    """The card of a model, of whose domain no code is run (see `Untrusted`).

    Raises:
        CheckpointError: there is none, or it is damaged.
    """
    card = read_json(folder / CARD)
    check_card(card, folder / CARD)
    if "domain" in card:
        card["domain"] = Untrusted(card["domain"])
    return card


def check_card(card: dict[str, Any], path: Path) -> None:
    """Refuse a card in which something that is used has another type or range.

    Raises:
        CheckpointError: it has; the message names file and key.
    """
    _check(card, _CARD, path)
    _check(card.get("training", {}), _TRAINING, path, "training.")
    _check(card.get("data", {}), _DATA, path, "data.")
    for k, row in enumerate(card.get("evaluation", ())):
        _check(row, _EVALUATION, path, f"evaluation[{k}].")
        if not {"model", "correlation"} <= row.get("auprc", {"model": 0, "correlation": 0}).keys():
            raise CheckpointError(f"{path}: evaluation[{k}].auprc must have model and correlation.")
    if "pair_score" in card:
        _check(card["pair_score"], _PAIR_SCORE, path, "pair_score.")
        for name in _PAIR_SCORE.keys() - card["pair_score"].keys():
            raise CheckpointError(f"{path}: pair_score lacks {name}.")
    if "typical" in card:
        typical = card["typical"]
        _check(typical, _TYPICAL | _WEIGHTS, path, "typical.")
        for name in _TYPICAL.keys() - typical.keys():
            raise CheckpointError(f"{path}: typical lacks {name}.")
        lists = [typical["least"], typical["levels"], *typical["characteristics"].values()]
        if any(b < a or a != a for known in lists for a, b in zip(known, known[1:], strict=False)):
            raise CheckpointError(f"{path}: typical must have ascending numbers.")
        if any(len(known) != len(typical["levels"]) for known in typical["characteristics"].values()):
            raise CheckpointError(f"{path}: typical.characteristics must be as long as typical.levels.")


def _check(table: dict[str, Any], hints: dict[str, Any], path: Path, place: str = "") -> None:
    """Refuse what is there and has another type or range."""
    for name, hint in hints.items():
        if name in table:
            try:
                build(hint, table[name], place + name)
            except ConfigError as error:
                raise CheckpointError(f"{path}: {error}") from None


def write_json(path: Path, table: Mapping[str, Any]) -> None:
    """Write a table, in one step: a reader never sees half a file. Lists of numbers are lines."""
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)  # where it is a link, what it points to stays as it is
    text = _NUMBERS.sub(lambda found: "[" + " ".join(found[0][1:-1].split()) + "]", json.dumps(table, indent=2))
    partial.write_text(text + "\n")
    partial.replace(path)
