"""Accidents and attacks on files: each is refused by name, takes no memory, and blames what is wrong."""

from __future__ import annotations

import json
import resource
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp
import pytest

from avici_jl import Dataset, Model, Posterior, load_domain, read_table
from avici_jl.checkpoints.integrity import check_size, digest, not_finite
from avici_jl.checkpoints.lineage import before
from avici_jl.checkpoints.model import load_model, save_model
from avici_jl.checkpoints.run import RunCheckpoints
from avici_jl.data.collection import Collection, write_collection
from avici_jl.errors import AviciError, CheckpointError, ConfigError, InputError, TrainingError
from avici_jl.training import run
from tiny_runs import SETTINGS, simulator

TINY = Path(__file__).parent / "checkpoints" / "0.1"
DEEP = "[" * 100_000

TYPICAL = {"levels": [0.0, 0.1, 0.5, 0.9, 1.0], "characteristics": {"gaps": [0.0] * 5}, "least": [0.1] * 16}

CARD_AND_CONFIG: list[tuple[str, str, Any, str]] = [
    ("card.json", "thresholds", "high", "card.json: thresholds must be dict, got 'high'"),
    ("card.json", "thresholds", [0.5], "card.json: thresholds must be dict"),
    ("card.json", "thresholds", {"observational": "high"}, "thresholds.observational must be float, got 'high'"),
    ("card.json", "thresholds", {"interventional": True}, "thresholds.interventional must be float, got True"),
    ("card.json", "thresholds", {"interventional": float("nan")}, "thresholds.interventional must be from 0 to 1"),
    ("card.json", "threshold", 2, "card.json: threshold must be from 0 to 1, got 2"),
    ("card.json", "threshold", None, "card.json: threshold must be float"),
    ("card.json", "temperature", 0, "card.json: temperature must be above 0"),
    ("card.json", "temperature", "hot", "card.json: temperature must be float"),
    ("card.json", "training", 3, "card.json: training must be dict"),
    ("card.json", "domain", ["linear"], "card.json: domain must be str"),
    ("card.json", "digest", "sha256:0", "digest is another one"),
    ("card.json", "parameters", "many", "card.json: parameters must be int"),
    ("card.json", "training.datasets", "many", "card.json: training.datasets must be float"),
    ("card.json", "evaluation", "good", "card.json: evaluation must be list"),
    ("card.json", "evaluation", [3], r"card.json: evaluation\[0\] must be dict"),
    ("card.json", "evaluation", [{"auprc": {}}], r"evaluation\[0\].auprc must have model and correlation"),
    ("card.json", "evaluation", [{"f1": [1, "x"]}], r"evaluation\[0\].f1\[1\] must be float"),
    ("card.json", "calibration", {"ece": ["x"]}, r"calibration.ece\[0\] must be float"),
    ("card.json", "typical", {}, "typical lacks"),
    ("card.json", "typical", {"levels": "all"}, "typical.levels must be list"),
    ("card.json", "typical", TYPICAL | {"least": [0.5]}, "typical.least must be 16 to 16 entries long"),
    ("card.json", "typical", TYPICAL | {"levels": [1.0, 0.5, 0.4, 0.3, 0.2]}, "typical must have ascending numbers"),
    ("card.json", "typical", TYPICAL | {"weights": {"gaps": 0.0}}, "typical.weights"),
    ("card.json", "typical", TYPICAL | {"characteristics": {"gaps": [0.1] * 6}}, "as long as typical.levels"),
    ("config.json", "data", 3, "config.json: data must be dict"),
    ("config.json", "data.kind", "foo", 'config.json: data.kind must be one of "values", "counts", got \'foo\''),
    ("config.json", "data.domain", 5, "config.json: data.domain must be str"),
    ("config.json", "data.rows", "many", "config.json: data.rows must be list"),
    ("config.json", "data.rows", [], "config.json: data.rows must be 1 to 1000 entries long"),
    ("config.json", "data.sizes", [{"batch": 3}], "config.json: data.sizes: each needs d"),
    ("config.json", "data.sizes", [7], r"config.json: data.sizes\[0\] must be dict"),
    ("config.json", "init", 3, "config.json: init(_from)? must be str"),
    ("config.json", "network", "pair", "config.json: network must be dict"),
    ("config.json", "network.layers", 100_000, "network.layers must be an integer from 1 to 256"),
    ("config.json", "network.dim", 2**40, "network.dim must be an integer from 1 to"),
    ("config.json", "network.statistics", [], "network.statistics must be a list"),
    ("config.json", "network.statistics", [[]], "network.statistics must be a list"),
    ("config.json", "network.kind", "dense", "network.kind must be one of"),
]


def copy(folder: Path) -> Path:
    return Path(shutil.copytree(TINY, folder / "model"))


