"""Edge heads: representations of variables to logits of edges."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx

MASKED = -30.0
"""Logit of the diagonal."""
LAYER_NORM_EPSILON = 1e-5
"""What layer norms add to the variance, as the reference implementation does."""


class CosineHead(nnx.Module):
    """logit_ij = exp(τ) · u_i·v_j + b with unit vectors u_i, v_j from two (layer norm, linear) maps (Sec. 4.2)."""

    def __init__(self, dim: int, *, rngs: nnx.Rngs) -> None:
        uniform = nnx.initializers.variance_scaling(2.0, "fan_in", "uniform")
        self.norm_cause, self.norm_effect = (
            nnx.LayerNorm(dim, epsilon=LAYER_NORM_EPSILON, rngs=rngs) for _ in range(2)
        )
        self.cause, self.effect = (nnx.Linear(dim, dim, kernel_init=uniform, rngs=rngs) for _ in range(2))
        self.log_scale = nnx.Param(jnp.array(2.0, jnp.float32))
        self.bias = nnx.Param(jnp.array(-3.0, jnp.float32))

    def __call__(self, h: jax.Array) -> jax.Array:
        """h [..., d, dim] to logits [..., d, d]."""
        u = _unit(self.cause(self.norm_cause(h)))
        v = _unit(self.effect(self.norm_effect(h)))
        return jnp.exp(self.log_scale[...]) * (u @ jnp.swapaxes(v, -1, -2)) + self.bias[...]


class RelationalHead(nnx.Module):
    """logit_ij = w · tanh(u_i + v_j) + b, with u_i and v_j as of the cosine head (Santoro et al. 2017; Sec. 6.3).

    Every pair has a vector of its own: d times the memory of the cosine head.
    """

    def __init__(self, dim: int, *, rngs: nnx.Rngs) -> None:
        uniform = nnx.initializers.variance_scaling(2.0, "fan_in", "uniform")
        self.norm_cause, self.norm_effect = (
            nnx.LayerNorm(dim, epsilon=LAYER_NORM_EPSILON, rngs=rngs) for _ in range(2)
        )
        self.cause, self.effect = (nnx.Linear(dim, dim, kernel_init=uniform, rngs=rngs) for _ in range(2))
        self.out = nnx.Linear(dim, 1, bias_init=nnx.initializers.constant(-3.0), rngs=rngs)

    def __call__(self, h: jax.Array) -> jax.Array:
        """h [..., d, dim] to logits [..., d, d]."""
        u, v = self.cause(self.norm_cause(h)), self.effect(self.norm_effect(h))
        return self.out(jnp.tanh(u[..., :, None, :] + v[..., None, :, :]))[..., 0]


class SignHead(nnx.Module):
    """logit_ij = Σ_k a_k(h_ij) b_k(s_ij) + a_0(h_ij); a is linear in what layers made of a pair, b in its statistics.

    Edges do not change when a variable is turned round, and so layers that find them forget which way round it was; the
    statistics know. At first a = 0: every sign is open.
    """

    def __init__(self, dim: int, statistics: int, *, rngs: nnx.Rngs) -> None:
        self.values = nnx.Linear(statistics, _SIGN_TERMS, use_bias=False, rngs=rngs)
        self.weights = nnx.Linear(dim, _SIGN_TERMS + 1, kernel_init=nnx.initializers.zeros, rngs=rngs)

    def __call__(self, h: jax.Array, statistics: jax.Array) -> jax.Array:
        """h [..., dim] and statistics [..., statistics] of pairs to logits [...]."""
        weights = self.weights(h)
        return jnp.sum(weights[..., 1:] * self.values(statistics), axis=-1) + weights[..., 0]


_SIGN_TERMS = 16

EDGE_HEADS = {"cosine": CosineHead, "relational": RelationalHead}


def mask_diagonal(logits: jax.Array) -> jax.Array:
    """The logits with `MASKED` on the diagonal."""
    return jnp.where(jnp.eye(logits.shape[-1], dtype=bool), MASKED, logits)


def _unit(h: jax.Array) -> jax.Array:
    return h * jax.lax.rsqrt(jnp.sum(h**2, axis=-1, keepdims=True) + 1e-12)
