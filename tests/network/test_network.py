"""Networks: symmetries, statistics against NumPy, degenerate tables, exact attention."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from avici_jl.data.standardize import standardize
from avici_jl.errors import ConfigError
from avici_jl.network import build_network
from avici_jl.network.attention import attend
from avici_jl.network.blocks import over_rows, product
from avici_jl.network.heads import MASKED
from avici_jl.network.predictor import Predictor
from avici_jl.network.statistics import GROUPS, count_statistics, pair_statistics

ALL = list(GROUPS)
PAIR = {"kind": "pair", "dim": 16, "layers": 2, "channels": 4, "statistics": ALL}
AXIAL = {"kind": "axial", "dim": 16, "layers": 2, "heads": 2, "head_size": 8}
STACK = {**AXIAL, "layers": 1, "edges": "pair", "pair_dim": 16, "pair_layers": 1, "products": 4}
BOTH = pytest.mark.parametrize(
    "config",
    [
        PAIR,
        AXIAL,
        pytest.param(STACK, marks=pytest.mark.slow),
        pytest.param({**STACK, "statistics": ["basic", "tails"]}, marks=pytest.mark.slow),
    ],
    ids=["pair", "axial", "rows to pairs", "rows and statistics to pairs"],
)


def table(n: int = 60, d: int = 5, seed: int = 0, batch: int = 2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(batch, n, d)) @ (np.eye(d) + 0.5 * np.triu(rng.normal(size=(d, d)), 1))
    u = np.zeros_like(x)
    u[:, n // 2 + np.arange(n // 2), np.arange(n // 2) % d] = 1
    return np.stack([standardize(x, "values"), u], axis=-1).astype(np.float32)


def network(config: dict[str, Any]) -> Any:
    """A network whose calls are compiled as a whole, which is quicker than operation by operation."""
    graphdef, state = nnx.split(build_network(config, rngs=nnx.Rngs(0)))

    @partial(jax.jit, static_argnames="deterministic")
    def call(x: jax.Array, deterministic: bool = True, seed: int = 0) -> jax.Array:
        return nnx.merge(graphdef, state)(x, deterministic=deterministic, rngs=nnx.Rngs(dropout=jax.random.key(seed)))

    return call


def statistics(x: jax.Array, groups: list[str]) -> jax.Array:
    return jax.jit(pair_statistics, static_argnames="groups")(x, groups=tuple(groups))


@BOTH
def test_logits_have_the_documented_shape_and_diagonal(config: dict[str, Any]) -> None:
    logits = network(config)(jnp.asarray(table()))
    assert logits.shape == (2, 5, 5) and bool(jnp.isfinite(logits).all())
    assert (np.diagonal(logits, axis1=1, axis2=2) == MASKED).all()


@BOTH
def test_the_order_of_rows_does_not_matter_and_variables_permute(config: dict[str, Any]) -> None:
    x, rng, net = table(), np.random.default_rng(1), network(config)
    logits = np.asarray(net(jnp.asarray(x)))
    rows, variables = rng.permutation(60), rng.permutation(5)
    np.testing.assert_allclose(net(jnp.asarray(x[:, rows])), logits, atol=2e-3)
    expected = logits[:, variables][:, :, variables]
    np.testing.assert_allclose(net(jnp.asarray(x[:, :, variables])), expected, atol=2e-3)
    assert np.abs(logits[0] - logits[1]).max() > 1e-2


@BOTH
def test_gradients_are_finite_and_reach_every_parameter(config: dict[str, Any]) -> None:
    graphdef, state = nnx.split(build_network(config, rngs=nnx.Rngs(0)))
    x = jnp.asarray(table())
    gradient = jax.jit(jax.grad(lambda s: (nnx.merge(graphdef, s)(x) ** 2).sum()))(state)
    norms = [float(jnp.abs(leaf).max()) for leaf in jax.tree.leaves(gradient)]
    assert np.isfinite(norms).all() and min(norms) > 0


@BOTH
def test_dropout_changes_training_only(config: dict[str, Any]) -> None:
    net, x = network({**config, "dropout": 0.3}), jnp.asarray(table())
    one, two = (net(x, deterministic=False, seed=seed) for seed in (1, 2))
    assert float(jnp.abs(one - two).max()) > 1e-3
    np.testing.assert_array_equal(net(x, seed=1), net(x, seed=2))


@pytest.mark.parametrize(
    "x",
    [
        np.zeros((1, 3, 2, 2), np.float32),
        table(n=2, d=2),
        table(n=4, d=12),
        np.repeat(table(d=2), 3, axis=2),  # copies of the same variables
        np.concatenate([table()[..., :1], np.ones((2, 60, 5, 1), np.float32)], axis=-1),  # everything is set
        table()[..., :1] * np.array([1.0, 0.0], np.float32),  # nothing is
    ],
)
@BOTH
def test_degenerate_tables_give_finite_logits(config: dict[str, Any], x: np.ndarray) -> None:
    assert bool(jnp.isfinite(network(config)(jnp.asarray(x))).all())


def test_the_paper_s_network_has_the_paper_s_size() -> None:
    net = nnx.eval_shape(lambda: build_network({"kind": "axial"}, rngs=nnx.Rngs(0)))
    count = sum(np.prod(leaf.shape) for leaf in jax.tree.leaves(nnx.state(net, nnx.Param)))
    attention, perceptron, norm = 4 * 128 * 256 + 3 * 256 + 128, 8 * 128**2 + 5 * 128, 2 * 128
    head = 2 * (norm + 128**2 + 128) + 2
    assert count == 3 * 128 + 16 * (attention + perceptron + 2 * norm) + norm + head
    assert count == pytest.approx(4.2e6, rel=0.02)


@pytest.mark.parametrize("fields", [{"axes": "variables"}, {"axes": "observations"}, {"edges": "relational"}])
def test_ablated_networks_keep_invariance_and_equivariance(fields: dict[str, str]) -> None:
    rng, net = np.random.default_rng(3), network({**AXIAL, **fields})
    x = rng.normal(size=(2, 7, 5, 2)).astype(np.float32)
    logits, rows, variables = np.asarray(net(jnp.asarray(x))), rng.permutation(7), rng.permutation(5)
    found = net(jnp.asarray(x[:, rows][:, :, variables]))
    np.testing.assert_allclose(found, logits[:, variables][:, :, variables], atol=1e-4)


def test_attention_over_one_axis_alone_does_not_mix_the_other() -> None:
    """Over observations an edge depends on its two columns alone; over variables repeated rows change nothing."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(1, 6, 4, 2)).astype(np.float32)
    changed = x.copy()
    changed[..., 3, :] += 1.0
    before, after = (np.asarray(network({**AXIAL, "axes": "observations"})(jnp.asarray(v)))[0] for v in (x, changed))
    np.testing.assert_allclose(after[:3, :3], before[:3, :3], atol=1e-5)
    assert abs(after[3, 0] - before[3, 0]) > 1e-4
    both, alone = (np.asarray(network(c)(jnp.asarray(x)))[0] for c in (AXIAL, {**AXIAL, "axes": "variables"}))
    assert np.abs(both - alone).max() > 1e-4
    first_row = np.asarray(network({**AXIAL, "axes": "variables"})(jnp.asarray(x[:, [0, 0, 0]])))
    np.testing.assert_allclose(
        first_row, np.asarray(network({**AXIAL, "axes": "variables"})(jnp.asarray(x[:, :1]))), atol=1e-5
    )


