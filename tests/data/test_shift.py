"""Data unlike those of training are told apart, and usual ones are not."""

from __future__ import annotations

import numpy as np

from avici_jl.data.inputs import read_input
from avici_jl.data.shift import differences

CONFIG = {
    "data": {"kind": "values", "sizes": [{"d": 5}], "rows": [30, 200], "interventional": [0.0, 0.5]},
    "network": {"kind": "pair"},
}


def reasons(x: np.ndarray, targets: list[int | None] | None = None, kind: str = "values") -> dict[str, str]:
    config = {**CONFIG, "data": {**CONFIG["data"], "kind": kind}}
    return dict(differences(read_input(x, targets, kind=kind), config))


def usual(n: int = 60) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, 5))


def test_usual_data_have_nothing_unusual() -> None:
    assert not reasons(usual()) and not reasons(usual(), [None] * 30 + [1] * 30)


def test_rows_given_again_are_counted() -> None:
    assert "240 of 300 rows" in reasons(np.tile(usual(), (5, 1)))["repeated rows"]
    knocked = np.tile(usual(30), (2, 1))
    assert not reasons(knocked, [None] * 30 + [0] * 30)  # the same values under another intervention
    once = usual()
    once[1] = once[0]
    assert not reasons(once)


def test_interventions_in_every_row_are_named() -> None:
    assert "in every row" in reasons(usual(), [k % 5 for k in range(60)])["no observations"]


def test_discrete_variables_are_named_but_no_constants_nor_short_tables() -> None:
    x = usual()
    x[:, 1], x[:, 3] = x[:, 1] > 0, np.round(x[:, 3])
    found = reasons(x)["few values"]
    assert "'x2'" in found and ("'x4'" in found) == (len(np.unique(x[:, 3])) <= 5)
    x = usual()
    x[:, 2] = 1.5
    assert reasons(x).keys() == {"constant"}
    short = usual(20)
    short[:, 0] = short[:, 0] > 0
    assert "few values" not in reasons(short)


def test_counts_may_be_few_and_alike() -> None:
    x = np.tile(np.random.default_rng(0).poisson(0.5, (30, 5)), (2, 1)).astype(float)
    assert not reasons(x, kind="counts")
