"""Signs of effects and knowledge of the graph in training: what is shown is true, and a model goes on as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from sklearn.metrics import log_loss

from avici_jl.errors import ConfigError, InputError
from avici_jl.network import build_network
from avici_jl.network.answer import Answer
from avici_jl.training import Function, Labelled
from avici_jl.training.config import resolve
from avici_jl.training.data import Part, TrainingData, Truth
from avici_jl.training.held_out import HeldOut
from avici_jl.training.initial import start_from
from avici_jl.training.knowledge import part_of
from avici_jl.training.mesh import Devices
from avici_jl.training.objective import cross_entropy, objective, sign_cross_entropy
from avici_jl.training.runs import open_run
from avici_jl.training.schema import DataConfig, SizeConfig
from avici_jl.training.step import compile_run
from avici_jl.training.watch import Watch
from tiny_models import NETWORK, save

DATA = DataConfig(
    domain="pairs",
    kind="values",
    sizes=[SizeConfig(d=4, batch=6)],
    rows=[400],
    interventional=[0.0],
    shuffle_buffer=2,
    flip_signs=True,
    prior_fraction=0.5,
)
SETTINGS = ["network.signs=true", "network.prior=true", "data.prior_fraction=0.5", "optimizer.peak_lr=0.02"]


def simulate(rng: np.random.Generator, d: int, n_obs: int, n_int: int) -> tuple[np.ndarray, ...]:
    """Every second variable causes the next one, with a random sign; one sign in four is not told."""
    graph = np.zeros((d, d), int)
    graph[np.arange(0, d - 1, 2), np.arange(1, d, 2)] = 1
    order = rng.permutation(d)
    graph = graph[np.ix_(order, order)]
    signs = graph * rng.choice([-1, 1], (d, d))
    x = rng.normal(size=(n_obs + n_int, d))
    x = x + x @ (1.5 * signs)
    return x, np.zeros(x.shape), graph, signs * (rng.random((d, d)) < 0.75)


def random_graph(rng: np.random.Generator, d: int, acyclic: bool) -> np.ndarray:
    graph = (rng.random((d, d)) < 0.3) & ~np.eye(d, dtype=bool)
    order = rng.permutation(d)
    return (np.triu(graph, 1)[np.ix_(order, order)] if acyclic else graph).astype(np.uint8)


@pytest.mark.parametrize("acyclic", [True, False])
def test_what_is_shown_is_true(acyclic: bool) -> None:
    rng = np.random.default_rng(0)
    shown = []
    for _ in range(300):
        graph = random_graph(rng, int(rng.integers(2, 9)), acyclic)
        known = part_of(graph, rng)
        assert known.dtype == np.int8 and not known.diagonal().any()
        assert graph[known == 1].all() and not graph[known == -1].any()
        off = ~np.eye(len(graph), dtype=bool)
        shown.append((known != 0)[off].mean())
    assert np.mean(np.equal(shown, 0)) > 0.1 and np.mean(np.equal(shown, 1)) > 0.01 and 0.1 < np.mean(shown) < 0.7


def test_signs_follow_the_variables_that_are_turned_round() -> None:
    data = TrainingData(DATA, 8, source=Function(simulate), signs=True)
    seen = []
    for step in range(8):
        batch = data[step]
        assert batch.truth.signs is not None and batch.truth.known is None
        for x, graph, signs in zip(batch.x, batch.truth.graph, batch.truth.signs, strict=True):
            correlation = np.corrcoef(x.T)
            np.testing.assert_array_equal(signs[signs != 0], np.sign(correlation)[signs != 0])
            assert (graph[signs != 0] == 1).all()
            seen += list(signs[graph == 1])
    assert {-1, 0, 1} == set(seen)
    without = TrainingData(DATA, 8, source=Function(lambda *arguments: simulate(*arguments)[:3]), signs=True)
    assert without[0].truth.signs is not None and not without[0].truth.signs.any()
    np.testing.assert_array_equal(without[3].x, data[3].x)


def test_knowledge_is_shown_of_a_share_and_changes_nothing_else() -> None:
    plain, shown = (TrainingData(DATA, 40, source=Function(simulate), prior=prior) for prior in (False, True))
    some = []
    for step in range(40):
        batch = shown[step]
        assert batch.truth.known is not None
        for left, right in zip(batch[:2], plain[step][:2], strict=True):
            np.testing.assert_array_equal(left, right)
        np.testing.assert_array_equal(batch.truth.graph, plain[step].truth.graph)
        some += [known.any() for known in batch.truth.known]
        assert batch.truth.graph[batch.truth.known == 1].all() and not batch.truth.graph[batch.truth.known == -1].any()
    assert 0.25 < np.mean(some) < 0.5  # half of them, and some of these show nothing
    parts = [TrainingData(DATA, 8, source=Function(simulate), prior=True, part=Part(4, k, 2)) for k in range(2)]
    together = np.concatenate([part[3].truth.known for part in parts])
    whole = TrainingData(DATA, 8, source=Function(simulate), prior=True)[3].truth.known
    np.testing.assert_array_equal(together[:6], whole)
    nothing = TrainingData(replace(DATA, prior_fraction=0.0), 8, source=Function(simulate), prior=True)[3].truth.known
    assert nothing is not None and not nothing.any()


def test_the_cross_entropy_of_signs_counts_true_edges_with_a_known_sign() -> None:
    rng = np.random.default_rng(0)
    logits, signs = rng.normal(0, 3, (4, 5, 5)), rng.integers(-1, 2, (4, 5, 5))
    expected = log_loss(signs[signs != 0] > 0, 1 / (1 + np.exp(-logits[signs != 0])), normalize=False) / (4 * 20)
    assert sign_cross_entropy(jnp.asarray(logits), jnp.asarray(signs)) == pytest.approx(expected, rel=1e-5)

    config = replace(resolve("linear", kind="values", acyclic=False, preset="smoke").objective, sign_weight=0.5)
    graph, key = (signs != 0).astype(int), jax.random.key(0)
    answer, truth = Answer(jnp.asarray(logits), jnp.asarray(logits)), Truth(jnp.asarray(graph), jnp.asarray(signs))
    total, (edges, _) = objective(answer, truth, jnp.zeros(()), key, config)
    assert edges == pytest.approx(cross_entropy(answer.edges, truth.graph))
    assert total == pytest.approx(edges + 0.5 * expected)
    assert objective(answer._replace(signs=None), truth, jnp.zeros(()), key, config)[0] == edges


def test_a_network_with_both_begins_with_the_edges_that_it_had() -> None:
    network = {"kind": "pair", "dim": 8, "layers": 2, "channels": 4, "statistics": ["basic"]}
    plain, both = (build_network(network | more, rngs=nnx.Rngs(0)) for more in ({}, {"signs": True, "prior": True}))
    old = nnx.to_pure_dict(nnx.state(plain, nnx.Param))
    new = nnx.to_pure_dict(nnx.state(both, nnx.Param))
    assert not np.any(new["sign_head"]["weights"]["kernel"]) and not np.any(new["embed_known"]["kernel"])
    nnx.update(both, nnx.State(old))
    x = np.random.default_rng(0).normal(size=(1, 30, 5, 2)).astype(np.float32)
    x[..., 1] = 0
    known = np.random.default_rng(1).integers(-1, 2, (1, 5, 5))
    summary = plain.summarize(x)
    answer = both.answer(summary, known)
    np.testing.assert_array_equal(answer.edges, plain.answer(summary).edges)
    np.testing.assert_array_equal(answer.signs, np.zeros((1, 5, 5)))
    np.testing.assert_array_equal(both.answer(summary).edges, both(x))
    assert plain.answer(summary).signs is None


def test_they_are_learned() -> None:
    config = resolve(
        "pairs", kind="values", acyclic=True, preset="smoke", overrides=[*SETTINGS, "data.flip_signs=true"]
    )
    config = replace(config, steps=120, data=replace(config.data, rows=[60], sizes=[SizeConfig(d=4, batch=12)]))
    devices, source = Devices(), Function(simulate)
    compiled = compile_run(config, devices)
    state, data = (
        compiled.start(),
        TrainingData(config.data, 120, source=source, signs=config.signs, prior=config.prior),
    )
    for step in range(120):
        state, measured = compiled.step(state, devices.place(data[step]))
        assert measured.accepted
    (score, _) = HeldOut(config, source, compiled.predict).evaluate(state.average)
    assert score.sign > 0.9

    # A pair is undirected without knowledge; which way it goes is known.
    unseen = source.draw(16, d=4, n_obs=60, n_int=0, seed=2**30, first=0)
    reverse = np.where(unseen.graph == 1, 1, np.where(unseen.graph.swapaxes(1, 2) == 1, -1, 0))
    summary = compiled.summarize(unseen.x, unseen.interventions)
    network = build_network(config.network, rngs=nnx.Rngs(0))
    nnx.update(network, nnx.State(state.params))
    blind, told = (np.asarray(network.answer(summary, known).edges) for known in (None, reverse))
    assert told[reverse == 1].mean() > blind[reverse == 1].mean() + 2
    assert told[reverse == -1].mean() < blind[reverse == -1].mean() - 2


def test_a_run_goes_on_with_a_model_that_has_neither(tmp_path: Path) -> None:
    path = save(tmp_path / "old")
    overrides = [f'init_from="{path}"', *SETTINGS, *(f"network.{k}={json.dumps(v)}" for k, v in NETWORK.items())]
    config = resolve("pairs", kind="values", acyclic=True, preset="smoke", overrides=overrides)
    state = start_from(compile_run(config, Devices()).start(), config)
    assert not np.any(state.params["sign_head"]["weights"]["kernel"]) and not np.any(
        state.average["embed_known"]["kernel"]
    )
    assert np.all(np.asarray(state.params["embed"]["bias"]) == pytest.approx(0.05))


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match="network.prior=true"):
        resolve("pairs", kind="values", acyclic=True, preset="smoke", overrides=["data.prior_fraction=0.5"])
    x, graph = np.zeros((5, 3)), np.zeros((3, 3))
    with pytest.raises(InputError, match="-1, 0 and 1"):
        Labelled([(x, None, graph, np.full((3, 3), 2))])
    with pytest.raises(InputError, match="got tuple"):
        Labelled([(x, None, graph, graph, graph)])


def test_records_of_an_earlier_release_stay(tmp_path: Path) -> None:
    (tmp_path / "held_out.csv").write_text("step,d,rows,auprc,f1,ece,acyclic\n5,4,observational,0.5,0.4,0.1,1\n")
    with Watch(tmp_path, lambda line: None, 10, 5):
        pass
    lines = (tmp_path / "held_out.csv").read_text().splitlines()
    assert lines == ["step,d,rows,auprc,f1,ece,acyclic,sign", "5,4,observational,0.5,0.4,0.1,1,nan"]


def test_datasets_of_one_shape_have_one_structure() -> None:
    """What is placed does not depend on whether something is shown, so that nothing is compiled again."""
    data = TrainingData(DATA, 8, source=Function(simulate), signs=True, prior=True)
    blank, *batches = (jax.tree.flatten(batch) for batch in (data.blanks()[0], *(data[step] for step in range(8))))
    for parts, structure in batches:
        assert structure == blank[1]
        assert [(np.shape(part), np.asarray(part).dtype) for part in parts] == [
            (np.shape(part), np.asarray(part).dtype) for part in blank[0]
        ]


def test_the_network_of_a_run_that_goes_on_is_the_model_s_with_what_is_changed(tmp_path: Path) -> None:
    source, path = Function(simulate, name="pairs"), save(tmp_path / "old")
    options = [f'init_from="{path}"', "network.signs=true", "steps=3"]
    (tmp_path / "run").mkdir()
    config, _ = open_run(tmp_path / "run", source, "smoke", options, lambda line: None)
    assert config.network == NETWORK | {"signs": True} and config.signs and not config.prior
    assert open_run(tmp_path / "run", source, "smoke", options, lambda line: None)[0] == config
    assert open_run(tmp_path / "run", source, "smoke", [options[0], options[2]], lambda line: None)[0] == config
    with pytest.raises(ConfigError, match="network.layers"):
        open_run(tmp_path / "run", source, "smoke", [*options, "network.layers=2"], lambda line: None)


def test_settings_that_need_the_network_of_the_model_are_checked_against_it(tmp_path: Path) -> None:
    source, options = Function(simulate, name="pairs"), ["init_from=scm-world", "data.prior_fraction=0.3"]
    (tmp_path / "run").mkdir()
    config, _ = open_run(tmp_path / "run", source, "smoke", options, lambda line: None)
    assert config.prior and config.data.prior_fraction == 0.3
