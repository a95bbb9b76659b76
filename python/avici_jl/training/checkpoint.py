"""Checkpoints on disk: the resumable state of a run, and a finished model. The one module that knows Orbax.

A finished model is a folder: `config.json` (all settings), `card.json` (what it was trained on and reaches) and
`params/` (Orbax). A run's working folder has `checkpoints/` (Orbax) and `config.json`, and loads as a model too.
"""

from __future__ import annotations

import contextlib
import difflib
import json
import logging
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import orbax.checkpoint as ocp
from flax import nnx
from jax.experimental import multihost_utils

from avici_jl import hub
from avici_jl.errors import CheckpointError
from avici_jl.resources import pretrained_dir

logging.getLogger("absl").setLevel(logging.ERROR)

_CONFIG, _CARD, _PARAMS, _CHECKPOINTS = "config.json", "card.json", "params", "checkpoints"
_DAMAGED, _SCORE = "damaged", "auprc"


class LoadedModel(NamedTuple):
    """A model read from disk: settings, parameters (nested dict of arrays) and card."""

    config: dict[str, Any]
    params: dict[str, Any]
    card: dict[str, Any]


def list_models() -> list[str]:
    """Names of the shipped models."""
    return sorted(path.parent.name for path in pretrained_dir().glob("*/config.json"))


def find_model(name_or_path: str | Path) -> Path:
    """Folder of a model: a saved model or a run's working folder by its path, a shipped model by its name, or one of
    the hub as `hf:owner/name`.

    Raises:
        CheckpointError: there is no such model.
    """
    if str(name_or_path).startswith(hub.PREFIX):
        return hub.fetch(str(name_or_path))
    path = Path(name_or_path)
    shipped = list_models()
    if (path / _CONFIG).is_file():
        return path
    if str(name_or_path) in shipped:
        return pretrained_dir() / name_or_path
    if path.is_dir():
        raise CheckpointError(f"The folder {path} holds no model: it has no {_CONFIG}.")
    near = difflib.get_close_matches(str(name_or_path), shipped, n=1)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    raise CheckpointError(
        f'There is no model "{name_or_path}".{hint} Shipped: {", ".join(shipped) or "none"}; '
        "or give the folder of a model that you trained, or hf:owner/name."
    )


def save_model(
    path: str | Path, *, config: Mapping[str, Any], params: Mapping[str, Any], card: Mapping[str, Any]
) -> None:
    """Write a finished model. A finished model that is already there is replaced.

    Args:
        path: the folder.
        config: the resolved settings, `Config.to_dict()`.
        params: nested dict of arrays, `nnx.to_pure_dict(nnx.state(network, nnx.Param))`.
        card: what the model was trained on and reaches; plain values.

    Raises:
        CheckpointError: the folder exists and is no finished model.
    """
    path = Path(path).absolute()
    if path.exists() and any(path.iterdir()) and not (path / _CONFIG).is_file():
        raise CheckpointError(f"{path} exists and holds something other than a model; choose another folder.")
    if (path / _CHECKPOINTS).exists():
        raise CheckpointError(f"{path} holds a training run, which must stay as it is; choose another folder.")
    path.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(path / _PARAMS, ignore_errors=True)
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(path / _PARAMS, jax.tree.map(np.asarray, dict(params)))
    (path / _PARAMS / "commit_success.txt").unlink(missing_ok=True)  # names a folder of this machine
    write_json(path / _CONFIG, config)
    write_json(path / _CARD, card)