@pytest.mark.parametrize(("file", "key", "value", "message"), CARD_AND_CONFIG)
def test_wrong_types_are_named_by_file_and_key(file: str, key: str, value: Any, message: str, tmp_path: Path) -> None:
    path = copy(tmp_path) / file
    table = json.loads(path.read_text())
    *parents, last = key.split(".")
    place = table
    for name in parents:
        place = place[name]
    place[last] = value
    path.write_text(json.dumps(table))
    with pytest.raises(CheckpointError, match=message):
        Model.load(path.parent)


def npy(shape: str, dtype: str = "<f4") -> bytes:
    """A file in NumPy's format that has a header and nothing else."""
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


FILES: list[tuple[str, str | bytes, type[AviciError], str]] = [
    ("model/config.json", DEEP, CheckpointError, "config.json cannot be read"),
    ("model/card.json", DEEP, CheckpointError, "card.json cannot be read"),
    ("model/card.json", "[]", CheckpointError, "card.json must hold a table, not a list"),
    ("model/config.json", '{"data": ' + "9" * 5000 + "}", CheckpointError, "config.json cannot be read"),
    ("data/meta.toml", f"names = {DEEP}", InputError, "cannot be read as a dataset"),
    ("data/meta.toml", 'kind = "foo"', InputError, 'meta.toml: kind must be "values" or "counts", got \'foo\''),
    ("data/meta.toml", "kind = 3", InputError, "meta.toml: kind must be"),
    ("data/meta.toml", "names = 3", InputError, "meta.toml: names must be a list of texts"),
    ("data/meta.toml", "names = [1, 2, 3]", InputError, "meta.toml: names must be a list of texts"),
    ("data/meta.toml", "drawn = 3", InputError, "meta.toml: drawn must be a table"),
    ("data/x.npy", npy("(90000, 90000)"), InputError, r"x.npy declares the shape \(90000, 90000\), but has 0 bytes"),
    ("data/x.npy", npy("(9223372036854775807, 9223372036854775807)"), InputError, "x.npy declares the shape"),
    ("data/graph.npy", npy("(90000, 90000)", "|u1"), InputError, "graph.npy declares the shape"),
    ("data/x.npy", npy("(1, 1)", "|O"), InputError, "x.npy must hold real numbers, not object"),
    ("data/x.npy", npy("(1, 1)", "<c8"), InputError, "x.npy must hold real numbers, not complex64"),
    ("data/x.npy", b"", InputError, "cannot be read as a dataset"),
    ("domain.toml", f"name = {DEEP}", ConfigError, "cannot be read as a domain"),
]


@pytest.mark.parametrize(("name", "content", "error", "message"), FILES)
def test_files_that_are_something_else(
    name: str, content: str | bytes, error: type[AviciError], message: str, tmp_path: Path
) -> None:
    copy(tmp_path)
    data = Dataset(np.ones((4, 3), np.float32), np.zeros((4, 3), np.uint8), np.zeros((3, 3), np.uint8), ["a", "b", "c"])
    data.save(tmp_path / "data")
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    load: dict[str, Callable[[], Any]] = {
        "model": lambda: Model.load(tmp_path / "model"),
        "data": lambda: Dataset.load(tmp_path / "data"),
        "domain.toml": lambda: load_domain(tmp_path / "domain.toml"),
    }
    with pytest.raises(error, match=message):
        load[name.split("/")[0]]()


def test_parameters_that_declare_more_than_they_hold_take_no_memory(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    shutil.rmtree(folder / "params")
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(folder / "params", {"embed": {"kernel": np.zeros((4000, 4000), np.float32)}})
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CheckpointError, match="arrays of 64,000,000 bytes are declared, but the files have"):
        load_model(folder)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 40_000  # kilobytes
    with pytest.raises(ValueError, match="declared"):
        check_size([((2**40, 2**40), "float32")], folder)


def test_a_flipped_bit_is_noticed_or_without_effect(tmp_path: Path) -> None:
    old = load_model(TINY)
    save_model(tmp_path / "whole", config=old.config, params=old.params, card=old.card)
    whole = load_model(tmp_path / "whole")
    assert whole.card["digest"] == digest(old.params) and "digest" not in old.card
    files = [path for path in sorted((tmp_path / "whole").rglob("*")) if path.is_file() and "param" in str(path)]
    sizes = np.array([path.stat().st_size for path in files])
    rng, noticed = np.random.default_rng(0), 0
    for k in range(22):
        folder = Path(shutil.copytree(tmp_path / "whole", tmp_path / str(k)))
        path = folder / files[rng.choice(len(files), p=sizes / sizes.sum())].relative_to(tmp_path / "whole")
        content = bytearray(path.read_bytes())
        content[int(rng.integers(len(content)))] ^= 1 << int(rng.integers(8))
        path.write_bytes(content)
        try:
            found = load_model(folder)
        except CheckpointError:
            noticed += 1
        else:
            assert digest(found.params) == whole.card["digest"]
    assert noticed >= 8  # the others were in parts of the files that nothing reads


