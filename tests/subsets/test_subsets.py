"""Candidates, subsets that cover all targets, and answers put together."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import tiny_models
from avici_jl import Model
from avici_jl.errors import InputError
from avici_jl.subsets import ask, cost
from avici_jl.subsets.ask import CANDIDATES, ROUNDS, SIZE, Question, put_together, questions, ranked
from avici_jl.subsets.candidates import candidates, normal_scores
from avici_jl.subsets.cover import Subset, complete, cover


def linear(n: int = 400, d: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Data [n, d] of a sparse linear model in random order of its variables, and its graph."""
    rng = np.random.default_rng(seed)
    graph, x, place = np.zeros((d, d), np.uint8), rng.normal(size=(n, d)), rng.permutation(d)
    for k in range(1, d):
        for i in rng.choice(place[:k], min(k, 2), replace=False):
            graph[i, place[k]] = 1
            x[:, place[k]] += 0.8 * x[:, i]
    return ((x - x.mean(0)) / x.std(0)).astype(np.float32), graph


def test_causes_are_among_the_candidates() -> None:
    z, graph = linear()
    found = candidates(z, np.zeros(z.shape, np.uint8), 12, np.arange(40))
    assert found.shape == (40, 12) and all(len(set(row)) == 12 and j not in row for j, row in enumerate(found))
    causes, effects = np.nonzero(graph)
    assert np.mean([i in found[j] for i, j in zip(causes, effects, strict=True)]) > 0.93


def test_what_a_variable_moves_when_it_is_set_is_found_where_correlation_shows_nothing() -> None:
    rng = np.random.default_rng(1)
    z = rng.normal(size=(500, 30)).astype(np.float32)
    mask = np.zeros(z.shape, np.uint8)
    mask[:30, 3] = 1
    z[:30, 7] += 3.0
    assert 3 in candidates(z, mask, 3, np.arange(30))[7]
    assert set(candidates(z, mask, 3, np.array([3, 4, 5, 6]))[8]) <= {3, 4, 5, 6}


def test_normal_scores_are_those_of_the_network() -> None:
    from avici_jl.network.statistics.marginals import normal_scores as theirs

    x = np.random.default_rng(2).integers(0, 6, (50, 3)).astype(np.float32)
    expected = np.asarray(theirs(x))
    expected = (expected - expected.mean(0)) / expected.std(0)
    np.testing.assert_allclose(normal_scores(x), expected, atol=1e-5)
    assert (normal_scores(np.ones((9, 1), np.float32)) == 0).all()


def test_every_variable_is_a_target_with_all_its_candidates() -> None:
    rng = np.random.default_rng(3)
    chosen = np.argsort(rng.random((100, 100)), axis=1)[:, :7]
    subsets = cover(chosen, 30, np.random.default_rng(0))
    covered = np.concatenate([subset.members[subset.targets] for subset in subsets])
    assert set(covered) == set(range(100))
    for members, targets in subsets:
        assert len(members) <= 30 and (np.diff(members) > 0).all()
        for target in members[targets]:
            assert set(chosen[target]) <= set(members)
    assert cover(chosen, 30, np.random.default_rng(0))[0].members.tolist() == subsets[0].members.tolist()


@pytest.mark.parametrize("causes", [4, 50])
def test_pairs_that_no_subset_holds_are_completed(causes: int) -> None:
    before = [np.arange(0, 50, 3), np.arange(20)]
    wanted = np.arange(0, 50, 50 // causes)
    subsets = complete(before, wanted, 50, 12, np.random.default_rng(0))
    held = np.eye(50, dtype=bool)
    for members in [*before, *(subset.members for subset in subsets)]:
        held[np.ix_(members, members)] = True
    assert held[wanted].all() and all(len(subset.members) <= 12 and not len(subset.targets) for subset in subsets)
    assert complete([np.arange(50)], wanted, 50, 12, np.random.default_rng(0)) == []


def test_few_causes_make_few_subsets() -> None:
    z, _ = linear(200, 60)
    mask = np.zeros(z.shape, np.uint8)
    every, few = (
        questions(ranked(z, mask, causes, size=20, count=8), causes, 1, size=20)
        for causes in (np.arange(60), np.arange(5))
    )
    assert len(few) < len(every) / 2


def test_the_second_round_asks_about_the_next_candidates_beside_the_likeliest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "EVERY_PAIR", 10)
    z, _ = linear(200, 60)
    mask = np.zeros(z.shape, np.uint8)
    found = candidates(z, mask, 13, np.arange(60))
    once, twice = (
        questions(ranked(z, mask, np.arange(60), size=20, count=8, rounds=rounds), np.arange(60), 1, size=20)
        for rounds in (1, 2)
    )
    for asked, expected in ((once, found[:, :8]), (twice[len(once) :], found[:, [0, 1, 2, *range(8, 13)]])):
        for (members, targets), _ in asked:
            for target in members[targets]:
                assert set(expected[target]) <= set(members)
        assert {target for (members, targets), _ in asked for target in members[targets]} == set(range(60))


