"""The resumable states of a run, written by Orbax."""

from __future__ import annotations

import contextlib
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import nnx
from jax.experimental import multihost_utils

from avici_jl.checkpoints.files import CHECKPOINTS
from avici_jl.checkpoints.integrity import check_digest, check_size, digest, may_be_damage, not_finite
from avici_jl.checkpoints.quiet import late_reads_unheard, ocp, quiet_orbax
from avici_jl.errors import CheckpointError, TrainingError

_DAMAGED, _SCORE, _DIGEST = "damaged", "auprc", "digest"


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
        self._folder = self._workdir / CHECKPOINTS
        self._quiet = contextlib.ExitStack()
        self._quiet.enter_context(quiet_orbax())
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
            TrainingError: the state is not finite; it is not written.
        """
        odd = not_finite(state)
        if odd:
            raise TrainingError(f"The run diverged: after step {step} {odd}. This is not saved. {self.last_good()}")
        described = {**progress, _DIGEST: digest(state)}
        arguments = ocp.args.Composite(state=ocp.args.StandardSave(state), progress=ocp.args.JsonSave(described))
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
            sorted(self._steps(), reverse=True), lambda step: _checked(self._manager.restore(step, args=arguments))
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
            state = read_orbax(self._folder / str(step) / "state")
            progress = self._manager.restore(step, args=ocp.args.Composite(progress=ocp.args.JsonRestore()))["progress"]
            found = _checked({"state": state, "progress": progress})
            return found["state"], found["progress"]

        steps = sorted(self._steps(), reverse=True) if step is None else [step]
        return self._first_readable(steps, read)[0]

    def close(self) -> None:
        """Wait until everything is written."""
        try:
            self.wait()
        finally:
            self._manager.close()
            self._quiet.close()

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
                if not may_be_damage(error):
                    raise
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


def _checked(found: Any) -> dict[str, Any]:
    """A state and its description, without the digest, if it is what was saved.

    Raises:
        ValueError: it is not.
    """
    state, progress = found["state"], dict(found["progress"])
    check_digest(state, progress.pop(_DIGEST, None))
    odd = not_finite(state)
    if odd:
        raise ValueError(f"{odd}: the run had diverged")
    return {"state": state, "progress": progress}


def _score(metrics: Any) -> float:
    """The number by which states are compared."""
    return metrics[_SCORE] if metrics else float("-inf")


def read_orbax(path: Path) -> Any:
    """A saved tree as NumPy arrays, whatever devices it was saved from."""
    with quiet_orbax(), late_reads_unheard(), ocp.PyTreeCheckpointer() as checkpointer:
        metadata = checkpointer.metadata(path).item_metadata.tree
        check_size([(leaf.shape, leaf.dtype) for leaf in jax.tree.leaves(metadata)], path)
        arguments = jax.tree.map(lambda _: ocp.RestoreArgs(restore_type=np.ndarray), metadata)
        tree = checkpointer.restore(path, args=ocp.args.PyTreeRestore(restore_args=arguments))
    return nnx.restore_int_paths(tree)  # the keys of lists, which are strings on disk
