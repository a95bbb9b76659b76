"""Every setting of a training run, as one table of plain values that travels with the checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from avici_jl.errors import ConfigError
from avici_jl.training.sources import HELD_OUT_SEED


@dataclass(frozen=True)
class SizeConfig:
    """One number of variables that training uses.

    Attributes:
        d: number of variables.
        batch: datasets of this size in one step, for each replica (`Config.replicas`).
        first: relative frequency of steps with this size in the first part of the run (`DataConfig.first_part`).
        then: the same for the rest of the run.
    """

    d: int
    batch: int
    first: float = 1.0
    then: float = 1.0


@dataclass(frozen=True)
class DataConfig:
    """The stream of datasets.

    Attributes:
        domain: name or path of the domain that is simulated.
        kind: "values" or "counts", as the domain says.
        sizes: the numbers of variables.
        rows: numbers of rows n, one drawn for each step.
        interventional: shares of interventional rows, one drawn for each step.
        first_part: share of the run that uses the frequencies `first` of the sizes.
        oversample: rows simulated per row used; the rows used are drawn from them.
        reuse: how often a simulated dataset is used, each time with other rows (and signs).
        chapter: number of batches that are simulated together and reused in random order.
        flip_signs: multiply each variable by a random sign. Only for domains that are symmetric in it.
        stretch: share of the datasets whose variables are given heavy tails: standardised values z become
            sinh(a z) / a, with a uniform in (0, 2) for each variable. Ranks stay as they are, so that a network learns
            to trust statistics of ranks where tails are heavy, without having seen heavy-tailed noise.
        seed: seed of the simulated datasets and of everything drawn from them.
    """

    domain: str
    kind: str
    sizes: list[SizeConfig]
    rows: list[int]
    interventional: list[float]
    first_part: float = 0.0
    oversample: float = 1.0
    reuse: int = 1
    chapter: int = 32
    flip_signs: bool = False
    stretch: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class ObjectiveConfig:
    """The objective (Sec. 4.3, 4.4).

    Attributes:
        acyclic: whether the acyclicity constraint applies; by default as the domain says.
        power_iterations: steps of the power iteration.
        dual_rate: final step size η of the dual ascent.
        dual_every: steps between two updates of the multiplier.
        dual_warmup: steps over which η rises linearly.
        dual_mean_rate: rate of the running mean of the spectral radius.
    """

    acyclic: bool
    power_iterations: int = 10
    dual_rate: float = 1e-4
    dual_every: int = 500
    dual_warmup: int = 50_000
    dual_mean_rate: float = 1e-4


@dataclass(frozen=True)
class OptimizerConfig:
    """The optimiser and its schedule: linear warm-up, then `decay`.

    Attributes:
        name: "muon" (2-D parameters; Adam for the others) or "lamb".
        peak: largest learning rate.
        per_root_batch: whether `peak` is meant for a batch of one dataset, and is multiplied by the square root of the
            largest batch over all replicas, as the paper does.
        warmup: share of the run for the linear rise.
        decay: "cosine" down to `final`; "step": times `final` after `decay_at` of the run; or "trapezoid": constant
            until `decay_at` of the run, then linearly down to `final`, so that a run in legs can be prolonged from any
            checkpoint before that.
        final: factor on `peak` at the end.
        decay_at: share of the run, for "step" and "trapezoid".
        weight_decay: of the 2-D parameters (Muon), or of all (LAMB).
        clip: largest global norm of the gradient.
        adam_scale: factor on the learning rate of Muon's Adam part.
        b2: second-moment rate of Adam.
    """

    name: str
    peak: float
    per_root_batch: bool = False
    warmup: float = 0.05
    decay: str = "cosine"
    final: float = 0.02
    decay_at: float = 0.67
    weight_decay: float = 0.0
    clip: float = 1.0
    adam_scale: float = 0.3
    b2: float = 0.98


@dataclass(frozen=True)
class HeldOutConfig:
    """The fixed datasets that a run is measured on; training never sees them.

    Attributes:
        sizes: numbers of variables; empty for those of training.
        datasets: datasets of each size and kind of rows.
        rows: rows of each: all observational, and half of them interventional.
    """

    sizes: list[int] = field(default_factory=list)
    datasets: int = 16
    rows: int = 200


@dataclass(frozen=True)
class Config:
    """A whole run.

    Attributes:
        steps: number of optimiser steps.
        average: rate kept per step by the moving average of the parameters (0.9995: about the last 2000 steps).
        init: shipped model, or folder of a model or a run, whose parameters are the initial ones; empty for fresh ones.
        seed: seed of the initial parameters, dropout and power iteration.
        checkpoint_minutes: time between two checkpoints.
        keep: how many of the newest checkpoints are kept, beside the best one.
        log_seconds: time between two lines of progress.
        validate_every: steps between two measurements on held-out datasets.
        held_out: the datasets of these measurements.
        replicas: devices that the batches and the learning rate are meant for; 0 for all that are there when the run
            starts. A step takes `replicas` times the batch of its size, on however many devices it then runs.
        loss_limit: a step whose cross-entropy is above it (or whose gradient is not finite) changes nothing.
        patience: so many of such steps in a row end the run.
        network: fields of the network, `kind` among them (see `avici_jl.network.build_network`).
    """

    steps: int
    average: float
    data: DataConfig
    objective: ObjectiveConfig
    optimizer: OptimizerConfig
    network: dict[str, Any]
    init: str = ""
    seed: int = 0
    checkpoint_minutes: float = 5.0
    keep: int = 2
    log_seconds: float = 10.0
    validate_every: int = 2000
    held_out: HeldOutConfig = field(default_factory=HeldOutConfig)
    replicas: int = 1
    loss_limit: float = 10.0
    patience: int = 20

    @property
    def largest_batch(self) -> int:
        """Datasets in the largest batch, over all replicas."""
        return self.replicas * max(size.batch for size in self.data.sizes)

    def to_dict(self) -> dict[str, Any]:
        """A nested table of plain values, that `from_dict` reads."""
        return asdict(self)

    def lines(self) -> list[str]:
        """The settings for people, a line for each table."""
        tables = {name: value for name, value in self.to_dict().items() if isinstance(value, dict)}
        plain = {name: value for name, value in self.to_dict().items() if name not in tables}
        rows = {"run": plain, **tables}
        return [f"{name:10} " + "  ".join(f"{k}={v}" for k, v in row.items()) for name, row in rows.items()]

    @staticmethod
    def from_dict(table: Mapping[str, Any]) -> Config:
        """Check a nested table.

        Raises:
            ConfigError: a field is unknown, missing or of the wrong type.
        """
        config = _build(Config, table, "")
        _check(config)
        return config


def _build(hint: Any, value: Any, where: str) -> Any:
    """`value` as `hint`, a dataclass, list, dict or plain type; errors name the field by its dotted path."""
    if is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where} must be a table, got {value!r}.")
        hints = get_type_hints(hint)
        known = {field.name: field for field in fields(hint)}
        prefix = f"{where}." if where else ""
        for name in value:
            if name not in known:
                raise ConfigError(f"Unknown setting {prefix}{name}. Known: {', '.join(known)}.")
        try:
            return hint(**{name: _build(hints[name], part, prefix + name) for name, part in value.items()})  # type: ignore[operator]
        except TypeError:
            missing = [name for name in known if name not in value]
            raise ConfigError(f"Settings are missing in {where or 'the run'}: some of {missing}.") from None
    origin = get_origin(hint)
    if origin is list and isinstance(value, list):
        return [_build(get_args(hint)[0], part, f"{where}[{k}]") for k, part in enumerate(value)]
    if origin is dict and isinstance(value, Mapping):
        return dict(value)
    if origin in (Union, UnionType):
        return value
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if origin is None and isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    raise ConfigError(f"{where} must be {getattr(hint, '__name__', hint)}, got {value!r}.")


def _check(config: Config) -> None:
    def require(condition: bool, message: str) -> None:
        if not condition:
            raise ConfigError(message)

    data, optimizer = config.data, config.optimizer
    require(config.steps >= 1, f"steps must be at least 1, got {config.steps}.")
    require(0.0 <= config.average < 1.0, f"average must be in [0, 1), got {config.average}.")
    require(data.kind in ("values", "counts"), f'data.kind must be "values" or "counts", got {data.kind!r}.')
    require(bool(data.sizes and data.rows and data.interventional), "data needs sizes, rows and interventional.")
    for size in data.sizes:
        require(size.d >= 2 and size.batch >= 1, f"data.sizes needs d >= 2 and batch >= 1, got {size}.")
        require(size.first >= 0 and size.then >= 0, f"data.sizes needs frequencies >= 0, got {size}.")
    for part in ("first", "then"):
        total = sum(getattr(size, part) for size in data.sizes)
        require(total > 0, f'data.sizes: the frequencies "{part}" are all 0.')
    require(0 <= data.seed < HELD_OUT_SEED, f"data.seed must be from 0 to {HELD_OUT_SEED - 1}, got {data.seed}.")
    require(min(data.rows) >= 2, f"data.rows must be at least 2, got {data.rows}.")
    require(all(0 <= s <= 1 for s in data.interventional), "data.interventional holds shares between 0 and 1.")
    require(data.oversample >= 1, f"data.oversample must be at least 1, got {data.oversample}.")
    require(data.reuse >= 1 and data.chapter >= 1, "data.reuse and data.chapter must be at least 1.")
    require(0 <= data.stretch <= 1, f"data.stretch is a share between 0 and 1, got {data.stretch}.")
    require(not data.stretch or data.kind == "values", "data.stretch is for values; counts cannot be stretched.")
    require(optimizer.name in ("muon", "lamb"), f'optimizer.name is "muon" or "lamb", got {optimizer.name!r}.')
    require(
        optimizer.decay in ("cosine", "step", "trapezoid"),
        f'optimizer.decay is "cosine", "step" or "trapezoid", got {optimizer.decay!r}.',
    )
    require(0 <= optimizer.warmup < 1, f"optimizer.warmup must be in [0, 1), got {optimizer.warmup}.")
    require(0 < optimizer.decay_at < 1, f"optimizer.decay_at must be between 0 and 1, got {optimizer.decay_at}.")
    require(config.keep >= 1, f"keep must be at least 1, got {config.keep}.")
    require(config.patience >= 1, f"patience must be at least 1, got {config.patience}.")
    require(config.replicas >= 0, f"replicas must be at least 0, got {config.replicas}.")
    require(config.validate_every >= 1, f"validate_every must be at least 1, got {config.validate_every}.")
    held_out = config.held_out
    require(
        held_out.datasets >= 1 and held_out.rows >= 2 and all(d >= 2 for d in held_out.sizes),
        f"held_out needs datasets >= 1, rows >= 2 and sizes >= 2, got {held_out}.",
    )
