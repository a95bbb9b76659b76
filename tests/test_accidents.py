"""What goes wrong around a run or a model: folders of others, links, full disks, spreadsheets, long use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from typer.testing import CliRunner

from avici_jl import Model
from avici_jl._runtime.private import private_folder
from avici_jl.checkpoints.files import write_json
from avici_jl.checkpoints.integrity import digest
from avici_jl.checkpoints.model import load_model, save_model
from avici_jl.cli import app
from avici_jl.errors import CheckpointError
from avici_jl.training import run
from tiny_runs import SETTINGS, simulator

TINY = Path(__file__).parent / "checkpoints" / "0.1"


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_a_cache_that_others_can_write_to_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "a" / "cache"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert private_folder(folder) and folder.stat().st_mode & 0o777 == 0o700
        folder.chmod(0o755)
        assert private_folder(folder)
    for mode in (0o775, 0o757, 0o777):
        folder.chmod(mode)
        with pytest.warns(RuntimeWarning, match="can be written to by others.*chmod go-w"):
            assert not private_folder(folder)
    folder.chmod(0o700)
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    with pytest.warns(RuntimeWarning, match="belongs to another user"):
        assert not private_folder(folder)


def test_what_links_point_to_is_read_and_not_written_to(tmp_path: Path) -> None:
    old = load_model(TINY)
    (tmp_path / "linked").mkdir()
    for path in TINY.iterdir():  # as the hub's cache has them
        (tmp_path / "linked" / path.name).symlink_to(path)
    assert digest(load_model(tmp_path / "linked").params) == digest(old.params)
    victim = Path(shutil.copytree(TINY, tmp_path / "victim"))
    shutil.copy(TINY / "config.json", victim / "params.npz")  # whatever it is
    before = {path: path.read_bytes() for path in victim.rglob("*") if path.is_file()}
    (tmp_path / "trap").mkdir()
    for name in ("params", "params.npz", "config.json", "card.json"):
        (tmp_path / "trap" / name).symlink_to(victim / name)
    for name in ("config", "card", "params"):
        (tmp_path / "trap" / f"{name}.partial").symlink_to(victim / "config.json")
    save_model(tmp_path / "trap", config=old.config, params=old.params, card={**old.card, "threshold": 0.5})
    write_json(tmp_path / "trap" / "config.json", old.config)
    assert load_model(tmp_path / "trap").card["threshold"] == 0.5
    assert {path: path.read_bytes() for path in victim.rglob("*") if path.is_file()} == before


def test_a_link_that_points_to_itself_is_refused(tmp_path: Path) -> None:
    shutil.copytree(TINY, tmp_path / "model")
    (tmp_path / "model" / "card.json").unlink()
    (tmp_path / "model" / "card.json").symlink_to("card.json")
    with pytest.raises(CheckpointError, match="card.json cannot be read"):
        load_model(tmp_path / "model")


def test_a_folder_that_cannot_be_written_is_named_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(*_: object) -> None:
        raise OSError(30, "Read-only file system", str(tmp_path / "run" / "config.partial"))

    monkeypatch.setattr("avici_jl.training.runs.write_json", read_only)
    with pytest.raises(CheckpointError, match="run in .* cannot be written: .*Read-only file system"):
        run(tmp_path / "run", domain=simulator(tmp_path), preset="smoke", overrides=SETTINGS, workers=0)
    assert not (tmp_path / "run").exists()
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match="cannot be written"):
        run(tmp_path / "file" / "run", domain=simulator(tmp_path), preset="smoke", overrides=SETTINGS, workers=0)


def test_names_that_a_spreadsheet_takes_for_formulas_are_quoted(tmp_path: Path) -> None:
    names = ['=HYPERLINK("http://x","y")', "+1+cmd", "-2", "@SUM(A1)", "raf"]
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 5)), columns=names)
    frame.to_csv(tmp_path / "x.csv", index=False)
    out, matrix = tmp_path / "edges.csv", tmp_path / "matrix.csv"
    arguments = ["predict", tmp_path / "x.csv", "--model", TINY, "--out", out, "--matrix", matrix]
    done = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    cells = pd.read_csv(out)["source"].tolist() + pd.read_csv(matrix, index_col=0).index.tolist()
    assert set(cells) == {f"'{name}" for name in names[:4]} | {"raf"}
    for line in matrix.read_text().splitlines() + out.read_text().splitlines():
        assert line.lstrip('"')[:1] not in ("=", "+", "-", "@")


def test_a_refused_model_is_one_line(tmp_path: Path) -> None:
    shutil.copytree(TINY, tmp_path / "model")
    for path in (tmp_path / "model" / "params").rglob("*"):
        if path.is_file() and path.parent.name == "d":
            os.truncate(path, path.stat().st_size // 2)
    (tmp_path / "x.csv").write_text("a,b\n1,2\n2,1\n3,5\n")
    arguments = ["predict", str(tmp_path / "x.csv"), "--model", str(tmp_path / "model")]
    code = "import sys; from avici_jl.cli import main; sys.argv[0] = 'avici-jl'; main()"
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True)
    assert done.returncode == 1 and "cannot be read" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr


@pytest.mark.filterwarnings("ignore::avici_jl.DataWarning")
def test_two_thousand_predictions_of_many_shapes_keep_their_memory() -> None:
    """After each of 40 shapes was seen, 2000 more predictions grow the process by less than 64 MB: 32 kB each."""
    model, rng = Model.load(TINY), np.random.default_rng(0)
    shapes = [(int(n), int(d)) for n, d in zip(rng.integers(10, 400, 40), rng.integers(2, 10, 40), strict=True)]
    for shape in shapes:
        model.predict(rng.normal(size=shape))
    before = psutil.Process().memory_info().rss
    for k in range(2000):
        model.predict(rng.normal(size=shapes[k % len(shapes)]))
    grown = (psutil.Process().memory_info().rss - before) / 2**20
    print(f"{grown:.1f} MB more after 2000 predictions")
    assert grown < 64
