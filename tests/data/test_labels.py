"""Labels, of rows, columns and interventions: what they are called never changes what they mean."""

from __future__ import annotations

import io
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from avici_jl import DataWarning, InputError, Model, read_table
from avici_jl.data.files import read_entries
from avici_jl.data.inputs import read_input
from avici_jl.data.words import MISSING_WORDS

EARLIER = Path(__file__).parents[1] / "checkpoints" / "0.1"
X = np.random.default_rng(0).normal(size=(20, 3)).round(3)
GENES = ["GATA1", "nan", "KLF1"]
LABELS = ["NT"] * 10 + ["nan"] * 4 + ["GATA1"] * 4 + ["KLF1"] * 2
MASK = np.array([[label == gene for gene in GENES] for label in LABELS])


def read(x: Any, interventions: Any = None, **options: Any) -> Any:
    return read_input(x, interventions, **{"kind": "values", **options})


def reasons(found: Any) -> list[str]:
    return [reason for reason, _ in found.notes]


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        yield Model.load(EARLIER)


def table(word: str = "nan") -> pd.DataFrame:
    frame = pd.DataFrame(X, columns=[word if gene == "nan" else gene for gene in GENES])
    return frame.assign(target=[word if label == "nan" else label for label in LABELS])


@pytest.mark.parametrize("word", sorted(MISSING_WORDS))
def test_a_gene_may_have_the_name_of_what_pandas_takes_for_missing(word: str, tmp_path: Path) -> None:
    table(word).to_csv(tmp_path / "cells.csv", index=False)
    file = tmp_path / "cells.csv"
    columns = pd.DataFrame({"target": table(word)["target"]})
    columns.to_csv(tmp_path / "targets.csv", index=False)
    without = table(word).drop(columns="target")
    for x, interventions in (
        (table(word), "target"),
        (read_table(file), "target"),
        (read_table(file, labels="target"), "target"),
        (without, read_entries(tmp_path / "targets.csv")),
    ):
        found = read(x, interventions, control="NT")
        np.testing.assert_array_equal(found.interventions, MASK)
        assert not found.notes
    frame = pd.read_csv(file)  # which has lost the word
    found = read(frame, "target", control="NT")
    np.testing.assert_array_equal(found.interventions, MASK)
    assert reasons(found) == ["names read as missing"] and f"4 rows.*{word}"[:6] in found.notes[0][1]
    with pytest.raises(InputError, match="keep_default_na=False"):
        read(frame.assign(target=frame["target"].replace("NT", np.nan)), "target")


def test_missing_entries_stay_without_an_intervention_where_no_name_says_otherwise(tmp_path: Path) -> None:
    frame = table("SPI1").assign(target=table("SPI1")["target"].replace("NT", None))
    frame.to_csv(tmp_path / "cells.csv", index=False)
    for x in (frame, frame.fillna(np.nan), read_table(tmp_path / "cells.csv"), pd.read_csv(tmp_path / "cells.csv")):
        found = read(x, "target")
        np.testing.assert_array_equal(found.interventions, MASK)
        assert not found.notes
    blank = table().assign(target=table()["target"].replace("NT", None))
    blank.to_csv(tmp_path / "blank.csv", index=False)  # blanks of a file are not the gene "nan"
    np.testing.assert_array_equal(read(read_table(tmp_path / "blank.csv"), "target").interventions, MASK)


def test_a_control_may_be_called_none() -> None:
    frame = pd.read_csv(io.StringIO(table("SPI1").replace("NT", "None").to_csv(index=False)))
    np.testing.assert_array_equal(read(frame, "target", control="None").interventions, MASK)


