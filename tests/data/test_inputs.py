"""What users pass in: accepted forms, and errors that say what to do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from avici_jl.data.dataset import Dataset
from avici_jl.data.inputs import read_input
from avici_jl.errors import InputError

X = np.arange(12.0).reshape(4, 3) % 5
NAMES = ["raf", "mek", "erk"]
MASK = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 1], [0, 0, 0]])


def read(x: Any = X, interventions: Any = None, **options: Any) -> Any:
    return read_input(x, interventions, **{"kind": "values", **options})


def test_tables_in_any_form_give_the_same_arrays() -> None:
    frame = pd.DataFrame(X, columns=NAMES)
    data = SimpleNamespace(X=sparse.csr_matrix(X), var_names=pd.Index(NAMES))
    for x, labelled in ((X, False), (X.tolist(), False), (X.astype(int), False), (frame, True), (data, True)):
        found = read(x)
        assert found.x.dtype == np.float64 and found.interventions.dtype == np.uint8
        np.testing.assert_array_equal(found.x, X)
        assert found.names == (NAMES if labelled else ["x1", "x2", "x3"]) and (found.columns is not None) == labelled
    assert read(X, names=NAMES).names == NAMES


def test_interventions_in_any_form_give_the_same_mask() -> None:
    frame = pd.DataFrame(MASK, columns=NAMES)[["erk", "raf", "mek"]]
    for interventions in (
        MASK,
        MASK.astype(bool),
        MASK.astype(float),
        MASK.tolist(),
        frame,
        [None, "raf", ["mek", "erk"], None],
        [None, 0, (1, 2), float("nan")],
        pd.Series([np.nan, "raf", {"mek", 2}, None]),
        np.array([None, "raf", ["mek", "erk"], []], dtype=object),
    ):
        np.testing.assert_array_equal(read(pd.DataFrame(X, columns=NAMES), interventions).interventions, MASK)
    np.testing.assert_array_equal(read(X, [None, 2, None, 1]).interventions.argmax(1), [0, 2, 0, 1])
    assert not read(X).interventions.any()


def test_numbers_that_are_names_and_empty_columns() -> None:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(4, 3)), columns=["1007", "2003", "c"])
    expected = np.array([[1, 0, 0], [0, 0, 0], [0, 1, 0], [0, 0, 0]])
    for targets in ([1007, None, 2003, None], [1007.0, np.nan, 2003.0, np.nan], [[0], [], [1], []]):
        np.testing.assert_array_equal(read_input(frame, targets, kind="values").interventions, expected)
    by_column = frame.assign(guide=[1007, np.nan, 2003, np.nan])
    np.testing.assert_array_equal(read_input(by_column, "guide", kind="values").interventions, expected)
    assert not read_input(frame.assign(guide=np.nan), "guide", kind="values").interventions.any()
    found = read_input(frame, [[0], [1], [2], [0]], kind="values").interventions
    np.testing.assert_array_equal(found.argmax(axis=1), [0, 1, 2, 0])
    with pytest.raises(InputError, match="holds numbers"):
        read_input(frame.assign(guide=[5, 5, 5, 5]), "guide", kind="values")
    double = pd.concat([frame, frame[["c"]]], axis=1)
    with pytest.raises(InputError, match="more than one column 'c'"):
        read_input(double, "c", kind="values")


def test_labels_in_another_order_are_no_positions() -> None:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(3, 2)), columns=["a", "b"], index=[2, 1, 0])
    with pytest.raises(InputError, match="another order"):
        read_input(frame, pd.Series(["a", None, None]), kind="values")
    labelled = pd.Series(["a", None, None], index=pd.Index([0, 1, 2]))
    mask = read_input(frame, labelled, kind="values")
    np.testing.assert_array_equal(mask.interventions[:, 0], [0, 0, 1])


def test_a_dataset_brings_its_interventions_and_names() -> None:
    data = Dataset(X.astype(np.float32), MASK.astype(np.uint8), None, NAMES)
    found = read(data)
    np.testing.assert_array_equal(found.interventions, MASK)
    assert found.names == NAMES
    assert not read(data, np.zeros_like(MASK)).interventions.any()


def test_the_caller_s_arrays_are_not_changed_or_kept() -> None:
    x, mask = X.astype(np.float32), MASK.astype(np.uint8)
    found = read(x, mask)
    found.x[:], found.interventions[:] = 9, 1
    np.testing.assert_array_equal(x, X)
    np.testing.assert_array_equal(mask, MASK)


def broken(value: float) -> np.ndarray:
    x = X.copy()
    x[2, 1] = value
    return x


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        (X[0], {}, "two dimensions.*shape \\(3,\\)"),
        (np.zeros((4, 3, 2)), {}, "two dimensions"),
        ([["a", "b"], ["c", "d"]], {}, "numbers"),
        ([[1, 2], [3]], {}, "numbers"),
        (X[:1], {}, "1 rows and 3 columns.*2 observations"),
        (X[:, :1], {}, "4 rows and 1 columns"),
        (X * np.array([1, np.nan, 1]), {}, "not missing in the columns 'x2'; drop"),
        (X * np.array([1, np.nan, 1]), {"kind": "counts"}, "not missing in the columns 'x2'; drop"),
        (pd.DataFrame(broken(np.inf), columns=NAMES), {}, "infinite.*row 2, column 'mek'"),
        (pd.DataFrame({"gene": list("abcd"), "a": 1, "b": 2}), {}, "'gene'.*index"),
        (pd.DataFrame(X, columns=["a", "b", "a"]), {}, "more than once: 'a'"),
        (X, {"names": ["a", "b"]}, "2 names.*3 variables"),
        (broken(-1), {"kind": "counts"}, "negative.*-1.*row 2, column 'x2'.*not normalised"),
        (broken(0.5), {"kind": "counts"}, "not integers.*0.5.*scm"),
        (np.zeros((4, 3)), {"kind": "counts"}, "only zeros"),
    ],
)
def test_unusable_tables_are_explained(x: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(x, **options)


@pytest.mark.parametrize(
    ("interventions", "message"),
    [
        (MASK[:3], "shape of X, \\(4, 3\\).*\\(3, 3\\)"),
        (MASK.T, "shape of X"),
        (2 * MASK, "only 0 and 1"),
        (MASK * 0.5, "only 0 and 1"),
        (np.array([["yes"] * 3] * 4), "only 0 and 1"),
        (pd.DataFrame(MASK, columns=["raf", "mek", "akt"]), "'akt', 'erk'"),
        ([None, "raf"], "one entry per row of X: 4, got 2"),
        ("raf", "'raf' of X holds numbers.*name of the variable"),
        ("rafael", "'rafael' names no column of X.*Did you mean 'raf'"),
        ([None, "ref", None, None], "row 1 names 'ref'.*Did you mean 'raf'"),
        ([None, 3, None, None], "row 1 has index 3.*0 to 2"),
        ([None, -1, None, None], "index -1"),
        ([None, 0.5, None, None], "row 1 has 0.5"),
    ],
)
def test_unusable_interventions_are_explained(interventions: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(pd.DataFrame(X, columns=NAMES), interventions)