@pytest.mark.parametrize(("n", "d"), [(1, 2), (2, 3), (7, 9), (40, 5), (600, 3)])
def test_the_axial_network_is_invariant_and_equivariant_in_float32(n: int, d: int) -> None:
    """In the order of the rows and of the variables, to 1e-4, for any n and d; 600 rows take the path in blocks."""
    rng, net = np.random.default_rng(n), network(AXIAL)
    x = rng.normal(size=(2, n, d, 2)).astype(np.float32)
    logits, rows, variables = np.asarray(net(jnp.asarray(x))), rng.permutation(n), rng.permutation(d)
    found = net(jnp.asarray(x[:, rows][:, :, variables]))
    np.testing.assert_allclose(found, logits[:, variables][:, :, variables], atol=1e-4)


def test_pairs_learn_of_a_dependence_that_no_given_statistic_shows() -> None:
    """Rows in another order for one variable: the same columns, but another table, of which statistics see nothing."""
    x = table(batch=1)
    apart = x.copy()
    apart[:, :, 0] = x[:, ::-1, 0]
    same, other = (np.asarray(network(STACK)(jnp.asarray(v)))[0] for v in (x, apart))
    assert np.abs(same - other).max() > 1e-2


def test_an_axial_network_says_signs_and_takes_knowledge_through_its_pairs() -> None:
    config = {**STACK, "signs": True, "prior": True}
    params = nnx.to_pure_dict(nnx.state(build_network(config, rngs=nnx.Rngs(0)), nnx.Param))
    shown = params["head"]["pairs"]["embed_known"]
    shown["kernel"] = jnp.ones_like(shown["kernel"])
    known = np.zeros((5, 5), np.int8)
    known[0, 1] = 1
    predictor = Predictor(config, params)
    nothing, told = predictor(table()[0]), predictor(table()[0], known)
    assert nothing.signs is not None and nothing.signs.shape == (5, 5)
    assert np.abs(nothing.edges - told.edges).max() > 1e-3


