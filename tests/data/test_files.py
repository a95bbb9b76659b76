"""Files of every kind give the same table, in Python and on the command line; what cannot be read says which option."""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
import zipfile
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
from reading import BOTH, on_the_command_line
from scipy import io, sparse

from avici_jl import InputError, read_table
from avici_jl.data.inputs import Input

NAMES = ["Temp", "pH", "Höhe"]
X = np.random.default_rng(0).normal([10, 7, 1500], [5, 1, 900], (12, 3)).round(2)
COUNTS = np.random.default_rng(0).poisson(3.0, (12, 3)).astype(np.float32)
GENES = ["GATA1", "KLF1", "nan"]
FRAME = pd.DataFrame(X, columns=NAMES)
TEXT = FRAME.to_csv(index=False)


def euro(thousands: str = "") -> str:
    """Decimal commas, semicolons."""
    rows = (
        ";".join(f"{v:,.2f}".replace(",", "\0").replace(".", ",").replace("\0", thousands) for v in row) for row in X
    )
    return ";".join(NAMES) + "\n" + "\n".join(rows) + "\n"


def cells() -> anndata.AnnData:
    found = anndata.AnnData(sparse.csr_matrix(COUNTS), var=pd.DataFrame(index=GENES))
    found.obs_names = [f"cell{k}" for k in range(12)]
    return found


