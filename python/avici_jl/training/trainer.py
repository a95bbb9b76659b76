"""The training loop: compiled steps, a stream of batches, checkpoints, measurements."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import numpy as np

from avici_jl._runtime.threads import blas_threads
from avici_jl.checkpoints.lineage import before
from avici_jl.checkpoints.run import RunCheckpoints
from avici_jl.errors import TrainingError
from avici_jl.simulation.bridge import start_before_torch
from avici_jl.training.data import Batch, TrainingData
from avici_jl.training.held_out import HeldOut, mean_auprc
from avici_jl.training.initial import start_from
from avici_jl.training.mesh import Devices
from avici_jl.training.pipeline import batches, suggested_workers
from avici_jl.training.schema import Config
from avici_jl.training.sources import DomainSource, Source
from avici_jl.training.step import Measured, TrainState, compile_run
from avici_jl.training.watch import Clock, Watch


class Trainer:
    """One run: its compiled functions, its state and its clock.

    Args:
        config: the settings.
        workdir: where the records go.
        source: where datasets come from.
        checkpoints: the run's; it goes on from the newest that can be read.
        say: receives lines.
    """

    def __init__(
        self,
        config: Config,
        workdir: Path,
        source: Source,
        checkpoints: RunCheckpoints,
        say: Callable[[str], None],
    ) -> None:
        self.config, self.devices = config, Devices()
        self._workdir, self._checkpoints = workdir, checkpoints
        self._say = say if self.devices.leads else lambda line: None
        self._data = TrainingData(
            config.data,
            config.steps,
            source=source,
            batch_multiplier=config.batch_multiplier,
            part=self.devices.part,
            signs=config.signs,
            prior=config.prior,
        )
        self.compiled = compile_run(config, self.devices)
        self._held_out = HeldOut(config, source, self.compiled.predict)
        self.state: TrainState = self.compiled.start()
        self._progress: dict[str, Any] = {
            "seconds": 0.0,
            "cpu_seconds": 0.0,
            "accelerator_seconds": 0.0,
            "datasets": 0,
            "skipped": 0,
            "validation": [],
        }
        if checkpoints.latest() is not None:
            self.state, found = checkpoints.restore(self.state)
            self._progress |= {"cpu_seconds": found["seconds"]} | found  # early runs did not log it
        elif config.init_from:
            self.state = start_from(self.state, config)
            self._progress["before"] = before(config.to_dict())
        self._skipped_in_a_row = 0
        self._under_way: Measured | None = None
        self._seen: list[Measured] = []

    def train(
        self,
        minutes: float | None,
        interrupted: Callable[[], bool],
        workers: int | None = None,
        until: int | None = None,
    ) -> None:
        """Take steps until the run is complete or has taken `until` of them, the time is over or someone interrupts.

        Then write a checkpoint.

        Raises:
            TrainingError: too many steps in a row had to be skipped.
            CheckpointError: a checkpoint cannot be written.
            SimulationError: datasets cannot be made.
        """
        config, done = self.config, int(self.state.step)
        last = config.steps if until is None else min(until, config.steps)
        if done >= last:
            self._say(f"This run is complete: {done} of {config.steps} steps.")
            return
        if workers is None:
            workers = suggested_workers(self._data, done)
        self._say(
            f"{'Going on at' if done else 'Starting at'} step {done} of {config.steps}, on {jax.device_count()} "
            f"device{'s' if jax.device_count() > 1 else ''}, with {workers or 'no'} "
            f"process{'es' if workers > 1 else ''} for the data."
        )
        accelerators = 0 if jax.default_backend() == "cpu" else jax.device_count()
        clock = Clock(done, self._progress, minutes, accelerators)
        if accelerators and jax.config.values["jax_enable_compilation_cache"]:
            self.compile_ahead()
        records = self._workdir if self.devices.leads else None
        if records is not None and isinstance(self._data.source, DomainSource):
            start_before_torch()  # the records are written for TensorBoard, too
        with (
            blas_threads(max(size.d for size in config.data.sizes)),
            Watch(records, self._say, config.steps, done) as watch,
            batches(self._data, done, workers) as stream,
        ):
            done = self._steps(stream, done, last, clock, watch, interrupted)
        if self._checkpoints.latest() != done:
            self._save(clock, done)
        self._checkpoints.wait()
        remaining = "complete" if done == config.steps else f"stopped at step {done} of {config.steps}"
        self._say(
            f"The run is {remaining}; it waited for data for {clock.waited_share():.1%} of the time. "
            f"{self._workdir} can be loaded as a model, and goes on when called again."
        )

    def compile_ahead(self) -> None:
        """Compile the step for all shapes of batches at the same time, into JAX's cache of compiled functions.

        An accelerator's compiler takes up to a minute for each, mostly on one core.
        """
        state, blanks = self.state, self._data.blanks()
        self._say(f"Compiling for {len(blanks)} shapes of batches.")

        def compile_one(blank: Batch) -> None:
            placed = self.devices.place(blank)
            summary = self.compiled.summarize(placed.x, placed.interventions)
            arguments = (state.params, state.step, state.dual.multiplier, summary, self.compiled.truth(placed))
            self.compiled.gradient.lower(*arguments, total=placed.total).compile()

        with ThreadPoolExecutor(len(blanks)) as pool:
            list(pool.map(compile_one, blanks))

    def _steps(
        self, stream: Iterator[Batch], done: int, last: int, clock: Clock, watch: Watch, interrupted: Callable[[], bool]
    ) -> int:
        """The loop; gives back the number of steps that are done."""
        config, batch = self.config, None
        while done < last:
            save_due = clock.since_save() > 60 * config.checkpoint_minutes
            stop, save = self.devices.agree(done, interrupted() or clock.over(), save_due)
            if stop:
                break
            if save and self._checkpoints.latest() != done:
                self._save(clock, done)
            batch = batch or self._next(stream, clock)
            self.state, measured = self.compiled.step(self.state, batch)
            self._saw(measured, done)
            clock.datasets += batch.total
            done += 1
            # The next batch is fetched while the step is computed.
            batch = self._next(stream, clock, measured) if done < last else None
            if done == last:
                self._saw(None, done)
            watch.step(done)
            if (clock.since_log() > config.log_seconds and self._seen) or done == last:
                self._log(clock, done, watch)
            if done % config.validate_every == 0 or done == config.steps:
                self._validate(clock, done, watch)
        return done

    def _next(self, stream: Iterator[Batch], clock: Clock, under_way: Measured | None = None) -> Batch:
        """The next batch; the time it took counts as waiting unless a step was still under way at its end."""
        begin = time.monotonic()
        batch = next(stream)
        if under_way is None or under_way.accepted.is_ready():  # type: ignore[attr-defined]
            clock.waited += time.monotonic() - begin
        return self.devices.place(batch)

    def _saw(self, measured: Measured | None, done: int) -> None:
        """Note a step that was just started, or that none follows, and look at the one before; one is under way."""
        before = self._under_way
        self._under_way = measured
        if before is None:
            return
        seen: Measured = jax.device_get(before)
        if seen.accepted:
            self._seen.append(seen)
            self._skipped_in_a_row = 0
            return
        self._progress["skipped"] += 1
        self._skipped_in_a_row += 1
        if self._skipped_in_a_row >= self.config.max_skipped_steps:
            raise TrainingError(
                f"{self._skipped_in_a_row} steps in a row, the last of them number {done}, were not taken: their "
                f"gradient was not finite, or their loss above {self.config.loss_limit:g} (the last loss: "
                f"{float(seen.loss):.3g}). {self._checkpoints.last_good()} Look at the data, or start a new run from "
                f"there (init_from={self._workdir}) with a lower optimizer.peak_lr."
            )

    def _log(self, clock: Clock, done: int, watch: Watch) -> None:
        rate, waited, left = clock.rates(done, self.config.steps)
        means = [float(np.mean(values)) for values in zip(*self._seen, strict=True)] or [float("nan")] * 5
        loss, cyclicity, gradient, _, _ = means
        multiplier = float(self._seen[-1].multiplier) if self._seen else float("nan")
        self._seen.clear()
        row = {
            "step": done,
            "seconds": clock.seconds(),
            "loss": loss,
            "multiplier": multiplier,
            "cyclicity": cyclicity,
            "gradient": gradient,
            "datasets_per_second": rate,
            "waited": waited,
            "skipped": self._progress["skipped"],
        }
        watch.progress(row, left)

    def _validate(self, clock: Clock, done: int, watch: Watch) -> None:
        """Measure the averaged parameters on held-out datasets, and write a checkpoint that carries the result."""
        scores = self._held_out.evaluate(self.devices.local(self.state.average))
        self._progress["validation"] = [
            {name: value for name, value in score._asdict().items() if name != "sign" or not np.isnan(value)}
            for score in scores
        ]
        watch.held_out(done, scores)
        self._save(clock, done, mean_auprc(scores))

    def _save(self, clock: Clock, done: int, score: float | None = None) -> None:
        self._progress |= clock.progress() | {"step": done}
        self._checkpoints.save(done, self.state, self._progress, score)
        clock.saved()
