"""Metrics by hand, simple scores, and the comparison."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from avici_jl import Dataset, InputError
from avici_jl.cli.shared import comparison_table
from avici_jl.evaluation import metrics, scores
from avici_jl.evaluation.calibration import calibrate, tempered
from avici_jl.evaluation.compare import (
    EVALUATION_SEED,
    Setting,
    compare,
    compare_on,
    evaluation_data,
    read_labelled,
    settings,
)
from avici_jl.export.card import results_table, summary
from avici_jl.training.drawn import HELD_OUT_SEED

TRUTH = np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]])
REVERSED = np.array([[0, 0, 1], [1, 0, 1], [0, 0, 0]])


def test_structural_distances() -> None:
    assert metrics.shd(TRUTH, TRUTH) == 0
    assert metrics.shd(REVERSED, TRUTH) == 1
    assert metrics.shd(np.zeros((3, 3)), TRUTH) == 3
    assert metrics.shd(TRUTH + np.eye(3), TRUTH) == 0
    assert metrics.sid(TRUTH, TRUTH) == 0
    # From the reversed edge: wrong for (1, 2), (2, 1), (1, 3) and (2, 3)? Adjusting for the wrong parents of both.
    chain, back = np.array([[0, 1], [0, 0]]), np.array([[0, 0], [1, 0]])
    assert metrics.sid(back, chain) == 2 and metrics.sid(np.zeros((2, 2)), chain) == 1
    with pytest.raises(ValueError, match="predicted one has a cycle"):
        metrics.sid(TRUTH + TRUTH.T, TRUTH)


def test_scores_ignore_the_diagonal() -> None:
    p = np.array([[9.0, 0.9, 0.8], [0.1, 9.0, 0.7], [0.2, 0.3, 9.0]])
    assert metrics.auprc(p, TRUTH) == metrics.auroc(p, TRUTH) == 1.0
    assert metrics.auprc(-p, TRUTH) < 0.6 and metrics.auroc(-p, TRUTH) == 0.0
    assert np.isnan(metrics.auprc(p, 0 * TRUTH)) and np.isnan(metrics.auroc(p, 0 * TRUTH))
    assert metrics.precision_recall_f1(REVERSED, TRUTH) == pytest.approx((2 / 3, 2 / 3, 2 / 3))
    assert metrics.precision_recall_f1(0 * TRUTH, TRUTH) == (0.0, 0.0, 0.0)


def test_calibration_error() -> None:
    rng = np.random.default_rng(0)
    p = rng.random((200, 200))
    graph = rng.random((200, 200)) < p
    assert metrics.expected_calibration_error(p, graph) < 0.02
    assert metrics.expected_calibration_error(np.full((200, 200), 0.9), graph) == pytest.approx(0.4, abs=0.02)


def test_the_best_threshold_separates() -> None:
    p = np.where(TRUTH > 0, 0.35, 0.25) + np.zeros((3, 3))
    assert 0.25 < metrics.best_threshold([p, p], [TRUTH, TRUTH]) <= 0.35


def test_correlation_and_mean_difference() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 3))
    mask = np.zeros((4000, 3), np.uint8)
    mask[2000:, 0] = 1
    x[2000:, 0] = 3.0
    x[:, 1] += x[:, 0]
    score = scores.mean_difference(x, mask, "values")
    assert score[0, 1] == pytest.approx(3 / np.sqrt(2), rel=0.1) and abs(score[0, 2]) < 0.1
    assert not score[1:].any() and not score.diagonal().any()
    score = scores.correlation(x, mask, "values")
    np.testing.assert_allclose(score, np.abs(np.corrcoef(x.T)) - np.eye(3), atol=1e-5)


class Oracle:
    """Stands in for a model that knows the truth."""

    name, domain, threshold = "oracle", "linear", 0.5

    def decision_threshold(self, interventional: bool) -> float:
        return 0.4 if interventional else 0.5

    def infer(self, data: object) -> SimpleNamespace:
        return SimpleNamespace(probabilities=np.asarray(data.graph, float), increase=None)  # type: ignore[attr-defined]


def test_the_comparison_scores_all_methods_on_the_same_data() -> None:
    where = settings([4], 40)
    assert where == [Setting(4, 40, 0), Setting(4, 20, 20)]
    rows = compare(Oracle(), where, datasets=5)  # type: ignore[arg-type]
    assert [set(k for k, v in row.auprc.items() if len(v)) for row in rows] == [
        {"model", "correlation"},
        {"model", "correlation", "mean difference"},
    ]
    for row in rows:
        assert row.acyclic.all() and len(row.predictions) == len(row.f1)
        assert (row.auprc["model"] == 1).all() and (row.shd == 0).all() and (row.f1 == 1).all()
        assert row.auprc["correlation"].mean() < 1 and 0 < row.chance < 1
    own = Oracle()
    own.domain = "my-datasets"
    with pytest.raises(InputError, match="trained on my-datasets, which is no simulated domain"):
        compare(own, where)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="d=1"):
        compare(Oracle(), settings([1], 40), domain="linear", datasets=2)  # type: ignore[arg-type]


def test_evaluation_data_are_not_those_of_training() -> None:
    data = list(evaluation_data("linear", Setting(3, 5, 2), 2))
    assert data[0].origin["seed"] == EVALUATION_SEED > HELD_OUT_SEED and not np.array_equal(data[0].x, data[1].x)


def test_calibration_recovers_a_temperature_and_keeps_it_only_if_it_helps() -> None:
    rng = np.random.default_rng(0)
    pairs = []
    for _ in range(60):
        logits = rng.normal(-1, 2, (20, 20))
        pairs.append((logits, (rng.random((20, 20)) < expit(logits)).astype(int)))
    sharp = {"observational": [(expit(2.5 * logits), graph) for logits, graph in pairs]}
    found = calibrate(sharp)
    assert found.temperature == pytest.approx(2.5, rel=0.1) and found.ece[1] < 0.5 * found.ece[0]
    assert set(found.thresholds) == {"observational"} and found.threshold == found.thresholds["observational"]
    right = calibrate({"observational": [(expit(logits), graph) for logits, graph in pairs]})
    assert right.temperature == pytest.approx(1.0, abs=0.1)
    p = expit(2.5 * pairs[0][0])
    np.testing.assert_allclose(tempered(p, 2.5), expit(pairs[0][0]), atol=1e-6)


def test_labelled_datasets_of_ones_own(tmp_path: Path) -> None:
    for k, data in enumerate(evaluation_data("linear", Setting(4, 20, 10), 3)):
        data.save(tmp_path / "many" / str(k))
    found = read_labelled([tmp_path / "many", tmp_path / "many" / "0"])
    assert list(found) == [Setting(4, 20, 10)] and len(found[Setting(4, 20, 10)]) == 4
    row = compare_on(Oracle(), *found.popitem())  # type: ignore[arg-type]
    assert (row.auprc["model"] == 1).all() and len(row.auprc["mean difference"]) == 4
    (tmp_path / "many" / "1" / "graph.npy").unlink()
    with pytest.raises(InputError, match="no graph"):
        read_labelled([tmp_path / "many"])


@given(st.integers(2, 8), st.integers(0, 10**6))
def test_what_is_left_out_would_close_a_cycle_of_more_probable_edges(d: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    p, edges = rng.random((d, d)), rng.random((d, d)) < 0.5
    np.fill_diagonal(edges, False)
    kept = metrics.without_cycles(p, edges)
    graph = nx.from_numpy_array(kept.astype(int), create_using=nx.DiGraph)
    assert nx.is_directed_acyclic_graph(graph) and not (kept & ~edges).any()
    for i, j in np.argwhere(edges & ~kept):
        better = nx.from_numpy_array((kept & (p >= p[i, j])).astype(int), create_using=nx.DiGraph)
        assert nx.has_path(better, j, i)


def test_signs_are_measured_among_true_edges_and_those_that_are_found(tmp_path: Path) -> None:
    increase, signs = np.array([[0.0, 0.9, 0.4], [0, 0, 0.2], [0, 0, 0]]), np.array([[0, 1, 1], [0, 0, -1], [0, 0, 0]])
    assert metrics.sign_accuracy(increase, signs) == pytest.approx(2 / 3)
    assert metrics.sign_accuracy(increase, signs, REVERSED) == pytest.approx(1 / 2)
    assert np.isnan(metrics.sign_accuracy(increase, 0 * signs))

    class Says:
        """A model that finds every second edge and is wrong about their signs."""

        def decision_threshold(self, interventional: bool) -> float:
            return 0.5

        def infer(self, data: Dataset) -> SimpleNamespace:
            assert data.graph is not None and data.signs is not None
            found = data.graph * (np.cumsum(data.graph).reshape(data.graph.shape) % 2)
            increase = np.where(found, data.signs < 0, data.signs > 0).astype(float)
            return SimpleNamespace(probabilities=found.astype(float), increase=increase)

    (data,) = evaluation_data("linear", Setting(8, 30, 0), 1)
    row = compare_on(Says(), Setting(8, 30, 0), [data])  # type: ignore[arg-type]
    assert row.signs["found"].tolist() == [0.0] and 0 < row.signs["true"][0] < 1
    entry = summary("linear", row)
    assert set(entry["signs"]) == {"true", "found"} and "| signs | signs of found edges |" in results_table([entry])
    assert "signs" not in results_table([{key: value for key, value in entry.items() if key != "signs"}])
    assert [column.header for column in comparison_table([row], "").columns][-1] == "signs"