def load_model(path: str | Path, *, best: bool = False) -> LoadedModel:
    """Read a finished model, or the averaged parameters of a run's checkpoint: the newest, or the best.

    Nothing that is read is code: parameters are arrays, everything else JSON.

    Raises:
        CheckpointError: there is nothing readable.
    """
    path = Path(path).absolute()
    if not (path / _CONFIG).is_file():
        raise CheckpointError(f"{path} holds no model: it has no {_CONFIG}.")
    config = read_json(path / _CONFIG)
    _check_config(config, path / _CONFIG)
    try:
        if (path / _PARAMS).is_dir():
            with ocp.PyTreeCheckpointer() as checkpointer:
                params = _restore_numpy(checkpointer, path / _PARAMS)
            return LoadedModel(config, params, _complete(read_json(path / _CARD)))
        with RunCheckpoints(path, read_only=True) as checkpoints:
            state, progress = checkpoints.restore_numpy(checkpoints.best() if best else None)
        return LoadedModel(
            config, state["average"], _complete({"domain": config["data"]["domain"], "training": progress})
        )
    except CheckpointError:
        raise
    except Exception as error:
        damaged = path / _PARAMS if (path / _PARAMS).is_dir() else path / _CHECKPOINTS
        raise CheckpointError(
            f"The parameters in {damaged} cannot be read; copy or train the model again: {str(error).splitlines()[0]}"
        ) from error


def _complete(card: dict[str, Any]) -> dict[str, Any]:
    """A card with the processor's seconds, which early runs did not log: those of the clock."""
    training = card.get("training", {})
    if "seconds" in training:
        training.setdefault("cpu_seconds", training["seconds"])
    return card


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


def _check_config(config: Any, path: Path) -> None:
    """Refuse a `config.json` that some other program wrote."""
    data = config.get("data") if isinstance(config, dict) else None
    known = isinstance(data, dict) and data.get("kind") in ("values", "counts") and "domain" in data
    if not known or not isinstance(config.get("network"), dict):
        raise CheckpointError(f"{path} is not the description of a model of avici_jl: it lacks network, or data.kind.")