def test_pairs_that_rows_enter_may_be_as_large_as_a_compact_network() -> None:
    shapes = nnx.eval_shape(lambda: build_network({**STACK, "pair_dim": 96, "pair_layers": 72}, rngs=nnx.Rngs(0)))
    assert len(shapes.head.pairs.layers) == 72
    assert shapes.head.pairs.head.kernel.shape == (96, 1)


@pytest.mark.parametrize("more", [{"signs": True}, {"prior": True}, {"statistics": ["basic"]}])
def test_what_an_axial_network_has_no_place_for_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match='needs network.edges = "pair"'):
        build_network({**AXIAL, **more}, rngs=nnx.Rngs(0))


def axial_gradient(**fields: Any) -> tuple[jax.Array, list[np.ndarray]]:
    graphdef, state = nnx.split(build_network({**AXIAL, **fields}, rngs=nnx.Rngs(0)))
    x = jnp.asarray(table())

    @jax.jit
    def call(state: Any) -> Any:
        def loss(state: Any) -> tuple[jax.Array, jax.Array]:
            logits = nnx.merge(graphdef, state)(x, deterministic=False, rngs=nnx.Rngs(dropout=jax.random.key(1)))
            return (logits**2).mean(), logits

        return jax.grad(loss, has_aux=True)(state)

    gradient, logits = call(state)
    return logits, [np.asarray(leaf) for leaf in jax.tree.leaves(gradient)]


def test_recomputation_changes_nothing_and_keeps_less() -> None:
    (plain, gradient), (again, other) = (axial_gradient(dropout=0.2, remat=remat) for remat in (False, True))
    np.testing.assert_allclose(again, plain, atol=1e-5)
    for a, b in zip(gradient, other, strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-3, atol=1e-4)

    def kept(remat: bool) -> int:
        """Bytes that the backward pass gets from the forward pass."""
        graphdef, state = nnx.split(build_network({**AXIAL, "remat": remat}, rngs=nnx.Rngs(0)))

        def forward(state: Any) -> jax.Array:
            return nnx.merge(graphdef, state)(jnp.asarray(table()), deterministic=False, rngs=nnx.Rngs(dropout=0))

        call = jax.eval_shape(lambda s: jax.vjp(forward, s)[1], state)
        return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(call))

    assert kept(True) < 0.4 * kept(False)


