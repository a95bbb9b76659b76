"""Every setting of a training run, as one table of plain values that travels with the checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from avici_jl._runtime.settings import Length, OneOf, Range, build
from avici_jl.checkpoints.renamed import with_new_names
from avici_jl.errors import ConfigError
from avici_jl.training.drawn import HELD_OUT_SEED

Count = Annotated[int, Range(1, 2**31 - 1)]
Variables = Annotated[int, Range(2, 100_000)]
Rows = Annotated[int, Range(2, 100_000_000)]
Share = Annotated[float, Range(0, 1)]
Frequency = Annotated[float, Range(0, 1e9)]
Text = Annotated[str, Length(0, 4096)]


@dataclass(frozen=True)
class SizeConfig:
    """One number of variables that training uses.

    Attributes:
        d: number of variables.
        batch: datasets of this size in one step, times `Config.batch_multiplier`.
        weight: relative frequency of steps with this size.
        curriculum_weight: the same in the first part of the run (`DataConfig.curriculum_fraction`).
    """

    d: Variables
    batch: Annotated[int, Range(1, 1_000_000)]
    curriculum_weight: Frequency = 1.0
    weight: Frequency = 1.0


@dataclass(frozen=True)
class DataConfig:
    """The stream of datasets.

    Attributes:
        domain: name or path of the domain that is simulated.
        kind: "values" or "counts", as the domain says.
        sizes: the numbers of variables.
        rows: numbers of rows n, one drawn for each step.
        interventional: shares of interventional rows, one drawn for each step.
        curriculum_fraction: share of the run, at its beginning, that uses the `curriculum_weight` of the sizes.
        row_pool_factor: rows simulated per row used; the rows used are drawn from them.
        draws_per_dataset: how often a simulated dataset is used (data echoing, Choi et al. 2019), each time with other
            rows (and signs).
        shuffle_buffer: number of batches that are simulated together and used in random order.
        flip_signs: multiply each variable by a random sign. Only for domains that are symmetric in it.
        heavy_tail_fraction: share of the datasets whose variables are given heavy tails: standardised values z become
            sinh(a z) / a, with a uniform in (0, 2) for each variable. Ranks stay as they are, so that a network learns
            to trust statistics of ranks where tails are heavy, without having seen heavy-tailed noise.
        prior_fraction: share of the datasets of which a random part of the graph is shown (edges, non-edges, tiers,
            roots, regulators). Only for networks that are shown it (`network.prior`).
        seed: seed of the simulated datasets and of everything drawn from them.
    """

    domain: Text
    kind: Annotated[str, OneOf(("values", "counts"))]
    sizes: Annotated[list[SizeConfig], Length(1, 1000)]
    rows: Annotated[list[Rows], Length(1, 1000)]
    interventional: Annotated[list[Share], Length(1, 1000)]
    curriculum_fraction: Share = 0.0
    row_pool_factor: Annotated[float, Range(1, 1000)] = 1.0
    draws_per_dataset: Annotated[int, Range(1, 100_000)] = 1
    shuffle_buffer: Annotated[int, Range(1, 100_000)] = 32
    flip_signs: bool = False
    heavy_tail_fraction: Share = 0.0
    prior_fraction: Share = 0.0
    seed: Annotated[int, Range(0, HELD_OUT_SEED - 1)] = 0


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
        sign_weight: of the cross-entropy of the signs of true edges, for networks that say them (`network.signs`).
        teacher: shipped model or folder whose edge probabilities are a part of the target (Hinton et al. 2015); none
            if empty.
        teacher_weight: that part; the rest is the true graph.
    """

    acyclic: bool
    power_iterations: Annotated[int, Range(1, 10_000)] = 10
    dual_rate: Annotated[float, Range(0, 1e6)] = 1e-4
    dual_every: Count = 500
    dual_warmup: Annotated[int, Range(0, 2**31 - 1)] = 50_000
    dual_mean_rate: Share = 1e-4
    sign_weight: Annotated[float, Range(0, 1e6)] = 0.3
    teacher: Text = ""
    teacher_weight: Share = 0.5


