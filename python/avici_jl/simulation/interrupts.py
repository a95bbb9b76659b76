"""Ctrl-C while Julia works: Python's handler only notes the signal then, and Julia has to look.

Python writes the number of every signal that it notes to a socket (`signal.set_wakeup_fd`), at which AviciSim looks
every 20 ms and ends the simulation. Back in Python the signal's handler runs, as always.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator

_READ, _WRITE = socket.socketpair()
_READ.setblocking(False)
_WRITE.setblocking(False)
atexit.register(_READ.close)
atexit.register(_WRITE.close)

SOCKET = _READ.fileno()
"""The socket at which Julia looks."""


@contextlib.contextmanager
def noted_signals() -> Iterator[bytearray]:
    """Let Python write signals to the socket; afterwards they are in what was given, and go on to who asked before."""
    noted = bytearray()
    if threading.current_thread() is not threading.main_thread():
        yield noted  # Python gives signals to its main thread alone
        return
    before = signal.set_wakeup_fd(_WRITE.fileno(), warn_on_full_buffer=False)
    try:
        yield noted
    finally:
        signal.set_wakeup_fd(before)
        noted += _drain()
        if noted and before != -1:
            with contextlib.suppress(OSError):
                os.write(before, noted)


def _drain() -> bytes:
    noted = b""
    with contextlib.suppress(BlockingIOError):
        while more := _READ.recv(4096):
            noted += more
    return noted


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Put off Ctrl-C to the end: what is done here must not be left half done."""
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield
        return
    asked = False

    def note(*_: object) -> None:
        nonlocal asked
        asked = True

    signal.signal(signal.SIGINT, note)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)
        if asked:
            signal.raise_signal(signal.SIGINT)
