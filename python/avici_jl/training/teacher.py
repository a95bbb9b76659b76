"""A finished model as a teacher: what it says of a batch's edges is a part of the target (Hinton et al. 2015)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
from flax import nnx

from avici_jl.checkpoints.find import find_model
from avici_jl.checkpoints.model import load_model
from avici_jl.data.standardize import features
from avici_jl.errors import ConfigError
from avici_jl.network import build_network


def load_teacher(name: str, kind: str) -> Callable[[jax.Array, jax.Array], jax.Array]:
    """What a model says: (x, interventions), both [batch, n, d], to edge probabilities [batch, d, d].

    Args:
        name: shipped model, or folder of one.
        kind: of the data, "values" or "counts".

    Raises:
        CheckpointError: there is no such model.
        ConfigError: it takes another kind of data.
    """
    model = load_model(find_model(name))
    given = model.config["data"]["kind"]
    if given != kind:
        raise ConfigError(f"objective.teacher: the model {name} takes {given}, but this run's data are {kind}.")
    graphdef: Any
    settings = model.config["network"]
    graphdef, state = nnx.split(nnx.eval_shape(lambda: build_network(settings, rngs=nnx.Rngs(0))))

    @jax.jit
    def probabilities(params: Any, x: jax.Array, interventions: jax.Array) -> jax.Array:
        nnx.replace_by_pure_dict(state, params)
        network = nnx.merge(graphdef, state)
        answer = network.answer(network.summarize(features(x, interventions, kind, gaps=True)))
        return jax.nn.sigmoid(answer.edges)

    return lambda x, interventions: probabilities(model.params, x, interventions)
