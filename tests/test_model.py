"""Model: loading, predicting in the user's own terms, and that it never starts Julia."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import anndata
import jax
import numpy as np
import pandas as pd
import pytest

import avici_jl
from avici_jl import CheckpointError, DataWarning, InputError, Model, list_models
from avici_jl._runtime.resources import pretrained_dir
from tiny_models import save

OLD = Path(__file__).parent / "checkpoints" / "0.1"
NAMES = ["raf", "mek", "erk", "akt"]


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
    with pytest.raises(CheckpointError, match="do not fit.*it is missing"):
        Model.load(path)


def test_probabilities_are_calibrated_by_the_card(model: Model, tmp_path: Path) -> None:
    cooled = Model.load(save(tmp_path / "cooled", temperature=2.0))
    p, q = (np.asarray(m.predict(table()))[~np.eye(4, dtype=bool)] for m in (model, cooled))
    np.testing.assert_allclose(np.log(q / (1 - q)), np.log(p / (1 - p)) / 2, atol=1e-5)
    for card, message in (
        ({"temperature": 0}, "temperature must be above 0"),
        ({"thresholds": {"observational": 3}}, "thresholds"),
    ):
        with pytest.raises(CheckpointError, match=message):
            Model.load(save(tmp_path / "wrong", **card))


def test_the_threshold_may_depend_on_interventions(tmp_path: Path) -> None:
    path = save(tmp_path / "two", thresholds={"observational": 1.0, "interventional": 0.0})
    model, targets = Model.load(path), [None] * 20 + [0] * 10
    assert model.threshold == 0.3 and model.decision_threshold(False) == 1.0
    assert model.predict_graph(table()).number_of_edges() == 0
    assert model.predict_graph(table(), targets).number_of_edges() == 12
    assert model.predict_graph(table(), targets, threshold=1.0).number_of_edges() == 0


def test_the_edge_table_is_sorted_and_named(model: Model) -> None:
    frame = pd.DataFrame(table(), columns=NAMES)
    edges, p = model.predict_edges(frame), model.predict(frame)
    assert len(edges) == 12 and edges["probability"].is_monotonic_decreasing
    first = edges.iloc[0]
    assert p.loc[first["source"], first["target"]] == first["probability"] == p.to_numpy().max()
    assert len(model.predict_edges(frame, threshold=float(first["probability"]))) == 1


def test_predictions_go_into_an_anndata(model: Model) -> None:
    cells = anndata.AnnData(table().astype(np.float32), var=pd.DataFrame(index=NAMES))
    model.annotate(cells, [None] * 20 + ["mek"] * 10, key="edges")
    expected = model.predict(table(), [None] * 20 + [1] * 10)
    np.testing.assert_allclose(cells.varp["edges"], expected, atol=1e-5)
    assert cells.uns["edges"] == {"model": "small", "threshold": 0.3}
    with pytest.raises(InputError, match="AnnData"):
        model.annotate(table())


def test_large_offsets_and_constants_change_nothing(model: Model) -> None:
    moved = table() * [1, 1e6, 1e-6, 1] + [1e6, -1e9, 0, 5]
    np.testing.assert_allclose(model.predict(moved), model.predict(table()), atol=1e-4)


UNUSUAL = {"sizes": [{"d": 4}], "rows": [20, 40], "interventional": [0.25]}


def test_unusual_data_are_warned_of_once(tmp_path: Path) -> None:
    model = Model.load(save(tmp_path / "small", data=UNUSUAL))
    usual = [None] * 20 + [0] * 10
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(table(), usual)
    long, wide = table(500), np.random.default_rng(0).normal(size=(30, 9))
    constant, counts = table(), np.random.default_rng(0).poisson(3.0, (30, 4))
    constant[:, 2] = 0.1
    for x, interventions, message in (
        (long, [None] * 490 + [0] * 10, "500 rows; .* 20 to 40"),
        (wide, usual, "9 variables; .* on 4"),
        (table(), None, "no interventions"),
        (constant, usual, "never change.*'x3'"),
        (counts, usual, "raw counts.*grn"),
        (np.where(np.arange(30)[:, None] == 3, np.nan, table()), usual, "3.3% missing.*complete tables"),
    ):
        with pytest.warns(DataWarning, match=message) as caught:
            model.predict(x, interventions)
        assert Path(caught[0].filename).name == "test_model.py"
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model.predict(x, interventions)


def test_models_of_the_hub_come_from_its_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = tmp_path / "models--lab--cells"
    save(repository / "snapshots" / "abc123")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc123")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    model = Model.load("hf:lab/cells")
    assert model.threshold == 0.3 and model.name == "hf:lab/cells"
    with pytest.raises(CheckpointError, match='does not give the model "hf:lab/others"'):
        Model.load("hf:lab/others")
    with pytest.raises(CheckpointError, match="hf:owner/name@revision"):
        Model.load("hf:cells")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(CheckpointError, match="pip install huggingface_hub"):
        Model.load("hf:lab/cells")


def test_damaged_and_foreign_models_are_named(tmp_path: Path) -> None:
    def damaged(name: str) -> Path:
        return save(tmp_path / name)

    (damaged("a") / "config.json").write_text("{")
    (damaged("b") / "config.json").write_text('{"model_type": "bert"}')
    (damaged("c") / "card.json").unlink()
    with (damaged("d") / "params.npz").open("r+b") as file:
        file.seek(300)
        file.write(b"?" * 40)
    (damaged("e") / "params.npz").write_bytes((tmp_path / "e" / "params.npz").read_bytes()[:-200])
    (damaged("f") / "params.npz").unlink()
    shutil.copytree(OLD / "params", damaged("g") / "params")
    (tmp_path / "g" / "params.npz").unlink()
    (tmp_path / "g" / "params" / "_METADATA").write_text("?")
    for name, message in (
        ("a", "a/config.json cannot be read"),
        ("b", "b/config.json is not the description of a model"),
        ("c", "c/card.json cannot be read"),
        ("d", "d/params.npz cannot be read"),
        ("e", "e/params.npz cannot be read"),
        ("f", "no checkpoint in .*f/checkpoints"),
        ("g", "g/params cannot be read"),
    ):
        with pytest.raises(CheckpointError, match=message) as found:
            Model.load(tmp_path / name)
        assert "\n" not in str(found.value)
    assert not (tmp_path / "b" / "checkpoints").exists()


@pytest.mark.filterwarnings("ignore::avici_jl.DataWarning")
def test_models_of_earlier_releases_keep_loading() -> None:
    folders = sorted((Path(__file__).parent / "checkpoints").glob("[0-9]*"))
    assert folders
    for folder in folders:
        expected = json.loads((folder / "expected.json").read_text())
        p = Model.load(folder).predict(np.array(expected["x"]), np.array(expected["interventions"]))
        np.testing.assert_allclose(p, expected["probabilities"], atol=1e-4, err_msg=folder.name)


def test_a_prediction_uses_whole_products_so_that_all_devices_agree(model: Model) -> None:
    predictor = model._predictor
    text = jax.jit(predictor.logits).lower(predictor._leaves, np.zeros((9, 3, 2), np.float32)).as_text()
    products = [line for line in text.splitlines() if "dot_general" in line]
    assert products and all("[HIGHEST, HIGHEST]" in line for line in products)


def test_compiled_models_are_kept_on_disk(tmp_path: Path) -> None:
    code = f"""
