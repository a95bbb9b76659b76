"""Finished answers are kept: what a method says of a dataset is computed once, also by a benchmark that was stopped.

An answer is found again by what it follows from: the data themselves, the method, its version and its limits. The
version of a model is the digest of its parameters, its settings and the code that predicts, less its docstrings; that
of another method is the source file of its function and the version of its package.
"""

from __future__ import annotations

import ast
import hashlib
import inspect
import json
import math
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

import avici_jl
from avici_jl.benchmark.methods import BASELINES, Data, Result, Worker
from avici_jl.checkpoints.integrity import digest
from avici_jl.data.inputs import Input
from avici_jl.model import Model
from avici_jl.network.answer import Answer
from avici_jl.subsets.asking import Asking

_FOLDER: ContextVar[Path | None] = ContextVar("_FOLDER", default=None)
_PREDICTS = ("model", "data", "network", "subsets")
"""The code of the package that an answer of a model follows from."""


@contextmanager
def kept_in(folder: Path) -> Iterator[None]:
    """While open, answers are kept in this folder, and those that are there are not computed again."""
    folder.mkdir(parents=True, exist_ok=True)
    token = _FOLDER.set(folder)
    try:
        yield
    finally:
        _FOLDER.reset(token)


def kept(
    key: tuple[Any, ...], compute: Callable[[], dict[str, Any]], keep: Callable[[dict[str, Any]], bool] = lambda _: True
) -> dict[str, Any]:
    """The arrays and texts that `compute` gives, or has given before for this key.

    Args:
        key: arrays, texts and numbers that the answer follows from.
        compute: gives it.
        keep: whether an answer is worth keeping.
    """
    folder = _FOLDER.get()
    if folder is None:
        return compute()
    path = folder / f"{_hash(key)}.npz"
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] if file[name].ndim else file[name].item() for name in file.files}
    except (OSError, ValueError, EOFError, BadZipFile):  # none, or a damaged one
        pass
    answer = compute()
    if keep(answer):
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as part:
            np.savez_compressed(part, **answer)
        os.replace(part.name, path)
    return answer


class KeptModel(Model):
    """A model whose answers are kept.

    Attributes:
        seconds: processor time of the last answer, when it was computed; the first of a size includes compiling.
    """

    seconds = math.nan

    def predict_checked(self, found: Input, *, gaps: bool | None = None, asking: Asking = Asking()) -> Answer:  # noqa: B008
        """As `Model.predict_checked`, from what is kept if it was asked before."""
        batch = np.array([]) if found.batch is None else found.batch
        key = (
            "model",
            self._version,
            found.x,
            found.interventions,
            batch,
            found.same_units,
            gaps,
            f"{asking.subsets} {asking.seed}",
            *(found.known or ()),
        )

        def ask() -> dict[str, Any]:
            start = time.process_time()
            answer = super(KeptModel, self).predict_checked(found, gaps=gaps, asking=asking)
            seconds = time.process_time() - start
            return {"seconds": seconds, **{n: part for n, part in answer._asdict().items() if part is not None}}

        answer = kept(key, ask)
        self.seconds = answer.pop("seconds", math.nan)
        return Answer(**answer)

    @cached_property
    def _version(self) -> str:
        settings = json.dumps(
            [self._loaded.config, self._temperature, self.card.get("pair_score")], sort_keys=True, default=str
        )
        return _hash((digest(self._loaded.params), settings, _source()))


def ask(worker: Worker, name: str, data: Data, *, seconds: float, bootstrap: int = 0) -> Result:
    """The answer of a baseline, kept; the arguments are those of `Worker.run`.

    An answer that is missing because the process came to an unexpected end is not kept.
    """
    key = ("baseline", name, _code(name), data.x, data.interventions, data.kind, data.seed, seconds, bootstrap)

    def run() -> dict[str, Any]:
        answer = worker.run(name, data, seconds=seconds, bootstrap=bootstrap)
        return {"matrix": answer.matrix, "seconds": answer.seconds, "failure": answer.failure}

    return Result(**kept(key, run, keep=lambda answer: not str(answer["failure"]).startswith("the process ended")))


@cache
def _code(name: str) -> str:
    """The version of a baseline."""
    baseline = BASELINES[name]
    file = inspect.getsourcefile(baseline.function)
    parts = [name, "" if file is None else Path(file).read_text(encoding="utf-8")]
    for distribution in packages_distributions().get(baseline.package, []):
        try:
            parts.append(f"{distribution} {version(distribution)}")
        except PackageNotFoundError:
            continue
    return _hash(tuple(parts))


@cache
def _source() -> str:
    """The code that predicts, without what says it in words: comments and docstrings."""
    root = Path(avici_jl.__file__).parent
    files = [file for place in _PREDICTS for file in sorted((root / place).rglob("*.py")) or [root / place]]
    return _hash(tuple(_without_words(file.read_text(encoding="utf-8")) for file in files))


def _without_words(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            kept = [part for part in body if not (isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant))]
            node.body = kept  # type: ignore[attr-defined]
    return ast.dump(tree)


def _hash(key: tuple[Any, ...]) -> str:
    total = hashlib.sha256()
    for part in key:
        if isinstance(part, np.ndarray):
            total.update(f"{part.dtype.str} {part.shape}\n".encode())
            total.update(np.ascontiguousarray(part).tobytes())
        else:
            total.update(f"{type(part).__name__} {part!r}\n".encode())
    return total.hexdigest()[:40]
