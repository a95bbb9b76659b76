"""Methods of gene expression against what they are defined by, and real data from a folder of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from avici_jl.benchmark import QUICK
from avici_jl.benchmark.expression import _of_regulators
from avici_jl.benchmark.methods import Data
from avici_jl.benchmark.methods.expression import genie3, grnboost2, knockout_z, partial_correlation, pidc
from avici_jl.benchmark.real import (
    _dream4,
    _light_tunnel,
    _per_condition,
    _sachs,
    edges_without_trace,
    real,
)
from avici_jl.data.dataset import Dataset
from avici_jl.errors import InputError
from avici_jl.evaluation import metrics


def chain(n: int = 1500, d: int = 6) -> Data:
    """x1 → x2 → x3, which x1 and x3 are independent given; the rest is noise."""
    x = np.random.default_rng(0).normal(size=(n, d))
    x[:, 1] += 1.5 * x[:, 0]
    x[:, 2] += 1.5 * x[:, 1]
    return Data(x, np.zeros(x.shape, np.uint8), "values")


def test_partial_correlation_is_that_of_regression_residuals() -> None:
    data = chain()
    found, z = partial_correlation(data), data.standardized
    for i, j in ((0, 1), (0, 2), (1, 2)):
        others = np.delete(z, [i, j], axis=1)
        a, b = (z[:, k] - others @ np.linalg.lstsq(others, z[:, k], rcond=None)[0] for k in (i, j))
        assert found[i, j] == pytest.approx(abs(np.corrcoef(a, b)[0, 1]), abs=0.02)


def test_unique_information_ranks_the_pairs_that_share_it() -> None:
    found = pidc(chain())
    np.testing.assert_allclose(found, found.T)
    assert min(found[0, 1], found[1, 2]) > found[0, 2]  # which says nothing that the one between does not say
    assert min(found[0, 1], found[1, 2]) > np.median(found[0, 3:])
    # Of one pair alone there is no third gene to share with.
    assert np.isfinite(pidc(Data(chain().x[:, :2], np.zeros((1500, 2), np.uint8), "values"))).all()


@pytest.mark.parametrize("method", [genie3, grnboost2])
def test_trees_find_what_predicts_and_leave_out_cells_in_which_the_gene_was_set(method: Any) -> None:
    data = chain(150, d=4)
    found = method(data)
    assert found[:, 1].argmax() in (0, 2) and found[:, 2].argmax() == 1 and found[0, 2] < found[1, 2]
    np.testing.assert_array_equal(found, method(data))
    mask = np.zeros(data.x.shape, np.uint8)
    mask[:50, 1] = 1
    changed = data.x.copy()
    changed[:50, 1] = 9 * data.x[:50, 3]  # which would be a cause, if these rows were looked at
    assert method(Data(changed, mask, "values"))[:, 1].argmax() in (0, 2)


def test_knock_outs_are_compared_with_all_conditions() -> None:
    rng = np.random.default_rng(0)
    x, mask = rng.normal(size=(240, 3)), np.zeros((240, 3), np.uint8)
    for k in range(3):
        mask[60 * (k + 1) : 60 * (k + 2), k] = 1
        x[60 * (k + 1) : 60 * (k + 2), k] = -5
    x[mask[:, 0] > 0, 1] += 3
    score = knockout_z(Data(x, mask, "values"))
    means = np.stack([x[~mask.any(axis=1)].mean(axis=0), *(x[mask[:, k] > 0].mean(axis=0) for k in range(3))])
    z = np.abs(means - means.mean(axis=0)) / means.std(axis=0)
    np.testing.assert_allclose(score, z[1:], rtol=1e-6)


def test_known_regulators_leave_out_the_pairs_of_others() -> None:
    truth = np.array([[0, 1, 0], [0, 0, 0], [0, 0, 0]])
    scores = np.array([[0, 0.5, 0.1], [0.9, 0, 0.9], [0.9, 0.9, 0]])
    assert _of_regulators(scores, truth) == 1 and metrics.auprc(scores, truth) == pytest.approx(1 / 5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    sachs, dream, tunnel = (tmp_path / name for name in ("sachs", "dream4_size100_1", "light_tunnel"))
    for place in (sachs, dream, tunnel):
        place.mkdir()
    proteins = "raf mek plc pip2 pip3 erk akt pka pkc p38 jnk".split()
    stimuli = "cd3_cd28 icam2 aktinhib g0076 psitect u0126 ly pma b2camp".split()
    frame = pd.DataFrame(rng.lognormal(3, 1, (40, 11)), columns=proteins)
    for k, name in enumerate(stimuli):
        frame[name] = (np.arange(40) % 8 == k) + 0.01 * rng.normal(size=40)
    frame.to_csv(sachs / "data.continuous.txt", sep="\t", index=False)
    (sachs / "ground.truth.graph.txt").write_text("Graph Edges:\n1. raf --> mek\n2. pka --> p38\n")
    genes = ["G1", "G2", "G3"]
    conditions = ["wt", "G1(-/-)", "G3(+/-)", "TS_1delt_0"]
    pd.DataFrame(rng.random((3, 4)), genes, conditions).to_csv(dream / "expression.tsv", sep="\t", index_label=False)
    gold = pd.DataFrame([[0, 0, 0], [1, 0, 0], [0, 0, 0]], genes, genes)
    gold.to_csv(dream / "gold_standard.tsv", sep="\t", index_label=False)
    (tunnel / "dag.csv").write_text("source,target\nred,ir_1\nblue,ir_1\nt_ir_1,ir_1\n")
    pd.DataFrame(rng.random((1200, 4)), columns=["red", "blue", "ir_1", "time"]).to_csv(
        tunnel / "uniform_reference.csv", index=False
    )
    return tmp_path


def test_real_data_are_read_with_their_targets_and_graphs(folder: Path) -> None:
    sachs = dict(_sachs(folder))
    logs = sachs["logarithms with targets"]
    place = logs.names.index
    assert (
        logs.graph is not None and logs.graph[place("raf"), place("mek")] == logs.graph[place("pka"), place("p38")] == 1
    )
    assert logs.graph.sum() == 2 and not sachs["logarithms"].interventions.any()
    assert [logs.names[j] for j in np.flatnonzero(logs.interventions[3])] == ["pkc"]  # the fourth stimulus, g0076
    assert not logs.interventions[0].any() and logs.interventions[5, place("mek")] == 1
    each = sachs["standardised per condition"].x[np.arange(40) % 8 == 2]
    np.testing.assert_allclose(each.mean(axis=0), 0, atol=1e-5)
    same = sachs["logarithms, conditions as `batch`"].x
    assert same.shape == (40, 11) and not np.allclose(same, sachs["logarithms"].x)
    (_, static), (_, whole) = _dream4(folder)
    assert static.graph is not None and static.graph[0, 1] == 1 and static.graph.sum() == 1  # effects are in rows
    assert static.interventions.tolist() == [[0, 0, 0], [1, 0, 0], [0, 0, 1]] and len(whole.x) == 4
    (_, few), (said, tunnel) = _light_tunnel(folder)
    assert tunnel.names == ["red", "blue", "ir_1"] and said == "1200 rows" and len(few.x) == 1000
    assert tunnel.graph is not None and tunnel.graph[:2, 2].all() and tunnel.graph.sum() == 2


def test_a_condition_of_one_value_is_no_division_by_zero() -> None:
    x = np.array([[1.0], [1.0], [2.0], [4.0]])
    np.testing.assert_allclose(_per_condition(x, np.array([0, 0, 1, 1]))[:, 0], [0, 0, -(0.5**0.5), 0.5**0.5])


def test_without_a_folder_it_says_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--data"):
        real(QUICK)


def test_an_edge_without_effect_leaves_no_trace() -> None:
    x = np.random.default_rng(0).normal(size=(400, 3)).astype(np.float32)
    x[:, 2] += 2 * x[:, 0]
    graph = np.array([[0, 0, 1], [0, 0, 1], [0, 0, 0]], np.uint8)  # of which the second has no effect at all
    data = Dataset(x, np.zeros(x.shape, np.uint8), graph, ["a", "b", "c"])
    assert edges_without_trace(data, folds=5) == [(1, 2)]
