"""Answers of a benchmark are computed once, and again when anything that they follow from has changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avici_jl import Model
from avici_jl.benchmark import cells
from avici_jl.benchmark.cells import _PREDICTS, KeptModel, ask, kept, kept_in
from avici_jl.benchmark.methods import Data, Result
from test_rooms import PACKAGE, imports
from tiny_models import save

X = np.random.default_rng(0).normal(size=(30, 3))


def test_an_answer_is_given_again_for_the_same_key_only(tmp_path: Path) -> None:
    calls: list[int] = []

    def answer() -> dict[str, Any]:
        calls.append(1)
        return {"matrix": X, "seconds": 1.5, "failure": "", "number": len(calls)}

    keys = [
        ("a", X),
        ("a", X),
        ("b", X),
        ("a", X + 0),
        ("a", X.astype(np.float32)),
        ("a", X[:20]),
        ("a", X, 1),
        ("a", 1.0),
    ]
    with kept_in(tmp_path / "cells"):
        found = [kept(key, answer)["number"] for key in keys]
    assert found == [1, 1, 2, 1, 3, 4, 5, 6]
    with kept_in(tmp_path / "cells"):  # by another run
        again = kept(keys[0], answer)
    assert again["number"] == 1 and again["seconds"] == 1.5 and again["failure"] == ""
    np.testing.assert_array_equal(again["matrix"], X)
    assert kept(keys[0], answer)["number"] == 7  # outside, nothing is kept
    assert len(list((tmp_path / "cells").iterdir())) == 6


def test_damaged_and_unwanted_answers_are_computed_again(tmp_path: Path) -> None:
    with kept_in(tmp_path):
        kept(("a",), lambda: {"n": 1})
        (file,) = tmp_path.iterdir()
        file.write_bytes(file.read_bytes()[:40])
        assert kept(("a",), lambda: {"n": 2})["n"] == 2 and kept(("a",), lambda: {"n": 3})["n"] == 2
        for n in (4, 5):
            assert kept(("b",), lambda n=n: {"n": n}, keep=lambda answer: False)["n"] == n  # type: ignore[misc]


def test_a_model_is_asked_once_for_each_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, calls = save(tmp_path / "small"), []
    original = Model.predict_checked

    def counted(self: Model, found: Any, **how: Any) -> Any:
        calls.append(1)
        return original(self, found, **how)

    monkeypatch.setattr(Model, "predict_checked", counted)
    expected = Model.load(path).predict(X)
    with kept_in(tmp_path / "cells"):
        took = []
        for _ in range(2):
            model = KeptModel.load(path)
            np.testing.assert_array_equal(model.predict(X), expected)
            took.append(model.seconds)
        assert took[0] == took[1] > 0  # those of the first time
        assert len(calls) == 2
        KeptModel.load(path).predict(X, ["x1"] * 10 + [None] * 20)
        other = KeptModel.load(save(tmp_path / "other", temperature=2.0))
        assert len(calls) == 3 and np.abs(other.predict(X) - expected).max() > 0 and len(calls) == 4


def test_other_methods_are_asked_again_when_their_code_or_limit_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Counting:
        calls = 0
        failure = ""

        def run(self, name: str, data: Data, *, seconds: float, bootstrap: int = 0) -> Result:
            self.calls += 1
            return Result(np.eye(3), 0.1, self.failure)

    worker, data = Counting(), Data(X, np.zeros(X.shape, np.uint8), "values")

    def asked(**changed: Any) -> int:
        given = {"name": "|correlation|", "data": data, "seconds": 1.0, **changed}
        ask(worker, given["name"], given["data"], seconds=given["seconds"])  # type: ignore[arg-type]
        return worker.calls

    with kept_in(tmp_path):
        assert [asked(), asked(), asked(seconds=2.0), asked(name="PC"), asked(data=replace(data, seed=1))] == [
            1,
            1,
            2,
            3,
            4,
        ]
        assert asked() == 4
        monkeypatch.setattr(cells, "_code", lambda name: "another")
        assert [asked(), asked()] == [5, 5]
        worker.failure = "the process ended with -9"
        assert [asked(name="GES"), asked(name="GES")] == [6, 7]
        worker.failure = "time limit"
        assert [asked(name="GES"), asked(name="GES")] == [8, 8]


def test_every_room_that_says_something_of_a_table_decides_the_key() -> None:
    rooms = {name.split(".")[1] for name in imports(PACKAGE / "model" / "model.py")}
    around = {"errors", "_runtime", "checkpoints", "plots", "posterior", "estimator", "report"}
    assert rooms - around <= set(_PREDICTS)


def test_words_about_the_code_do_not_decide_the_key() -> None:
    plain = "def f(x):\n    return x + 1\n"
    told = '"""Module."""\ndef f(x):  # a comment\n    """Docstring."""\n    return x + 1\n'
    assert cells._without_words(told) == cells._without_words(plain)
    assert cells._without_words(plain.replace("1", "2")) != cells._without_words(plain)
