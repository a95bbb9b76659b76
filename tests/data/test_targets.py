"""Labels of a screen in Python and on the command line: several targets, guides, controls, genes not measured."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
from reading import BOTH, on_the_command_line

from avici_jl import InputError, Model, read_table
from avici_jl.cli.table import TableOptions
from avici_jl.data.inputs import Input, InputOptions, read_input

GENES = ["GATA1", "KLF1", "nan", "HLA-A"]
X = np.random.default_rng(0).poisson(3.0, (8, 4)).astype(float)


def labels(*given: str | None) -> list[str | None]:
    """One label for each of eight rows, the last ones without."""
    return [*given, *[None] * (8 - len(given))]


def mask(*rows: tuple[str, ...]) -> np.ndarray:
    found = np.zeros((8, 4), np.uint8)
    for row, genes in enumerate(rows):
        for gene in genes:
            found[row, GENES.index(gene)] = 1
    return found


A, B, N, H = (gene for gene in GENES)

# Labels of the first rows, options, and what they mean.
MEANINGS: list[tuple[list[str | None], dict[str, Any], np.ndarray]] = [
    (
        labels("GATA1+ctrl", "ctrl+KLF1", "GATA1+KLF1", "ctrl", "nan"),
        {"separator": "+"},
        mask((A,), (B,), (A, B), (), (N,)),
    ),
    (labels("GATA1 + KLF1", "control", "nan+HLA-A"), {"separator": "+"}, mask((A, B), (), (N, H))),
    (labels("HLA-A", "GATA1-KLF1"), {"separator": "-"}, mask((H,), (A, B))),
    (labels("GATA1_KLF1", "NT", "NT_KLF1"), {"separator": "_", "control": "NT"}, mask((A, B), (), (B,))),
    (labels("GATA1_1", "GATA1_2", "HLA-A_1"), {"guides": "{gene}_{number}"}, mask((A,), (A,), (H,))),
    (labels("sgKLF1-ACGT", "KLF1"), {"guides": "sg{gene}-{sequence}"}, mask((B,), (B,))),
    (
        labels("GATA1_1+KLF1_2", "NT_1", "NT_1+nan_1"),
        {"guides": "{gene}_{number}", "separator": "+", "control": "NT"},
        mask((A, B), (), (N,)),
    ),
    (labels("g1", "g2", "g3", "KLF1"), {"guides": {"g1": A, "g2": B, "g3": N}}, mask((A,), (B,), (N,), (B,))),
    (
        labels("g1", "g0", "g1+g2"),
        {"guides": {"g1": A, "g2": B, "g0": "NT"}, "separator": "+", "control": "NT"},
        mask((A,), (), (A, B)),
    ),
    (labels("pair", "g0"), {"guides": {"pair": "GATA1+KLF1", "g0": ""}, "separator": "+"}, mask((A, B), ())),
]


@pytest.mark.parametrize("read", ["table", "file"])
@pytest.mark.parametrize(("given", "options", "expected"), MEANINGS)
def test_what_labels_mean(
    given: list[str | None], options: dict[str, Any], expected: np.ndarray, read: str, tmp_path: Path
) -> None:
    frame = pd.DataFrame(X, columns=GENES).assign(target=given)
    if read == "table":
        found = read_input(frame, "target", kind="counts", **options)
    else:
        frame.to_csv(tmp_path / "x.csv", index=False)
        if isinstance(options.get("guides"), dict):
            table = pd.DataFrame(options["guides"].items(), columns=["guide", "gene"])
            table.to_csv(tmp_path / "guides.csv", index=False)
            options = {**options, "guides": tmp_path / "guides.csv"}
        found = on_the_command_line(tmp_path / "x.csv", targets="target", **options)
    np.testing.assert_array_equal(found.interventions, expected)
    np.testing.assert_array_equal(found.x, X)


def test_guides_in_every_form(tmp_path: Path) -> None:
    table = pd.DataFrame({"guide": ["g1", "g2", "1007"], "gene": [A, N, B]})
    table.to_csv(tmp_path / "guides.tsv", sep="\t", index=False)
    frame = pd.DataFrame(X, columns=GENES)
    forms = (table, table.set_index("guide"), table.set_index("guide")["gene"], dict(table.to_numpy()))
    for guides in (*forms, tmp_path / "guides.tsv", str(tmp_path / "guides.tsv")):
        found = read_input(frame, labels("g2", "g1", "1007", None), kind="counts", guides=guides)
        np.testing.assert_array_equal(found.interventions, mask((N,), (A,), (B,)))
    numbers = read_input(frame, [1007, None, *labels()[2:]], kind="counts", guides={1007: [A, B]})
    np.testing.assert_array_equal(numbers.interventions, mask((A, B)))


@pytest.mark.parametrize("read", BOTH, ids=["python", "shell"])
def test_rows_whose_target_was_not_measured_are_left_out_on_request(read: Callable[..., Input], tmp_path: Path) -> None:
    given = labels("GATA1", "SPI1", "TAL1", "SPI1", "GATA1+SPI1", "KLF1")
    x = X.copy()
    x[1] = np.nan  # of a row that is left out
    pd.DataFrame(x, columns=GENES).assign(target=given).to_csv(tmp_path / "x.csv", index=False)
    with pytest.raises(InputError, match="row 1 names 'SPI1'.*4 rows.*unmeasured='drop' .--unmeasured drop"):
        read(tmp_path / "x.csv", targets="target", separator="+")
    found = read(tmp_path / "x.csv", targets="target", separator="+", unmeasured="drop")
    kept = [0, 5, 6, 7]
    np.testing.assert_array_equal(found.rows, kept)
    np.testing.assert_array_equal(found.x, X[kept])
    np.testing.assert_array_equal(found.interventions, mask((A,), *[()] * 4, (B,))[kept])
    assert dict(found.notes)["unmeasured"].startswith("4 of 8 rows were left out") and "'SPI1 (3)'" in str(found.notes)


def screen() -> anndata.AnnData:
    """Normalised values of two genes in X; `.raw` has the counts of all four, named by identifiers."""
    var = pd.DataFrame({"symbol": GENES}, index=["ENSG1", "ENSG2", "ENSG3", "ENSG4"])
    cells = anndata.AnnData(X, var=var)
    cells.obs["target"] = labels("GATA1", "nan", "HLA-A")
    cells.raw = cells.copy()
    cells.X = np.log1p(X)
    return cells[:, ["ENSG1", "ENSG2"]].copy()


@pytest.mark.parametrize("read", BOTH, ids=["python", "shell"])
def test_raw_and_gene_symbols(read: Callable[..., Input], tmp_path: Path) -> None:
    screen().write_h5ad(tmp_path / "x.h5ad")
    found = read(tmp_path / "x.h5ad", targets="target", raw=True, gene_symbols="symbol")
    np.testing.assert_array_equal(found.x, X)
    assert found.names == GENES
    np.testing.assert_array_equal(found.interventions, mask((A,), (N,), (H,)))
    found = read(tmp_path / "x.h5ad", gene_symbols="symbol")
    np.testing.assert_allclose(found.x, np.log1p(X[:, :2]))
    assert found.names == GENES[:2]


FRAME = pd.DataFrame(X, columns=GENES)


def nameless() -> anndata.AnnData:
    cells = screen()
    cells.raw = None
    cells.var["symbol"] = "same"
    cells.layers["counts"] = X[:, :2]
    return cells


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        (FRAME, {"raw": True}, "raw=True chooses a part of an AnnData; X is a DataFrame"),
        (FRAME, {"gene_symbols": "symbol"}, "gene_symbols='symbol' chooses a part of an AnnData"),
        (nameless(), {"raw": True}, "no .raw; it has X and the layers 'counts'"),
        (nameless(), {"raw": True, "layer": "counts"}, "give one of them"),
        (nameless(), {"gene_symbols": "symbols"}, "no column of var. Did you mean 'symbol'"),
        (nameless(), {"gene_symbols": "symbol"}, "more than once: 'same'"),
        (FRAME, {"unmeasured": "keep"}, "'refuse' or 'drop', got 'keep'"),
        (FRAME, {"separator": ""}, "separator must be a text"),
        (FRAME, {"interventions": labels("GATA1+KLF1")}, "separator='\\+' .--separator"),
        (FRAME, {"interventions": labels("ctrl", "GATA1+ctrl")}, "row 0 names 'ctrl'.*separator='\\+' .--separator"),
        (FRAME, {"interventions": labels("GATA1_1")}, "guides= .--guides"),
        (FRAME, {"interventions": mask((A,)), "separator": "+"}, "separator= says what labels of rows mean"),
        (FRAME, {"interventions": labels("g1"), "guides": "{number}"}, "pattern has {gene} in it once"),
        (FRAME, {"interventions": labels("g1"), "guides": "none.csv"}, "no file none.csv"),
        (FRAME, {"interventions": labels("g1"), "guides": 3}, "guides is a int; a dict"),
        (FRAME, {"interventions": labels("g1"), "guides": pd.DataFrame({"a": [1]})}, "two columns.*it has 1"),
        (FRAME, {"interventions": labels("g1"), "guides": pd.Series([A, B], ["g", "g"])}, "two genes for 'g'"),
        (FRAME, {"interventions": labels("g9"), "guides": {"g1": A}}, "row 0 names 'g9'"),
        (FRAME, {"interventions": labels("x_1"), "guides": "{gene}_{number}"}, "row 0 names 'x'"),
        (FRAME, {"interventions": ["SPI1"] * 8, "unmeasured": "drop"}, "0 rows and 4 columns"),
    ],
)
def test_what_does_not_fit_is_explained(x: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_input(x, kind="counts", **options)


def test_annotate_refuses_variables_that_varp_cannot_hold() -> None:
    with pytest.raises(InputError, match="4 variables were read, and the AnnData has 2"):
        Model.load("grn").annotate(screen(), raw=True)


def test_python_and_the_command_line_have_the_same_options() -> None:
    def keywords(function: Callable[..., Any]) -> set[str]:
        parameters = inspect.signature(function).parameters
        return {name for name, p in parameters.items() if p.default is not p.empty}

    of_input = keywords(read_input) - {"interventions"}
    assert of_input == set(InputOptions.__annotations__)
    of_files = keywords(read_table) - {"labels"}  # --targets says it
    in_shell = {field.name for field in fields(TableOptions)} - {"data", "interventions", "targets"}
    assert in_shell == of_files | of_input - {"names"}  # a file has names
