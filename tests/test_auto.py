"""The model that chooses: by kind, by what is given, by what the table is like; and says so."""

from __future__ import annotations

import copy
import json
import pickle
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from avici_jl import InputError, Model
from avici_jl.cli import app
from avici_jl.data.characteristics import characteristics
from avici_jl.data.inputs import read_input
from avici_jl.data.typical import described, likeness, summarize
from avici_jl.model import auto
from avici_jl.model.auto import AutoModel, Candidate
from avici_jl.posterior import Posterior
from tiny_models import save

SIZES = {"sizes": [{"d": 4}], "rows": [60]}
pytestmark = pytest.mark.filterwarnings("ignore::avici_jl.DataWarning")


def table(seed: int, *, skewed: bool = False, n: int = 60, d: int = 4) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.exponential(size=(n, d)) ** 2 if skewed else rng.normal(size=(n, d))
    x[:, 1] += x[:, 0]
    return x


def typical(*, skewed: bool) -> dict[str, Any]:
    tables = (table(k, skewed=skewed) for k in range(100, 160))
    return summarize([characteristics(x, np.zeros(x.shape, np.uint8), "values") for x in tables])


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """One that chooses between a model of skewed tables, one of others, and one of counts."""
    save(tmp_path / "skewed", data=SIZES, typical=typical(skewed=True))
    save(tmp_path / "plain", data=SIZES, typical=typical(skewed=False))
    save(tmp_path / "counts", kind="counts")
    candidates = (
        Candidate("skewed", "values", "skewed tables"),
        Candidate("plain", "values", "plain tables", margin=1.0, only={"gaps": (0.0, 0.3)}),
        Candidate("counts", "counts", "counts"),
        Candidate("not-yet", "counts", "what is not shipped yet"),
    )
    monkeypatch.setattr(auto, "CANDIDATES", candidates)
    monkeypatch.setattr(auto, "list_models", lambda: ["counts", "plain", "skewed", "other"])
    monkeypatch.setattr("avici_jl.checkpoints.find.pretrained_dir", lambda: tmp_path)
    return Model.load("auto")


def test_each_table_gets_the_model_that_it_suits_and_the_posterior_says_so(model: Model, tmp_path: Path) -> None:
    assert isinstance(model, AutoModel)
    plain, skewed = model.infer(table(1)), model.infer(table(2, skewed=True))
    assert (plain.model, skewed.model) == ("plain", "skewed")
    np.testing.assert_array_equal(plain.probabilities, Model.load("plain").predict(table(1)))
    assert "plain tables" in plain.choice and "Chosen by auto among 'skewed', 'plain'" in repr(plain)
    counted = model.infer(np.random.default_rng(0).poisson(3, (30, 4)))
    assert counted.model == "counts" and counted.kind == "counts" and "raw counts" in counted.choice
    assert Posterior.load(plain.save(tmp_path / "kept.npz")).choice == plain.choice
    assert plain.choice in plain.report(tmp_path / "page.html").read_text(encoding="utf-8").replace("\\u003e", ">")
    assert Model.load("plain").infer(table(1)).choice == ""
    empty = np.where(np.random.default_rng(0).random((60, 4)) < 0.5, np.nan, table(1))
    assert model.infer(empty).model == "skewed"


def test_counts_in_a_layer_are_pointed_at(model: Model) -> None:
    counts = np.random.default_rng(0).poisson(3, (30, 4)).astype(float)
    cells = anndata.AnnData(np.log1p(counts), layers={"scaled": counts - 3, "counts": counts})
    found = model.infer(cells)
    assert found.model != "counts" and any("layer='counts'" in note for note in found.notes)
    asked = model.infer(cells, layer="counts")
    assert asked.model == "counts" and not any(
        "layer=" in note for note in (*asked.notes, *model.infer(table(1)).notes)
    )
    assert not any("layer=" in note for note in model.infer(cells, layer="scaled").notes)


def test_what_a_model_cannot_use_or_has_not_seen_comes_first(model: Model, tmp_path: Path) -> None:
    big = table(3, n=200)
    save(tmp_path / "plain", data={**SIZES, "rows": [500]}, typical=typical(skewed=False))
    save(tmp_path / "skewed", data=SIZES, typical=typical(skewed=True))
    fresh = AutoModel()
    chosen = fresh.infer(big**3)  # like neither: the rows decide
    assert chosen.model == "plain" and "against skewed (up to 60 rows in training)" in chosen.choice


def test_every_way_to_ask_is_open(model: Model) -> None:
    x = table(4)
    np.testing.assert_array_equal(model.predict(x), model.infer(x).probabilities)
    assert [found.model for found in model.infer_many([x, table(5, skewed=True)])] == ["plain", "skewed"]
    assert model.stability(x, resamples=2).resampled.shape == (2, 4, 4)
    assert model.estimate(100, 300).predictions > 0
    for same in (copy.copy(model), pickle.loads(pickle.dumps(model))):
        assert same.infer(x).model == "plain"
    assert model.infer(x, prior={"forbidden_edges": [(0, 1)]}).probabilities[0, 1] == 0


def test_what_only_the_chosen_model_has_is_refused(model: Model, tmp_path: Path) -> None:
    for ask in (lambda: model.threshold, lambda: model.domain, lambda: model.decision_threshold(True)):
        with pytest.raises(InputError, match="of its own"):
            ask()
    assert not hasattr(model, "card") and "auto" in repr(model)
    with pytest.raises(InputError, match="save the one"):
        model.save(tmp_path / "kept")


def test_the_command_line_says_it_once(model: Model, tmp_path: Path) -> None:
    pd.DataFrame(table(6)).add_prefix("x").to_csv(tmp_path / "data.csv", index=False)
    said = CliRunner().invoke(app, ["predict", str(tmp_path / "data.csv"), "--model", "auto"]).output
    assert " ".join(said.split()).count("Model plain. Chosen by auto") == 1
    document = CliRunner().invoke(app, ["predict", str(tmp_path / "data.csv"), "--model", "auto", "--json"]).stdout
    assert json.loads(document)["model"] == "plain"
    page = ["report", str(tmp_path / "data.csv"), "--model", "auto", "--out", str(tmp_path / "page.html")]
    reported = " ".join(CliRunner().invoke(app, page).output.split())
    for printed in (said, reported):  # how the table compares with those of training
        assert "of the tables of training are as unusual" in " ".join(printed.split())


def test_a_folder_of_that_name_is_a_model_as_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "auto")
    assert not isinstance(Model.load("auto"), AutoModel)


def test_a_table_is_likelier_among_those_like_it() -> None:
    known = {skewed: typical(skewed=skewed) for skewed in (False, True)}
    for skewed in (False, True):
        for seed in range(5):
            found = read_input(table(seed, skewed=skewed), kind="values")
            same, other = (likeness(described(found, "values"), known[which]) for which in (skewed, not skewed))
            assert same > other + 1 and np.isfinite(other)