@dataclass(frozen=True)
class OptimizerConfig:
    """The optimiser and its learning-rate schedule: linear warm-up, then `decay`.

    Attributes:
        name: "muon" (2-D parameters; Adam for the others) or "lamb".
        peak_lr: largest learning rate.
        sqrt_batch_scaling: whether `peak_lr` is meant for a batch of one dataset, and is multiplied by the square root
            of the largest batch, as the paper does.
        warmup_fraction: share of the run for the linear rise.
        decay: "cosine" down to `end_lr_factor`; "step": times `end_lr_factor` after `decay_start` of the run; or "wsd"
            (warmup-stable-decay): constant until `decay_start` of the run, then linearly down to `end_lr_factor`, so
            that a run can be prolonged from any checkpoint before that.
        end_lr_factor: factor on `peak_lr` at the end.
        decay_start: share of the run, for "step" and "wsd".
        weight_decay: of the 2-D parameters (Muon), or of all (LAMB).
        max_grad_norm: largest global norm of the gradient, which is clipped to it.
        adam_scale: factor on the learning rate of Muon's Adam part.
        b2: second-moment rate of Adam.
    """

    name: Annotated[str, OneOf(("muon", "lamb"))]
    peak_lr: Annotated[float, Range(0, 10, open_least=True)]
    sqrt_batch_scaling: bool = False
    warmup_fraction: Annotated[float, Range(0, 1, open_most=True)] = 0.05
    decay: Annotated[str, OneOf(("cosine", "step", "wsd"))] = "cosine"
    end_lr_factor: Share = 0.02
    decay_start: Annotated[float, Range(0, 1, open_least=True, open_most=True)] = 0.67
    weight_decay: Annotated[float, Range(0, 100)] = 0.0
    max_grad_norm: Annotated[float, Range(0, 1e9, open_least=True)] = 1.0
    adam_scale: Annotated[float, Range(0, 100)] = 0.3
    b2: Annotated[float, Range(0, 1, open_most=True)] = 0.98


@dataclass(frozen=True)
class HeldOutConfig:
    """The fixed datasets that a run is measured on; training never sees them.

    Attributes:
        sizes: numbers of variables; empty for those of training.
        datasets: datasets of each size and kind of rows.
        rows: rows of each: all observational, and half of them interventional.
    """

    sizes: Annotated[list[Variables], Length(0, 1000)] = field(default_factory=list)
    datasets: Annotated[int, Range(1, 1_000_000)] = 16
    rows: Rows = 200


@dataclass(frozen=True)
class Config:
    """A whole run.

    Attributes:
        steps: number of optimiser steps.
        ema_decay: rate kept per step by the moving average of the parameters (0.9995: about the last 2000 steps).
        init_from: shipped model, or folder of a model or a run, whose parameters are the initial ones; empty for fresh
            ones.
        seed: seed of the initial parameters, dropout and power iteration.
        checkpoint_minutes: time between two checkpoints.
        max_to_keep: how many of the newest checkpoints are kept, beside the best one.
        log_seconds: time between two lines of progress.
        validate_every: steps between two measurements on held-out datasets.
        held_out: the datasets of these measurements.
        batch_multiplier: a step takes so many times the batch of its size, on however many devices it runs; 0 for as
            many as there are devices when the run starts.
        loss_limit: a step whose cross-entropy is above it (or whose gradient is not finite) changes nothing.
        max_skipped_steps: so many of such steps in a row end the run.
        network: fields of the network, `kind` among them (see `avici_jl.network.build_network`).
    """

    steps: Count
    ema_decay: Annotated[float, Range(0, 1, open_most=True)]
    data: DataConfig
    objective: ObjectiveConfig
    optimizer: OptimizerConfig
    network: dict[str, Any]
    init_from: Text = ""
    seed: Annotated[int, Range(0, 2**32 - 1)] = 0
    checkpoint_minutes: Annotated[float, Range(0, 1e6)] = 5.0
    max_to_keep: Annotated[int, Range(1, 10_000)] = 2
    log_seconds: Annotated[float, Range(0, 1e8)] = 10.0
    validate_every: Count = 2000
    held_out: HeldOutConfig = field(default_factory=HeldOutConfig)
    batch_multiplier: Annotated[int, Range(0, 1_000_000)] = 1
    loss_limit: Annotated[float, Range(0, 1e9, open_least=True)] = 10.0
    max_skipped_steps: Count = 20

    @property
    def signs(self) -> bool:
        """Whether the network says signs and learns them."""
        return bool(self.network.get("signs")) and self.objective.sign_weight > 0

    @property
    def prior(self) -> bool:
        """Whether the network is shown what is known of the graph."""
        return bool(self.network.get("prior"))

    @property
    def largest_batch(self) -> int:
        """Datasets in the largest batch."""
        return self.batch_multiplier * max(size.batch for size in self.data.sizes)

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
        """Check a nested table, in which settings may have the names of earlier releases.

        Raises:
            ConfigError: a field is unknown, missing, of the wrong type or out of its range.
        """
        config = build(Config, with_new_names(table))
        _check(config)
        return config


def _check(config: Config) -> None:
    """What no field says alone."""
    data = config.data
    for part in ("curriculum_weight", "weight"):
        if not sum(getattr(size, part) for size in data.sizes) > 0:
            raise ConfigError(f"data.sizes: every {part} is 0.")
    if data.heavy_tail_fraction and data.kind != "values":
        raise ConfigError("data.heavy_tail_fraction is for values; counts cannot be stretched.")
    if data.prior_fraction and not config.prior:
        raise ConfigError(
            "data.prior_fraction shows parts of the graph to networks that see them; set network.prior=true too."
        )
