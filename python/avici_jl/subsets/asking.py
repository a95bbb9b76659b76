"""How a table is asked about: options of every method of a model that predicts, beside those of reading the table."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from avici_jl.data.inputs import InputOptions
from avici_jl.errors import InputError


class InferOptions(InputOptions, total=False):
    """Options of every method of a `Model` that predicts; `Model` says what they mean."""

    subsets: bool | None
    subset_seed: int
    executor: Any
    progress: bool | None


ASKING = ("subsets", "subset_seed", "executor", "progress")
"""Those that `read_asking` takes."""


class Asking(NamedTuple):
    """How a table is asked about.

    Attributes:
        subsets: whether in subsets; None where there are many variables.
        seed: of the subsets.
        executor: what runs predictions, see `in_order`.
        progress: whether a bar is shown; None for on terminals.
    """

    subsets: bool | None = None
    seed: int = 0
    executor: Any = None
    progress: bool | None = None


def read_asking(
    *,
    subsets: bool | None = None,
    subset_seed: int = 0,
    executor: Any = None,
    progress: bool | None = None,
) -> Asking:
    """The options, checked.

    Raises:
        InputError: the seed is none.
    """
    if isinstance(subset_seed, bool) or not isinstance(subset_seed, int | np.integer) or subset_seed < 0:
        raise InputError(f"subset_seed must be an integer, not negative, got {subset_seed!r}.")
    return Asking(subsets, int(subset_seed), executor, progress)
