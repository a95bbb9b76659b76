"""Signs of effects in every answer, and knowledge that is obeyed in all of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import anndata
import jax
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from flax import nnx
from matplotlib.figure import Figure
from typer.testing import CliRunner

from avici_jl import InputError, Knowledge, Model, Posterior
from avici_jl.checkpoints.model import save_model
from avici_jl.cli import app
from avici_jl.data.inputs import read_input
from avici_jl.network import build_network
from avici_jl.plots import plot_network
from avici_jl.posterior.acyclic import is_acyclic, most_probable_acyclic, sample_acyclic
from tiny_models import NETWORK, save

NAMES = ["a", "b", "c", "d"]
P = np.array([[0.0, 0.9, 0.1, 0.6], [0.2, 0.0, 0.8, 0.0], [0.7, 0.1, 0.0, 0.0], [0.0, 0.0, 0.55, 0.0]], np.float32)
INCREASE = np.where(P == np.float32(0.8), 0.1, 0.95).astype(np.float32)
X = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 4)), columns=NAMES)


@pytest.fixture
def posterior() -> Posterior:
    return Posterior(P, read_input(X, kind="values"), 0.5, "scm", "values", increase=INCREASE)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A model with both, whose parameters are random."""
    network = NETWORK | {"signs": True, "prior": True}
    params = nnx.to_pure_dict(nnx.state(build_network(network, rngs=nnx.Rngs(0)), nnx.Param))
    rng = np.random.default_rng(0)
    params = jax.tree.map(lambda leaf: np.asarray(leaf) + rng.normal(0, 0.3, leaf.shape).astype(np.float32), params)
    path = tmp_path_factory.mktemp("model") / "both"
    config = {"network": network, "data": {"domain": "linear", "kind": "values"}}
    save_model(path, config=config, params=params, card={"threshold": 0.3})
    return Model.load(path)


def test_signs_are_in_every_answer(posterior: Posterior, tmp_path: Path) -> None:
    table = posterior.edges().set_index(["source", "target"])
    assert table.loc[("b", "c"), "increase"] == np.float32(0.1)
    assert table.loc[("a", "b"), "increase"] == np.float32(0.95)
    assert posterior.targets("b")["increase"].tolist() == [np.float32(0.1)]
    assert posterior.causes("c").set_index("source")["increase"].to_dict() == pytest.approx({"b": 0.1, "d": 0.95})
    assert posterior.sign[0, 1] == pytest.approx(0.9 * 0.9) and posterior.sign[1, 2] == pytest.approx(-0.8 * 0.8)
    graph = posterior.graph()
    assert graph.edges["b", "c"]["sign"] == -1 and graph.edges["a", "b"]["sign"] == 1
    posterior.export(tmp_path / "g.graphml")
    assert nx.read_graphml(tmp_path / "g.graphml").edges["b", "c"] == pytest.approx(graph.edges["b", "c"])
    posterior.export(tmp_path / "g.cyjs")
    edges = json.loads((tmp_path / "g.cyjs").read_text())["elements"]["edges"]
    verbs = {(edge["data"]["source"], edge["data"]["target"]): edge["data"]["interaction"] for edge in edges}
    assert verbs["b", "c"] == "decreases" and verbs["a", "b"] == "increases"
    for suffix, line in (
        (".sif", "b\tdecreases\tc"),
        (".dot", '"b" -> "c" [probability=0.8, increase=0.1, sign=-1, arr'),
    ):
        posterior.export(tmp_path / f"g{suffix}")
        assert line in (tmp_path / f"g{suffix}").read_text()
    posterior.export(tmp_path / "g.csv")
    assert list(pd.read_csv(tmp_path / "g.csv")) == ["source", "target", "probability", "increase"]
    posterior.export(tmp_path / "g.h5ad")
    np.testing.assert_array_equal(anndata.read_h5ad(tmp_path / "g.h5ad").varp["avici_increase"], INCREASE)
    np.testing.assert_array_equal(Posterior.load(posterior.save(tmp_path / "p.npz")).increase, INCREASE)


def test_without_signs_there_is_no_column_and_asking_says_why(posterior: Posterior) -> None:
    without = replace(posterior, increase=None)
    assert "increase" not in without.edges() and "sign" not in without.graph().edges["b", "c"]
    with pytest.raises(InputError, match="scm does not say the signs"):
        _ = without.sign


def test_pictures_show_signs(posterior: Posterior) -> None:
    figure: Figure = plot_network(P, NAMES, threshold=0.5, increase=INCREASE)
    (legend,) = [axes.get_legend() for axes in figure.axes]
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["increase (4)", "decrease (1)"]
    posterior.plot(truth=(P > 0.5).astype(int))


def test_a_model_says_signs_and_sees_knowledge(model: Model) -> None:
    found, known = model.infer(X), {"required_edges": [("d", "a")]}
    told = model.infer(X, prior=known)
    assert found.increase is not None and 0 < found.increase[0, 1] < 1 and found.increase.shape == (4, 4)
    others = told.probabilities[:3, :3][~np.eye(3, dtype=bool)]
    assert np.abs(others - found.probabilities[:3, :3][~np.eye(3, dtype=bool)]).max() > 1e-4  # it informs the others
    assert told.probabilities[3, 0] == 1
    np.testing.assert_array_equal(model.infer(X, prior=Knowledge()).probabilities, found.probabilities)
    resampled = model.stability(X, prior=known, resamples=2).resampled
    assert (resampled[:, 3, 0] == 1).all()


