"""The command line, from a table to named edges; errors are one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from avici_jl import Dataset, DataWarning
from avici_jl.cli import app, main
from avici_jl.data.collection import Collection
from avici_jl.data.files import read_table
from avici_jl.errors import InputError


def call(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
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
    assert "Starting at step 0 of 6" in said
    return workdir


@pytest.mark.filterwarnings("ignore::avici_jl.DataWarning")
def test_a_run_goes_on_and_becomes_a_model(trained: Path, tmp_path: Path) -> None:
    call("train", "--workdir", trained)
    said = call("export", trained, "--out", tmp_path / "mine", "--datasets", "2")
    call("export", tmp_path / "mine", "--out", tmp_path / "again", "--datasets", "2")
    cards = [json.loads((tmp_path / name / "card.json").read_text()) for name in ("mine", "again")]
    assert cards[0]["temperature"] == cards[1]["temperature"]
    assert "mean difference" in said and (tmp_path / "mine" / "card.md").read_text().startswith("# mine")
    said = call("evaluate", tmp_path / "mine", "--d", "4", "--n", "40", "--datasets", "2")
    assert "correlation" in said and "20" in said
    options = ["--d", "4", "--n", "40", "--datasets", "2", "--json"]
    settings = json.loads(call("evaluate", tmp_path / "mine", *options))["settings"]
    assert [row["n_int"] for row in settings] == [0, 20] and len(settings[0]["auprc"]["model"]) == 2
    said = call("evaluate", tmp_path / "mine", *options[:-1], "--out", tmp_path / "report")
    written = pd.read_csv(tmp_path / "report" / "report.csv")
    assert written["n_int"].tolist() == [0, 0, 20, 20] and written["f1"].between(0, 1).all()
    assert str(tmp_path / "report") in said.replace("\n", "")
    assert "| `linear` | 4 | 20 obs. + 20 int. |" in (tmp_path / "report" / "report.md").read_text()
    assert (tmp_path / "report" / "report.png").stat().st_size > 3000


@pytest.mark.filterwarnings("ignore::avici_jl.DataWarning")
def test_a_table_becomes_a_report(trained: Path, tmp_path: Path) -> None:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3)), columns=["raf", "mek", "<b>"])
    frame.to_csv(tmp_path / "data.csv", index=False)
    options = ["--model", trained, "--out", tmp_path / "found.html", "--question", "Who activates <b>?"]
    assert "found.html" in call("report", tmp_path / "data.csv", *options).replace("\n", "")
    page = (tmp_path / "found.html").read_text(encoding="utf-8")
    assert "<title>Causal graph of data.csv</title>" in page and "Who activates \\u003cb\\u003e?" in page


def test_a_table_becomes_named_edges(trained: Path, tmp_path: Path) -> None:
    names = ["raf", "mek", "erk", "akt"]
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 4)), columns=names)
    frame.to_csv(tmp_path / "data.csv")
    frame.to_csv(tmp_path / "data.tsv", sep="\t", index=False)
    (frame > 1).astype(int).to_csv(tmp_path / "mask.csv", index=False)
    for file in ("data.csv", "data.tsv"):
        out, picture = tmp_path / "edges.csv", tmp_path / "edges.png"
        said = call("predict", tmp_path / file, "--model", trained, "--out", out, "--picture", picture, "--force")
        edges = pd.read_csv(out)
        assert list(edges.columns) == ["source", "target", "probability"] and len(edges) == 12
        assert set(edges["source"]) == set(names) and picture.stat().st_size > 3000
        assert edges["source"][0] in said and "30 rows, 0 of them" in said
        assert ("names the rows" in said) == (file == "data.csv")  # which has an unnamed first column
    said = call("predict", tmp_path / "data.csv", "--model", trained, "--interventions", tmp_path / "mask.csv")
    assert f"{int((frame > 1).any(axis=1).sum())} of them" in said


def test_interventions_are_suggested(trained: Path, tmp_path: Path) -> None:
    frame = table()
    frame["guide"] = ["ctrl"] * 20 + ["mek"] * 10
    frame.to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "these.txt").write_text("mek\n\nerk \n")
    command = ("suggest", tmp_path / "data.csv", "--model", trained, "--targets", "guide", "--control", "ctrl")
    document = json.loads(call(*command, "--json", "--top", 3, "--out", tmp_path / "ranking.tsv"))
    written = pd.read_csv(tmp_path / "ranking.tsv", sep="\t")
    assert written["variable"].tolist() == [row["variable"] for row in document["interventions"]]
    assert len(written) == 3 and written["settles"].sum() == pytest.approx(written["total"].max())
    chosen = (*command, "--candidate", f"@{tmp_path / 'these.txt'}", "--candidate", "akt")
    ranked = json.loads(call(*chosen, "--json"))["interventions"]
    assert {row["variable"] for row in ranked} == {"mek", "erk", "akt"}
    assert all(row["variable"] in call(*chosen) and len(row["edges"]) <= 3 for row in ranked)
    with pytest.raises(InputError, match="no variable 'myc'"):
        call(*command, "--candidate", "myc")
    with pytest.raises(InputError, match="one a line"):
        call(*command, "--candidate", "@none.txt")


def test_known_edges_are_compared_with(trained: Path, tmp_path: Path) -> None:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3)), columns=["raf", "mek", "erk"])
    frame.to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "edges.csv").write_text("Cause,Effect\nraf,mek\nmek,erk\n")
    options = ["--model", trained, "--truth", tmp_path / "edges.csv", "--picture", tmp_path / "x.png", "--force"]
    said = call("predict", tmp_path / "data.csv", *options)
    assert "Against 2 known edges" in said and "|correlation|" in said and "chance 0.33" in said
    (tmp_path / "edges.csv").write_text("Cause,Effect\nraf,akt\n")
    with pytest.raises(InputError, match="'akt'"):
        call("predict", tmp_path / "data.csv", *options)


def test_a_simulated_dataset_becomes_edges(trained: Path, tmp_path: Path) -> None:
    said = call("simulate", "linear", "--out", tmp_path / "data", "--d", 5, "--n-obs", 20, "--n-int", 10, "--seed", 2)
    assert "10 interventional" in said and Dataset.load(tmp_path / "data").x.shape == (30, 5)
    assert "10 of them interventional" in call("predict", tmp_path / "data", "--model", trained)
    several = ["--d", 3, "--d", 4, "--n-obs", 20, "--seed", 2]
    said = call("simulate", "linear", "--count", 2, *several, "--out", tmp_path / "c.zarr", "--json")
    assert json.loads(said)["datasets"] == 4 and len(Collection(tmp_path / "c.zarr")) == 4
    with pytest.raises(InputError, match="add --count"):
        call("simulate", "linear", *several, "--out", tmp_path / "other")


def test_the_demo_shows_truth_beside_prediction(trained: Path, tmp_path: Path) -> None:
    said = call("demo", "--model", trained, "--d", 6, "--n-obs", 30, "--n-int", 30, "--out", tmp_path / "demo.png")
    assert all(word in said for word in ("precision", "recall", "AUPRC", "SHD", "in the truth"))
    assert (tmp_path / "demo.png").stat().st_size > 10_000
    assert "A simulated network of 6 variables" in (tmp_path / "demo.html").read_text(encoding="utf-8")


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


def table(n: int = 30) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(0).normal(size=(n, 4)), columns=["raf", "mek", "erk", "akt"])


def test_json_is_one_document_with_the_numbers_of_the_table(trained: Path, tmp_path: Path) -> None:
    frame = table()
    frame["guide"] = ["ctrl"] * 20 + ["mek"] * 10
    frame.to_parquet(tmp_path / "data.parquet")
    options = ["--model", trained, "--targets", "guide", "--control", "ctrl", "--threshold", "0", "--json"]
    document = json.loads(call("predict", tmp_path / "data.parquet", *options, "--matrix", tmp_path / "p.tsv"))
    assert document["rows"] == 30 and document["interventional_rows"] == 10 and len(document["edges"]) == 12
    matrix = pd.read_csv(tmp_path / "p.tsv", sep="\t", index_col=0)
    for edge in document["edges"]:
        assert matrix.loc[edge["source"], edge["target"]] == pytest.approx(edge["probability"], abs=1e-6)
    acyclic = json.loads(call("predict", tmp_path / "data.parquet", *options, "--acyclic"))["edges"]
    assert len(acyclic) == 6
    assert {model["name"] for model in json.loads(call("models", "--json"))} >= {"grn", "linear", "rff"}
    found = {finding["name"]: finding["state"] for finding in json.loads(call("doctor", "--json"))}
    assert found["julia"] == found["model grn"] == found["devices"] == "good"


def test_an_h5ad_comes_back_with_probabilities(trained: Path, tmp_path: Path) -> None:
    frame = table()
    cells = anndata.AnnData(frame.to_numpy(), var=pd.DataFrame(index=frame.columns))
    cells.obs["guide"] = ["none"] * 25 + ["erk"] * 5
    cells.write_h5ad(tmp_path / "cells.h5ad")
    options = ["--model", trained, "--targets", "guide", "--control", "none", "--h5ad", tmp_path / "found.h5ad"]
    assert "5 of them interventional" in call("predict", tmp_path / "cells.h5ad", *options)
    found = anndata.read_h5ad(tmp_path / "found.h5ad")
    assert found.varp["avici"].shape == (4, 4) and found.uns["avici"]["model"] == trained.name


def test_rows_have_names_and_targets_a_file(trained: Path, tmp_path: Path) -> None:
    frame = table()
    frame.insert(0, "sample", [f"s{k}" for k in range(30)])
    frame.to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "targets.csv").write_text("target\n" + "raf\n" * 30)
    options = ["--model", trained, "--row-names", "sample", "--interventions", tmp_path / "targets.csv"]
    assert "30 of them interventional" in call("predict", tmp_path / "data.csv", *options)


def test_targets_in_a_file_keep_their_labels_and_blank_lines(trained: Path, tmp_path: Path) -> None:
    frame = table(4).set_index(pd.Index(["c1", "c2", "c3", "c4"]))
    frame.to_csv(tmp_path / "data.csv")
    targets = pd.Series(["raf", None, None, "mek"], index=["c4", "c3", "c2", "c1"], name="target")
    targets.to_csv(tmp_path / "labelled.csv")
    (tmp_path / "blank.csv").write_text("target\nmek\n\n\nraf\n")
    files = [tmp_path / "labelled.csv", tmp_path / "blank.csv"]
    options = ["--model", trained, "--matrix", tmp_path / "p.csv", "--force"]
    found = []
    for file in files:
        assert "2 of them interventional" in call("predict", tmp_path / "data.csv", "--interventions", file, *options)
        found.append((tmp_path / "p.csv").read_text())
    assert found[0] == found[1]


def test_labels_of_a_screen_are_understood(trained: Path, tmp_path: Path) -> None:
    frame = table()
    frame["condition"] = ["ctrl"] * 20 + ["mek+ctrl"] * 4 + ["mek+erk"] * 4 + ["NA+ctrl"] * 2
    frame.to_csv(tmp_path / "cells.csv", index=False)
    options = ["--model", trained, "--targets", "condition", "--separator", "+", "--unmeasured", "drop", "--json"]
    with pytest.warns(DataWarning, match="2 of 30 rows were left out.*'NA .2.'"):
        document = json.loads(call("predict", tmp_path / "cells.csv", *options))
    assert document["rows"] == 28 and document["interventional_rows"] == 8
    assert document["variables"] == ["raf", "mek", "erk", "akt"] and document["row_names"] is None


def test_names_with_brackets_are_printed_as_they_are(trained: Path, tmp_path: Path) -> None:
    names = ["glucose [mg/dl]", "rate [/s]", "c"]
    pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3)), columns=names).to_csv(tmp_path / "d.csv", index=False)
    said = call("predict", tmp_path / "d.csv", "--model", trained)
    assert all(name in said for name in names)


def test_names_do_not_command_the_terminal(trained: Path, tmp_path: Path) -> None:
    names = ["\x1b[2Ja", "b\x9b", "\x1b]0;title\x07"]
    pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3)), columns=names).to_csv(tmp_path / "d.csv", index=False)
    for command in ("predict", "suggest"):
        said = call(command, tmp_path / "d.csv", "--model", trained)
        assert r"\x1b[2Ja" in said and not {"\x1b", "\x9b", "\x07"} & set(said)


def test_without_cycles_the_comparison_is_of_that_graph(trained: Path, tmp_path: Path) -> None:
    table().to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "known.csv").write_text("cause,effect\nraf,mek\n")
    options = ["--model", trained, "--truth", tmp_path / "known.csv", "--threshold", 0, "--json"]
    whole, acyclic = (
        json.loads(call("predict", tmp_path / "data.csv", *options, *more)) for more in ([], ["--acyclic"])
    )
    d = len(acyclic["variables"])
    assert len(whole["edges"]) == d * (d - 1) and len(acyclic["edges"]) == d * (d - 1) // 2
    assert whole["against"]["precision"] == pytest.approx(1 / 12)
    assert acyclic["against"]["precision"] in (0, pytest.approx(1 / 6))


def test_files_are_never_overwritten_unasked(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table().to_csv(tmp_path / "data.csv", index=False)
    kept = tmp_path / "kept.csv"
    kept.write_text("mine")
    predict = ("predict", tmp_path / "data.csv", "--model", trained)
    for arguments in (
        *((*predict, option, kept) for option in ("--out", "--matrix", "--h5ad", "--picture")),
        ("demo", "--out", kept),
        ("simulate", "linear", "--out", kept),
        ("export", trained, "--out", trained),
    ):
        assert "--force" in fails(monkeypatch, capsys, *arguments)
    assert kept.read_text() == "mine"
    assert "no folder" in fails(monkeypatch, capsys, *predict, "--out", tmp_path / "none" / "edges.csv")
    assert "'.png'" in fails(monkeypatch, capsys, *predict, "--picture", tmp_path / "graph")
    call(*predict, "--out", kept, "--force")
    assert kept.read_text().startswith("source,target,probability")


def test_warnings_are_one_line_and_wrong_usage_is_2(trained: Path, tmp_path: Path) -> None:
    table(5).to_csv(tmp_path / "data.csv", index=False)
    program = [sys.executable, "-c", "from avici_jl.cli import main; main()"]
    command = [*program, "predict", str(tmp_path / "data.csv"), "--model", str(trained), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and json.loads(done.stdout)["rows"] == 5
    assert done.stderr.startswith("avici-jl: warning: ") and "5 rows" in done.stderr and done.stderr.count("\n") == 1
    done = subprocess.run([*program, "predict"], capture_output=True, text=True)
    assert done.returncode == 2 and "Missing argument" in done.stderr and not done.stdout


HELP = """
sys.argv = ["avici-jl", "--help"]
from avici_jl.cli import main
try:
    main()
except SystemExit:
    pass
"""


@pytest.mark.parametrize("code", ["import avici_jl", HELP], ids=["import", "help"])
def test_import_and_help_load_no_heavy_package(code: str) -> None:
    """What makes them quick; `benchmarks/inference.py --start` has the seconds."""
    program = f"""
import sys
{code}
heavy = {{"flax", "jax", "juliacall", "matplotlib", "networkx", "numpy", "pandas", "scipy", "sklearn"}}
print(heavy & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", program], env=os.environ, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "set()"


@pytest.mark.parametrize(
    "command", "demo simulate predict report suggest evaluate benchmark train export convert models doctor".split()
)
def test_every_command_explains_itself(command: str) -> None:
    assert f"Usage: root {command}" in call(command, "--help")
