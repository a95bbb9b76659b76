"""What a run shows and records while it goes on: lines or a progress bar, CSV files, TensorBoard."""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Column

from avici_jl.checkpoints.files import HELD_OUT, PROGRESS
from avici_jl.training.held_out import Score

_BOARD = "tensorboard"
RECORDS = (PROGRESS, HELD_OUT, _BOARD)
"""What a run writes about itself, in its folder."""

_PROGRESS_FIELDS = (
    "step",
    "seconds",
    "loss",
    "multiplier",
    "cyclicity",
    "gradient",
    "datasets_per_second",
    "waited",
    "skipped",
)
_HELD_OUT_FIELDS = ("step", *Score._fields)


def print_line(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


class Watch:
    """The display and the records of one call of a run.

    Args:
        workdir: where the records are; None to keep none.
        say: receives lines. With `print_line` on a terminal there is a progress bar instead of the lines of progress.
        steps: length of the run.
        done: steps done; later rows of the records, of a run that was killed, are dropped.
    """

    def __init__(self, workdir: Path | None, say: Callable[[str], None], steps: int, done: int) -> None:
        self._say, self._steps, self._done = say, steps, done
        self._records = None if workdir is None else _Records(workdir, done)
        self._stack = ExitStack()
        self._bar: Progress | None = None

    def __enter__(self) -> Watch:
        if self._say is print_line and sys.stdout.isatty():
            count = TextColumn("step {task.completed}/{task.total}", table_column=Column(min_width=18, no_wrap=True))
            columns = (count, BarColumn(10), TextColumn("{task.description}"))
            self._bar = self._stack.enter_context(Progress(*columns))
            self._task = self._bar.add_task("compiling …", total=self._steps, completed=self._done)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()
        if self._records is not None:
            self._records.close()

    def say(self, line: str) -> None:
        """A line of text."""
        if self._bar is not None:
            self._bar.console.print(line, highlight=False, markup=False)
        else:
            self._say(line)

    def step(self, done: int) -> None:
        """A step has been taken."""
        if self._bar is not None:
            self._bar.update(self._task, completed=done)

    def progress(self, row: Mapping[str, float], left: float) -> None:
        """The means since the last call; `row` has the fields of `progress.csv`, `left` is in seconds."""
        text = (
            f"loss {row['loss']:.4f}  λ {row['multiplier']:.2g}  spectral radius {row['cyclicity']:.3f}  "
            f"gradient {row['gradient']:.2g}  {row['datasets_per_second']:.3g} datasets/s  "
            f"waited {row['waited']:.0%}  time left {timedelta(seconds=round(left))}"
        )
        if row["skipped"]:
            text += f"  {row['skipped']:.0f} steps skipped"
        if self._bar is not None:
            self._bar.update(self._task, description=text)
        else:
            self._say(f"step {row['step']:>6.0f}/{self._steps}  {text}")
        if self._records is not None:
            self._records.add(PROGRESS, row)

    def held_out(self, done: int, scores: Sequence[Score]) -> None:
        """A measurement on the held-out datasets."""
        for score in scores:
            self.say(
                f"step {done:>6}  held-out d={score.d} {score.rows:14}  AUPRC {score.auprc:.3f}  F1 {score.f1:.3f}  "
                f"ECE {score.ece:.3f}  acyclic {score.acyclic:.0%}"
                + ("" if np.isnan(score.sign) else f"  signs {score.sign:.3f}")
            )
            if self._records is not None:
                self._records.add(HELD_OUT, {"step": done, **score._asdict()})


class Clock:
    """Time and datasets of one call of a run, and what it measured since it was last asked.

    Args:
        done: steps that the run has done.
        before: its progress until this call.
        minutes: limit of this call.
        accelerators: how many GPUs or TPUs the run is on.
    """

    def __init__(self, done: int, before: Mapping[str, Any], minutes: float | None, accelerators: int = 0) -> None:
        self._begin = self._last_log = self._last_save = time.monotonic()
        self._cpu_begin = time.process_time()
        self._before, self._first_step = dict(before), done
        self._accelerators = accelerators
        self._limit = None if minutes is None else 60 * minutes
        self._datasets_logged = self.datasets = before["datasets"]
        self.waited = self._waited_logged = 0.0

    def over(self) -> bool:
        """Whether the time of this call is over."""
        return self._limit is not None and time.monotonic() - self._begin > self._limit

    def seconds(self) -> float:
        """Seconds of the whole run."""
        return float(self._before["seconds"]) + time.monotonic() - self._begin

    def progress(self) -> dict[str, Any]:
        """Of the whole run: seconds of the clock, of this process on CPUs, of all accelerators, and datasets used."""
        here = time.monotonic() - self._begin
        return {
            "seconds": self.seconds(),
            "cpu_seconds": float(self._before["cpu_seconds"]) + time.process_time() - self._cpu_begin,
            "accelerator_seconds": float(self._before.get("accelerator_seconds", 0)) + self._accelerators * here,
            "datasets": self.datasets,
        }

    def since_log(self) -> float:
        """Seconds since the last line of progress."""
        return time.monotonic() - self._last_log

    def since_save(self) -> float:
        """Seconds since the last checkpoint."""
        return time.monotonic() - self._last_save

    def saved(self) -> None:
        """Note that a checkpoint is written."""
        self._last_save = time.monotonic()

    def waited_share(self) -> float:
        """Share of this call's time in which the devices had nothing to do but wait for data, at most."""
        return self.waited / max(1e-9, time.monotonic() - self._begin)

    def rates(self, done: int, steps: int) -> tuple[float, float, float]:
        """Since the last call: datasets per second, share of waiting; and the seconds left at this call's speed."""
        now = time.monotonic()
        passed = max(1e-9, now - self._last_log)
        rate = (self.datasets - self._datasets_logged) / passed
        waited = (self.waited - self._waited_logged) / passed
        left = (steps - done) * (now - self._begin) / max(1, done - self._first_step)
        self._last_log, self._datasets_logged, self._waited_logged = now, self.datasets, self.waited
        return rate, waited, left


class _Records:
    """CSV files that can be read at any time, and TensorBoard's where `tensorboardX` is installed."""

    def __init__(self, workdir: Path, done: int) -> None:
        self._workdir = workdir
        for name, columns in ((PROGRESS, _PROGRESS_FIELDS), (HELD_OUT, _HELD_OUT_FIELDS)):
            _start_file(workdir / name, columns, done)
        try:
            from tensorboardX import SummaryWriter
        except ImportError:
            self._board: Any = None
        else:
            self._board = SummaryWriter(str(workdir / _BOARD), purge_step=done + 1 if done else None)

    def add(self, name: str, row: Mapping[str, Any]) -> None:
        with (self._workdir / name).open("a", newline="") as file:
            csv.writer(file).writerow([f"{value:.6g}" if isinstance(value, float) else value for value in row.values()])
        if self._board is not None:
            prefix = f"d={row['d']}/{row['rows']}" if name == HELD_OUT else "progress"
            for key, value in row.items():
                if key not in ("step", "d", "rows"):
                    self._board.add_scalar(f"{prefix}/{key}", value, row["step"])

    def close(self) -> None:
        if self._board is not None:
            self._board.close()


def _start_file(path: Path, columns: Sequence[str], done: int) -> None:
    """An empty table; or the one that is there up to the step `done`, without a last row that was cut off."""
    rows: list[list[str]] = []
    if path.is_file():
        with path.open(newline="") as file:
            header, *found = list(csv.reader(file)) or [[]]
        old = len(header)  # an earlier release may have had fewer columns
        found = [row + ["nan"] * (len(columns) - len(row)) if len(row) == old else row for row in found]
        rows = [row for row in found if len(row) == len(columns) and int(row[0]) <= done]
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)  # where it is a link, what it points to stays as it is
    with partial.open("w", newline="") as file:
        csv.writer(file).writerows([columns, *rows])
    partial.replace(path)
