"""A limit on how long a call may take."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class TookTooLong(BaseException):
    """What a call is interrupted by; no `except Exception` inside it stops this."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """While open, at most so long by the clock: then `TookTooLong` is raised where Python is.

    Only in the main thread and where there are timers (not on Windows); without effect elsewhere. A call into compiled
    code that does not return to Python is interrupted when it does.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return

    def interrupt(*_: Any) -> None:
        raise TookTooLong

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