def zipped(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("t.csv", TEXT)


def workbook(path: Path, **sheets: pd.DataFrame) -> None:
    with pd.ExcelWriter(path) as book:
        for name, frame in sheets.items():
            frame.to_excel(book, sheet_name=name, index=False)


def tenx(folder: Path, compress: bool) -> None:
    folder.mkdir()
    opened: Any = gzip.open if compress else open
    end = ".gz" if compress else ""
    with opened(folder / f"matrix.mtx{end}", "wb") as out:
        io.mmwrite(out, sparse.coo_matrix(COUNTS.T))
    with opened(folder / f"barcodes.tsv{end}", "wt") as out:
        out.write("".join(f"ACGTACGT{'ACGT'[k % 4]}{'ACGT'[k // 4]}-1\n" for k in range(12)))
    with opened(folder / f"{'features' if compress else 'genes'}.tsv{end}", "wt", encoding="utf-8") as out:
        out.write("".join(f"ENSG{k}\t{name}\tGene Expression\n" for k, name in enumerate(GENES)))


# The file's name, how it is written, the options with which it is read, whether it holds counts.
KINDS: list[tuple[str, Callable[[Path], Any], dict[str, Any], bool]] = [
    ("t.csv", lambda f: f.write_text(TEXT), {}, False),
    ("t.tsv", lambda f: f.write_text(FRAME.to_csv(index=False, sep="\t")), {}, False),
    ("t.csv.gz", lambda f: f.write_bytes(gzip.compress(TEXT.encode())), {}, False),
    ("t.csv.bz2", lambda f: f.write_bytes(bz2.compress(TEXT.encode())), {}, False),
    ("t.csv.xz", lambda f: f.write_bytes(lzma.compress(TEXT.encode())), {}, False),
    ("t.csv.zip", zipped, {}, False),
    ("bom.csv", lambda f: f.write_text(TEXT, encoding="utf-8-sig"), {}, False),
    ("latin.csv", lambda f: f.write_text(TEXT, encoding="latin-1"), {"encoding": "latin-1"}, False),
    ("utf16.csv", lambda f: f.write_text(TEXT, encoding="utf-16"), {"encoding": "utf-16"}, False),
    ("euro.csv", lambda f: f.write_text(euro()), {"decimal": ","}, False),
    ("de.csv", lambda f: f.write_text(euro(".")), {"decimal": ",", "thousands": "."}, False),
    ("us.csv", lambda f: f.write_text(FRAME.map("{:,.2f}".format).to_csv(index=False)), {"thousands": ","}, False),
    ("hash.txt", lambda f: f.write_text(TEXT.replace(",", "#")), {"sep": "#"}, False),
    ("tab.txt", lambda f: f.write_text(TEXT.replace(",", "\t")), {"sep": r"\t"}, False),
    ("blank.txt", lambda f: f.write_text(TEXT.replace(",", "   ")), {"sep": r"\s+"}, False),
    ("long.txt", lambda f: f.write_text(TEXT.replace(",", "::")), {"sep": "::"}, False),
    ("quoted.csv", lambda f: f.write_text('"Temp", "pH", "Höhe"\n' + TEXT.split("\n", 1)[1]), {}, False),
    ("turned.csv", lambda f: FRAME.T.to_csv(f), {"transpose": True}, False),
    ("named.csv", lambda f: FRAME.to_csv(f, index_label="id"), {"row_names": "id"}, False),
    ("unnamed.csv", lambda f: FRAME.to_csv(f), {}, False),
    ("r.csv", lambda f: f.write_text(FRAME.set_axis([f"s{k}" for k in range(12)]).to_csv()[1:]), {}, False),
    ("t.parquet", lambda f: FRAME.to_parquet(f), {}, False),
    ("t.feather", lambda f: FRAME.to_feather(f), {}, False),
    ("t.xlsx", lambda f: workbook(f, one=FRAME), {}, False),
    ("index.xlsx", lambda f: FRAME.to_excel(f), {}, False),
    ("two.xlsx", lambda f: workbook(f, one=FRAME * 0, two=FRAME), {"sheet": "two"}, False),
    ("text.xlsx", lambda f: workbook(f, one=FRAME.map(lambda v: f"{v}".replace(".", ","))), {"decimal": ","}, False),
    ("t.h5ad", lambda f: cells().write_h5ad(f), {}, True),
    ("t.zarr", lambda f: cells().write_zarr(f), {}, True),
    ("t.loom", lambda f: anndata.io.write_loom(f, cells()), {}, True),
    ("10x", lambda f: tenx(f, True), {"gene_symbols": "gene_symbols"}, True),
    ("10x-old", lambda f: tenx(f, False), {"gene_symbols": "gene_symbols"}, True),
]


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning:zarr", "ignore::DeprecationWarning")
@pytest.mark.parametrize("read", BOTH, ids=["python", "shell"])
@pytest.mark.parametrize(("name", "write", "options", "counts"), KINDS, ids=[kind[0] for kind in KINDS])
def test_a_file_is_read(
    name: str,
    write: Callable[[Path], Any],
    options: dict[str, Any],
    counts: bool,
    read: Callable[..., Input],
    tmp_path: Path,
) -> None:
    write(tmp_path / name)
    found = read(tmp_path / name, **options)
    np.testing.assert_allclose(found.x, COUNTS if counts else X, rtol=1e-12)
    assert found.names == (GENES if counts else NAMES) and not found.interventions.any()


def test_the_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    np.testing.assert_array_equal(on_the_command_line(Path("-"), stdin=TEXT.encode()).x, X)
    found = on_the_command_line(Path("-"), stdin=euro().encode("latin-1"), decimal=",", encoding="latin-1")
    np.testing.assert_array_equal(found.x, X)
    monkeypatch.setattr(sys, "stdin", type("", (), {"buffer": type("", (), {"read": lambda _: TEXT.encode()})()}))
    assert read_table("-").equals(pd.read_csv(StringIO(TEXT)))


# The text or how it is written, the name, options, and what is said.
REFUSED: list[tuple[str | Callable[[Path], Any], str, dict[str, Any], str]] = [
    (euro(), "x.csv", {}, "Row 0 of column 'Temp' has '[0-9,]+'.*decimal=','.*--decimal ,"),
    (euro("."), "x.csv", {}, "decimal=','.*thousands='.'.*--thousands"),
    (FRAME.map("{:,.2f}".format).to_csv(index=False), "x.csv", {}, "thousands=','.*--thousands ,"),
    ("a,b\n1,5,2,5\n2,5,3,5\n", "x.csv", {}, "2 more entries than its header.*decimal sign"),
    (TEXT.replace("\n", "\n°C,-,m\n", 1), "x.csv", {}, "Row 0 of column 'Temp' has '°C'.*units"),
    (lambda f: f.write_text(TEXT, encoding="latin-1"), "x.csv", {}, "not text in UTF-8.*encoding=.*--encoding"),
    (TEXT, "x.csv", {"encoding": "utf-88"}, "encoding='utf-88'"),
    (TEXT, "x.csv", {"decimal": ","}, "decimal=',' is also what separates"),
    (TEXT, "x.csv", {"sheet": "one"}, "sheet='one': says how a workbook"),
    (lambda f: FRAME.to_parquet(f), "x.parquet", {"decimal": ","}, "decimal=',': says how a text"),
    (lambda f: workbook(f, one=FRAME, two=FRAME), "x.xlsx", {}, "sheets 'one', 'two'; choose one by sheet= .--sheet"),
    (lambda f: workbook(f, one=FRAME), "x.xlsx", {"sheet": "none"}, "no sheet 'none'; it has 'one'"),
    (lambda f: f.write_text("no"), "x.xlsx", {}, "x.xlsx cannot be read as a workbook"),
    (lambda f: f.write_text("no"), "x.zip", {}, "x.zip cannot be read"),
    (lambda f: f.write_text("no"), "x.xz", {}, "x.xz cannot be read"),
    (lambda f: f.write_text("no"), "x.loom", {}, "x.loom cannot be read as an AnnData"),
    (lambda f: f.write_text("no"), "x.feather", {}, "x.feather cannot be read as Feather"),
    (lambda f: f.mkdir(), "x.zarr", {}, "x.zarr cannot be read as an AnnData"),
    (lambda f: (f.mkdir(), (f / "matrix.mtx").write_text("")), "10x", {}, "must hold matrix.mtx, barcodes.tsv"),
    ("no", "x.h5", {}, "not read as it is: .*scanpy.read_10x_h5"),
    ("no", "matrix.mtx", {}, "give the folder of 10x"),
    (TEXT, "x.csv", {"sep": ";"}, "12 rows and 1 columns.*sep= .--sep|do not hold numbers"),
    (lambda f: workbook(f, one=FRAME.set_axis(["a", "", "b"], axis=1)), "x.xlsx", {}, "a column without a name"),
    (TEXT, "x.csv", {"transpose": True}, "rows of .* have no names.*row_names= .--row-names"),
]


@pytest.mark.parametrize("read", BOTH, ids=["python", "shell"])
@pytest.mark.parametrize(("write", "name", "options", "message"), REFUSED)
def test_what_cannot_be_read_says_what_to_do(
    write: Any, name: str, options: dict[str, Any], message: str, read: Callable[..., Input], tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(write) if isinstance(write, str) else write(path)
    with pytest.raises(InputError, match=message) as found:
        read(path, **options)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("name", "package", "extra"),
    [
        ("x.xlsx", "openpyxl", "excel"),
        ("x.loom", "loompy", "loom"),
        ("x.zarr", "zarr", "zarr"),
        ("x.h5ad", "anndata", "anndata"),
    ],
)
def test_a_missing_package_is_named_as_an_extra(
    name: str, package: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writers: dict[str, Callable[[Path], Any]] = {kind[0]: kind[1] for kind in KINDS}
    writers.get(name.replace("x.", "t."), lambda f: f.touch())(tmp_path / name)
    monkeypatch.setitem(sys.modules, package, None)
    if package == "zarr":  # which anndata has imported already
        monkeypatch.setattr(anndata.io, "read_zarr", lambda _: __import__("zarr"))
    with pytest.raises(InputError, match=rf"avici-jl\[{extra}\]"):
        read_table(tmp_path / name)
