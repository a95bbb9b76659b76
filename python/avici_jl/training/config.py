"""Every setting of a training run: presets, overrides, and one resolved table that travels with the checkpoint."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from avici_jl.errors import ConfigError

PRESETS = Path(__file__).parent / "presets"


@dataclass(frozen=True)
class SizeConfig:
    """One number of variables that training uses.

    Attributes:
        d: number of variables.
        batch: datasets of this size in one step.
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
        warmup: share of the run for the linear rise.
        decay: "cosine" down to `final`, or "step": times `final` after `decay_at` of the run.
        final: factor on `peak` at the end.
        decay_at: share of the run, for "step".
        weight_decay: of the 2-D parameters.
        clip: largest global norm of the gradient.
        adam_scale: factor on the learning rate of Muon's Adam part.
        b2: second-moment rate of Adam.
    """

    name: str
    peak: float
    warmup: float = 0.05
    decay: str = "cosine"
    final: float = 0.02
    decay_at: float = 0.67
    weight_decay: float = 0.0
    clip: float = 1.0
    adam_scale: float = 0.3
    b2: float = 0.98


@dataclass(frozen=True)
class Config:
    """A whole run.

    Attributes:
        steps: number of optimiser steps.
        average: rate kept per step by the moving average of the parameters (0.9995: about the last 2000 steps).
        init: shipped model, or folder of a model or a run, whose parameters are the initial ones; empty for fresh ones.
        seed: seed of the initial parameters, dropout and power iteration.
        checkpoint_minutes: time between two checkpoints.
        log_seconds: time between two lines of progress.
        validate_every: steps between two measurements on held-out datasets.
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
    log_seconds: float = 10.0
    validate_every: int = 2000

    def to_dict(self) -> dict[str, Any]:
        """A nested table of plain values, that `from_dict` reads."""
        return asdict(self)

    @staticmethod
    def from_dict(table: Mapping[str, Any]) -> Config:
        """Check a nested table.

        Raises:
            ConfigError: a field is unknown, missing or of the wrong type.
        """
        config = _build(Config, table, "")
        _check(config)
        return config


def list_presets() -> list[str]:
    """Names of the shipped presets."""
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def resolve(domain: str, *, kind: str, acyclic: bool, preset: str, overrides: Sequence[str] = ()) -> Config:
    """Settings of a run: a preset, the domain's own facts, then overrides such as `optimizer.peak=4e-3`.

    A preset is the name of a shipped one or the path of a TOML file. Its tables `[values]` and `[counts]` hold
    what differs between the kinds of data. The value of an override is written as in TOML; a bare word is a string.

    Raises:
        ConfigError: unknown preset, unknown field, or a value that cannot be.
    """
    path = Path(preset) if preset.endswith(".toml") else PRESETS / f"{preset}.toml"
    try:
        table = tomllib.loads(path.read_text())
    except FileNotFoundError:
        names = ", ".join(list_presets())
        raise ConfigError(f'There is no preset "{preset}". Shipped ones: {names}; or give a .toml file.') from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not a TOML file: {error}") from None
    variants = {name: table.pop(name, {}) for name in ("values", "counts")}
    table = _merge(table, variants[kind])
    table = _merge({"objective": {"acyclic": acyclic}}, table)
    table = _merge(table, {"data": {"domain": domain, "kind": kind}})
    for override in overrides:
        name, separator, text = override.partition("=")
        if not separator:
            raise ConfigError(f'An override is written field=value, as in optimizer.peak=4e-3; got "{override}".')
        change: Any = _value(text.strip())
        for part in reversed(name.strip().split(".")):
            change = {part: change}
        table = _merge(table, change)
    return Config.from_dict(table)


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _merge(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `change` in it, table by table; a table of another `kind` replaces the whole."""
    merged = dict(base)
    for key, value in change.items():
        before = merged.get(key)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            replaced = "kind" in before and value.get("kind", before["kind"]) != before["kind"]
            merged[key] = dict(value) if replaced else _merge(before, value)
        else:
            merged[key] = value
    return merged


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
    require(min(data.rows) >= 2, f"data.rows must be at least 2, got {data.rows}.")
    require(all(0 <= s <= 1 for s in data.interventional), "data.interventional holds shares between 0 and 1.")
    require(data.oversample >= 1, f"data.oversample must be at least 1, got {data.oversample}.")
    require(data.reuse >= 1 and data.chapter >= 1, "data.reuse and data.chapter must be at least 1.")
    require(optimizer.name in ("muon", "lamb"), f'optimizer.name is "muon" or "lamb", got {optimizer.name!r}.')
    require(
        optimizer.decay in ("cosine", "step"),
        f'optimizer.decay is "cosine" or "step", got {optimizer.decay!r}.',
    )
