"""What is no number: the message names row, column and value, and says what the column seems to be."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from avici_jl import InputError
from avici_jl.data.inputs import read_input

X = np.random.default_rng(0).normal(size=(6, 2)).round(3)
FRAME = pd.DataFrame(X, columns=["a", "b"])


def with_(*values: Any, name: str = "c") -> pd.DataFrame:
    return FRAME.assign(**{name: list(values)})


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (with_("mV", *"12345"), r"Row 0 of column 'c' has 'mV'.*row seems to hold units.*skiprows=\[1\]"),
        (with_(*"12345", "6,0").assign(a="1.5"), "Row 5 of column 'c' has '6,0'.*decimal=','"),
        (with_(*"123456"), r"Row 0 of column 'c' has '1'.*numbers stored as text.*pandas.to_numeric\(X\['c'\]\)"),
        (with_("1", "2", "3", "low", "5", "NA"), "Row 3 of column 'c' has 'low'.*1 of its 6 entries.*'low'"),
        (with_(1.0, 2.0, 3.0, "n.d.", 5.0, 6.0), "Row 3 of column 'c' has 'n.d.'.*1 of its 6 entries"),
        (with_("wt", "wt", "ko", "ko", "wt", "ko"), "categories: 'wt', 'ko'.*interventions='c' .*--targets"),
        (with_("a", "b", "c", "d", "e", "f"), r"another text in every row.*set_index\('c'\).*--row-names"),
        (FRAME.assign(c=pd.Categorical(["x", "y"] * 3)), "Row 0 of column 'c' has 'x'.*categories"),
        (FRAME.assign(c=pd.Categorical([1, 2] * 3)), "numbers stored as text"),
        (FRAME.assign(c=pd.Timestamp(0)), "'c' holds dates"),
        (with_("mV", *"12345").set_axis(list("uvwxyz")), r"Row 0 \('u'\) of column 'c'"),
        (np.array([["1", "2"], ["3", "4"]]), "'1' in row 0, column 0; numbers stored as text.*astype"),
        (np.array([[1, 2], [3, "x"]], dtype=object), "'x' in row 1, column 1"),
        ([["1.5", "2"], ["3", "x"]], "it holds text, '1.5' in row 0, column 0.$"),
    ],
)
def test_the_place_and_the_advice(x: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_input(x, kind="values")


def test_numbers_as_objects_are_numbers() -> None:
    for values in (X[:, 0].astype(object), [Decimal(str(value)) for value in X[:, 0]], [True, False] * 3):
        found = read_input(FRAME.assign(c=pd.Series(list(values), dtype=object)), kind="values")
        np.testing.assert_allclose(found.x[:, 2], np.array(values, dtype=float))
    turned = FRAME.assign(label="x").T.drop("label")  # whose columns are objects
    np.testing.assert_array_equal(read_input(turned, kind="values").x, X.T)
