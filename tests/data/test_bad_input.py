"""Bad input over all entry points: each row is a call, the error that it must raise, and what the message must say."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest

from avici_jl import (
    AviciError,
    CheckpointError,
    ConfigError,
    Dataset,
    InputError,
    Model,
    load_domain,
    read_table,
    simulate,
)
from avici_jl._runtime.resources import pretrained_dir
from avici_jl.data.files import read_edges, read_entries
from avici_jl.plots import plot_calibration, plot_precision_recall, plot_training
from avici_jl.posterior.edges import edge_table, sample, to_graph

EARLIER = Path(__file__).parents[1] / "checkpoints" / "0.1"
X = np.random.default_rng(0).normal(size=(20, 3))
NAMES = ["raf", "mek", "erk"]
FRAME = pd.DataFrame(X, columns=NAMES, index=[f"s{k}" for k in range(20)])
COUNTS = np.random.default_rng(0).poisson(3.0, (20, 3))
NONE: list[Any] = [None] * 19


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    return {"values": Model.load(EARLIER), "counts": Model.load("grn")}


def with_(value: Any, array: np.ndarray = X) -> np.ndarray:
    changed = array.astype(object if isinstance(value, str) else array.dtype)
    changed[4, 1] = value
    return changed


def cells(**layers: np.ndarray) -> anndata.AnnData:
    found = anndata.AnnData(X.copy(), var=pd.DataFrame(index=NAMES))
    found.obs["guide"] = ["raf", "ctrl"] * 10
    found.layers.update(layers)
    return found


def wrong_mask(value: Any) -> np.ndarray:
    mask = np.zeros((20, 3))
    mask[3, 1] = value
    return mask


# Model: (model, method, arguments, options), error, message.
PREDICT: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    # the table
    ("values", (None,), {}, r"two dimensions.*shape \(\)"),
    ("values", (3.0,), {}, r"two dimensions.*shape \(\)"),
    ("values", (X[0],), {}, r"two dimensions.*\(3,\)"),
    ("values", (X[None],), {}, r"two dimensions.*\(1, 20, 3\)"),
    ("values", ("data.csv",), {}, "path 'data.csv'; read the file first"),
    ("values", (Path("data.csv"),), {}, "path 'data.csv'"),
    ("values", ([[1, 2], [3]],), {}, "numbers"),
    ("values", ([["a", "b"], ["c", "d"]],), {}, "it holds text"),
    ("values", ([["1", "2"], ["3", "4"]],), {}, "it holds text"),
    ("values", (with_("12"),), {}, "it holds text"),
    ("values", (X + 1j,), {}, "complex numbers"),
    ("values", (np.full((20, 3), np.datetime64("2020-01-01")),), {}, "dates"),
    ("values", (FRAME.to_records(),), {}, "records"),
    ("values", ([{"a": 1}, {"a": 2}],), {}, "numbers"),
    ("values", (np.empty((0, 3)),), {}, "0 rows and 3 columns"),
    ("values", (X[:1],), {}, "1 rows.*2 observations"),
    ("values", (X[:, :1],), {}, "20 rows and 1 columns"),
    ("values", (with_(-np.inf),), {}, "1 infinite.*in 1 of 20 rows.*row 4, column 'x2'.*NaN"),
    ("values", (np.ma.masked_greater(X, -9.0),), {}, "not missing in the columns 'x1', 'x2', 'x3'"),
    ("values", (with_(1e200),), {}, r"beyond ±1e\+30.*row 4, column 'x2'"),
    ("values", (FRAME.assign(erk=pd.array([1] + [None] * 19, dtype="Int64")),), {}, "not missing.*'erk'"),
    ("values", (FRAME.assign(batch=["a"] * 20),), {}, "'batch'.*index"),
    ("values", (FRAME.assign(day=pd.Timestamp(0)),), {}, "'day'"),
    ("values", (FRAME.set_axis(["a", "b", "a"], axis=1),), {}, "more than once: 'a'"),
    ("values", (FRAME.set_axis([1, "1", 2], axis=1),), {}, "more than once: '1'"),
    ("values", (X,), {"names": ["a", "b"]}, "2 names.*3 variables"),
    ("values", (X,), {"names": ["a", "b", "b"]}, "more than once: 'b'"),
    ("counts", (X,), {}, "negative.*standardised|negative"),
    ("counts", ((X - X.mean(0)) / X.std(0),), {}, "negative.*look standardised"),
    ("counts", (np.log1p(COUNTS),), {}, "not integers.*log-transformed"),
    ("counts", (with_(-1, COUNTS),), {}, "negative values; the first is -1, in row 4, column 'x2'"),
    ("counts", (np.zeros((20, 3)),), {}, "only zeros"),
    ("counts", (cells(counts=COUNTS),), {}, "layer= one of 'counts'"),
    # layers and columns
    ("values", (X,), {"layer": "counts"}, "layer='counts' chooses a part of an AnnData; X is a ndarray"),
    ("values", (cells(counts=COUNTS),), {"layer": "count"}, "no layer 'count'; it has 'counts'"),
    ("values", (anndata.AnnData(obs=FRAME[[]], var=pd.DataFrame(index=NAMES)),), {}, "has no X"),
    ("values", (cells(), "guides"), {}, "'guides' names no column of obs.*Did you mean 'guide'"),
    ("values", (cells(), "guide"), {}, "row 1 names 'ctrl'.*control="),
    ("values", (cells(), "guide"), {"control": "control"}, "row 1 names 'ctrl'"),
    ("values", (FRAME, "mek"), {}, "'mek' of X holds numbers"),
    ("values", (FRAME, "guide"), {}, "'guide' names no column of X"),
    ("values", (X, "raf"), {}, "needs a DataFrame or an AnnData"),
    # interventions
    ("values", (X, np.zeros((19, 3))), {}, r"shape of X, \(20, 3\); it has shape \(19, 3\)"),
    ("values", (X, np.zeros((3, 20))), {}, "shape of X"),
    ("values", (X, wrong_mask(2)), {}, "only 0 and 1"),
    ("values", (X, wrong_mask(np.nan)), {}, "only 0 and 1"),
    ("values", (X, 5), {}, "one entry per row of X; a int was given"),
    ("values", (X, [0, 1]), {}, "one entry per row of X: 20, got 2"),
    ("values", (X, [*NONE, 3]), {}, "row 19 has index 3.*0 to 2"),
    ("values", (X, [*NONE, -1]), {}, "index -1"),
    ("values", (X, [*NONE, 1.5]), {}, "row 19 has 1.5"),
    ("values", (X, [*NONE, True]), {}, "row 19 has True"),
    ("values", (X, [*NONE, {"raf": 1}]), {}, "row 19 has {'raf': 1}; a name"),
    ("values", (FRAME, [*NONE, "Raf"]), {}, "row 19 names 'Raf'.*Did you mean 'raf'"),
    ("values", (FRAME, [*NONE, "raf_mek"]), {}, "split by separator='_'.*list of names"),
    ("values", (FRAME, ["a", *NONE[1:], "b"]), {}, "row 0 names 'a'.*2 rows name.*'a', 'b'"),
    ("values", (FRAME, [*NONE, "raf"]), {"control": "wt"}, "control: no row has the label 'wt'"),
    ("values", (FRAME, FRAME * 0), {"control": "wt"}, "control= says what labels"),
    ("values", (FRAME, (FRAME * 0).rename(columns={"erk": "akt"})), {}, "these differ: 'akt', 'erk'"),
    ("values", (FRAME, pd.Series([None] * 20, index=[f"t{k}" for k in range(20)])), {}, "different labels.*'t0'"),
    ("values", (FRAME.set_axis([2, 0, 1], axis=1), [*NONE, 1]), {}, "number 1.*name of one column and the position"),
]


@pytest.mark.filterwarnings("error::avici_jl.DataWarning")
@pytest.mark.parametrize("method", ["predict", "predict_edges", "predict_graph"])
@pytest.mark.parametrize(("model", "arguments", "options", "message"), PREDICT)
def test_data_that_cannot_be_used(
    models: dict[str, Model], model: str, arguments: tuple[Any, ...], options: dict[str, Any], message: str, method: str
) -> None:
    before = [argument.copy() if hasattr(argument, "copy") else argument for argument in arguments]
    with pytest.raises(InputError, match=message) as found:
        getattr(models[model], method)(*arguments, **options)
    assert "\n" not in str(found.value)
    for now, then in zip(arguments, before, strict=True):
        if isinstance(now, pd.DataFrame):
            pd.testing.assert_frame_equal(now, then)
        elif isinstance(now, np.ndarray) and now.dtype.kind in "fiu":
            np.testing.assert_array_equal(now, then)


P = np.full((3, 3), 0.5)


def values() -> Model:
    return Model.load(EARLIER)


def file(text: str, name: str = "data.csv") -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_text(text, encoding="utf-8")
        return folder / name

    return write


def saved_with(change: Callable[[Path], Any]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        values().save(folder / "model")
        change(folder / "model")
        return folder / "model"

    return write


def foreign(folder: Path) -> Path:
    (folder / "notes.txt").write_text("mine")
    return folder


# The other entry points: the call, which gets an empty folder; its error and message.
OTHERS: list[tuple[Callable[[Path], Any], type[AviciError], str]] = [
    (lambda _: values().predict_graph(X, threshold=1.5), InputError, "between 0 and 1, got 1.5"),
    (lambda _: values().predict_graph(X, threshold="high"), InputError, "between 0 and 1, got 'high'"),
    (lambda _: values().predict_edges(X, threshold=-0.1), InputError, "between 0 and 1"),
    (lambda _: values().sample_graphs(X, -1), InputError, "not negative, got -1"),
    (lambda _: values().sample_graphs(X, 2.5), InputError, "integer.*2.5"),
    (lambda _: values().annotate(FRAME), InputError, "AnnData; a DataFrame"),
    (lambda folder: values().save(foreign(folder)), CheckpointError, "something other than a model"),
    (lambda _: to_graph(P, NAMES, threshold=float("nan")), InputError, "between 0 and 1, got nan"),
    (lambda _: edge_table(P, NAMES, threshold=2), InputError, "between 0 and 1"),
    (lambda _: sample(P, True, 0), InputError, "got True"),
    # models
    (lambda _: Model.load("gnr"), CheckpointError, 'no model "gnr".*Did you mean "grn"'),
    (lambda folder: Model.load(folder), CheckpointError, "has no config.json"),
    (lambda folder: Model.load(folder / "none"), CheckpointError, "There is no model"),
    (lambda _: Model.load("hf:grn"), CheckpointError, "hf:owner/name"),
    (lambda f: Model.load(saved_with(lambda m: (m / "card.json").unlink())(f)), CheckpointError, "card.json"),
    (
        lambda f: Model.load(saved_with(lambda m: (m / "config.json").write_text("[]"))(f)),
        CheckpointError,
        "must hold a table",
    ),
    (
        lambda f: Model.load(saved_with(lambda m: (m / "card.json").write_bytes(b"\xff"))(f)),
        CheckpointError,
        "card.json",
    ),
    # files
    (lambda folder: read_table(folder / "none.csv"), InputError, "no file .*none.csv"),
    (lambda folder: read_table(file("")(folder)), InputError, "is empty"),
    (lambda folder: read_table(file("1,2\n3,4\n")(folder)), InputError, "numbers in its first line"),
    (lambda folder: read_table(file("a,a\n1,2\n")(folder)), InputError, "more than once: 'a'"),
    (lambda folder: read_table(file("a,,b\n1,2,3\n")(folder)), InputError, "column without a name"),
    (lambda folder: read_table(file("a,b\n1,2\n1,2,3,4\n")(folder)), InputError, "data.csv cannot be read"),
    (lambda folder: read_table(file("a,b\n1,2\n")(folder), "c"), InputError, "no column 'c'"),
    (lambda folder: read_table(file("a,b\n", "x.parquet")(folder)), InputError, "x.parquet cannot be read as Parquet"),
    (lambda folder: read_table(file("a,b\n", "x.h5ad")(folder)), InputError, "x.h5ad cannot be read as an AnnData"),
    (lambda folder: read_table(file("a,b\n", "x.csv.gz")(folder)), InputError, "x.csv.gz cannot be read"),
    (lambda folder: read_table(folder), InputError, "cannot be read as a dataset"),
    (lambda folder: read_entries(folder / "none.csv"), InputError, "no file"),
    (lambda folder: read_edges(file("cause\nraf\n")(folder), NAMES), InputError, "two columns"),
    (lambda folder: read_edges(file("a,b\nraf,akt\n")(folder), NAMES), InputError, "'akt', which is no variable"),
    (lambda folder: read_edges(file("a,b\nraf,raf\n")(folder), NAMES), InputError, "'raf' to itself"),
    # datasets and simulators
    (lambda _: Dataset(X, np.zeros((20, 2)), None, NAMES), InputError, "20 x 3 like x"),
    (lambda _: Dataset(X, 0 * X, np.zeros((2, 2)), NAMES), InputError, "graph must be 3 x 3"),
    (lambda _: Dataset(X, 0 * X, None, ["a"]), InputError, "1 names.*3 variables"),
    (lambda _: load_domain("liner"), ConfigError, 'no domain "liner"'),
    (lambda folder: load_domain(file("kind = 3", "d.toml")(folder)), ConfigError, "d.toml: name must be a str"),
    (lambda _: simulate("linear", d=0, n_obs=10), AviciError, "d"),
    (lambda _: simulate("linear", d=3, n_obs=-1), AviciError, "n_obs|rows"),
    (lambda _: simulate("liner", d=3, n_obs=10), AviciError, "liner"),
    # pictures
    (lambda _: plot_calibration([P], []), InputError, "1 and 0"),
    (lambda _: plot_precision_recall({"model": [P]}, [0 * P]), InputError, "no edge"),
    (lambda folder: plot_training(folder), InputError, "holds no run"),
]


@pytest.mark.parametrize(("call", "error", "message"), OTHERS)
def test_other_calls_that_cannot_be_served(
    call: Callable[[Path], Any], error: type[AviciError], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        call(tmp_path)


def test_there_are_enough_of_them() -> None:
    assert len(PREDICT) + len(OTHERS) >= 60
    assert {path.name for path in pretrained_dir().iterdir()} >= {"grn", "linear", "rff"}


def test_compressed_tables_are_read(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "data.csv.gz", "wt", encoding="utf-8-sig") as out:
        FRAME.to_csv(out)
    pd.testing.assert_frame_equal(read_table(tmp_path / "data.csv.gz"), FRAME, check_names=False)
    (tmp_path / "semicolon.csv").write_text("a;b\n1.5;2\n3;4\n")
    assert read_table(tmp_path / "semicolon.csv").to_numpy().tolist() == [[1.5, 2], [3, 4]]
