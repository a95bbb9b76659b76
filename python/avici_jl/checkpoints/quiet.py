"""Orbax, without what it does to the logging of the program that it runs in."""

from __future__ import annotations

import contextlib
import io
import logging
import sys
import time
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


@contextlib.contextmanager
def late_reads_unheard() -> Iterator[None]:
    """Where a read fails, the others that are in flight report to a loop that Orbax has closed: a traceback for each.

    They come from TensorStore's threads within milliseconds, and go by `sys.stderr`, which is held back until then.
    """
    with contextlib.redirect_stderr(io.StringIO()) as held:
        try:
            yield
        except Exception:
            time.sleep(0.2)
            raise
    sys.stderr.write(held.getvalue())


with quiet_orbax():
    import orbax.checkpoint as ocp

__all__ = ["late_reads_unheard", "ocp", "quiet_orbax"]
