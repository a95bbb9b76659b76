"""Shapes that a machine computes quickly with: parts that fit into fast memory, and matrices."""

from __future__ import annotations

from collections.abc import Callable

import jax

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
