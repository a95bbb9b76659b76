"""The compact network at 1000 variables: statistics of interventions in blocks, and bounded memory."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from avici_jl.network import build_network, statistics


def table(n: int, d: int) -> jax.Array:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1, n, d)) @ (np.eye(d) + 0.3 * np.triu(rng.normal(size=(d, d)), 1))
    u = np.zeros_like(x)
    u[:, np.arange(n // 2, n), rng.integers(0, d, n - n // 2)] = 1
    return jnp.asarray(np.stack([(x - x.mean(1)) / x.std(1), u], axis=-1), jnp.float32)


def test_blocks_of_targets_give_the_same_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    x, found = table(60, 7), []
    for entries in (2**24, 60 * 7, 3 * 60 * 7):  # all targets, one, three with a rest
        monkeypatch.setattr(statistics, "_ENTRIES", entries)
        found.append(np.asarray(statistics.pair_statistics(x, ["interventional"])))
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], atol=1e-5)


def test_the_regressions_are_those_of_the_rows_without_an_intervention() -> None:
    x = table(80, 5)
    found = np.asarray(statistics.pair_statistics(x, ["interventional"]))[0, ..., 0]  # i → j: tanh of the coefficient
    z, u = np.asarray(x[0, ..., 0], np.float64), np.asarray(x[0, ..., 1])
    for j in range(5):
        rows = z[u[:, j] == 0]
        precision = np.linalg.inv(np.corrcoef(rows.T) + 0.02 * np.eye(5))
        expected = np.tanh(-precision[j] / precision[j, j])
        np.testing.assert_allclose(np.delete(found[:, j], j), np.delete(expected, j), atol=5e-3)


def test_a_thousand_variables_need_less_than_six_gigabytes() -> None:
    groups = list(statistics.GROUPS)
    network = nnx.eval_shape(lambda: build_network({"kind": "pair", "statistics": groups}, rngs=nnx.Rngs(0)))
    graphdef, state = nnx.split(network)
    x = jax.ShapeDtypeStruct((1, 1000, 1000, 2), jnp.float32)
    compiled = jax.jit(lambda s, x: nnx.merge(graphdef, s)(x)).lower(state, x).compile()
    assert compiled.memory_analysis().temp_size_in_bytes < 5e9