def test_bfloat16_keeps_float32_parameters_and_nearly_the_logits() -> None:
    (plain, gradient), (half, other) = (axial_gradient(dtype=dtype) for dtype in ("float32", "bfloat16"))
    assert half.dtype == jnp.float32 and {leaf.dtype for leaf in other} == {np.dtype(np.float32)}
    off = ~np.eye(5, dtype=bool)
    error = np.abs(np.asarray(half) - np.asarray(plain))[:, off]
    assert 1e-5 < error.max() < 0.3
    norms = [np.sqrt(sum((leaf**2).sum() for leaf in leaves)) for leaves in (gradient, other)]
    assert norms[1] == pytest.approx(norms[0], rel=0.1)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"kind": "dense"}, "axial, pair"),
        ({}, "axial, pair"),
        ({"kind": "pair", "heads": 3}, "network.heads.*channels"),
        ({"kind": "axial", "layers": 0}, "network.layers"),
        ({"kind": "axial", "dropout": 1.0}, "network.dropout"),
        ({"kind": "axial", "dtype": "float16"}, "network.dtype must be 'float32' or 'bfloat16'"),
        ({"kind": "axial", "remat": 1}, "network.remat must be true or false"),
        ({"kind": "pair", "dim": 2.5}, "network.dim"),
        ({"kind": "pair", "statistics": ["basic", "magic"]}, "magic.*kernel"),
        ({"kind": "pair", "statistics": []}, "a list of 1 to 1000 groups"),
        ({"kind": "pair", "statistics": [3]}, "a list of 1 to 1000 groups"),
        ({"kind": "pair", "layers": 100_000}, "network.layers must be an integer from 1 to 256; got 100000"),
        ({"kind": "axial", "dim": 2**40}, "network.dim must be an integer from 1 to 8192"),
    ],
)
def test_wrong_settings_are_refused(config: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build_network(config, rngs=nnx.Rngs(0))


def test_each_group_has_its_number_of_statistics_in_a_narrow_range() -> None:
    x = jnp.asarray(table(n=200, d=6))
    for group in GROUPS:
        found = statistics(x, [group])
        assert found.shape == (2, 6, 6, count_statistics([group]))
        assert float(jnp.abs(found).max()) < 1.6
    assert count_statistics(["basic", "interventional", "kernel"]) == 75


def test_basic_statistics_against_numpy() -> None:
    x = table(n=300, d=4, batch=1)
    found = np.asarray(statistics(jnp.asarray(x), ["basic"]))[0]
    value, u = x[0, ..., 0].astype(float), x[0, ..., 1]
    correlation = np.corrcoef(value.T)
    np.testing.assert_allclose(found[..., 0], correlation, atol=1e-4)
    precision = np.linalg.inv(correlation + 0.01 * np.eye(4))
    scale = np.sqrt(np.diag(precision))
    np.testing.assert_allclose(found[..., 1], -precision / np.outer(scale, scale), atol=1e-3)
    z = (value - value.mean(0)) / value.std(0)
    set_ = u[:, 1] == 1
    shift = np.tanh(z[set_, 2].mean() * np.sqrt(set_.sum()) / 3)
    np.testing.assert_allclose([found[1, 2, 6], found[2, 1, 7]], shift, atol=1e-4)
    within = np.corrcoef(z[set_, 1], z[set_, 2])[0, 1]
    np.testing.assert_allclose([found[1, 2, 8], found[2, 1, 9]], within, atol=0.03)
    np.testing.assert_array_equal(found[..., 17], np.eye(4))


def test_interventional_regression_against_numpy() -> None:
    x = table(n=300, d=4, batch=1)
    found = np.asarray(statistics(jnp.asarray(x), ["interventional"]))[0]
    value, u = x[0, ..., 0].astype(float), x[0, ..., 1]
    free = value[u[:, 2] == 0]
    free = (free - free.mean(0)) / free.std(0)
    others = [0, 1, 3]
    gram = free.T @ free / len(free) + 0.02 * np.eye(4)
    coefficient = np.linalg.solve(gram[np.ix_(others, others)], gram[others, 2])
    np.testing.assert_allclose(found[others, 2, 0], np.tanh(coefficient), atol=5e-3)
    np.testing.assert_allclose(found[2, others, 1], np.tanh(coefficient), atol=5e-3)
    np.testing.assert_allclose(found[others, 2, 6], np.corrcoef(free.T)[others, 2], atol=5e-3)


def test_count_statistics_see_zeros_and_knock_outs() -> None:
    rng = np.random.default_rng(0)
    counts = rng.poisson(3.0, (1, 400, 3)).astype(np.float32) + 1
    u = np.zeros_like(counts)
    u[:, 300:, 0] = 1
    counts[:, 300:, 0] = 0
    counts[:, 300:, 1] = 0  # gene 2 is never seen without gene 1
    x = jnp.stack([jnp.asarray(standardize(counts, "counts")), jnp.asarray(u)], axis=-1)
    found = np.asarray(statistics(x, ["counts"]))[0]
    zeros_change, reverse = found[..., 12], found[..., 13]
    assert zeros_change[0, 1] < -0.9 and reverse[1, 0] < -0.9
    assert abs(zeros_change[0, 2]) < 0.2 and (zeros_change[1:] == 0).all()
    assert found[0, 1, 0] > 0.9 > 0.2 > abs(found[0, 2, 0])


@pytest.mark.parametrize("length", [16, 37])
def test_attention_in_blocks_is_exact(length: int) -> None:
    q, k, v = jax.random.normal(jax.random.key(0), (3, 2, length, 3, 4))

    def value(block: int) -> Any:
        cubes = jax.value_and_grad(lambda *a: (attend(*a, block=block) ** 3).sum(), argnums=(0, 1, 2))
        return jax.jit(cubes)(q, k, v)

    (plain, gradient), (blocked, other) = value(1000), value(8)
    np.testing.assert_allclose(blocked, plain, rtol=1e-4)
    for a, b in zip(gradient, other, strict=True):
        np.testing.assert_allclose(b, a, atol=2e-5)
    np.testing.assert_allclose(attend(q, k, v, block=8), attend(q, k, v), atol=1e-5)


def test_batched_inverses_end_on_one_core() -> None:
    """They wait for each other in XLA's thread pool when it is too small; `start_jax` makes it large enough."""
    code = """
import os
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import jax, jax.numpy as jnp
from avici_jl._runtime.threads import start_jax
start_jax()
assert "NPROC" not in os.environ
a = jnp.eye(20)[None].repeat(64, 0) + 0.1
print(jax.jit(lambda a: sum(jnp.linalg.inv(k * a).sum() for k in range(1, 9)))(a))
"""
    environment = {name: value for name, value in os.environ.items() if name != "NPROC"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=120)
    assert float(done.stdout) > 0, done.stderr


@pytest.mark.parametrize("shape", [((7, 3), (7, 5)), ((7, 5), (7, 3)), ((2, 7, 5), (2, 7, 3))])
def test_products_over_rows(shape: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    a, b = (jax.random.normal(jax.random.key(k), part) for k, part in enumerate(shape))
    np.testing.assert_allclose(jax.jit(over_rows)(a, b), jnp.swapaxes(a, -1, -2) @ b, atol=1e-5)


def test_the_product_of_a_linear_layer_has_the_usual_gradients() -> None:
    h, kernel = (jax.random.normal(jax.random.key(k), part) for k, part in enumerate([(2, 3, 4), (4, 5)]))
    found, expected = (
        jax.grad(lambda h, kernel, times=times: (times(h, kernel) ** 2).sum(), (0, 1))(h, kernel)
        for times in (product, jnp.matmul)
    )
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5), found, expected)
