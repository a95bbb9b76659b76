"""Orbax, without what it does to the logging of the program that it runs in."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

from avici_jl._runtime.scope import Shared


class _ErrorsOnly(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    absl, errors_only = logging.getLogger("absl"), _ErrorsOnly()
    # A root logger without handlers would be given one for good by the first message, even one that is not shown.
    usual = None if logging.root.handlers else logging.lastResort
    absl.addFilter(errors_only)
    if usual is not None:
        logging.root.addHandler(usual)
    try:
        yield
    finally:
        absl.removeFilter(errors_only)
        if usual is not None:
            logging.root.removeHandler(usual)


quiet_orbax = Shared(_quiet)
"""While open, Orbax logs nothing but errors, and loggers stay as they are."""

with quiet_orbax():
    import orbax.checkpoint as ocp

__all__ = ["ocp", "quiet_orbax"]
