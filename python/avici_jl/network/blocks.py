"""Shapes that a machine computes quickly with: parts that fit into fast memory, and matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

_ON_CPU, _ON_ACCELERATOR = 2**17, 2**24


def in_blocks(f: Callable[[jax.Array], jax.Array], h: jax.Array) -> jax.Array:
    """f(h) for a function of the last two axes of h alone, computed for a part of the other axes at a time.

    What f needs in between (attention scores, wide hidden layers) then exists for one part only, which bounds the
    memory; on a CPU the parts are small enough for its caches, which about halves the time.

    Args:
        f: maps [..., length, dim] to the same shape, each [length, dim] by itself.
        h: [..., length, dim].
    """
    length, dim = h.shape[-2:]
    entries = _ON_CPU if jax.default_backend() == "cpu" else _ON_ACCELERATOR
    size = max(1, entries // (length * dim))
    if h.size <= size * length * dim:
        return f(h)
    return jax.lax.map(f, h.reshape(-1, length, dim), batch_size=size).reshape(h.shape)


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
