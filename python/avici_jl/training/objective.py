"""What training minimises: cross-entropy of the edges under an acyclicity constraint (Sec. 4.3, 4.4, Alg. 1)."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from avici_jl.network.answer import Answer
from avici_jl.training.acyclicity import spectral_radius
from avici_jl.training.data import Truth
from avici_jl.training.schema import ObjectiveConfig


class Dual(NamedTuple):
    """State of the constraint: the multiplier λ and the running mean of the spectral radius."""

    multiplier: jax.Array
    cyclicity: jax.Array

    @staticmethod
    def start() -> Dual:
        """That of a run that begins: no constraint yet."""
        return Dual(jnp.zeros(()), jnp.zeros(()))


def cross_entropy(logits: jax.Array, graph: jax.Array) -> jax.Array:
    """Mean binary cross-entropy in nats over the d(d-1) ordered pairs of different variables; logits [..., d, d]."""
    d = logits.shape[-1]
    loss = _entropy(logits, graph.astype(logits.dtype))
    return jnp.sum(jnp.where(jnp.eye(d, dtype=bool), 0.0, loss), axis=(-2, -1)).mean() / (d * (d - 1))


def sign_cross_entropy(logits: jax.Array, signs: jax.Array) -> jax.Array:
    """Cross-entropy of the signs that are known (1 or -1, of true edges), as nats per ordered pair; logits [..., d, d].

    In the same unit as `cross_entropy`: the sum of both is minus the logarithm of the probability of the signed graph.
    """
    d = logits.shape[-1]
    loss = _entropy(logits, (signs > 0).astype(logits.dtype))
    return jnp.sum(jnp.where(signs == 0, 0.0, loss), axis=(-2, -1)).mean() / (d * (d - 1))


def _entropy(logits: jax.Array, y: jax.Array) -> jax.Array:
    return jnp.maximum(logits, 0.0) - logits * y + jnp.log1p(jnp.exp(-jnp.abs(logits)))


def objective(
    answer: Answer,
    truth: Truth,
    multiplier: jax.Array,
    key: jax.Array,
    config: ObjectiveConfig,
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    """Cross-entropy of edges (and of signs, with its weight) + λ · mean spectral radius; the first and last term apart.

    Where a teacher has said what it thinks of the edges, the target is partly that (`config.teacher_weight`); the first
    term apart is in any case that of the true graph.

    Without the constraint (`config.acyclic` false) the last term is 0 and costs nothing, as are signs without truth.
    """
    edges = cross_entropy(answer.edges, truth.graph)
    total = edges
    if truth.taught is not None:
        part = config.teacher_weight
        total = cross_entropy(answer.edges, (1 - part) * truth.graph + part * truth.taught)
    if answer.signs is not None and truth.signs is not None:
        total = total + config.sign_weight * sign_cross_entropy(answer.signs, truth.signs)
    if not config.acyclic:
        return total, (edges, jnp.zeros(()))
    cyclicity = spectral_radius(answer.edges, key, config.power_iterations).mean()
    return total + multiplier * cyclicity, (edges, cyclicity)


def dual_ascent(dual: Dual, cyclicity: jax.Array, step: jax.Array, config: ObjectiveConfig) -> Dual:
    """λ ← λ + η · running mean of h, every `dual_every` steps, η rising linearly over `dual_warmup` steps (Alg. 1)."""
    mean = dual.cyclicity + config.dual_mean_rate * (cyclicity - dual.cyclicity)
    rate = config.dual_rate * jnp.minimum(1.0, (step + 1) / max(1, config.dual_warmup))
    due = (step + 1) % config.dual_every == 0
    return Dual(dual.multiplier + jnp.where(due, rate * mean, 0.0), mean)
