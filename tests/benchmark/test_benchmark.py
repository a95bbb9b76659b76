"""Other methods behind one interface, metrics by hand and by independent implementations, and the reports."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from avici_jl.benchmark import EXPERIMENTS, QUICK, run
from avici_jl.benchmark.measure import best_score
from avici_jl.benchmark.methods import BASELINES, Baseline, Data, Worker, solve
from avici_jl.benchmark.methods.interface import Cost, Gives, Takes
from avici_jl.benchmark.report import Report, methods_table
from avici_jl.cli import app
from avici_jl.errors import InputError
from avici_jl.evaluation import metrics
from avici_jl.evaluation.compare import EVALUATION_SEED
from avici_jl.evaluation.significance import as_good_as_the_best, mean_and_error
from avici_jl.posterior.acyclic import is_acyclic

CHAIN = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]])


def chain_data(n: int = 2000, seed: int = 1) -> Data:
    """x1 → x2 → x3 with uniform noise and growing variance; the second half of the rows sets x1."""
    rng = np.random.default_rng(seed)
    noise = rng.uniform(-1, 1, (n, 3))
    mask = np.zeros((n, 3), np.uint8)
    mask[n // 2 :, 0] = 1
    x = noise.copy()
    x[mask[:, 0] > 0, 0] = 3.0 + 0.1 * noise[mask[:, 0] > 0, 0]
    x[:, 1] += 1.5 * x[:, 0]
    x[:, 2] += 1.5 * x[:, 1]
    return Data(x, mask, "values")


def observed(data: Data) -> Data:
    rows = ~data.interventions.any(axis=1)
    return Data(data.x[rows], data.interventions[rows], data.kind)


def direct_sid(edges: np.ndarray, graph: np.ndarray) -> int:
    """The definition: pairs (i, j) whose effect is wrong when adjusting for the predicted parents of i."""
    truth = nx.from_numpy_array(graph, create_using=nx.DiGraph)
    wrong = 0
    for i, j in itertools.permutations(range(len(graph)), 2):
        parents = set(np.flatnonzero(edges[:, i]))
        if j in parents:
            wrong += nx.has_path(truth, i, j)
            continue
        causal = {k for k in nx.descendants(truth, i) if k == j or nx.has_path(truth, k, j)}
        forbidden = {below for k in causal for below in nx.descendants(truth, k) | {k}}
        cut = truth.copy()
        cut.remove_edges_from([(i, k) for k in causal if truth.has_edge(i, k)])
        valid = not parents & forbidden and nx.is_d_separator(cut, {i}, {j}, parents)
        wrong += not valid
    return wrong


def random_dag(rng: np.random.Generator, d: int) -> np.ndarray:
    order = rng.permutation(d)
    return np.triu(rng.random((d, d)) < 0.4, 1).astype(int)[np.ix_(order, order)]


def test_distances_of_interventions_agree_with_their_definition() -> None:
    rng = np.random.default_rng(0)
    for _ in range(25):
        truth, guess = random_dag(rng, 5), random_dag(rng, 5)
        assert metrics.sid(guess, truth) == direct_sid(guess, truth)
        assert metrics.adjustment_distance(truth, truth, "ancestor") == 0
    # x1 → x2 read backwards: with the parent x2 of x1 the effect of x1 on x2 is called none, and that of x2 confounded.
    back = np.array([[0, 0], [1, 0]])
    assert metrics.adjustment_distance(back, back.T, "parent") == 2
    with pytest.raises(ValueError, match="true one has a cycle"):
        metrics.adjustment_distance(CHAIN, CHAIN + CHAIN.T, "parent")


def test_structural_hamming_distance_counts_pairs() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        a, b = random_dag(rng, 6), random_dag(rng, 6)
        pairs = sum((a[i, j], a[j, i]) != (b[i, j], b[j, i]) for i, j in itertools.combinations(range(6), 2))
        assert metrics.shd(a, b) == pairs


def test_chance_is_the_share_of_ordered_pairs() -> None:
    assert metrics.chance(CHAIN) == 2 / 6


def test_edges_without_a_direction_take_the_true_one() -> None:
    both = CHAIN + CHAIN.T
    np.testing.assert_array_equal(metrics.favourable(both, CHAIN), CHAIN > 0)
    np.testing.assert_array_equal(metrics.favourable(both, CHAIN.T), CHAIN.T > 0)
    wrong = CHAIN.copy()
    wrong[0, 2] = wrong[2, 0] = 1  # no true edge: one false one, and no cycle
    found = metrics.favourable(wrong, CHAIN)
    assert found.sum() == 3 and is_acyclic(found)
    np.testing.assert_array_equal(metrics.favourable(CHAIN.T, CHAIN), CHAIN.T > 0)


def test_bold_is_the_best_and_what_cannot_be_told_from_it() -> None:
    rng = np.random.default_rng(0)
    values = {"good": rng.normal(1, 0.1, 30), "alike": rng.normal(1, 0.1, 30), "bad": rng.normal(0, 0.1, 30)}
    assert as_good_as_the_best(values) == {"good", "alike"}
    assert as_good_as_the_best(values, smaller=True) == {"bad"}
    assert as_good_as_the_best({"one": np.array([5.0]), "two": np.array([0.0, 1.0])}) == {"two"}
    assert mean_and_error(np.array([1.0, 3.0])) == (2.0, 1.0)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    """Packages of others stay out of this process: PyTorch, for one, must not be imported before Julia."""
    with Worker() as running:
        yield running


@pytest.mark.parametrize("name", [n for n, b in BASELINES.items() if b.cost is not Cost.EXTREME])
def test_methods_find_a_chain(name: str, worker: Worker) -> None:
    baseline = BASELINES[name]
    if baseline.missing:
        pytest.skip(f"{baseline.package} is not installed; the extra benchmarks has it.")
    data = chain_data() if baseline.takes is Takes.INTERVENTIONAL else observed(chain_data())
    answer = worker.run(name, data, seconds=60)
    found = answer.matrix
    assert not answer.failure and found.shape == (3, 3) and not found.diagonal().any()
    if name in ("mean difference", "knock-out z-score"):
        assert found[0, 1] > 0.9 and not found[1:].any()
    elif name == "R²-sort-n-regress":
        assert found[0, 1] > 0 and not found[1, 0]  # the middle is explained best, so it comes last
    elif name in ("GENIE3", "GRNBoost2"):  # which tell neighbours, and no directions
        assert min(found[0, 1], found[1, 2]) > 0.05
    elif baseline.gives is Gives.CPDAG:
        np.testing.assert_array_equal(metrics.favourable(found, CHAIN), CHAIN > 0)
    elif baseline.gives is Gives.GRAPH:
        np.testing.assert_array_equal(found > 0, CHAIN > 0)
    else:
        assert min(found[0, 1], found[1, 2]) > 0 and found[0, 1] + found[1, 2] >= found[1, 0] + found[2, 1]


def test_score_finds_nonlinear_causes_and_their_directions() -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=400)
    b = np.sin(2 * a) + 0.3 * rng.normal(size=400)
    c = b**2 + 0.3 * rng.normal(size=400)
    found = BASELINES["SCORE"].function(Data(np.stack([c, a, b], axis=1), np.zeros((400, 3)), "values"))
    causes = np.array([[0, 0, 0], [0, 0, 1], [1, 0, 0]])
    assert found[causes > 0].min() > -np.log(0.001) > found[causes == 0].max()


def test_score_answers_where_most_rows_are_the_same() -> None:
    counts = np.random.default_rng(0).poisson(0.1, (200, 3)).astype(np.float32)
    assert np.isfinite(BASELINES["SCORE"].function(Data(counts, np.zeros_like(counts), "values"))).all()


def test_constant_variables_have_no_edges_and_environments_are_told_apart() -> None:
    data = chain_data(200)
    assert [targets for targets, _ in data.environments()] == [(), (0,)]
    padded = Data(np.insert(data.x, 1, 7.0, axis=1), np.insert(data.interventions, 1, 0, axis=1), "values")
    found = solve(BASELINES["|correlation|"], padded)
    assert not found[1].any() and not found[:, 1].any() and found[0, 2] > 0.5


def test_the_bootstrap_gives_shares() -> None:
    either = Baseline("both", lambda data: CHAIN + CHAIN.T, Takes.ANY, Gives.CPDAG, Cost.LOW)
    np.testing.assert_array_equal(solve(either, chain_data(20), bootstrap=3), (CHAIN + CHAIN.T) / 2)
    seen: list[float] = []
    noisy = Baseline("x", lambda data: seen.append(data.x.sum()) or CHAIN, Takes.ANY, Gives.GRAPH, Cost.LOW)  # type: ignore[func-returns-value]
    np.testing.assert_array_equal(solve(noisy, chain_data(20), bootstrap=4), CHAIN)
    assert len(set(seen)) == 4


def test_failures_and_time_outs_are_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    data = chain_data(50)
    with Worker() as worker:
        found = worker.run("|correlation|", data, seconds=20)
        assert not found.failure and found.matrix[0, 1] > 0.5
        broken = Data(data.x, data.interventions[:, :2], "values")
        failed = worker.run("mean difference", broken, seconds=20)
        assert failed.failure.startswith("IndexError") and not failed.matrix.any()
        slow = Data(np.random.default_rng(0).normal(size=(400_000, 40)), np.zeros((400_000, 40), np.uint8), "values")
        stopped = worker.run("|correlation|", slow, seconds=0.01)
        assert stopped.failure == "time limit" and not stopped.matrix.any()
        np.testing.assert_array_equal(worker.run("|correlation|", data, seconds=20).matrix, found.matrix)


def test_the_threshold_of_scores_separates() -> None:
    scores = np.where(CHAIN > 0, 7.0, 1.0)
    assert 1.0 < best_score([(scores, CHAIN), (scores, CHAIN)]) <= 7.0
    assert best_score([(0 * scores, CHAIN)]) == 0.0


def test_tables_count_failures_and_mark_the_best() -> None:
    rng = np.random.default_rng(0)
    row = {"seconds": 1.0, "failure": ""}
    rows = [{"method": "a", "f1": 0.9 + 0.01 * rng.random(), **row} for _ in range(4)]
    rows += [{"method": "b", "f1": 0.0, "seconds": 9.0, "failure": "time limit"} for _ in range(4)]
    text = methods_table(pd.DataFrame(rows), ("f1",), {"paper": {"a": "0.5"}})
    a, b = text.splitlines()[2:]
    assert "**0.9" in a and "| 0.5 |" in a and "| 4 | 9.0 |" in b and "**" not in b


def test_the_command_names_experiments_and_writes_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = CliRunner().invoke(app, ["benchmark"])
    assert done.output.split() == list(EXPERIMENTS) and all(map(callable, EXPERIMENTS.values()))
    few = QUICK._replace(datasets={cost: 2 for cost in Cost})
    page = run("cross", few, tmp_path)
    text = page.read_text(encoding="utf-8")
    assert "`linear-ood`" in text and "avici-jl benchmark --experiment cross" in text
    rows = pd.read_csv(tmp_path / "cross.csv")
    assert len(rows) == 2 * 2 * 3 * 2 and rows["auprc"].between(0, 1).all()
    assert "revision " in text and "`linear` " in text.splitlines()[-1]  # of the checkout, and of the parameters
    again = run("cross", few, tmp_path / "again")
    same = pd.read_csv(again.with_suffix(".csv"))
    assert same.drop(columns="seconds").equals(rows.drop(columns="seconds")) and (rows["seconds"] > 0).all()
    assert EVALUATION_SEED >= 2**31


def test_an_experiment_that_cannot_be_run_does_not_keep_others_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(EXPERIMENTS, "size", lambda effort: Report("Sizes", ["Nothing."]))
    done = CliRunner().invoke(
        app, ["benchmark", "--experiment", "real", "--experiment", "size", "--out", str(tmp_path)]
    )
    assert (tmp_path / "size.md").read_text(encoding="utf-8").startswith("# Sizes")
    assert done.exit_code and isinstance(done.exception, InputError) and "real: " in str(done.exception)