def test_a_model_that_diverged_is_neither_saved_nor_loaded_and_is_to_blame(tmp_path: Path) -> None:
    old = load_model(TINY)
    params = jax.tree.map(np.copy, old.params)
    params["head"]["bias"][:] = np.nan
    assert "1 numbers are not finite, the first in head/bias" in not_finite(params)
    with pytest.raises(CheckpointError, match="head/bias. Its training diverged"):
        save_model(tmp_path / "new", config=old.config, params=params, card=old.card)
    assert not (tmp_path / "new").exists()
    folder = copy(tmp_path)
    shutil.rmtree(folder / "params")
    with ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(folder / "params", params)
    with pytest.raises(CheckpointError, match="model .* are of no use: 1 numbers .* Its training diverged"):
        Model.load(folder)


def state(value: float) -> dict[str, Any]:
    return {"params": {"w": np.full((3, 2), value, np.float32)}, "average": {"w": np.full((3, 2), value, np.float32)}}


def test_checkpoints_of_a_run_are_what_was_saved(tmp_path: Path) -> None:
    with RunCheckpoints(tmp_path, keep=5) as checkpoints:
        for step in (1, 2, 3):
            checkpoints.save(step, state(step), {"step": step})
            checkpoints.wait()
        with pytest.raises(TrainingError, match="after step 4 6 numbers are not finite.*last good .* step 3,"):
            checkpoints.save(4, state(1) | {"params": {"w": np.full((3, 2), np.inf, np.float32)}}, {"step": 4})
        assert checkpoints.latest() == 3
    changed = [path for path in (tmp_path / "checkpoints" / "3" / "progress").rglob("*") if path.is_file()]
    for path in changed:
        path.write_text(path.read_text().replace("sha256:", "sha256:0"))
    with RunCheckpoints(tmp_path, keep=5) as checkpoints:
        found, progress = checkpoints.restore_numpy()
        assert progress == {"step": 2} and found["params"]["w"][0, 0] == 2
        with pytest.warns(RuntimeWarning, match="step 3 cannot be read and is put aside"):
            found, progress = checkpoints.restore(jax.tree.map(jax.numpy.asarray, state(0.0)))
        assert progress == {"step": 2} and checkpoints.latest() == 2
        np.testing.assert_array_equal(found["params"]["w"], 2)


def test_a_run_that_overflows_never_saves_it(tmp_path: Path) -> None:
    settings = [*SETTINGS, "optimizer.peak_lr=10.0", "optimizer.weight_decay=100.0", "optimizer.warmup_fraction=0.0"]
    settings += ["loss_limit=1e9", "max_skipped_steps=3", "steps=60", "checkpoint_minutes=0.0", "max_to_keep=9"]
    with pytest.raises(TrainingError, match="3 steps in a row.*last good checkpoint"):
        run(tmp_path / "run", domain=simulator(tmp_path), preset="smoke", overrides=settings, workers=0)
    with RunCheckpoints(tmp_path / "run", read_only=True) as checkpoints:
        assert all(not not_finite(checkpoints.restore_numpy(step)[0]) for step in checkpoints._steps())


