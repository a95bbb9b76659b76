"""A finished model on disk.

It is a folder: `config.json` (all settings), `card.json` (what it was trained on and reaches), `recipe.json` (the
stages of its training) and `params.npz`, or the folder `params/` (Orbax) as 0.1 wrote it. A run's working folder, which
has `checkpoints/` (Orbax) and `config.json`, loads as a model too.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from avici_jl.checkpoints.files import CARD, CHECKPOINTS, CONFIG, OLD_PARAMS, PARAMS, read_card, read_config, write_json
from avici_jl.checkpoints.integrity import check_digest, digest, may_be_damage, not_finite
from avici_jl.checkpoints.params import read_params, write_params
from avici_jl.checkpoints.recipe import RECIPE, Stage, read_recipe, write_recipe
from avici_jl.errors import CheckpointError


class LoadedModel(NamedTuple):
    """A model read from disk: settings, parameters (nested dict of arrays), card and stages of its training."""

    config: dict[str, Any]
    params: dict[str, Any]
    card: dict[str, Any]
    recipe: tuple[Stage, ...] = ()


def save_model(
    path: str | Path,
    *,
    config: Mapping[str, Any],
    params: Mapping[str, Any],
    card: Mapping[str, Any],
    recipe: Sequence[Stage] = (),
) -> None:
    """Write a finished model. A finished model that is already there is replaced.

    Args:
        path: the folder.
        config: the resolved settings, `Config.to_dict()`.
        params: nested dict of arrays, `nnx.to_pure_dict(nnx.state(network, nnx.Param))`.
        card: what the model was trained on and reaches; plain values.
        recipe: the stages of its training, if they are known.

    Raises:
        CheckpointError: the folder exists and is no finished model, or the parameters are not finite.
    """
    path = Path(path).absolute()
    _refuse_diverged(params, path)
    if path.exists() and any(path.iterdir()) and not (path / CONFIG).is_file():
        raise CheckpointError(f"{path} exists and holds something other than a model; choose another folder.")
    if (path / CHECKPOINTS).exists():
        raise CheckpointError(f"{path} holds a training run, which must stay as it is; choose another folder.")
    path.mkdir(parents=True, exist_ok=True)
    write_params(path / PARAMS, params)
    if (path / OLD_PARAMS).is_symlink():
        (path / OLD_PARAMS).unlink()
    shutil.rmtree(path / OLD_PARAMS, ignore_errors=True)
    write_json(path / CONFIG, config)
    write_json(path / CARD, {**card, "digest": digest(params)})
    if recipe:
        write_recipe(path, recipe)
    else:
        (path / RECIPE).unlink(missing_ok=True)


def load_model(path: str | Path, *, best: bool = False) -> LoadedModel:
    """Read a finished model, or the averaged parameters of a run's checkpoint: the newest, or the best.

    Nothing that is read is code: parameters are arrays, everything else JSON.

    Raises:
        CheckpointError: there is nothing readable.
    """
    path = Path(path).absolute()
    config = read_config(path)
    stored = next((name for name in (PARAMS, OLD_PARAMS) if (path / name).exists()), CHECKPOINTS)
    try:
        if stored == PARAMS:
            return _checked(config, read_params(path / PARAMS), path)
        from avici_jl.checkpoints.run import RunCheckpoints, read_orbax  # not needed for what is saved now

        if stored == OLD_PARAMS:
            return _checked(config, read_orbax(path / OLD_PARAMS), path)
        with RunCheckpoints(path, read_only=True) as checkpoints:
            state, progress = checkpoints.restore_numpy(checkpoints.best() if best else None)
        card = _complete({"domain": config["data"]["domain"], "training": progress})
        return LoadedModel(config, state["average"], card, read_recipe(path))
    except CheckpointError:
        raise
    except Exception as error:  # NumPy, Orbax and its libraries raise many kinds for damaged files
        if not may_be_damage(error):
            raise
        raise CheckpointError(
            f"The parameters in {path / stored} cannot be read; copy or train the model again: "
            f"{str(error).splitlines()[0]}"
        ) from error


def _checked(config: dict[str, Any], params: dict[str, Any], path: Path) -> LoadedModel:
    """A model, if its parameters are those that were saved, and of use."""
    card = read_card(path)
    check_digest(params, card.get("digest"))
    _refuse_diverged(params, path)
    return LoadedModel(config, params, _complete(card), read_recipe(path))


def _refuse_diverged(params: Mapping[str, Any], path: Path) -> None:
    odd = not_finite(params)
    if odd:
        raise CheckpointError(
            f"The parameters of the model {path} are of no use: {odd}. Its training diverged; take an "
            "earlier checkpoint or another model."
        )


def _complete(card: dict[str, Any]) -> dict[str, Any]:
    """A card with the processor's seconds, which early runs did not log: those of the clock."""
    training = card.get("training", {})
    if "seconds" in training:
        training.setdefault("cpu_seconds", training["seconds"])
    return card
