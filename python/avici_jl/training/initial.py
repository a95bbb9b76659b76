"""A run's first parameters, from those of a model that may be smaller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from avici_jl.checkpoints.find import find_model
from avici_jl.checkpoints.model import load_model
from avici_jl.errors import ConfigError
from avici_jl.network.statistics import count_statistics
from avici_jl.training.schema import Config
from avici_jl.training.step import TrainState


def start_from(state: TrainState, config: Config) -> TrainState:
    """The first state of a run, with the parameters of the model that `config.init_from` names.

    A compact network may be larger than that model's: statistics at the end of its list and layers at its end that the
    model has not add nothing at first, nor does knowledge that it is shown, and signs are open; nor do channels add
    anything that an axial network sees and the model did not. An axial network whose rows enter pairs may begin with a
    compact model, which then says what it said before until the rows are learned.

    Raises:
        CheckpointError: there is no such model.
        ConfigError: its network is another one.
    """
    model = load_model(find_model(config.init_from))
    found, old, new = model.params, model.config["network"], config.network
    kinds, pairs = (old["kind"], new["kind"]), [network.get("edges") == "pair" for network in (old, new)]
    if kinds == ("pair", "pair"):
        found = _compact(found, old, new, state.params)
    elif kinds == ("axial", "axial"):
        more = max(0, new.get("channels", 2) - old.get("channels", 2))
        found = found | {"embed": _with_rows(found["embed"], more)}
        if all(pairs):
            head = found["head"]
            learned = _learned(state.params["head"]["pairs"], new)
            inner = _compact(head["pairs"], old, new, state.params["head"]["pairs"], learned)
            found = found | {"head": head | {"pairs": inner}}
    elif kinds == ("pair", "axial") and pairs[1]:
        head = state.params["head"]
        inner = _compact(found, old, new, head["pairs"])
        inner = _with_inputs(inner, _learned(head["pairs"], new))
        found = state.params | {"head": head | {"pairs": inner}}
    shapes = [jax.tree.map(np.shape, params) for params in (found, state.params)]
    if shapes[0] != shapes[1]:
        raise ConfigError(
            f"The parameters of {config.init_from} do not fit this run's network; give it the same settings."
        )
    params, average = (
        jax.tree.map(lambda new, old: jax.device_put(np.asarray(new), old.sharding), found, state.params)
        for _ in range(2)
    )
    return state._replace(params=params, average=average)


_OUTSIDE = ("sign_head", "embed_known")
"""Parts of a compact network that change nothing about the edges as they begin."""


def _compact(params: dict, old: Mapping[str, Any], new: Mapping[str, Any], initial: dict, learned: int = 0) -> dict:
    """Parameters of a compact network made as large as the initial ones.

    `learned` inputs, behind those of statistics, are what another network gives it.
    """
    params = _more_layers(_more_statistics(params, old, new, learned), initial)
    return {name: initial[name] for name in _OUTSIDE if name in initial} | params


def _learned(initial: dict, new: Mapping[str, Any]) -> int:
    """How many inputs of a compact network are no statistics."""
    given = new.get("statistics", [])
    return len(initial["embed"]["kernel"]) - (count_statistics(given) if given else 0)


def _more_statistics(params: dict, old: Mapping[str, Any], new: Mapping[str, Any], learned: int) -> dict:
    """Parameters of a compact network, with zero weights for the statistics that only the new settings have."""
    before, after = old.get("statistics", []), new.get("statistics", [])
    if len(after) <= len(before) or after[: len(before)] != before:
        return params
    return _with_inputs(params, count_statistics(after[len(before) :]), learned)


def _with_inputs(params: dict, more: int, behind: int = 0) -> dict:
    """Parameters of a compact network with so many more inputs."""
    larger = {"embed": _with_rows(params["embed"], more, behind)}
    if "sign_head" in params:
        larger["sign_head"] = params["sign_head"] | {"values": _with_rows(params["sign_head"]["values"], more, behind)}
    return params | larger


def _with_rows(linear: dict, more: int, behind: int = 0) -> dict:
    """Parameters of a linear layer with more inputs, which have weights of zero, before the last `behind` ones."""
    kernel = np.asarray(linear["kernel"])
    at = len(kernel) - behind
    return linear | {"kernel": np.insert(kernel, [at] * more, 0, axis=0)}


def _more_layers(params: dict, initial: dict) -> dict:
    """Parameters of a compact network, with the initial layers that they lack; what those add to a pair is zero."""
    added = {
        number: layer | {last: jax.tree.map(np.zeros_like, layer[last]) for last in ("combine", "narrow")}
        for number, layer in initial["layers"].items()
        if number not in params["layers"]
    }
    return params | {"layers": params["layers"] | added}
