"""Exact attention whose memory does not grow with the square of the length."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx

BLOCK = 512
"""Keys that are looked at together; up to so many, all pairs are formed at once."""


def attend(q: jax.Array, k: jax.Array, v: jax.Array, block: int = BLOCK) -> jax.Array:
    """softmax(q kᵀ / √size) v over the third axis from the end.

    More than `block` keys are visited block by block with a running maximum and sum (online softmax; Milakov and
    Gimelshein 2018, Rabe and Staats 2021), which gives the same result; the backward pass recomputes each block.

    Args:
        q, k, v: [..., length, heads, size].
        block: keys in a block.

    Returns:
        [..., length, heads, size].
    """
    q = q / jnp.sqrt(q.shape[-1])
    length = k.shape[-3]
    if length <= block:
        weights = jax.nn.softmax(jnp.einsum("...qhs,...khs->...hqk", q, k), axis=-1)
        return jnp.einsum("...hqk,...khs->...qhs", weights, v)
    count = -(-length // block)
    padding = [(0, 0)] * (k.ndim - 3) + [(0, count * block - length), (0, 0), (0, 0)]
    valid = (jnp.arange(count * block) < length).reshape(count, block)

    def split(x: jax.Array) -> jax.Array:
        x = jnp.pad(x, padding)
        x = x.reshape(*x.shape[:-3], count, block, *x.shape[-2:])
        return jnp.moveaxis(x, -4, 0)

    @partial(jax.checkpoint, prevent_cse=False)
    def visit(
        carry: tuple[jax.Array, jax.Array, jax.Array], part: tuple[jax.Array, jax.Array, jax.Array]
    ) -> tuple[tuple[jax.Array, jax.Array, jax.Array], None]:
        total, normaliser, highest = carry
        keys, values, inside = part
        scores = jnp.where(inside, jnp.einsum("...qhs,...khs->...hqk", q, keys), -jnp.inf)
        new = jnp.maximum(highest, jax.lax.stop_gradient(scores.max(axis=-1)))
        weights, rescale = jnp.exp(scores - new[..., None]), jnp.exp(highest - new)
        total = total * rescale[..., None] + jnp.einsum("...hqk,...khs->...hqs", weights, values)
        return (total, normaliser * rescale + weights.sum(axis=-1), new), None

    shape = (*q.shape[:-3], q.shape[-2], q.shape[-3])
    start = (
        jnp.zeros((*shape, v.shape[-1]), q.dtype),
        jnp.zeros(shape, q.dtype),
        jnp.full(shape, -1e30, q.dtype),
    )
    (total, normaliser, _), _ = jax.lax.scan(visit, start, (split(k), split(v), valid))
    return jnp.swapaxes(total / normaliser[..., None], -2, -3)


class SelfAttention(nnx.Module):
    """Multi-head self-attention over the second axis from the end."""

    def __init__(self, dim: int, heads: int, head_size: int, *, rngs: nnx.Rngs) -> None:
        uniform = nnx.initializers.variance_scaling(2.0, "fan_in", "uniform")
        self.heads, self.head_size = heads, head_size
        self.query, self.key, self.value = (
            nnx.Linear(dim, heads * head_size, kernel_init=uniform, rngs=rngs) for _ in range(3)
        )
        self.out = nnx.Linear(heads * head_size, dim, kernel_init=uniform, rngs=rngs)

    def __call__(self, h: jax.Array) -> jax.Array:
        """h [..., length, dim] to the same shape."""
        q, k, v = (
            part(h).reshape(*h.shape[:-1], self.heads, self.head_size) for part in (self.query, self.key, self.value)
        )
        mixed = attend(q, k, v)
        return self.out(mixed.reshape(*h.shape[:-1], self.heads * self.head_size))
