"""The training loop: one compiled step, a stream of batches, checkpoints, progress."""

from __future__ import annotations

import contextlib
import json
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from avici_jl.errors import ConfigError
from avici_jl.evaluation.metrics import auprc
from avici_jl.network import build_network
from avici_jl.preprocess import features
from avici_jl.simulation import load_domain, simulate_batch
from avici_jl.training.checkpoint import RunCheckpoints, find_model, load_model, read_json, write_json
from avici_jl.training.config import Config, OptimizerConfig, resolve
from avici_jl.training.data import Batch, TrainingData
from avici_jl.training.objective import Dual, dual_ascent, objective

VALIDATION_SEED = 2**30
"""Seeds from here on are never used by training; evaluation has its own, from 2**31 on."""

_VALIDATION = {"count": 16, "d": 20}
_VALIDATION_ROWS = {"observational": (200, 0), "interventional": (100, 100)}


class TrainState(NamedTuple):
    """Everything that a run's future depends on, with its settings.

    Attributes:
        step: number of steps done, int32.
        params: parameters of the network, a nested dict.
        optimizer: state of the optimiser.
        average: debiased moving average of the parameters, which is what a finished model uses.
        dual: state of the acyclicity constraint.
    """

    step: jax.Array
    params: Any
    optimizer: Any
    average: Any
    dual: Dual


def _print(line: str) -> None:
    print(line, flush=True)


def run(
    workdir: str | Path,
    *,
    domain: str | None = None,
    preset: str | None = None,
    overrides: Sequence[str] = (),
    minutes: float | None = None,
    say: Callable[[str], None] = _print,
) -> Path:
    """Train, or go on with a run.

    The settings are fixed when a run starts, and written to `workdir/config.json`; whoever stops it, where and how
    often, it takes the same steps on the same data. Ctrl-C and the termination signal end it with a checkpoint.

    Args:
        workdir: folder of the run: `config.json`, `checkpoints/`, `metrics.jsonl`. `Model.load` reads it.
        domain: name or path of the domain that is simulated; needed for a new run.
        preset: a shipped preset (default "compact") or a TOML file.
        overrides: single settings, as in `optimizer.peak=4e-3`.
        minutes: stop after this time, with a checkpoint; the schedule is that of all `steps` nevertheless.
        say: receives the lines of progress.

    Returns:
        The working folder.

    Raises:
        ConfigError: settings that cannot be, or that differ from those of the run in `workdir`.
        CheckpointError: the run's checkpoint cannot be read.
        SimulationError: Julia or the simulator failed.
    """
    workdir = Path(workdir)
    config = _settle(workdir, domain, preset, overrides)
    with RunCheckpoints(workdir) as checkpoints, _interruptible() as interrupted:
        Trainer(config, workdir, checkpoints, say).train(minutes, interrupted)
    return workdir


class Trainer:
    """One run: its compiled functions, its state and its clock."""

    def __init__(self, config: Config, workdir: Path, checkpoints: RunCheckpoints, say: Callable[[str], None]) -> None:
        self.config = config
        self._workdir = workdir
        self._checkpoints = checkpoints
        self._say = say
        self._data = TrainingData(config.data, config.steps)
        step, start, predict = compile_run(config)
        self._step, self._predict = step, predict
        self.state: TrainState = start()
        if config.init and checkpoints.latest() is None:
            self.state = start_from(self.state, config)
        self._progress: dict[str, Any] = {"seconds": 0.0, "datasets": 0, "validation": {}}
        if checkpoints.latest() is not None:
            self.state, self._progress = checkpoints.restore(self.state)
        self._validation: dict[str, Batch] = {}

    def train(self, minutes: float | None, interrupted: Callable[[], bool]) -> None:
        """Take steps until the run is complete, the time is over or someone interrupts; then write a checkpoint."""
        config, done = self.config, int(self.state.step)
        if done >= config.steps:
            self._say(f"This run is complete: {done} of {config.steps} steps.")
            return
        self._say(f"{'Going on at' if done else 'Starting at'} step {done} of {config.steps}.")
        leg = _Leg(done, self._progress["seconds"], self._progress["datasets"], minutes)
        batch = self._data[done]
        while done < config.steps and not (interrupted() or leg.over()):
            self.state, losses = self._step(self.state, *batch)
            leg.saw(len(batch.x), losses)
            done += 1
            if done < config.steps:
                batch = self._data[done]  # is simulated while the step is computed
            if leg.since_log() > config.log_seconds or done == config.steps:
                self._log(leg, done)
            if done % config.validate_every == 0 or done == config.steps:
                self._validate(done)
            if leg.since_save() > 60 * config.checkpoint_minutes:
                self._save(leg, done)
        if self._checkpoints.latest() != done:
            self._save(leg, done)
        remaining = "complete" if done == config.steps else f"stopped at step {done} of {config.steps}"
        self._say(f"The run is {remaining}; {self._workdir} can be loaded as a model, and goes on when called again.")

    def _log(self, leg: _Leg, done: int) -> None:
        loss, cyclicity = leg.mean_losses()
        rate, left = leg.rates(done, self.config.steps)
        self._say(
            f"step {done:>6}/{self.config.steps}  loss {loss:.4f}  cyclicity {cyclicity:.3f}  "
            f"{rate:.0f} datasets/s  time left {timedelta(seconds=round(left))}"
        )
        self._record({"step": done, "loss": loss, "cyclicity": cyclicity, "seconds": leg.seconds()})

    def _validate(self, done: int) -> None:
        """Area under the precision-recall curve of the averaged parameters, on datasets that training never sees."""
        found = {}
        for name, (n_obs, n_int) in _VALIDATION_ROWS.items():
            if name not in self._validation:
                self._validation[name] = Batch(
                    *simulate_batch(
                        self.config.data.domain, **_VALIDATION, n_obs=n_obs, n_int=n_int, seed=VALIDATION_SEED
                    )
                )
            batch = self._validation[name]
            logits = np.asarray(self._predict(self.state.average, batch.x, batch.interventions))
            scores = [auprc(logit, graph) for graph, logit in zip(batch.graph, logits, strict=True) if graph.any()]
            found[name] = float(np.mean(scores))
        self._progress["validation"] = found
        self._record({"step": done, "auprc": found})
        self._say(f"step {done:>6}  held-out AUPRC " + "  ".join(f"{k} {v:.3f}" for k, v in found.items()))

    def _save(self, leg: _Leg, done: int) -> None:
        self._progress = {**self._progress, "seconds": leg.seconds(), "datasets": leg.datasets, "step": done}
        self._checkpoints.save(done, self.state, self._progress)
        leg.saved()

    def _record(self, row: Mapping[str, Any]) -> None:
        with (self._workdir / "metrics.jsonl").open("a") as file:
            file.write(json.dumps(row) + "\n")


