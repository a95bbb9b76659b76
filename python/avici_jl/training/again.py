"""A model trained again, by its recipe."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from avici_jl._runtime.trust import Untrusted, trusted
from avici_jl.checkpoints.files import CONFIG
from avici_jl.checkpoints.find import find_model
from avici_jl.checkpoints.recipe import UNKNOWN, read_recipe
from avici_jl.errors import ConfigError
from avici_jl.training.runs import run
from avici_jl.training.watch import print_line


def train_again(
    model: str | Path,
    workdir: str | Path,
    *,
    trust: bool = False,
    workers: int | None = None,
    say: Callable[[str], None] = print_line,
) -> Path:
    """Take every stage of a model's recipe with the present code, each in a folder of `workdir`, or go on with that.

    The parameters are those of the model only where code, machine and libraries are.

    Args:
        model: a shipped model, or the folder of a model or a run.
        workdir: gets a folder for each stage, `1-NAME`, `2-NAME`, …
        trust: whether code that a stage names may run, see `run`.
        workers: processes that make datasets, see `run`.
        say: receives lines.

    Returns:
        The folder of the last stage.

    Raises:
        ConfigError: the model has no recipe, or a stage whose settings nobody wrote down; and as `run`.
    """
    stages = read_recipe(find_model(model))
    if not stages:
        raise ConfigError(f"{model} has no recipe: how it was trained is not recorded.")
    unknown = [stage["name"] for stage in stages if stage["config"] == UNKNOWN]
    if unknown:
        raise ConfigError(f"{model} cannot be trained again: nobody wrote down the settings of {', '.join(unknown)}.")
    last = None
    for number, stage in enumerate(stages, 1):
        folder = Path(workdir) / f"{number}-{stage['name']}"
        config: dict[str, Any] = {**stage["config"], "init_from": "" if last is None else str(last)}
        say(f"Stage {number} of {len(stages)}: {folder}")
        new = not (folder / CONFIG).is_file()
        run(
            folder,
            domain=trusted(config["data"]["domain"]) if trust else Untrusted(config["data"]["domain"]),
            preset=config if new else None,
            overrides=[f"network={_toml(config['network'])}"] if new else (),
            until=stage.get("steps"),
            workers=workers,
            say=say,
        )
        last = folder
    assert last is not None
    return last


def _toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} = {_toml(part)}" for name, part in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False)
