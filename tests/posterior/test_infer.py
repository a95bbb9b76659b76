"""One inference, from which every answer of a model comes."""

from __future__ import annotations

import warnings
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest

from avici_jl import DataWarning, Model, Posterior
from tiny_models import save

NAMES = ["raf", "mek", "erk", "akt"]
TARGETS = [None] * 20 + ["mek"] * 10


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    thresholds = {"observational": 0.9, "interventional": 0.2}
    return Model.load(save(tmp_path_factory.mktemp("models") / "small", thresholds=thresholds))


def frame(n: int = 30) -> pd.DataFrame:
    x = np.random.default_rng(0).normal(size=(n, 4)) @ np.triu(np.ones((4, 4)))
    return pd.DataFrame(x, columns=NAMES)


def test_every_method_gives_what_the_posterior_does(model: Model) -> None:
    found = model.infer(frame(), TARGETS)
    assert isinstance(found, Posterior) and found.model == "small" and found.kind == "values"
    pd.testing.assert_frame_equal(model.predict(frame(), TARGETS), found.to_frame())
    pd.testing.assert_frame_equal(model.predict_edges(frame(), TARGETS), found.edges(0))
    assert set(model.predict_graph(frame(), TARGETS).edges) == set(found.graph().edges)
    acyclic = model.predict_graph(frame(), TARGETS, threshold=0.0, acyclic=True)
    assert set(acyclic.edges) == set(found.graph(0.0, acyclic=True).edges) and len(acyclic.edges) == 6
    drawn = model.sample_graphs(frame(), 5, interventions=TARGETS, seed=3)
    np.testing.assert_array_equal(drawn, found.sample(5, seed=3, acyclic=False))
    cells = anndata.AnnData(frame())
    model.annotate(cells, TARGETS)
    np.testing.assert_array_equal(cells.varp["avici"], found.probabilities)
    array = model.infer(frame().to_numpy(), [None] * 20 + [1] * 10)
    assert array.names == ["x1", "x2", "x3", "x4"]
    np.testing.assert_array_equal(array.probabilities, found.probabilities)


def test_the_network_is_asked_once(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    answer = model.predict_checked
    monkeypatch.setattr(model, "predict_checked", lambda found, **how: asked.append(1) or answer(found, **how))
    found = model.infer(frame())
    for derived in (found.edges, found.graph, found.regulators, found.to_frame, found.plot):
        derived()
    assert asked == [1]


def test_the_threshold_is_that_of_the_rows_and_the_notes_are_the_warnings(model: Model) -> None:
    assert model.infer(frame()).threshold == 0.9 and model.infer(frame(), TARGETS).threshold == 0.2
    constant = frame()
    constant["akt"] = 1.0
    with pytest.warns(DataWarning, match="never change") as caught:
        first = model.infer(constant)
    assert Path(caught[0].filename).name == "test_infer.py"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert model.infer(constant).notes == first.notes == tuple(str(each.message) for each in caught)
