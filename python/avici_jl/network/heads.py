"""Edge heads: representations of variables to logits of edges."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from flax import nnx

MASKED = -30.0
"""Logit of the diagonal."""


class CosineHead(nnx.Module):
    """logit_ij = exp(τ) · u_i·v_j + b with unit vectors u_i, v_j from two (layer norm, linear) maps (Sec. 4.2)."""

    def __init__(self, dim: int, *, rngs: nnx.Rngs) -> None:
        uniform = nnx.initializers.variance_scaling(2.0, "fan_in", "uniform")
        self.norm_cause, self.norm_effect = (nnx.LayerNorm(dim, rngs=rngs) for _ in range(2))
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
        self.norm_cause, self.norm_effect = (nnx.LayerNorm(dim, rngs=rngs) for _ in range(2))
        self.cause, self.effect = (nnx.Linear(dim, dim, kernel_init=uniform, rngs=rngs) for _ in range(2))
        self.out = nnx.Linear(dim, 1, bias_init=nnx.initializers.constant(-3.0), rngs=rngs)

    def __call__(self, h: jax.Array) -> jax.Array:
        """h [..., d, dim] to logits [..., d, d]."""
        u, v = self.cause(self.norm_cause(h)), self.effect(self.norm_effect(h))
        return self.out(jnp.tanh(u[..., :, None, :] + v[..., None, :, :]))[..., 0]


EDGE_HEADS = {"cosine": CosineHead, "relational": RelationalHead}


def mask_diagonal(logits: jax.Array) -> jax.Array:
    """The logits with `MASKED` on the diagonal."""
    return jnp.where(jnp.eye(logits.shape[-1], dtype=bool), MASKED, logits)


def _unit(h: jax.Array) -> jax.Array:
    return h * jax.lax.rsqrt(jnp.sum(h**2, axis=-1, keepdims=True) + 1e-12)
