"""The command line, from a table to named edges; errors are one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from avici_jl import Dataset
from avici_jl.cli import app, main
from avici_jl.errors import InputError
from avici_jl.tables import read_table


def call(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"}, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def fails(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    monkeypatch.setattr(sys, "argv", ["avici-jl", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    return capsys.readouterr().err


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of seconds, by the command that trains."""
    workdir = tmp_path_factory.mktemp("run") / "linear"
    options = ["--preset", "smoke", "--set", "steps=6", "--set", "validate_every=6"]
    said = call("train", "--domain", "linear", "--workdir", workdir, *options)
    assert "Starting at step 0 of 6" in said or (workdir / "metrics.jsonl").is_file()
    return workdir


def test_a_run_goes_on_and_becomes_a_model(trained: Path, tmp_path: Path) -> None:
    call("train", "--workdir", trained)
    said = call("export", trained, "--out", tmp_path / "mine", "--datasets", "2")
    assert "mean difference" in said and (tmp_path / "mine" / "card.md").read_text().startswith("# mine")
    said = call("evaluate", tmp_path / "mine", "--d", "4", "--n", "40", "--datasets", "2")
    assert "correlation" in said and "20" in said


def test_a_table_becomes_named_edges(trained: Path, tmp_path: Path) -> None:
    names = ["raf", "mek", "erk", "akt"]
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 4)), columns=names)
    frame.to_csv(tmp_path / "data.csv")
    frame.to_csv(tmp_path / "data.tsv", sep="\t", index=False)
    (frame > 1).astype(int).to_csv(tmp_path / "mask.csv", index=False)
    for file in ("data.csv", "data.tsv"):
        out, picture = tmp_path / "edges.csv", tmp_path / "edges.png"
        said = call("predict", tmp_path / file, "--model", trained, "--out", out, "--picture", picture)
        edges = pd.read_csv(out)
        assert list(edges.columns) == ["source", "target", "probability"] and len(edges) == 12
        assert set(edges["source"]) == set(names) and picture.stat().st_size > 3000
        assert edges["source"][0] in said and "30 rows, 0 of them" in said
    said = call("predict", tmp_path / "data.csv", "--model", trained, "--interventions", tmp_path / "mask.csv")
    assert f"{int((frame > 1).any(axis=1).sum())} of them" in said


def test_known_edges_are_compared_with(trained: Path, tmp_path: Path) -> None:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3)), columns=["raf", "mek", "erk"])
    frame.to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "edges.csv").write_text("Cause,Effect\nraf,mek\nmek,erk\n")
    options = ["--model", trained, "--truth", tmp_path / "edges.csv", "--picture", tmp_path / "x.png"]
    said = call("predict", tmp_path / "data.csv", *options)
    assert "Against 2 known edges" in said and "|correlation|" in said and "chance 0.33" in said
    (tmp_path / "edges.csv").write_text("Cause,Effect\nraf,akt\n")
    with pytest.raises(InputError, match="'akt'"):
        call("predict", tmp_path / "data.csv", *options)


def test_a_simulated_dataset_becomes_edges(trained: Path, tmp_path: Path) -> None:
    said = call("simulate", "linear", "--out", tmp_path / "data", "--d", 5, "--n-obs", 20, "--n-int", 10, "--seed", 2)
    assert "10 interventional" in said and Dataset.load(tmp_path / "data").x.shape == (30, 5)
    assert "10 of them interventional" in call("predict", tmp_path / "data", "--model", trained)


def test_the_demo_shows_truth_beside_prediction(trained: Path, tmp_path: Path) -> None:
    said = call("demo", "--model", trained, "--d", 6, "--n-obs", 30, "--n-int", 30, "--out", tmp_path / "demo.png")
    assert all(word in said for word in ("precision", "recall", "AUPRC", "SHD", "in the truth"))
    assert (tmp_path / "demo.png").stat().st_size > 10_000


def test_lists() -> None:
    assert "threshold" in call("models")
    said = call("doctor")
    assert "jax" in said and "julia" in said and "threads" in said


def test_errors_are_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n3,\n")
    for arguments, message in (
        (("predict", tmp_path / "x.csv", "--model", "no-such"), 'no model "no-such"'),
        (("predict", tmp_path / "none.csv", "--model", "linear"), "none.csv"),
        (("train", "--workdir", tmp_path / "w"), "domain is needed"),
        (("train", "--workdir", tmp_path / "w", "--domain", "no-such"), "no-such"),
        (("simulate", "no-such", "--out", tmp_path / "d"), "no-such"),
    ):
        error = fails(monkeypatch, capsys, *arguments)
        assert error.startswith("avici-jl: ") and message in error and error.count("\n") == 1


def test_tables_without_a_header_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("1,2\n3,4\n5,6\n")
    with pytest.raises(InputError, match="first line"):
        read_table(tmp_path / "x.csv")


def test_help_is_quick_to_load() -> None:
    code = "import sys, avici_jl.cli; print({'jax', 'juliacall', 'pandas', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ, capture_output=True, text=True)
    assert done.stdout.strip() == "set()", done.stderr
