"""The compact network at 1000 variables: regressions for every target, and bounded memory."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from avici_jl.network import build_network, pair, statistics
from avici_jl.training.config import resolve


def table(n: int, d: int) -> jax.Array:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(1, n, d)) @ (np.eye(d) + 0.3 * np.triu(rng.normal(size=(d, d)), 1))
    u = np.zeros_like(x)
    u[:, np.arange(n // 2, n), rng.integers(0, d, n - n // 2)] = 1
    return jnp.asarray(np.stack([(x - x.mean(1)) / x.std(1), u], axis=-1), jnp.float32)


def test_the_regressions_are_those_of_the_rows_without_an_intervention() -> None:
    x = table(80, 5)
    found = np.asarray(statistics.pair_statistics(x, ["interventional"]))[0, ..., 0]  # i → j: tanh of the coefficient
    z, u = np.asarray(x[0, ..., 0], np.float64), np.asarray(x[0, ..., 1])
    for j in range(5):
        rows = z[u[:, j] == 0]
        precision = np.linalg.inv(np.corrcoef(rows.T) + 0.02 * np.eye(5))
        expected = np.tanh(-precision[j] / precision[j, j])
        np.testing.assert_allclose(np.delete(found[:, j], j), np.delete(expected, j), atol=5e-3)


@pytest.mark.parametrize(("kind", "n", "d"), [("values", 1000, 1000), ("counts", 1000, 1000), ("counts", 20_000, 200)])
def test_large_tables_need_less_than_six_gigabytes(kind: str, n: int, d: int) -> None:
    config = resolve("somewhere", kind=kind, acyclic=False, preset="compact").network
    graphdef, state = nnx.split(nnx.eval_shape(lambda: build_network(config, rngs=nnx.Rngs(0))))
    x = jax.ShapeDtypeStruct((1, n, d, 2), jnp.float32)
    compiled = jax.jit(lambda s, x: nnx.merge(graphdef, s)(x)).lower(state, x).compile()
    assert compiled.memory_analysis().temp_size_in_bytes < 2.5e9  # beside 1 GB of the process, and threads


def test_layers_in_a_loop_and_perceptrons_in_parts_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    network = build_network({"kind": "pair", "dim": 16, "layers": 3, "statistics": ["basic"]}, rngs=nnx.Rngs(0))
    x = table(40, 11)
    whole = network(x, deterministic=False)  # without dropout: layer by layer, all pairs at once
    monkeypatch.setattr(pair, "_TOGETHER", 5 * 11 * 16)  # 5 rows of pairs at a time, of 11
    np.testing.assert_allclose(network(x), whole, atol=1e-5)
