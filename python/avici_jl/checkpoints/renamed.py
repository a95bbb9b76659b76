"""Settings that had another name in an earlier release, and are still read under it.

Shipped models, runs that were begun with an earlier release, presets of one's own and the command line may use either
name of a setting, but not both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from avici_jl.errors import ConfigError

SETTINGS = {
    "average": "ema_decay",
    "init": "init_from",
    "keep": "max_to_keep",
    "patience": "max_skipped_steps",
    "replicas": "batch_multiplier",
    "data.chapter": "shuffle_buffer",
    "data.first_part": "curriculum_fraction",
    "data.known": "prior_fraction",
    "data.oversample": "row_pool_factor",
    "data.reuse": "draws_per_dataset",
    "data.stretch": "heavy_tail_fraction",
    "data.sizes.first": "curriculum_weight",
    "data.sizes.then": "weight",
    "optimizer.clip": "max_grad_norm",
    "optimizer.decay_at": "decay_start",
    "optimizer.final": "end_lr_factor",
    "optimizer.peak": "peak_lr",
    "optimizer.per_root_batch": "sqrt_batch_scaling",
    "optimizer.warmup": "warmup_fraction",
}
"""Dotted name of an earlier release, and what the setting is called in its table now."""

VALUES = {"optimizer.decay": {"trapezoid": "wsd"}}
PRESETS = {"finish": "anneal"}
_TABLES = {name.rpartition(".")[0] for name in SETTINGS}


def with_new_names(table: Mapping[str, Any], place: str = "") -> dict[str, Any]:
    """A table of settings with the names of this release; what has none of the earlier ones stays as it is.

    Args:
        table: settings, nested as in a run's `config.json`.
        place: dotted name of the table with a dot behind it; empty for all settings.

    Raises:
        ConfigError: a setting is given by both of its names.
    """
    named: dict[str, Any] = {}
    for name, value in table.items():
        now = SETTINGS.get(f"{place}{name}", name)
        if now != name and now in table:
            raise ConfigError(f"{place}{name} is an earlier name of {place}{now}; give one of them, not both.")
        inner = f"{place}{now}"
        if isinstance(value, str):
            value = VALUES.get(inner, {}).get(value, value)
        elif inner in _TABLES:
            if isinstance(value, Mapping):
                value = with_new_names(value, f"{inner}.")
            elif isinstance(value, list):
                value = [with_new_names(part, f"{inner}.") if isinstance(part, Mapping) else part for part in value]
        named[now] = value
    return named
