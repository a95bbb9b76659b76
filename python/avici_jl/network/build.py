"""A network from its settings, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from flax import nnx

from avici_jl.errors import ConfigError
from avici_jl.network.axial import AxialConfig, AxialTransformer
from avici_jl.network.heads import EDGE_HEADS
from avici_jl.network.pair import PairConfig, PairTransformer

_KINDS: dict[str, tuple[Any, Any]] = {
    "axial": (AxialConfig, AxialTransformer),
    "pair": (PairConfig, PairTransformer),
}


_CHOICES = {
    "dtype": ("float32", "bfloat16"),
    "axes": ("both", "variables", "observations"),
    "edges": (*EDGE_HEADS, "pair"),
}
_MOST = {
    "dim": 8192,
    "pair_dim": 8192,
    "layers": 256,
    "pair_layers": 256,
    "heads": 256,
    "head_size": 1024,
    "channels": 4096,
    "widening": 64,
}
"""The largest integers; those of other fields are at most 64."""
_LIMITS = {"dropout": (1.0, "a share in [0, 1)"), "clip": (float("inf"), "a number, at least 0")}


def build_network(config: Mapping[str, Any], *, rngs: nnx.Rngs) -> nnx.Module:
    """A network with fresh parameters.

    Args:
        config: `kind` ("axial" or "pair") and fields of `AxialConfig` or `PairConfig`.
        rngs: random keys for the initial parameters.

    Raises:
        ConfigError: the kind, a field or a value is not one that exists.
    """
    values = dict(config)
    kind = values.pop("kind", None)
    if kind not in _KINDS:
        raise ConfigError(f"network.kind must be one of {', '.join(_KINDS)}; got {kind!r}.")
    settings, network = _KINDS[kind]
    known = {field.name: field for field in fields(settings)}
    for name, value in values.items():
        if name not in known:
            raise ConfigError(f"Unknown setting network.{name}. A network of kind {kind} has: {', '.join(known)}.")
        default = known[name].default
        if default is not MISSING and not _fits(name, value, default):
            expected = _expected(name, default)
            raise ConfigError(f"network.{name} must be {expected}; got {value!r}.")
    if kind == "axial" and values.get("edges") != "pair":
        for name in ("signs", "prior", "statistics"):
            if values.get(name):
                raise ConfigError(f'network.{name} needs network.edges = "pair" in a network of kind axial.')
    return network(settings(**values), rngs=rngs)


def _expected(name: str, default: Any) -> str:
    if isinstance(default, str):
        return " or ".join(map(repr, _CHOICES[name]))
    if isinstance(default, bool):
        return "true or false"
    return f"an integer from 1 to {_MOST.get(name, 64)}" if isinstance(default, int) else _LIMITS[name][1]


def _fits(name: str, value: Any, default: Any) -> bool:
    if isinstance(default, str):
        return value in _CHOICES[name]
    if isinstance(value, bool) or isinstance(default, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, int):
        return isinstance(value, int) and 1 <= value <= _MOST.get(name, 64)
    return isinstance(value, int | float) and 0 <= value < _LIMITS[name][0]
