"""The optimiser of a run and the schedule of its learning rate."""

from __future__ import annotations

import math

import optax

from avici_jl.training.schema import OptimizerConfig


def build_schedule(config: OptimizerConfig, steps: int, largest_batch: int = 1) -> optax.Schedule:
    """Learning rate after a number of updates, in a run of `steps` steps.

    `largest_batch` counts with `config.sqrt_batch_scaling`: the rate is then `peak_lr` · √largest_batch (Appendix).
    """
    peak = config.peak_lr * (math.sqrt(largest_batch) if config.sqrt_batch_scaling else 1.0)
    warmup = round(config.warmup_fraction * steps)
    turn = max(0, round(config.decay_start * steps) - warmup)
    if config.decay == "cosine":
        rest = optax.cosine_decay_schedule(1.0, max(1, steps - warmup), config.end_lr_factor)
    elif config.decay == "step":
        rest = optax.piecewise_constant_schedule(1.0, {turn: config.end_lr_factor})
    else:
        rest = optax.linear_schedule(1.0, config.end_lr_factor, max(1, steps - warmup - turn), transition_begin=turn)
    shape = optax.join_schedules([optax.linear_schedule(0.0, 1.0, max(1, warmup)), rest], [warmup])
    return lambda count: peak * shape(count)


def build_optimizer(config: OptimizerConfig, steps: int, largest_batch: int = 1) -> optax.GradientTransformation:
    """The optimiser with its schedule, and the clipping of the gradient's global norm."""
    rate = build_schedule(config, steps, largest_batch)
    if config.name == "muon":
        inner = optax.contrib.muon(
            rate,
            weight_decay=config.weight_decay,
            consistent_rms=0.2,
            adam_b2=config.b2,
            adam_learning_rate=lambda count: config.adam_scale * rate(count),
        )
    else:
        inner = optax.lamb(rate, weight_decay=config.weight_decay)
    return optax.chain(optax.clip_by_global_norm(config.max_grad_norm), inner)
