"""How a table is asked about: options of every method of a model that predicts, beside those of reading the table."""

from __future__ import annotations

from collections.abc import Mapping
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


_ASKING = ("subsets", "subset_seed", "executor", "progress")


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


def divided(options: Mapping[str, Any]) -> tuple[Asking, dict[str, Any]]:
    """Options of a method that predicts: how the table is asked about, checked, and how it is read.

    Raises:
        InputError: as `read_asking`.
    """
    asking = read_asking(**{name: options[name] for name in _ASKING if name in options})
    return asking, {name: value for name, value in options.items() if name not in _ASKING}


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
