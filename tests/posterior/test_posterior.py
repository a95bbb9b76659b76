"""A posterior: everything is derived from the probabilities it holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from avici_jl.data.inputs import read_input
from avici_jl.errors import InputError
from avici_jl.posterior import Posterior

P = np.array(
    [[0.0, 0.9, 0.1, 0.6], [0.2, 0.0, 0.8, 0.0], [0.7, 0.1, 0.0, 0.0], [0.0, 0.0, 0.55, 0.0]], dtype=np.float32
)


@pytest.fixture
def posterior() -> Posterior:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 4)), columns=["a", "b", "c", 7])
    return Posterior(P, read_input(frame, kind="values"), 0.5, "scm", "values", ("few rows",))


def test_edges_graph_and_table_agree(posterior: Posterior) -> None:
    graph = posterior.graph()
    assert set(graph.edges) == {("a", "b"), ("a", 7), ("b", "c"), ("c", "a"), (7, "c")}
    table = posterior.edges()
    assert {(s, t) for s, t in zip(table["source"], table["target"], strict=True)} == set(graph.edges)
    assert table["probability"].is_monotonic_decreasing and len(posterior.edges(0)) == 12
    assert posterior.to_frame().loc["c", "a"] == np.float32(0.7) and posterior.to_frame().loc["a", 7] == np.float32(0.6)
    # Of the cycle a → b → c → a the cheapest edge is left out; (7, c) and (a, 7) are on no other.
    acyclic = posterior.graph(acyclic=True)
    assert nx.is_directed_acyclic_graph(acyclic) and set(graph.edges) - set(acyclic.edges) == {("c", "a")}
    with pytest.raises(InputError, match="between 0 and 1"):
        posterior.edges(2)


def test_what_is_around_a_variable(posterior: Posterior) -> None:
    assert posterior.targets("a")["target"].tolist() == ["b", 7]
    assert posterior.causes("c")["source"].tolist() == ["b", 7]
    assert posterior.markov_blanket("b") == ["a", "c", 7]  # cause, effect, and the effect's other cause
    assert posterior.regulators(2)["variable"].tolist() == ["a", "b"]
    assert posterior.regulators(None)["expected_targets"].sum() == pytest.approx(posterior.expected_edges)
    with pytest.raises(InputError, match="no variable 'z'"):
        posterior.targets("z")


def test_entropy_is_that_of_independent_edges(posterior: Posterior) -> None:
    halves = replace(posterior, probabilities=np.where(P > 0, 0.5, 0.0))
    assert halves.entropy == pytest.approx((P > 0).sum())
    assert replace(posterior, probabilities=(P > 0.5).astype(np.float32)).entropy == 0


def test_samples_have_no_cycle_unless_asked(posterior: Posterior) -> None:
    drawn = posterior.sample(200, seed=1)
    assert all(nx.is_directed_acyclic_graph(nx.from_numpy_array(g, create_using=nx.DiGraph)) for g in drawn)
    free = posterior.sample(4000, seed=1, acyclic=False)
    np.testing.assert_allclose(free.mean(axis=0), P, atol=0.03)


def test_two_conditions_are_compared_by_name(posterior: Posterior) -> None:
    other = np.zeros_like(P)
    other[0, 1], other[1, 3] = 0.95, 0.99
    order = [2, 0, 3, 1]
    frame = pd.DataFrame(posterior.data.x[:, order], columns=[posterior.names[k] for k in order])
    shuffled = Posterior(other[np.ix_(order, order)], read_input(frame, kind="values"), 0.5, "scm", "values")
    table = posterior.compare(shuffled).set_index(["source", "target"])
    assert table.loc[("b", 7), "change"] == "appears" and table.loc[("a", "b"), "change"] == "stays"
    assert (table["change"] == "vanishes").sum() == 4 and table.index[0] == ("b", 7)
    assert table.loc[("a", "b"), "other"] == np.float32(0.95)
    with pytest.raises(InputError, match="same variables"):
        posterior.compare(replace(shuffled, data=read_input(frame.rename(columns={7: "x"}), kind="values")))


def test_a_file_keeps_everything_and_holds_no_code(posterior: Posterior, tmp_path: Path) -> None:
    data = replace(posterior.data, batch=np.arange(20) % 2, same_units=True)
    again = Posterior.load(replace(posterior, data=data, card={"domain": "scm"}).save(tmp_path / "found.npz"))
    assert again.card == {"domain": "scm"}
    assert again.data.same_units and again.data.batch is not None and again.data.batch.tolist() == [0, 1] * 10
    again = Posterior.load(posterior.save(tmp_path / "found.npz"))
    np.testing.assert_array_equal(again.probabilities, posterior.probabilities)
    np.testing.assert_array_equal(again.data.x, posterior.data.x)
    assert again.names == ["a", "b", "c", "7"] and again.notes == posterior.notes and again.threshold == 0.5
    (tmp_path / "other.npz").write_bytes(b"PK")
    (tmp_path / "short.npz").write_bytes((tmp_path / "found.npz").read_bytes()[:-30])
    for name in ("other.npz", "short.npz", "none.npz"):
        with pytest.raises(InputError, match="no posterior that can be read"):
            Posterior.load(tmp_path / name)


def test_it_says_what_it_is(posterior: Posterior) -> None:
    assert "5 edges at the threshold 0.50" in repr(posterior) and "20 rows (0 interventional)" in repr(posterior)
    html = posterior._repr_html_()
    assert "<table" in html and "0.900" in html
    hostile = pd.DataFrame(posterior.data.x, columns=["<script>", "b", "c", 7])
    html = replace(posterior, data=read_input(hostile, kind="values"), choice="<img>")._repr_html_()
    assert "&lt;script&gt;" in html and "<script>" not in html and "<img>" not in html
