"""Model: loading, predicting in the user's own terms, and that it never starts Julia."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest
from flax import nnx

import avici_jl
from avici_jl import CheckpointError, InputError, Model, list_models
from avici_jl.network import build_network
from avici_jl.resources import pretrained_dir
from avici_jl.training.checkpoint import save_model

NETWORK = {"kind": "pair", "dim": 8, "layers": 1, "channels": 4, "statistics": ["basic"]}
NAMES = ["raf", "mek", "erk", "akt"]


def save(path: Path, kind: str = "values") -> Path:
    network = build_network(NETWORK, rngs=nnx.Rngs(0))
    params = nnx.to_pure_dict(nnx.state(network, nnx.Param))
    params = jax.tree.map(lambda leaf: leaf + 0.05, params)
    config = {"network": NETWORK, "data": {"domain": "linear", "kind": kind}}
    save_model(path, config=config, params=params, card={"threshold": 0.3})
    return path


@pytest.fixture
def model(tmp_path: Path) -> Model:
    return Model.load(save(tmp_path / "small"))


def table(n: int = 30) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, 4)) @ np.triu(np.ones((4, 4)))


def test_arrays_in_arrays_out(model: Model) -> None:
    p = model.predict(table())
    assert isinstance(p, np.ndarray) and p.shape == (4, 4) and p.dtype == np.float32
    assert (np.diag(p) == 0).all() and (p >= 0).all() and (p <= 1).all() and p.std() > 0
    np.testing.assert_array_equal(p, model.predict(table().tolist()))


def test_frames_in_frames_out_in_any_order_of_columns(model: Model) -> None:
    frame = pd.DataFrame(table(), columns=NAMES)
    p = model.predict(frame)
    assert isinstance(p, pd.DataFrame) and list(p.index) == list(p.columns) == NAMES
    turned = model.predict(frame[NAMES[::-1]])
    pd.testing.assert_frame_equal(turned.loc[NAMES, NAMES], p, atol=1e-4)


def test_interventions_matter_and_can_be_names(model: Model) -> None:
    x, mask = table(), np.zeros((30, 4), int)
    mask[20:, 1] = 1
    with_mask = model.predict(x, interventions=mask)
    assert np.abs(with_mask - model.predict(x)).max() > 1e-4
    frame = pd.DataFrame(x, columns=NAMES)
    np.testing.assert_array_equal(model.predict(frame, interventions=[None] * 20 + ["mek"] * 10), with_mask)


def test_graphs_use_the_model_s_threshold_and_names(model: Model) -> None:
    frame = pd.DataFrame(table(), columns=NAMES)
    p, graph = model.predict(frame), model.predict_graph(frame)
    assert model.threshold == 0.3 and set(graph) == set(NAMES)
    assert graph.number_of_edges() == int((p.to_numpy() >= 0.3).sum())
    assert model.predict_graph(frame, threshold=1.0).number_of_edges() == 0
    assert set(model.predict_graph(table(), names=NAMES)) == set(NAMES)
    assert model.sample_graphs(frame, 7).shape == (7, 4, 4)


def test_a_saved_model_predicts_the_same(model: Model, tmp_path: Path) -> None:
    model.save(tmp_path / "copy")
    again = Model.load(str(tmp_path / "copy"))
    np.testing.assert_array_equal(again.predict(table()), model.predict(table()))
    assert again.card == model.card and "small" in repr(model) and "values" in repr(model)


def test_counts_models_refuse_what_is_not_counts(tmp_path: Path) -> None:
    model = Model.load(save(tmp_path / "counts", kind="counts"))
    with pytest.raises(InputError, match="raw counts"):
        model.predict(table())
    assert np.isfinite(model.predict(np.random.default_rng(0).poisson(1.0, (20, 4)))).all()


def test_unknown_models_are_explained(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match='no model "no-such".*[Ff]older'):
        Model.load("no-such")
    with pytest.raises(CheckpointError, match="no config.json"):
        Model.load(tmp_path)


def test_parameters_that_do_not_fit_are_explained(tmp_path: Path) -> None:
    path = save(tmp_path / "small")
    config = (path / "config.json").read_text().replace('"layers": 1', '"layers": 2')
    (path / "config.json").write_text(config)
    with pytest.raises(CheckpointError, match="do not fit"):
        Model.load(path)


@pytest.mark.parametrize("name", list_models())
def test_shipped_models_have_cards_and_beat_chance(name: str) -> None:
    model = Model.load(name)
    folder = pretrained_dir() / name
    card = (folder / "card.md").read_text(encoding="utf-8")
    assert model.domain in card and f"{model.card['training']['step']:,}" in card
    assert 0 < model.threshold < 1 and model.card["evaluation"]
    from avici_jl.evaluation.metrics import auprc
    from avici_jl.simulation import simulate

    data = [simulate(model.domain, d=10, n_obs=200, n_int=200, seed=2**31 + 7, index=k) for k in range(6)]
    scores = [(auprc(np.asarray(model.predict(each)), each.graph), each.graph.mean()) for each in data]
    reached, chance = np.nanmean(scores, axis=0)
    assert reached > 2 * chance


def test_every_shipped_model_is_there() -> None:
    assert set(list_models()) >= {"grn", "linear", "rff"}
    with pytest.raises(CheckpointError, match='Did you mean "linear"'):
        Model.load("liner")


def test_importing_and_predicting_never_start_julia(tmp_path: Path) -> None:
    code = f"""
import sys, numpy as np
import avici_jl
assert not {{"jax", "juliacall", "pandas"}} & set(sys.modules), "import is not lazy"
assert {{"Model", "simulate", "Dataset", "load_domain", "list_models"}} <= set(dir(avici_jl))
p = avici_jl.Model.load({str(save(tmp_path / "small"))!r}).predict(np.random.default_rng(0).normal(size=(20, 4)))
assert p.shape == (4, 4)
assert not {{"juliacall", "juliapkg"}} & set(sys.modules), "Julia was started"
"""
    environment = {**os.environ, "PYTHON_JULIAPKG_EXE": "/no/julia"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_public_surface() -> None:
    assert all(getattr(avici_jl, name) for name in avici_jl.__all__)
    assert avici_jl.__version__.count(".") >= 2
    with pytest.raises(AttributeError, match="no attribute 'Modell'"):
        _ = avici_jl.Modell