def compile_run(config: Config) -> tuple[Callable[..., Any], Callable[[], TrainState], Callable[..., Any]]:
    """The three pure functions of a run.

    Returns:
        step: (state, x, interventions, graph) -> (state, (cross-entropy, spectral radius)); gives its state away.
        start: () -> state.
        predict: (params, x, interventions) -> logits.
    """
    kind, key = config.data.kind, jax.random.key(config.seed)
    graphdef, initial = nnx.split(nnx.eval_shape(lambda: build_network(config.network, rngs=nnx.Rngs(0))))
    tx = build_optimizer(config.optimizer, config.steps)

    def network(params: Any) -> Any:
        state = jax.tree.map(lambda leaf: leaf, initial)
        nnx.replace_by_pure_dict(state, params)
        return nnx.merge(graphdef, state)

    @jax.jit
    def start() -> TrainState:
        params = nnx.to_pure_dict(nnx.state(build_network(config.network, rngs=nnx.Rngs(key)), nnx.Param))
        average = jax.tree.map(jnp.copy, params)
        return TrainState(jnp.zeros((), jnp.int32), params, tx.init(params), average, Dual.start())

    # Two compiled parts: that of the batch is compiled for every shape, the costlier one of the optimiser once.
    @jax.jit
    def differentiate(
        state: TrainState, x: jax.Array, interventions: jax.Array, graph: jax.Array
    ) -> tuple[Any, tuple[jax.Array, jax.Array]]:
        dropout_key, power_key = jax.random.split(jax.random.fold_in(key, state.step))

        def loss(params: Any) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
            rngs = nnx.Rngs(dropout=dropout_key)
            logits = network(params)(features(x, interventions, kind), deterministic=False, rngs=rngs)
            return objective(logits, graph, state.dual.multiplier, power_key, config.objective)

        return jax.grad(loss, has_aux=True)(state.params)

    @partial(jax.jit, donate_argnums=0)
    def update(state: TrainState, gradient: Any, cyclicity: jax.Array) -> TrainState:
        updates, optimizer = tx.update(gradient, state.optimizer, state.params)
        params = optax.apply_updates(state.params, updates)
        # The debiased exponential average after t steps, as a recursion on itself.
        weight = (1 - config.average) / (1 - config.average ** (state.step + 1.0))
        average = optax.incremental_update(params, state.average, weight)
        dual = dual_ascent(state.dual, cyclicity, state.step, config.objective)
        return TrainState(state.step + 1, params, optimizer, average, dual)

    def step(
        state: TrainState, x: jax.Array, interventions: jax.Array, graph: jax.Array
    ) -> tuple[TrainState, tuple[jax.Array, jax.Array]]:
        gradient, losses = differentiate(state, x, interventions, graph)
        return update(state, gradient, losses[1]), losses

    @jax.jit
    def predict(params: Any, x: jax.Array, interventions: jax.Array) -> jax.Array:
        return network(params)(features(x, interventions, kind), deterministic=True)

    return step, start, predict


