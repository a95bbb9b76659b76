"""Which pairs are likely edges by their statistics, and what is said of those that no subset holds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

import tiny_models
from avici_jl import Model
from avici_jl.data.batches import hash_columns
from avici_jl.errors import CheckpointError
from avici_jl.export import score as learning
from avici_jl.subsets import ask
from avici_jl.subsets.ask import questions
from avici_jl.subsets.score import PairScore, likeliest


def test_logits_are_those_of_a_logistic_regression() -> None:
    statistics = np.random.default_rng(0).normal(size=(70, 70, 3)).astype(np.float32)
    score = PairScore(np.array([1.0, 0.0, -2.0], np.float32), np.array([0.5, 3.0, 0.0], np.float32), 0.25)
    found = score.logits(statistics)
    assert np.isneginf(np.diag(found)).all()
    a, b, c = statistics[3, 69]
    assert found[3, 69] == pytest.approx(a + abs(a) / 2 + 3 * abs(b) - 2 * c + 0.25 - np.log(70), abs=1e-5)
    wide = np.broadcast_to(statistics[3, 69], (320, 320, 3))
    assert score.logits(wide)[3, 69] == pytest.approx(found[3, 69] + np.log(70 / 320 / 2), abs=1e-5)
    again = PairScore.of_card(json.loads(json.dumps(score.table())))
    np.testing.assert_array_equal(again.logits(statistics), found)


def test_a_variable_with_many_likely_causes_has_more_candidates() -> None:
    rng, d = np.random.default_rng(1), 30
    logits = rng.normal(size=(d, d)).astype(np.float32)
    logits[:20, 25] += 9.0
    np.fill_diagonal(logits, -np.inf)
    found = likeliest(logits, np.arange(d), 4, 2, 18)
    assert sum(map(len, found)) == 4 * d
    assert len(found[25]) == 18 and min(map(len, found)) >= 2
    for j, own in enumerate(found):
        assert j not in own and (np.diff(logits[own, j]) <= 0).all()
        assert set(own) == set(np.argsort(-logits[:, j])[: len(own)])
    few = likeliest(logits, np.array([3, 7]), 4, 2, 18)
    assert set(few[7]) == {3} and set(few[0]) == {3, 7}


def test_edges_are_told_from_their_statistics() -> None:
    """Learned of pairs of which each edge has a large third statistic and its reverse a large first one."""
    rng = np.random.default_rng(2)
    parts = []
    for _ in range(3):
        graph = np.triu(rng.random((60, 60)) < 0.04, 1)
        statistics = rng.normal(size=(60, 60, 4)).astype(np.float32)
        statistics[..., 2] += 4 * np.where(rng.random((60, 60)) < 0.5, -1, 1) * graph
        statistics[..., 0] += 3 * graph.T
        parts.append(learning._sample(statistics, graph, rng))
    score = learning._fitted(*(np.concatenate(part) for part in zip(*parts, strict=True)), 60)
    logits = score.logits(statistics)
    found = likeliest(logits, np.arange(60), 2, 0, 30)
    held = np.mean([i in found[j] for i, j in zip(*np.nonzero(graph), strict=True)])
    assert held > 0.9 and score.size[2] > abs(score.signed[2]) and score.signed[0] < 0
    assert expit(logits).sum() == pytest.approx(graph.sum(), rel=0.4)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose score of pairs is random."""
    path = Path(tmp_path_factory.mktemp("model") / "tiny")
    tiny_models.save(path)
    rng, count = np.random.default_rng(3), Model.load(path)._predictor.statistics
    score = PairScore(rng.normal(size=count).astype(np.float32), np.zeros(count, np.float32), -1.0)
    card = json.loads((path / "card.json").read_text())
    (path / "card.json").write_text(json.dumps(card | {"pair_score": score.table()}))
    return path


def test_likely_pairs_are_asked_about_and_the_score_answers_for_the_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask, "EVERY_PAIR", 10)
    monkeypatch.setattr(questions, "__kwdefaults__", {**questions.__kwdefaults__, "size": 16})
    monkeypatch.setattr(ask, "_SCORED", 3)
    monkeypatch.setattr(ask, "_MOST", 8)
    model, x = Model.load(folder), np.random.default_rng(4).normal(size=(80, 40))
    x = x[:, np.argsort(hash_columns(x), kind="stable")]  # the order in which subsets number the variables
    asked = []
    monkeypatch.setattr(ask, "questions", lambda *given, **more: asked.append(questions(*given, **more)) or asked[-1])
    p = model.predict(x, subsets=True)
    held = np.eye(40, dtype=bool)
    for (members, _), _ in asked[0]:
        held[np.ix_(members, members)] = True
    assert 0.1 < held.mean() < 0.9 and (p + np.eye(40) > 0).all()
    order = np.random.default_rng(5).permutation(40)
    turned = model.predict(x[:, order], subsets=True)
    np.testing.assert_allclose(turned, p[np.ix_(order, order)], atol=1e-6)
    changed = json.loads((folder / "card.json").read_text())["pair_score"]
    model._score = model._score._replace(constant=changed["constant"] + 1.0)
    higher = model.predict(x, subsets=True)
    np.testing.assert_array_equal(higher[held], p[held])
    assert (higher[~held] > p[~held]).all()
    monkeypatch.setattr(ask, "SHARED", 10)
    without = model.predict(x, subsets=True)
    assert 0 < (without > 0).sum() < 40 * 39


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"signed": [1.0, 2.0]}, "statistics; its network sees"),
        ({"signed": [float("nan")]}, "pair_score.signed"),
        ({"size": "all"}, "pair_score.size"),
        ({"constant": None}, "pair_score.constant"),
    ],
)
def test_a_score_that_does_not_fit_is_refused(folder: Path, tmp_path: Path, change: dict, message: str) -> None:
    for file in folder.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    card = json.loads((folder / "card.json").read_text())
    card["pair_score"] |= change
    (tmp_path / "card.json").write_text(json.dumps(card))
    with pytest.raises(CheckpointError, match=message):
        Model.load(tmp_path)