class RunCheckpoints:
    """The resumable states of a run in `workdir/checkpoints`: the newest ones, and the best.

    Saving copies the state and writes it in the background, under another name until it is complete.

    Args:
        workdir: folder of the run.
        keep: how many of the newest are kept.
        read_only: whether the run may be going on elsewhere; nothing is changed then.
    """

    def __init__(self, workdir: str | Path, *, keep: int = 2, read_only: bool = False) -> None:
        self._workdir = Path(workdir).absolute()
        self._folder = self._workdir / _CHECKPOINTS
        best = ocp.checkpoint_managers.BestN(get_metric_fn=_score, n=1, keep_checkpoints_without_metrics=False)
        newest = ocp.checkpoint_managers.LatestN(n=keep)
        kept = ocp.checkpoint_managers.AnyPreservationPolicy([newest, best])
        self._manager = ocp.CheckpointManager(
            self._folder,
            options=ocp.CheckpointManagerOptions(
                best_fn=_score,  # without it no score is written or read
                read_only=read_only,
                preservation_policy=None if read_only else kept,
                cleanup_tmp_directories=not read_only,
            ),
            item_names=("state", "progress"),
        )

    def __enter__(self) -> RunCheckpoints:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def latest(self) -> int | None:
        """Step of the newest state, None if there is none."""
        return self._manager.latest_step()

    def best(self) -> int:
        """Step of the state with the best score; the newest if none has one."""
        scores = {step: _score(self._manager.metrics(step)) for step in self._steps()}
        return max(scores, key=lambda step: (scores[step], step))

    def last_good(self) -> str:
        """A sentence that names the newest state that is completely written."""
        with contextlib.suppress(Exception):
            self._manager.wait_until_finished()
        self._manager.reload()
        step = self.latest()
        return (
            f"There is no checkpoint in {self._folder} yet."
            if step is None
            else f"The last good checkpoint is that of step {step}, {self._folder / str(step)}."
        )

    def save(self, step: int, state: Any, progress: Mapping[str, Any], score: float | None = None) -> None:
        """Save the state after `step` steps, plain values that describe it, and perhaps how good it is.

        Raises:
            CheckpointError: this state or the one before it cannot be written.
        """
        arguments = ocp.args.Composite(state=ocp.args.StandardSave(state), progress=ocp.args.JsonSave(dict(progress)))
        metrics = None if score is None or not np.isfinite(score) else {_SCORE: score}
        with self._writing():
            self._manager.save(step, args=arguments, metrics=metrics)

    def wait(self) -> None:
        """Wait until everything is written.

        Raises:
            CheckpointError: it cannot be.
        """
        with self._writing():
            self._manager.wait_until_finished()

    def restore(self, like: Any) -> tuple[Any, dict[str, Any]]:
        """Newest state that can be read, with the structure, types and shardings of `like`, and its description.

        States that are damaged are moved to `workdir/damaged`, with a warning.

        Raises:
            CheckpointError: there is none, or it belongs to other settings.
        """
        target = jax.tree.map(ocp.utils.to_shape_dtype_struct, like)
        arguments = ocp.args.Composite(state=ocp.args.StandardRestore(target), progress=ocp.args.JsonRestore())
        found, damaged = self._first_readable(
            sorted(self._steps(), reverse=True), lambda step: self._manager.restore(step, args=arguments)
        )
        for step, error in damaged.items():
            warnings.warn(
                f"The checkpoint of step {step} cannot be read and is put aside, in {self._workdir / _DAMAGED}; the "
                f"run goes on with the one before. ({error})",
                RuntimeWarning,
                stacklevel=2,
            )
            if jax.process_index() == 0:
                (self._workdir / _DAMAGED).mkdir(exist_ok=True)
                shutil.rmtree(self._workdir / _DAMAGED / str(step), ignore_errors=True)
                (self._folder / str(step)).rename(self._workdir / _DAMAGED / str(step))
        if damaged:
            multihost_utils.sync_global_devices("damaged checkpoints are put aside")
            self._manager.reload()
        return found["state"], found["progress"]

    def restore_numpy(self, step: int | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """A state as nested dicts of NumPy arrays, without knowing its structure; by default the newest readable."""

        def read(step: int) -> tuple[dict[str, Any], dict[str, Any]]:
            with ocp.PyTreeCheckpointer() as checkpointer:
                state = _restore_numpy(checkpointer, self._folder / str(step) / "state")
            found = self._manager.restore(step, args=ocp.args.Composite(progress=ocp.args.JsonRestore()))
            return state, found["progress"]

        steps = sorted(self._steps(), reverse=True) if step is None else [step]
        return self._first_readable(steps, read)[0]

    def close(self) -> None:
        """Wait until everything is written."""
        try:
            self.wait()
        finally:
            self._manager.close()

    def _steps(self) -> list[int]:
        steps = list(self._manager.all_steps())
        if not steps:
            raise CheckpointError(f"There is no checkpoint in {self._folder}.")
        return steps

    def _first_readable(self, steps: Sequence[int], read: Callable[[int], Any]) -> tuple[Any, dict[int, Exception]]:
        """What the first step gives that can be read, and the errors of those before it."""
        failures: dict[int, Exception] = {}
        for step in steps:
            try:
                return read(step), failures
            except Exception as error:  # Orbax and its libraries raise many kinds for damaged files
                failures[step] = error
        newest, reason = next(iter(failures.items()))
        raise CheckpointError(
            f"The checkpoint of step {newest} in {self._folder} does not fit the settings of this run, or it is "
            f"damaged: {reason}"
        ) from reason

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            raise CheckpointError(
                f"A checkpoint cannot be written: {error}. {self.last_good()} Make room on the disk and give the same "
                "command again."
            ) from error


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


def _score(metrics: Any) -> float:
    """The number by which states are compared."""
    return metrics[_SCORE] if metrics else float("-inf")


def _restore_numpy(checkpointer: Any, path: Path) -> Any:
    """A saved tree as NumPy arrays, whatever devices it was saved from."""
    metadata = checkpointer.metadata(path).item_metadata.tree
    arguments = jax.tree.map(lambda _: ocp.RestoreArgs(restore_type=np.ndarray), metadata)
    tree = checkpointer.restore(path, args=ocp.args.PyTreeRestore(restore_args=arguments))
    return nnx.restore_int_paths(tree)  # the keys of lists, which are strings on disk
