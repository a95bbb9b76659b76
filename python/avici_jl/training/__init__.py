"""Training a network on an endless stream of simulated datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from avici_jl.training.trainer import run

__all__ = ["run"]


def __getattr__(name: str) -> Any:
    # Reading a checkpoint needs this package, and must not wait for all that training needs.
    if name == "run":
        from avici_jl.training.trainer import run

        return run
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