import sys, jax, numpy as np
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
from avici_jl import Model
from avici_jl._runtime.compilation import cache_folder
model = Model.load({str(save(tmp_path / "small"))!r})
p = model.predict(np.random.default_rng(0).normal(size=(20, 4)))
folder = cache_folder()
kept = [] if folder is None else [len(list(folder.glob(part))) for part in ("jit_*", "avici-jl-*")]
print(folder, kept, {{"flax", "orbax"}} & set(sys.modules), p.tobytes().hex(), sep=";")
"""
    home = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    home.pop("JAX_COMPILATION_CACHE_DIR", None)
    elsewhere = {**home, "JAX_COMPILATION_CACHE_DIR": str(tmp_path / "elsewhere")}
    off = {**home, "JAX_ENABLE_COMPILATION_CACHE": "false", "XDG_CACHE_HOME": str(tmp_path / "other")}
    said = []
    for environment in (home, home, elsewhere, off):
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        said.append(done.stdout.split(";"))
    folders, kept, loaded, answers = zip(*said, strict=True)
    assert folders[0] == folders[1] and folders[0].startswith(str(tmp_path / "cache"))
    assert folders[2:] == (str(tmp_path / "elsewhere"), "None") and not (tmp_path / "other").exists()
    assert kept[0] == kept[1] == "[2, 3]" and kept[2].endswith(", 3]") and kept[3] == "[]"
    assert loaded == ("{'flax'}", "set()", "{'flax'}", "{'flax'}")  # the second process neither traces nor compiles
    assert len(set(answers)) == 1


def test_damaged_files_of_the_cache_are_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avici_jl._runtime.compilation.cache_folder", lambda: tmp_path / "kept")
    monkeypatch.setattr("avici_jl.network.predictor._functions", {})
    p = Model.load(save(tmp_path / "small")).predict(table())
    kept = {path: path.read_bytes() for path in (tmp_path / "kept").glob("avici-jl-*")}
    assert len(kept) == 3
    for damage in (b"", b"?", b"[1]"):
        for path in kept:
            path.write_bytes(damage)
        monkeypatch.setattr("avici_jl.network.predictor._functions", {})
        np.testing.assert_array_equal(Model.load(tmp_path / "small").predict(table()), p)
        assert {path.name for path in kept} == {path.name for path in (tmp_path / "kept").glob("avici-jl-*")}
        assert all(len(path.read_bytes()) > len(damage) for path in kept)


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