def start_from(state: TrainState, config: Config) -> TrainState:
    """The first state of a run, with the parameters of the model that `config.init` names.

    Raises:
        CheckpointError: there is no such model.
        ConfigError: its network is another one.
    """
    found = load_model(find_model(config.init)).params
    shapes = [jax.tree.map(jnp.shape, params) for params in (found, state.params)]
    if shapes[0] != shapes[1]:
        raise ConfigError(f"The parameters of {config.init} do not fit this run's network; give it the same settings.")
    params = jax.tree.map(jnp.asarray, found)
    return state._replace(params=params, average=jax.tree.map(jnp.copy, params))


def build_optimizer(config: OptimizerConfig, steps: int) -> optax.GradientTransformation:
    """The optimiser with its schedule over a run of `steps` steps, and the clipping of the gradient."""
    warmup = round(config.warmup * steps)
    if config.decay == "cosine":
        rest = optax.cosine_decay_schedule(1.0, max(1, steps - warmup), config.final)
    else:
        rest = optax.piecewise_constant_schedule(1.0, {round(config.decay_at * steps) - warmup: config.final})
    shape = optax.join_schedules([optax.linear_schedule(0.0, 1.0, max(1, warmup)), rest], [warmup])

    def rate(scale: float) -> optax.Schedule:
        return lambda count: config.peak * scale * shape(count)

    if config.name == "muon":
        inner = optax.contrib.muon(
            rate(1.0),
            weight_decay=config.weight_decay,
            consistent_rms=0.2,
            adam_b2=config.b2,
            adam_learning_rate=rate(config.adam_scale),
        )
    else:
        inner = optax.lamb(rate(1.0), weight_decay=config.weight_decay)
    return optax.chain(optax.clip_by_global_norm(config.clip), inner)


class _Leg:
    """Clock and running means of one call of a run."""

    def __init__(self, done: int, seconds: float, datasets: int, minutes: float | None) -> None:
        self._begin = self._last_log = self._last_save = time.monotonic()
        self._seconds_before, self._first_step = seconds, done
        self._limit = None if minutes is None else 60 * minutes
        self._losses: list[tuple[jax.Array, jax.Array]] = []
        self._datasets_logged = self.datasets = datasets
        self._steps_logged = done

    def saw(self, datasets: int, losses: tuple[jax.Array, jax.Array]) -> None:
        if self._losses:
            jax.block_until_ready(self._losses[-1])  # at most one step is under way
        self._losses.append(losses)
        self.datasets += datasets

    def over(self) -> bool:
        return self._limit is not None and time.monotonic() - self._begin > self._limit

    def seconds(self) -> float:
        return self._seconds_before + time.monotonic() - self._begin

    def since_log(self) -> float:
        return time.monotonic() - self._last_log

    def since_save(self) -> float:
        return time.monotonic() - self._last_save

    def saved(self) -> None:
        self._last_save = time.monotonic()

    def mean_losses(self) -> tuple[float, float]:
        """Means of cross-entropy and spectral radius since the last call."""
        loss, cyclicity = np.mean(jax.device_get(self._losses), axis=0)
        self._losses.clear()
        return float(loss), float(cyclicity)

    def rates(self, done: int, steps: int) -> tuple[float, float]:
        """Datasets per second since the last call, and the seconds left at this leg's mean speed."""
        now = time.monotonic()
        rate = (self.datasets - self._datasets_logged) / max(1e-9, now - self._last_log)
        left = (steps - done) * (now - self._begin) / max(1, done - self._first_step)
        self._last_log, self._datasets_logged = now, self.datasets
        return rate, left


def _settle(workdir: Path, domain: str | None, preset: str | None, overrides: Sequence[str]) -> Config:
    """Settings of the run in `workdir`, checked against those asked for; or of a new run, written there."""

    def asked(domain: str) -> Config:
        info = load_domain(domain)
        return resolve(domain, kind=info.kind, acyclic=info.acyclic, preset=preset or "compact", overrides=overrides)

    path = workdir / "config.json"
    if path.is_file():
        config = Config.from_dict(read_json(path))
        if domain not in (None, config.data.domain):
            raise ConfigError(f"{workdir} holds a run on {config.data.domain}, not {domain}; choose another folder.")
        if (preset or overrides) and asked(config.data.domain) != config:
            raise ConfigError(
                f"{workdir} holds a run with other settings (see {path}). "
                "Leave preset and overrides out to go on with it, or choose another folder."
            )
        return config
    if domain is None:
        raise ConfigError(f"{workdir} holds no run yet, so a domain is needed.")
    config = asked(domain)
    if config.init:
        find_model(config.init)
    nnx.eval_shape(lambda: build_network(config.network, rngs=nnx.Rngs(0)))  # refuses what cannot be built
    workdir.mkdir(parents=True, exist_ok=True)
    write_json(path, config.to_dict())
    return config


@contextlib.contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """While open, the first Ctrl-C or termination signal only asks to stop; the second has its usual effect."""
    asked: list[int] = []

    def ask(number: int, frame: Any) -> None:
        asked.append(number)
        for s, handler in before.items():
            signal.signal(s, handler)

    try:
        before = {s: signal.signal(s, ask) for s in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # only the main thread may
        yield lambda: False
        return
    try:
        yield lambda: bool(asked)
    finally:
        for s, handler in before.items():
            signal.signal(s, handler)
