"""Inference in blocks: the same numbers as without, and bounded memory at the sizes where the paper's code gives up."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from avici_jl.network import blocks, build_network

AXIAL = {"kind": "axial", "dim": 16, "layers": 3, "heads": 2, "head_size": 8}


def test_blocks_give_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    graphdef, state = nnx.split(build_network(AXIAL, rngs=nnx.Rngs(0)))
    x = jax.random.normal(jax.random.key(1), (2, 13, 7, 2))
    found = []
    for entries in (2**30, 1, 5 * 7 * 16):  # all at once, one sequence at a time, five with a rest
        monkeypatch.setattr(blocks, "_ON_CPU", entries)
        found.append(np.asarray(jax.jit(lambda s, x: nnx.merge(graphdef, s)(x))(state, x)))
    assert found[0].std() > 0.1
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], atol=1e-4)


def test_the_loop_over_layers_is_the_chain_of_layers() -> None:
    network = build_network(AXIAL, rngs=nnx.Rngs(0))
    x = jax.random.normal(jax.random.key(1), (2, 13, 7, 2))
    # Without dropout (its rate is 0) the training path computes the same.
    trained = network(x, deterministic=False, rngs=nnx.Rngs(0))
    np.testing.assert_allclose(network(x), trained, atol=1e-4)


@pytest.mark.parametrize(("n", "d"), [(32_000, 18), (10_000, 51), (1000, 1000)])
def test_the_paper_s_network_needs_less_than_six_gigabytes(n: int, d: int) -> None:
    graphdef, state = nnx.split(nnx.eval_shape(lambda: build_network({"kind": "axial"}, rngs=nnx.Rngs(0))))
    x = jax.ShapeDtypeStruct((1, n, d, 2), jnp.float32)
    compiled = jax.jit(lambda s, x: nnx.merge(graphdef, s)(x)).lower(state, x).compile()
    assert compiled.memory_analysis().temp_size_in_bytes < 4e9