def test_among_numbers_these_words_are_gaps_and_in_columns_of_labels_they_are_not(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("7,8,c,gene\n1,NA,2.5,7\n3,4,nan,NA\n5,6,7,\n")
    found = read_table(tmp_path / "x.csv")
    assert found["8"].isna().tolist() == [True, False, False] and found["c"].dtype == float
    assert read_table(tmp_path / "x.csv", labels="gene")["gene"].tolist() == ["7", "NA", None]


def test_an_unnamed_first_column_is_labels_of_rows(tmp_path: Path) -> None:
    frame = pd.DataFrame(X, columns=list("abc"))
    mask = pd.DataFrame(MASK.astype(int), columns=list("abc"))
    for index in (range(20), range(5, 25), [f"s{k}" for k in range(20)]):
        frame.set_axis(index).to_csv(tmp_path / "x.csv")
        mask.set_axis(index).iloc[::-1].to_csv(tmp_path / "mask.csv")  # the other way round
        again, also = pd.read_csv(tmp_path / "x.csv"), pd.read_csv(tmp_path / "mask.csv")
        found = read(again, also)
        np.testing.assert_array_equal(found.x, X)
        np.testing.assert_array_equal(found.interventions, MASK)
        assert found.names == list("abc") and reasons(found) == ["row labels"] and "Unnamed: 0" in found.notes[0][1]
        by_position = read(again, also["a"].iloc[::-1].map({1: "a", 0: None}).to_numpy())
        np.testing.assert_array_equal(by_position.interventions[:, 0], MASK[:, 0])
        kept = read(read_table(tmp_path / "x.csv"), read_entries(tmp_path / "mask.csv"))
        np.testing.assert_array_equal(kept.interventions, MASK)
    series = pd.Series(["a"] + [None] * 19)
    assert read(again, series).interventions[0].tolist() == [1, 0, 0]
    assert (
        "Unnamed: 0"
        in read(
            pd.concat([again["a"], again.iloc[:, :1]], axis=1)[["a", "Unnamed: 0"]].assign(**{"Unnamed: 0": range(20)})
        ).names
    )  # it is not the first


def test_a_column_that_counts_the_rows_is_warned_of(model: Model) -> None:
    frame = pd.DataFrame(X, columns=list("abc")).assign(a=range(7, 27))
    with pytest.warns(DataWarning, match="count the rows.*leave them out: 'a'"):
        model.predict(frame)


def test_one_column_of_labels_may_be_a_table(tmp_path: Path) -> None:
    targets = pd.DataFrame({"target": LABELS})
    targets.to_csv(tmp_path / "targets.csv")
    frame = pd.DataFrame(X, columns=GENES)
    for interventions in (targets, pd.read_csv(tmp_path / "targets.csv", keep_default_na=False)):
        np.testing.assert_array_equal(read(frame, interventions, control="NT").interventions, MASK)


@pytest.mark.parametrize(
    "columns",
    [
        pd.Index([0, 1, 2]),
        pd.Index([2020, 2019, 2021], name="year"),
        pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)], names=["organ", "day"]),
        pd.Index(["a", 1, 2.5], dtype=object),
        pd.date_range("2020-01-01", periods=3),
    ],
)
def test_labels_come_back_as_they_were(columns: pd.Index, model: Model) -> None:
    frame = pd.DataFrame(X, columns=columns)
    p = model.predict(frame)
    pd.testing.assert_index_equal(p.index, columns)
    pd.testing.assert_index_equal(p.columns, columns)
    np.testing.assert_array_equal(p, model.predict(X))
    assert p.loc[columns[0], columns[1]] == p.iloc[0, 1] and p.reindex(columns).notna().all(axis=None)
    edges = model.predict_edges(frame)
    first = edges.iloc[0]
    assert p.loc[first["source"], first["target"]] == first["probability"]
    assert set(model.predict_graph(frame, threshold=0.0).nodes) == set(columns)
    targets = [columns[1]] + [None] * 19
    assert read(frame, targets).interventions[0].tolist() == [0, 1, 0]


def test_blanks_around_names_are_left_out_and_said(tmp_path: Path) -> None:
    text = "a, b,c , target\n" + "".join(f"{a}, {b},{c}, b \n" for a, b, c in X)
    (tmp_path / "x.csv").write_text(text)
    for frame in (read_table(tmp_path / "x.csv"), pd.read_csv(tmp_path / "x.csv")):
        found = read(frame, "target")
        assert found.names == ["a", "b", "c"] and reasons(found) == ["blanks"] and "' b', 'c '" in found.notes[0][1]
        np.testing.assert_array_equal(found.x, X)
        np.testing.assert_array_equal(found.interventions, np.tile([0, 1, 0], (20, 1)))
    mask = pd.DataFrame(MASK.astype(int), columns=["a", " b", "c "])
    np.testing.assert_array_equal(read(mask.set_axis(["a", "b", "c"], axis=1), mask).interventions, MASK)
    with pytest.raises(InputError, match="more than once: 'a'"):
        read(pd.DataFrame(X, columns=["a", " a", "b"]))


def test_warnings_are_once_per_dataset_and_reason(model: Model) -> None:
    first, other = 2 * X, X + 1

    def warned(*tables: np.ndarray) -> list[str]:
        with warnings.catch_warnings(record=True) as found:
            warnings.resetwarnings()
            warnings.filterwarnings("always", category=DataWarning, append=True)  # as errors.py sets it
            for x in tables:
                model.predict(x)
        return [str(warning.message) for warning in found]

    once = warned(first)
    assert once and warned(first) == []
    assert warned(other, first, other) == once  # another dataset, the same reasons


def test_a_loop_over_datasets_shows_them_all() -> None:
    """Python itself would show the same sentence of the same line once."""
    program = f"""
import numpy as np
from avici_jl import Model
model = Model.load({str(EARLIER)!r})
for seed in range(3):
    model.predict(np.random.default_rng(seed).normal(size=(20, 3)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stderr.count("DataWarning: 0.1: the data have 20 rows") == 3, done.stderr