def test_an_init_that_names_itself_ends(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config.pop("init", None)  # as it was called when this model was made
    assert before(config | {"init_from": str(folder)})["step"] == 30  # type: ignore[index]
    (folder / "config.json").write_text(json.dumps(config | {"init_from": str(folder)}))
    assert before({"init_from": str(folder)}) is None
    (folder / "card.json").write_text(json.dumps({"training": {"step": "many"}}))
    assert before({"init_from": str(folder)}) is None
    assert before({"init_from": "hf:some/one"}) is None  # nothing is downloaded


def npz(**changes: Any) -> dict[str, np.ndarray]:
    """What a posterior of two variables is saved as, with changes: arrays, or entries of its text."""
    about = {
        "names": ["a", "b"],
        "model": "m",
        "kind": "values",
        "threshold": 0.5,
        "notes": [],
        "card": {},
        "shift": None,
    }
    arrays = {"probabilities": np.zeros((2, 2)), "x": np.ones((3, 2)), "interventions": np.zeros((3, 2), np.uint8)}
    about |= {name: value for name, value in changes.items() if not isinstance(value, np.ndarray)}
    arrays |= {name: value for name, value in changes.items() if isinstance(value, np.ndarray)}
    return {"about": np.array(json.dumps(about)), **arrays}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"about": np.array(DEEP)}, "recursion"),
        ({"about": np.array("[]")}, ""),
        ({"names": 3}, "not iterable"),
        ({"names": ["a", "a"]}, "do not fit together"),
        ({"kind": "foo"}, "kind must be"),
        ({"threshold": 7}, "threshold must be from 0 to 1"),
        ({"threshold": "high"}, "could not convert"),
        ({"card": {"evaluation": 3}}, "evaluation must be list"),
        ({"card": {"typical": {}}}, "typical lacks"),
        ({"shift": {"reasons": [{"name": "x"}], "probability": 1, "unusual": []}}, "missing"),
        ({"probabilities": np.full((2, 2), np.nan)}, "no numbers"),
        ({"probabilities": np.full((2, 2), 3.0)}, "probabilities must be from 0 to 1"),
        ({"probabilities": np.full((2, 2), "x")}, ""),
        ({"increase": np.full((2, 2), -1.0)}, "increase must be from 0 to 1"),
        ({"x": np.full((3, 2), np.inf)}, "no model|none that a model"),
        ({"x": np.full((3, 2), "x")}, ""),
        ({"interventions": np.full((3, 2), 5)}, "none that a model has seen"),
        ({"batch": np.zeros(7)}, "do not fit together"),
    ],
    ids=str,
)
def test_a_posterior_that_is_something_else(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "good.npz", **npz())
    assert Posterior.load(tmp_path / "good.npz").names == ["a", "b"]
    np.savez(tmp_path / "p.npz", **npz(**changes))
    with pytest.raises(InputError, match=f"p.npz is no posterior that can be read.*({message})"):
        Posterior.load(tmp_path / "p.npz")


def test_a_posterior_that_unpacks_to_more_than_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "p.npz", **npz(x=np.zeros((100_000, 2))))
    assert (tmp_path / "p.npz").stat().st_size < 20_000
    monkeypatch.setattr("avici_jl.posterior.archive.free_memory", lambda: 1_000_000)
    with pytest.raises(InputError, match="p.npz is no posterior .* 0.0 GB are free"):
        Posterior.load(tmp_path / "p.npz")


def test_archives_that_are_damaged_or_locked(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "p.npz", **npz(x=np.random.default_rng(0).normal(size=(3, 2))))
    whole = (tmp_path / "p.npz").read_bytes()
    for k in range(0, len(whole), 7):
        (tmp_path / "p.npz").write_bytes(whole[:k] + bytes([whole[k] ^ 0x55]) + whole[k + 1 :])
        try:
            Posterior.load(tmp_path / "p.npz")
        except InputError:
            pass
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as book:
        book.writestr("[Content_Types].xml", "<Types")
        book.writestr("xl/workbook.xml", "<workbook")
    with pytest.raises(InputError, match="cannot be read as a workbook"):
        read_table(tmp_path / "t.xlsx")


@pytest.mark.parametrize(
    "text", ['{"filters": [{"id": "pickle"}]}', '{"compressor": {"id": "\\u0070ickle"}}', "{", DEEP]
)
@pytest.mark.parametrize("name", [".zarray", ".zmetadata", "zarr.json"])
def test_zarr_that_would_be_unpickled(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "t.zarr" / "X").mkdir(parents=True)
    (tmp_path / "t.zarr" / "X" / name).write_text(text)
    with pytest.raises(InputError, match="pickles, which are code|cannot be read"):
        read_table(tmp_path / "t.zarr")


@pytest.mark.parametrize("key", ["count", "names", "origin", "kind", "shape"])
def test_a_collection_that_declares_what_it_has_not(key: str, tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    data = Dataset(np.ones((4, 3), np.float32), np.zeros((4, 3), np.uint8), None, ["a", "b", "c"])
    write_collection([data], tmp_path / "c.zarr")
    path = tmp_path / "c.zarr" / {"kind": "zarr.json", "shape": "0/x/zarr.json"}.get(key, "0/zarr.json")
    table = json.loads(path.read_text())
    wrong: dict[str, Any] = {"count": 10**15, "names": "abc", "origin": 3, "kind": "foo"}
    if key == "shape":
        table["shape"] = [1, 10**6, 3 * 10**3]
        names = tmp_path / "c.zarr" / "0" / "zarr.json"
        part = json.loads(names.read_text())
        part["attributes"]["names"] = [f"x{k}" for k in range(3000)]
        names.write_text(json.dumps(part))
    else:
        table["attributes"][key] = wrong[key]
    path.write_text(json.dumps(table))
    with pytest.raises(InputError, match="no collection|do not fit together|declares 12,000,000,000 bytes"):
        Collection(tmp_path / "c.zarr")[0]
