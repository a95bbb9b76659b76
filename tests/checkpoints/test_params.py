"""Parameters in one file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avici_jl import Model
from avici_jl._runtime.resources import pretrained_dir
from avici_jl.checkpoints.find import list_models
from avici_jl.checkpoints.model import load_model, save_model
from avici_jl.checkpoints.params import read_params, write_params

PARAMS = {"layers": {0: {"scale": np.arange(3.0)}, 10: {"scale": np.float32([[-0.0, np.nan]])}}, "bias": np.float32(2)}


def test_what_is_written_is_read_and_the_bytes_do_not_depend_on_the_order(tmp_path: Path) -> None:
    write_params(tmp_path / "a.npz", PARAMS)
    write_params(tmp_path / "b.npz", {"bias": PARAMS["bias"], "layers": PARAMS["layers"]})
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    found = read_params(tmp_path / "a.npz")
    assert found.keys() == PARAMS.keys() and found["layers"].keys() == {0, 10}
    for key in (0, 10):
        array, expected = found["layers"][key]["scale"], PARAMS["layers"][key]["scale"]
        assert array.dtype == expected.dtype and array.shape == expected.shape and array.tobytes() == expected.tobytes()
    assert {path.name for path in tmp_path.iterdir()} == {"a.npz", "b.npz"}


def test_nothing_that_is_code_is_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "code.npz", scale=np.array([print], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        read_params(tmp_path / "code.npz")
    with pytest.raises(ValueError, match="layers/scale is no array of numbers"):
        write_params(tmp_path / "objects.npz", {"layers": {"scale": np.array([print], dtype=object)}})
    np.savez(tmp_path / "odd.npz", **{"a": np.ones(1), "a/b": np.ones(1)})
    with pytest.raises(ValueError):
        read_params(tmp_path / "odd.npz")


@pytest.mark.filterwarnings("ignore::avici_jl.DataWarning")
def test_a_model_of_0_1_keeps_its_numbers_when_it_is_saved_again(tmp_path: Path) -> None:
    old = Path(__file__).parent / "0.1"
    Model.load(old).save(tmp_path / "new")
    assert (tmp_path / "new" / "params.npz").is_file() and not (tmp_path / "new" / "params").exists()
    x = np.random.default_rng(0).poisson(5, (20, 4)) if Model.load(old).kind == "counts" else np.eye(9, 4)
    np.testing.assert_array_equal(Model.load(old).predict(x), Model.load(tmp_path / "new").predict(x))
    loaded = load_model(old)
    save_model(tmp_path / "new", config=loaded.config, params=loaded.params, card=loaded.card)  # replaces
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"config.json", "card.json", "params.npz"}


def test_shipped_models_are_one_file_each() -> None:
    for name in list_models():
        files = {path.relative_to(pretrained_dir() / name).as_posix() for path in (pretrained_dir() / name).rglob("*")}
        assert {"config.json", "card.json", "params.npz"} <= files and "params" not in files


def test_libraries_that_do_not_fit_are_not_called_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("flax.nnx.restore_int_paths")
    with pytest.raises(AttributeError, match="restore_int_paths"):
        load_model(Path(__file__).parent / "0.1")