def test_a_model_that_was_trained_without_obeys(tmp_path: Path) -> None:
    model = Model.load(save(tmp_path / "plain"))
    plain = model.infer(X)
    prior = Knowledge(required_edges=[("a", "b")], roots=["a"], beliefs=[("c", "d", 0.9)])
    told = model.infer(X, prior=prior)
    p, q = plain.probabilities, told.probabilities
    assert q[0, 1] == 1 and not q[:, 0].any()
    odds = q[2, 3] / (1 - q[2, 3]) / (p[2, 3] / (1 - p[2, 3]))
    assert odds == pytest.approx(9, rel=1e-3)
    free = np.ones((4, 4), bool)
    free[0, 1] = free[2, 3] = free[:, 0] = False
    np.testing.assert_array_equal(q[free], p[free])
    assert model.predict(X, prior=prior).loc["a", "b"] == 1
    again = Posterior.load(told.save(tmp_path / "told.npz"))
    np.testing.assert_array_equal(again.sample(5), told.sample(5))
    assert again.data.known is not None and str(again.data.known) == str(told.data.known)


def test_forbidden_edges_are_in_no_graph_whatever_the_threshold(posterior: Posterior) -> None:
    known = Knowledge(forbidden_edges=[("a", "b")], required_edges=[("d", "b")]).of(NAMES, NAMES)
    told = replace(posterior, probabilities=known.obeyed(P), data=replace(posterior.data, known=known))
    for threshold in (0.0, 0.5, 1.0):
        for acyclic in (False, True):
            graph = told.adjacency(threshold, acyclic=acyclic)
            assert graph[3, 1] == 1 and graph[0, 1] == 0


def random_case(rng: np.random.Generator, d: int, certain: float) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities with many cycles, and what is known: required edges without a cycle."""
    order = rng.permutation(d)
    earlier = np.argsort(order)[:, None] < np.argsort(order)
    draws = rng.random((d, d))
    known = np.where(earlier & (draws < certain), 1, np.where(draws > 1 - certain, -1, 0))
    np.fill_diagonal(known, 0)
    p = rng.uniform(0.3, 0.9, (d, d))
    np.fill_diagonal(p, 0)
    return np.where(known == 0, p, known > 0), known


@pytest.mark.parametrize("d", [5, 20])
def test_the_most_probable_acyclic_graph_obeys(d: int) -> None:
    rng = np.random.default_rng(d)
    for _ in range(5):
        p, known = random_case(rng, d, 0.15)
        graph = most_probable_acyclic(p, (p > 0.5) & (known >= 0), required=known > 0)
        assert is_acyclic(graph) and graph[known > 0].all() and not graph[known < 0].any()


def test_of_all_graphs_that_obey_it_is_the_most_probable() -> None:
    rng = np.random.default_rng(0)
    p, known = random_case(rng, 4, 0.2)
    assert (known > 0).any()
    pairs = [(i, j) for i in range(4) for j in range(4) if i != j]
    clipped, best, highest = np.clip(p, 1e-6, 1 - 1e-6), None, -np.inf
    for code in range(2 ** len(pairs)):
        graph = np.zeros((4, 4), bool)
        for k, pair in enumerate(pairs):
            graph[pair] = code >> k & 1
        if graph[known > 0].all() and not graph[known < 0].any() and is_acyclic(graph):
            value = float(sum(np.log(clipped[q] if graph[q] else 1 - clipped[q]) for q in pairs))
            if value > highest:
                best, highest = graph, value
    np.testing.assert_array_equal(most_probable_acyclic(p, p > 0.5, required=known > 0), best)


@pytest.mark.parametrize("d", [4, 18])
def test_draws_without_a_cycle_obey(d: int) -> None:
    rng = np.random.default_rng(1)
    p, known = random_case(rng, d, 0.1)
    drawn = sample_acyclic(p, 6, seed=0, known=known)
    assert all(is_acyclic(graph) for graph in drawn)
    assert (drawn[:, known > 0] == 1).all() and not drawn[:, known < 0].any() and len(np.unique(drawn, axis=0)) > 1


def test_the_command_reads_knowledge_and_prints_signs(model: Model, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    model.save(tmp_path / "both")
    X.to_csv("x.csv", index=False)
    Path("known.toml").write_text('required_edges = [["d", "a"]]\nroots = ["d"]\n')
    options = ["predict", "x.csv", "--model", "both", "--prior", "known.toml"]
    done = CliRunner().invoke(app, [*options, "--out", "edges.csv"])
    assert done.exit_code == 0, done.output
    assert "increase" in done.output and "obeyed: 1 required and 3 forbidden edges" in done.output
    edges = pd.read_csv("edges.csv").set_index(["source", "target"])
    assert edges.loc[("d", "a"), "probability"] == 1 and edges.loc[("a", "d"), "probability"] == 0
    document = json.loads(CliRunner().invoke(app, [*options, "--json"]).stdout)
    assert document["edges"][0]["source"] == "d" and 0 < document["edges"][0]["increase"] < 1
