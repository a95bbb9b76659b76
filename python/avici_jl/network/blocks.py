"""Shapes that a machine computes quickly with: parts that fit into fast memory, and matrices."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

_ON_CPU, _ON_ACCELERATOR = 2**17, 2**24


def in_blocks(f: Callable[..., jax.Array], *arrays: jax.Array, entries: int | None = None) -> jax.Array:
    """f(*arrays) for a function of the last two axes of its arguments alone, for a part of the other axes at a time.

    What f needs in between (attention scores, wide hidden layers) then exists for one part only, which bounds the
    memory; on a CPU the parts are small enough for its caches, which about halves the time.

    Args:
        f: maps arrays [..., length, dim] to one [..., length, new dim], each [length, dim] by itself.
        arrays: of the same axes but the last.
        entries: how many entries of the first array a part may have; by default what suits the machine.
    """
    *lead, length, dim = arrays[0].shape
    if entries is None:
        entries = _ON_CPU if jax.default_backend() == "cpu" else _ON_ACCELERATOR
    parts, size = math.prod(lead), max(1, entries // (length * dim))
    if parts <= size:
        return f(*arrays)
    size = next((k for k in range(size, size // 2, -1) if parts % k == 0), size)  # a rest would be joined by a copy
    flat = tuple(array.reshape(-1, *array.shape[-2:]) for array in arrays)
    found = jax.lax.map(lambda part: f(*part), flat, batch_size=size)
    return found.reshape(*lead, *found.shape[-2:])


def one_after_the_other(call: Callable[[Any, jax.Array], jax.Array], layers: nnx.List, h: jax.Array) -> jax.Array:
    """`h = call(layer, h)` for all layers, alike but for their parameters, as a loop.

    Compiled once for all, and one layer's memory at a time: without the loop, XLA keeps what every layer adds.
    """
    parts = [nnx.split(layer) for layer in layers]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *(state for _, state in parts))

    def step(h: jax.Array, state: nnx.State) -> tuple[jax.Array, None]:
        return call(nnx.merge(parts[0][0], state), h), None

    return jax.lax.scan(step, h, stacked)[0]


def of_rows(function: Callable[[jax.Array], jax.Array], h: jax.Array) -> jax.Array:
    """A function of the rows of h [..., features], called with one matrix of them: quicker than with a stack."""
    found = function(h.reshape(-1, h.shape[-1]))
    return found.reshape(*h.shape[:-1], found.shape[-1])


def over_rows(a: jax.Array, b: jax.Array) -> jax.Array:
    """aᵀ b of [..., rows, p] and [..., rows, q].

    XLA's own product over the rows of two matrices takes a CPU twice as long as turning the smaller one first. The
    barriers keep XLA from putting the turns back into the product.
    """
    if jax.default_backend() != "cpu":
        return _turned(a) @ b
    if a.shape[-1] <= b.shape[-1]:
        return jax.lax.optimization_barrier(_turned(a)) @ b
    return _turned(jax.lax.optimization_barrier(jax.lax.optimization_barrier(_turned(b)) @ a))


def product(h: jax.Array, kernel: jax.Array, *how: Any, **options: Any) -> jax.Array:
    """The `dot_general` of a linear layer: h [..., p] times kernel [p, q]. See `over_rows` for its gradient."""
    if jax.default_backend() != "cpu":
        return jax.lax.dot_general(h, kernel, (((h.ndim - 1,), (0,)), ((), ())), **options)
    return of_rows(lambda rows: _product(rows, kernel), h)


@jax.custom_vjp
def _product(rows: jax.Array, kernel: jax.Array) -> jax.Array:
    return rows @ kernel


_product.defvjp(
    lambda rows, kernel: (rows @ kernel, (rows, kernel)),
    lambda kept, gradient: (gradient @ kept[1].T, over_rows(kept[0], gradient)),
)


def _turned(a: jax.Array) -> jax.Array:
    return jnp.swapaxes(a, -1, -2)
