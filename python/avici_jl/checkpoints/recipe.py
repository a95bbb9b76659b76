"""The recipe of a model: the stages of its training, by which it can be trained again.

`recipe.json` in the folder of a run or a model holds `stages`, the first one first. A stage is a run::

    name                what the run was called; the settings `init_from` of the next stage name it
    revision            the code that began it
    parent              digest of the parameters that it started from; null for fresh ones
    config              all its settings, the seeds among them
    teacher             digest of the parameters of its teacher, if it has one
    steps               steps that were taken, which may be fewer than the settings say
    datasets, cpu_seconds, accelerator_seconds
                        what it cost
    digest              digest of the parameters that it ended with
    note                what else has to be known

What nobody wrote down is "unknown".
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from avici_jl._runtime.settings import Length, build
from avici_jl.checkpoints.files import read_json, write_json
from avici_jl.checkpoints.renamed import with_new_names
from avici_jl.errors import CheckpointError, ConfigError

RECIPE, UNKNOWN = "recipe.json", "unknown"

Stage = dict[str, Any]


def read_recipe(folder: Path) -> tuple[Stage, ...]:
    """The stages of a model's or a run's training; none where they are not recorded.

    Raises:
        CheckpointError: the file is damaged.
    """
    path = folder / RECIPE
    if not path.is_file():
        return ()
    try:
        stages = build(Annotated[list[dict[str, Any]], Length(1, 1000)], read_json(path).get("stages"), "stages")
        for number, stage in enumerate(stages):
            build(str, stage.get("name"), f"stages[{number}].name")
            if stage.get("config") != UNKNOWN:
                stage["config"] = with_new_names(build(dict[str, Any], stage.get("config"), f"stages[{number}].config"))
    except ConfigError as error:
        raise CheckpointError(f"{path}: {error}") from None
    return tuple(stages)


def write_recipe(folder: Path, stages: Sequence[Stage]) -> None:
    """Write the stages beside a run or a model."""
    write_json(folder / RECIPE, {"stages": list(stages)})
