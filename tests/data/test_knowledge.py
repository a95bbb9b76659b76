"""Knowledge of the graph: every form says the same, contradictions are refused by name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from avici_jl import InputError, Knowledge
from avici_jl.data.inputs import read_input

NAMES = ["age", "dose", "marker", "outcome"]
PAIRS = [("age", "dose"), ("dose", "outcome")]
MATRIX = np.array([[0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]])


def pairs_of(**knowledge: Any) -> np.ndarray:
    return Knowledge(**knowledge).of(NAMES, NAMES).pairs


@pytest.mark.parametrize(
    "given",
    [
        PAIRS,
        tuple(map(list, PAIRS)),
        {("age", " dose "), ("dose", "outcome")},
        pd.DataFrame(PAIRS, columns=["source", "target"]).assign(more=1),
        MATRIX,
        MATRIX.astype(bool),
        pd.DataFrame(MATRIX, NAMES, NAMES),
        pd.DataFrame(MATRIX, NAMES, NAMES).loc[["outcome", "dose", "age"], ["outcome", "dose", "age"]],
        nx.DiGraph(PAIRS),
    ],
)
def test_edges_in_every_form(given: Any) -> None:
    np.testing.assert_array_equal(pairs_of(required_edges=given), MATRIX)
    np.testing.assert_array_equal(pairs_of(forbidden_edges=given), -MATRIX)
    assert Knowledge(required_edges=given).of(NAMES, NAMES).log_odds.any() == 0


def test_tiers_roots_and_regulators_forbid_what_they_rule_out() -> None:
    tiers = pairs_of(tiers=[["age"], ["dose", "marker"]])
    assert {(NAMES[i], NAMES[j]) for i, j in np.argwhere(tiers)} == {("dose", "age"), ("marker", "age")}
    np.testing.assert_array_equal(tiers, pairs_of(tiers={"age": 1, "dose": 5.5, "marker": 5.5}))
    roots = pairs_of(roots=["age"])
    assert (roots[1:, 0] == -1).all() and (np.abs(roots).sum(), roots[0, 0]) == (3, 0)
    regulators = pairs_of(regulators=["dose", "age"])
    assert (regulators[2:] != 0).sum() == 6 and not regulators[:2].any() and not regulators.diagonal().any()
    assert not pairs_of().any()


def test_beliefs_are_odds_and_certain_ones_are_known() -> None:
    beliefs = [("age", "dose", 0.9), ("dose", "marker", 0.5), ("dose", "outcome", 1), ("outcome", "age", 0.0)]
    expected = np.zeros((4, 4))
    expected[0, 1] = np.log(9)
    matrix = np.full((4, 4), np.nan)
    for a, b, q in beliefs:
        matrix[NAMES.index(a), NAMES.index(b)] = q
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(beliefs, weight="probability")
    table = pd.DataFrame(beliefs, columns=["source", "target", "probability"])
    for given in (beliefs, table, matrix, pd.DataFrame(matrix, NAMES, NAMES), graph):
        known = Knowledge(beliefs=given).of(NAMES, NAMES)
        np.testing.assert_allclose(known.log_odds, expected, atol=1e-6)
        assert (known.pairs[1, 3], known.pairs[3, 0], np.abs(known.pairs).sum()) == (1, -1, 2)
    assert str(known) == "1 required and 1 forbidden edges, beliefs on 1"


@pytest.mark.parametrize(
    ("knowledge", "message"),
    [
        ({"required_edges": PAIRS, "forbidden_edges": PAIRS[1:]}, "'dose → outcome' is required, and is in forbidden"),
        ({"required_edges": [("dose", "age")], "tiers": [["age"], ["dose"]]}, "'dose → age'.* against the tiers"),
        ({"required_edges": PAIRS, "roots": ["outcome"]}, "'dose → outcome'.* into one of the roots"),
        ({"required_edges": PAIRS, "regulators": ["age"]}, "'dose → outcome'.* none of the regulators"),
        ({"regulators": []}, "regulators names no variable"),
        ({"beliefs": [("age", "dose", 0)], "required_edges": PAIRS}, "'age → dose'.* probability 0 in beliefs"),
        ({"required_edges": [*PAIRS, ("outcome", "age")]}, "cycle: age → dose → outcome → age"),
        ({"required_edges": [("age", "dsoe")]}, "required_edges names 'dsoe'.* Did you mean 'dose'"),
        ({"tiers": [["age"], ["sex"]]}, "tiers names 'sex'"),
        ({"tiers": [["age"], ["age"]]}, "'age' is in two tiers, 1 and 2"),
        ({"tiers": ["age", "dose"]}, "collections of variables"),
        ({"tiers": {"age": "early"}}, "to a number"),
        ({"tiers": {"age": float("nan")}}, "to a number"),
        ({"roots": "age"}, "roots must be a collection"),
        ({"required_edges": [("age", "age")]}, "from 'age' to itself"),
        ({"required_edges": np.eye(4)}, "from 'age' to itself"),
        ({"required_edges": np.zeros((3, 3))}, "4 x 4"),
        ({"required_edges": "age"}, "list of"),
        ({"required_edges": ["age", "dose"]}, "list of .* got 'age'"),
        ({"beliefs": PAIRS}, '"effect", 0.9'),
        ({"beliefs": [("age", "dose", 2)]}, "age → dose is 2"),
        ({"beliefs": [("age", "dose", "high")]}, "'high', no number"),
        ({"forbidden_edges": nx.Graph(PAIRS)}, "not"),
        ({"forbidden_edges": pd.DataFrame(MATRIX)[[0, 1]]}, "both axes"),
    ],
)
def test_what_cannot_be_is_refused_by_name(knowledge: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Knowledge(**knowledge).of(NAMES, NAMES)


def test_files_and_dicts_say_the_same(tmp_path: Path) -> None:
    text = """
    required_edges = [["age", "dose"]]
    tiers = [["age"], ["dose", "marker"], ["outcome"]]
    beliefs = [["marker", "outcome", 0.8]]
    """
    (tmp_path / "known.toml").write_text(text)
    as_dict = {
        "required_edges": [("age", "dose")],
        "tiers": [["age"], ["dose", "marker"], ["outcome"]],
        "beliefs": [("marker", "outcome", 0.8)],
    }
    x = pd.DataFrame(np.random.default_rng(0).normal(size=(9, 4)), columns=NAMES)
    found = [
        read_input(x, kind="values", prior=prior).known
        for prior in (tmp_path / "known.toml", str(tmp_path / "known.toml"), as_dict, Knowledge(**as_dict))
    ]
    for known in found[1:]:
        assert known is not None and found[0] is not None
        np.testing.assert_array_equal(known.pairs, found[0].pairs)
        np.testing.assert_array_equal(known.log_odds, found[0].log_odds)
    assert read_input(x, kind="values").known is None
    (tmp_path / "known.toml").write_text("required = []")
    with pytest.raises(InputError, match="known.toml has 'required'.*required_edges"):
        Knowledge.read(tmp_path / "known.toml")
    (tmp_path / "known.toml").write_text("required = ")
    for prior, message in ((tmp_path / "known.toml", "in TOML"), (tmp_path / "gone", "gone"), (3, "got a int")):
        with pytest.raises(InputError, match=message):
            Knowledge.read(prior)


def test_variables_are_named_as_in_the_table() -> None:
    x = np.random.default_rng(0).normal(size=(9, 4))
    by_position, by_name = (
        read_input(x, kind="values", prior={"required_edges": [pair]}).known for pair in ((0, 2), ("x1", "x3"))
    )
    labelled = read_input(
        pd.DataFrame(x, columns=[7, 0, 5, 1]), kind="values", prior={"required_edges": [(7, 5)]}
    ).known
    for known in (by_position, by_name, labelled):
        assert known is not None and np.argwhere(known.pairs).tolist() == [[0, 2]]
    with pytest.raises(InputError, match="names 9"):
        read_input(x, kind="values", prior={"roots": [9]})
