"""Exact attention whose memory does not grow with the square of the length."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx

from avici_jl.network.blocks import over_rows, product

BLOCK = 512
"""Keys that are looked at together; up to so many, all pairs of a sequence are formed at once."""

_TOGETHER = {"cpu": 2**21}
_TOGETHER_ELSEWHERE = 2**30


def attend(q: jax.Array, k: jax.Array, v: jax.Array, block: int = BLOCK) -> jax.Array:
    """softmax(q kᵀ / √size) v over the third axis from the end.

    The scores are never kept: the backward pass forms them again from the logarithms of their sums (as in Dao et al.
    2022). On a CPU only so many sequences are in work at a time that their scores stay in its cache, because attention
    waits for memory there, not for arithmetic. More than `block` keys are visited block by block with a running
    maximum and sum (online softmax; Milakov and Gimelshein 2018, Rabe and Staats 2021). The result is always the same.

    Args:
        q: [..., length, heads, size], queries; scores and sums are float32 whatever its type.
        k: [..., length, heads, size], keys.
        v: [..., length, heads, size], values.
        block: keys in a block.

    Returns:
        [..., length, heads, size].
    """
    *lead, length, heads, size = q.shape
    q = q / jnp.sqrt(jnp.array(size, q.dtype))
    if k.shape[-3] > block:
        return _attend_in_blocks(q, k, v, block)
    q, k, v = (part.reshape(-1, length, heads, size) for part in (q, k, v))
    return _attend_whole(q, k, v).reshape(*lead, length, heads, size)


@jax.custom_vjp
def _attend_whole(q: jax.Array, k: jax.Array, v: jax.Array) -> jax.Array:
    """softmax(q kᵀ) v for [sequences, length, heads, size]."""
    return _forward(q, k, v)[0]


def _forward(q: jax.Array, k: jax.Array, v: jax.Array) -> tuple[jax.Array, tuple[jax.Array, ...]]:
    def some(part: tuple[jax.Array, ...]) -> tuple[jax.Array, jax.Array]:
        q, k, v = map(_by_head, part)
        scores = _scores(q, k)
        highest = scores.max(axis=-1, keepdims=True)
        weights = jnp.exp(scores - highest)
        total = weights.sum(axis=-1, keepdims=True)
        return _by_head(((weights.astype(v.dtype) @ v) / total).astype(v.dtype)), _by_head(highest + jnp.log(total))

    out, log_total = _map(some, (q, k, v))
    return out, (q, k, v, out, log_total)


def _backward(kept: tuple[jax.Array, ...], gradient: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    def some(part: tuple[jax.Array, ...]) -> tuple[jax.Array, jax.Array, jax.Array]:
        q, k, v, out, log_total, g = map(_by_head, part)
        weights = jnp.exp(_scores(q, k) - log_total)
        along = (g.astype(jnp.float32) * out.astype(jnp.float32)).sum(axis=-1, keepdims=True)
        slope = (weights * (_scores(g, v) - along)).astype(q.dtype)
        found = slope @ k, over_rows(slope, q), over_rows(weights.astype(v.dtype), g)
        return _by_head(found[0]), _by_head(found[1]), _by_head(found[2])

    return _map(some, (*kept, gradient))


_attend_whole.defvjp(_forward, _backward)


def _by_head(part: jax.Array) -> jax.Array:
    """[…, length, heads, size] to [..., heads, length, size], or back."""
    return jnp.swapaxes(part, -2, -3)


def _scores(q: jax.Array, k: jax.Array) -> jax.Array:
    return jnp.matmul(q, jnp.swapaxes(k, -1, -2), preferred_element_type=jnp.float32)


def _map(some, parts):  # type: ignore[no-untyped-def]
    """`some` of [sequences, length, heads, …], for as many sequences at a time as the machine takes well."""
    sequences, length, heads = parts[0].shape[:3]
    together = max(1, _TOGETHER.get(jax.default_backend(), _TOGETHER_ELSEWHERE) // (heads * length**2))
    if together >= sequences:
        return some(parts)
    return jax.lax.map(some, parts, batch_size=together) if together > 1 else jax.lax.map(some, parts)


def _attend_in_blocks(q: jax.Array, k: jax.Array, v: jax.Array, block: int) -> jax.Array:
    length = k.shape[-3]
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
        scores = jnp.einsum("...qhs,...khs->...hqk", q, keys, preferred_element_type=jnp.float32)
        scores = jnp.where(inside, scores, -jnp.inf)
        new = jnp.maximum(highest, jax.lax.stop_gradient(scores.max(axis=-1)))
        weights, rescale = jnp.exp(scores - new[..., None]), jnp.exp(highest - new)
        added = jnp.einsum(
            "...hqk,...khs->...hqs", weights.astype(values.dtype), values, preferred_element_type=jnp.float32
        )
        total = total * rescale[..., None] + added
        return (total, normaliser * rescale + weights.sum(axis=-1), new), None

    shape = (*q.shape[:-3], q.shape[-2], q.shape[-3])
    start = (jnp.zeros((*shape, v.shape[-1])), jnp.zeros(shape), jnp.full(shape, -1e30))
    (total, normaliser, _), _ = jax.lax.scan(visit, start, (split(k), split(v), valid))
    return jnp.swapaxes(total / normaliser[..., None], -2, -3).astype(v.dtype)


class SelfAttention(nnx.Module):
    """Multi-head self-attention over the second axis from the end."""

    def __init__(self, dim: int, heads: int, head_size: int, *, dtype: jnp.dtype, rngs: nnx.Rngs) -> None:
        uniform = nnx.initializers.variance_scaling(2.0, "fan_in", "uniform")
        self.heads, self.head_size, self.dtype = heads, head_size, dtype
        self.query, self.key, self.value = (
            nnx.Linear(dim, heads * head_size, kernel_init=uniform, dtype=dtype, rngs=rngs) for _ in range(3)
        )
        self.out = nnx.Linear(heads * head_size, dim, kernel_init=uniform, dtype=dtype, dot_general=product, rngs=rngs)

    def __call__(self, h: jax.Array) -> jax.Array:
        """h [..., length, dim] to the same shape."""
        parts = (self.query, self.key, self.value)
        kernel = jnp.concatenate([part.kernel[...] for part in parts], axis=-1)  # one product is quicker than three
        bias = jnp.concatenate([part.bias[...] for part in parts])  # type: ignore[index]
        h, kernel, bias = (array.astype(self.dtype) for array in (h, kernel, bias))
        together = product(h, kernel) + bias
        q, k, v = jnp.split(together.reshape(*h.shape[:-1], 3 * self.heads, self.head_size), 3, axis=-2)
        mixed = attend(q, k, v)
        return self.out(mixed.reshape(*h.shape[:-1], self.heads * self.head_size))