def test_each_round_looks_at_other_rows() -> None:
    z, _ = linear(200, 60)
    wanted = ranked(z, np.zeros(z.shape, np.uint8), np.arange(60), size=20, count=8, rounds=2)
    asked = questions(wanted, np.arange(60), 3, size=20)
    assert {question.part for question in asked} == {0, 1, 2}


def test_answers_are_the_mean_over_subsets_and_pairs_without_one_are_not_asked() -> None:
    asked = [
        Question(Subset(np.array([0, 2]), np.array([0, 1])), 0),
        Question(Subset(np.array([0, 1, 2]), np.array([2])), 0),
    ]
    found = put_together(4, asked, iter([np.full((1, 2, 2), 1.0), np.full((1, 3, 3), 3.0)]))[0]
    assert found[0, 2] == 2.0 and found[2, 0] == 1.0 and found[1, 2] == 3.0
    assert found[0, 1] == 3.0 and found[1, 0] == 3.0  # of a subset in which neither is a target
    assert np.isneginf(found[[0, 1, 3, 3], [3, 3, 0, 2]]).all()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model.load(tiny_models.save(Path(tmp_path_factory.mktemp("model") / "tiny")))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Subsets of 16 variables, of tables as large as those whose statistics are too many to be computed at once."""
    monkeypatch.setattr(questions, "__kwdefaults__", {**questions.__kwdefaults__, "size": 16})
    monkeypatch.setattr(ranked, "__kwdefaults__", {**ranked.__kwdefaults__, "size": 16, "count": 5})
    monkeypatch.setattr(ask, "SHARED", 10)
    monkeypatch.setattr(ask, "EVERY_PAIR", 10)


def test_columns_in_another_order_get_the_same_answer(model: Model, small: None) -> None:
    x, _ = linear(90, 40)
    order = np.random.default_rng(5).permutation(40)
    mask = np.zeros(x.shape, np.uint8)
    mask[:20, 4] = 1
    p, turned = model.predict(x, mask, subsets=True), model.predict(x[:, order], mask[:, order], subsets=True)
    np.testing.assert_allclose(turned, p[np.ix_(order, order)], atol=1e-6)
    assert 0 < (p > 0).sum() < 40 * 39
    other = model.predict(x, mask, subsets=True, subset_seed=1)
    assert ((p > 0) != (other > 0)).any()


def test_where_one_subset_holds_all_the_answer_is_that_of_the_whole_table(model: Model) -> None:
    x, _ = linear(90, 12)
    np.testing.assert_allclose(model.predict(x, subsets=True), model.predict(x), atol=1e-5)


def test_subsets_of_a_smaller_table_see_its_statistics_and_every_pair_is_asked_about(
    model: Model, small: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, _ = linear(90, 40)
    mask = np.zeros(x.shape, np.uint8)
    mask[:20, 4] = 1
    alone = model.predict(x, mask, subsets=True)
    monkeypatch.setattr(ask, "SHARED", 40)
    shared = model.predict(x, mask, subsets=True)
    np.testing.assert_array_equal(shared > 0, alone > 0)  # of larger tables the same pairs, seen in the whole table
    assert abs(shared - alone).max() > 1e-4
    monkeypatch.setattr(ask, "EVERY_PAIR", 40)
    p = model.predict(x, mask, subsets=True)
    assert (p > 0).sum() == 40 * 39 > (alone > 0).sum()
    order = np.random.default_rng(5).permutation(40)
    turned = model.predict(x[:, order], mask[:, order], subsets=True)
    np.testing.assert_allclose(turned, p[np.ix_(order, order)], atol=1e-6)
    with ThreadPoolExecutor(3) as pool:
        np.testing.assert_array_equal(model.predict(x, mask, subsets=True, executor=pool), p)


def test_only_regulators_are_causes(model: Model, small: None) -> None:
    x, _ = linear(90, 30)
    names = [f"g{j}" for j in range(30)]
    for subsets in (True, False):
        p = model.predict(x, names=names, regulators=["g3", "g7"], subsets=subsets)
        assert set(np.flatnonzero(p.any(axis=1))) == {3, 7} and (p[3, [0, 1, 2, 29]] > 0).all()
        other_way = model.predict(x, names=names, prior={"regulators": ["g3", "g7"]}, subsets=subsets)
        np.testing.assert_array_equal(p, other_way)
    with pytest.raises(InputError, match="regulators names 'GATA1'"):
        model.predict(x, names=names, regulators=["g1", "GATA1"])
    with pytest.raises(InputError, match="no variable"):
        model.predict(x, names=names, regulators=[])
    with pytest.raises(InputError, match="given twice"):
        model.predict(x, names=names, regulators=["g3"], prior={"regulators": ["g3"]})


def test_threads_give_the_same_bytes(model: Model, small: None, monkeypatch: pytest.MonkeyPatch) -> None:
    x, _ = linear(90, 40)
    alone = []
    for cores in ({0}, {0, 1, 2}):  # of one core no threads are made
        monkeypatch.setattr(os, "sched_getaffinity", lambda _, cores=cores: cores, raising=False)
        alone.append(model.predict(x, subsets=True))
    with ThreadPoolExecutor(3) as pool:
        np.testing.assert_array_equal(model.predict(x, subsets=True, executor=pool), alone[0])
    np.testing.assert_array_equal(*alone)
    with pytest.raises(InputError, match="Executor"):
        model.predict(x, subsets=True, executor=3)


def test_what_cannot_fit_is_refused_beforehand(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "free_memory", lambda: 10**8)
    with pytest.raises(InputError, match=r"200 variables need .* GB, and 0.1 GB are free"):
        model.predict(np.random.default_rng(0).normal(size=(50, 200)))


def test_estimates_grow_with_the_table_and_fall_with_regulators() -> None:
    small, large = cost.estimate(1000, 500), cost.estimate(10_000, 5000)
    assert small.memory < large.memory < 8e9 and small.predictions < large.predictions
    assert cost.estimate(1000, 5000, causes=10).predictions < cost.estimate(1000, 5000).predictions / 2
    assert "GB" in str(large) and "minutes" in str(large)
    scored = cost.estimate(1000, 800, scored=True)
    assert scored.predictions * 2 == cost.estimate(1000, 800).predictions
    assert cost.estimate(1000, 5000, scored=True) == cost.estimate(1000, 5000)  # of so many each subset has its own


@pytest.mark.parametrize("causes", [5, 20, 60, 200, 600])
def test_no_more_subsets_than_estimated_are_needed_even_for_random_candidates(causes: int) -> None:
    d, rng = 600, np.random.default_rng(causes)
    chosen = np.argsort(rng.random((d, causes)), axis=1)[:, :CANDIDATES]
    needed = ROUNDS * len(cover(chosen, SIZE, rng))
    estimated = cost.estimate(1000, d, causes=causes).predictions
    assert needed <= estimated <= 2 * needed + ROUNDS
    assert causes == d or estimated < cost.estimate(1000, d).predictions


@pytest.mark.parametrize("d", [130, 200, 300, ask.EVERY_PAIR])
def test_no_more_subsets_than_estimated_hold_every_pair(d: int) -> None:
    rng = np.random.default_rng(d)
    chosen = np.argsort(rng.random((d, d)), axis=1)[:, :CANDIDATES]
    asked = [subset.members for _ in range(ROUNDS) for subset in cover(chosen, SIZE, rng)]
    needed = len(asked) + len(complete(asked, np.arange(d), d, SIZE, rng))
    assert needed <= cost.estimate(1000, d).predictions <= 2 * needed


def test_a_model_trained_on_many_variables_is_asked_about_as_many_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask, "SHARED", 10)
    monkeypatch.setattr(ask, "EVERY_PAIR", 10)
    wide = Model.load(tiny_models.save(tmp_path / "wide", data={"sizes": [{"d": 10}, {"d": 131}]}))
    assert wide.most_variables == 131
    x = np.random.default_rng(0).normal(size=(60, 132))
    assert (wide.predict(x[:, :131]) > 0).sum() == 131 * 130
    assert (wide.predict(x) > 0).sum() < 132 * 131
