"""What to do next: responses along paths, closed forms, and a design that does not repeat itself."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from avici_jl.data.inputs import read_input
from avici_jl.errors import InputError
from avici_jl.posterior import Posterior
from avici_jl.posterior.design import best_set, responses


def posterior(p: np.ndarray, mask: np.ndarray | None = None) -> Posterior:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(40, len(p))), columns=[f"g{k}" for k in range(len(p))])
    return Posterior(p.astype(np.float32), read_input(frame, mask, kind="values"), 0.5, "scm", "values")


def test_descendants_respond() -> None:
    rng = np.random.default_rng(0)
    for d in (2, 3, 7, 12):
        order = rng.permutation(d)
        graphs = np.stack([np.triu(rng.random((d, d)) < 0.3, 1)[np.ix_(order, order)] for _ in range(5)])
        for graph, found in zip(graphs, responses(graphs), strict=True):
            known = nx.from_numpy_array(graph.astype(int), create_using=nx.DiGraph)
            assert [set(np.flatnonzero(row)) for row in found] == [nx.descendants(known, i) for i in range(d)]


def test_one_open_edge_is_settled_as_a_gaussian_channel_settles_it() -> None:
    """Three variables, one edge in half of the graphs, of variance 1/4: δ²/4 / (1 + δ²/4) of it, by cause or effect."""
    graphs = np.zeros((100, 3, 3), np.uint8)
    graphs[:50, 0, 1] = 1
    found = best_set(graphs, np.array([9.0, 4.0, 9.0]), [2, 1, 0], 3)
    assert [step.variable for step in found] == [0, 1, 2]
    assert found[0].settles == pytest.approx(9 / 4 / (1 + 9 / 4)) and found[2].settles == pytest.approx(0)
    assert found[0].settles + found[1].settles == pytest.approx(13 / 4 / (1 + 13 / 4))
    assert found[0].edges == found[1].edges == [(0, 1)] and found[2].edges == []


def test_the_greedy_set_explains_what_a_regression_on_all_its_responses_does() -> None:
    rng = np.random.default_rng(1)
    graphs = np.triu(rng.random((60, 8, 8)) < rng.random((8, 8)), 1)
    precision = rng.uniform(1, 9, 8)
    seen = np.concatenate([responses(graphs), graphs.transpose(0, 2, 1) > 0], axis=2)  # of each: effects, then causes
    centred = seen - seen.mean(axis=0)
    edges = graphs.reshape(60, -1) - graphs.reshape(60, -1).mean(axis=0)

    def settled(chosen: list[int]) -> float:
        z = np.concatenate([np.sqrt(precision[v]) * centred[:, v] for v in chosen], axis=1)
        covariance = edges.T @ z / 60
        explained = covariance @ np.linalg.solve(z.T @ z / 60 + np.eye(z.shape[1]), covariance.T)
        return np.trace(explained) / (edges**2).mean(axis=0).sum()

    chosen: list[int] = []
    for _ in range(4):
        chosen.append(max(sorted(set(range(8)) - set(chosen)), key=lambda v: settled([*chosen, v])))
    found = best_set(graphs, precision, range(8), 4)
    assert [step.variable for step in found] == chosen
    np.testing.assert_allclose(
        np.cumsum([step.settles for step in found]), [settled(chosen[: k + 1]) for k in range(4)]
    )


def test_what_is_known_is_not_asked_and_what_is_open_is() -> None:
    p = np.zeros((6, 6))
    p[0, 1] = p[0, 2] = 1.0  # a cause that is sure
    p[3, 4] = p[4, 3] = 0.5  # a direction that is open: either of the two settles it
    table = posterior(p).suggest_interventions(None)
    assert table["variable"][0] in ("g3", "g4") and len(table) == 6
    assert set(table["edges"][0]) == {("g3", "g4"), ("g4", "g3")}
    sure = table.set_index("variable").loc[["g0", "g1", "g2", "g5"], "settles"]
    assert sure.max() < 1e-3
    np.testing.assert_allclose(table["total"], table["settles"].cumsum())
    assert table["total"].is_monotonic_increasing and 0 < table["total"].iloc[-1] < 1


def test_candidates_rows_and_earlier_interventions_count() -> None:
    p = np.zeros((4, 4))
    p[0, 1] = p[2, 3] = 0.5
    fresh = posterior(p)
    assert fresh.suggest_interventions(candidates=["g2", "g3"])["variable"].tolist() == ["g2", "g3"]
    more, few = (fresh.suggest_interventions(1, rows=rows)["settles"][0] for rows in (100, 10))
    assert more > few
    mask = np.zeros((40, 4), np.uint8)
    mask[:20, 0] = 1
    known = posterior(p, mask).suggest_interventions(candidates=["g0", "g2"])
    assert known["variable"][0] == "g2" and known.set_index("variable").loc["g0", "rows"] == 20
    assert fresh.suggest_interventions(candidates=["g0", "g2"])["variable"][0] == "g0"
    pd.testing.assert_frame_equal(fresh.suggest_interventions(seed=3), fresh.suggest_interventions(seed=3))
    assert fresh.suggest_interventions(0).empty
    for wrong in ({"top": -1}, {"rows": 0}, {"graphs": 1}, {"candidates": ["myc"]}):
        with pytest.raises(InputError):
            fresh.suggest_interventions(**wrong)  # type: ignore[arg-type]


def test_a_hundred_variables_take_a_moment() -> None:
    rng = np.random.default_rng(0)
    p = np.triu(rng.random((100, 100)) < 0.04, 1) * rng.random((100, 100))
    found = replace(posterior(p[:40, :40]), probabilities=p.astype(np.float32), data=posterior(p).data)
    assert len(found.suggest_interventions(10)) == 10


def test_of_many_variables_those_with_open_edges_are_looked_at() -> None:
    p = np.zeros((400, 400))
    p[350, 351] = p[2, 3] = 0.5
    found = posterior(p).suggest_interventions(2)
    assert set(found["variable"]) == {"g350", "g2"} and len(found["edges"][0]) == 1
    one = posterior(p).suggest_interventions(2, candidates=["g7", "g2"])
    assert one["variable"].tolist() == ["g2", "g7"] and one["settles"][1] == pytest.approx(0, abs=1e-6)
