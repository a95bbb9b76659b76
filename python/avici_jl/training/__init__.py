"""Training a network on an endless stream of datasets whose graph is known.

Importing it loads no JAX: processes that only make data stay small.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from avici_jl.training.again import train_again
    from avici_jl.training.function import Function
    from avici_jl.training.labelled import Labelled
    from avici_jl.training.runs import run

_HOMES = {
    "run": "avici_jl.training.runs",
    "train_again": "avici_jl.training.again",
    "Function": "avici_jl.training.function",
    "Labelled": "avici_jl.training.labelled",
}

__all__ = ["Function", "Labelled", "run", "train_again"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
