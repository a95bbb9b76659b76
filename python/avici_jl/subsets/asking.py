"""How a table is asked about: options of every method of a model that predicts, beside those of reading the table."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np

from avici_jl.data.inputs import Input, InputOptions
from avici_jl.data.words import listed
from avici_jl.errors import InputError


class InferOptions(InputOptions, total=False):
    """Options of every method of a `Model` that predicts; `Model` says what they mean."""

    regulators: Collection[Any] | None
    subsets: bool | None
    subset_seed: int
    executor: Any
    progress: bool | None


ASKING = ("regulators", "subsets", "subset_seed", "executor", "progress")
"""Those that `read_asking` takes."""


class Asking(NamedTuple):
    """How a table is asked about.

    Attributes:
        causes: [k] places of the variables that can be causes; None for all.
        subsets: whether in subsets; None where there are many variables.
        seed: of the subsets.
        executor: what runs predictions, see `in_order`.
        progress: whether a bar is shown; None for on terminals.
    """

    causes: np.ndarray | None = None
    subsets: bool | None = None
    seed: int = 0
    executor: Any = None
    progress: bool | None = None


def read_asking(
    found: Input,
    *,
    regulators: Collection[Any] | None = None,
    subsets: bool | None = None,
    subset_seed: int = 0,
    executor: Any = None,
    progress: bool | None = None,
) -> Asking:
    """The options, checked.

    Raises:
        InputError: a regulator is no variable of the table, there is none, or the seed is none.
    """
    causes = None
    if regulators is not None:
        place = {name: k for labels in (found.names, found.labels) for k, name in enumerate(labels)}
        given = [regulators] if isinstance(regulators, str) else list(regulators)
        unknown = [str(name) for name in given if name not in place]
        if unknown:
            raise InputError(f"regulators must be names of variables of the table; these are none: {listed(unknown)}.")
        if not given:
            raise InputError("regulators names no variable; leave it out if all can be causes.")
        causes = np.unique([place[name] for name in given])
    if isinstance(subset_seed, bool) or not isinstance(subset_seed, int | np.integer) or subset_seed < 0:
        raise InputError(f"subset_seed must be an integer, not negative, got {subset_seed!r}.")
    return Asking(causes, subsets, int(subset_seed), executor, progress)
