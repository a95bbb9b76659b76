"""What becomes of memory that is freed."""

from __future__ import annotations

import ctypes
import sys

_OPTIONS = {
    "trim threshold": (-1, -1),  # never give the end of the heap back
    "top pad": (-2, 2**26),  # let the heap grow by 64 MB more than is needed
    "mmap max": (-4, 0),  # no mappings for large blocks: those are given back when they are freed
    "arena max": (-8, 1),  # one heap for all threads: the others cannot hold large blocks
}
"""Number and value of options of glibc's mallopt(3)."""


def keep_freed_memory() -> bool:
    """Let this process keep the memory that it frees, for what it allocates next; returns whether the C library can.

    A training step takes and frees hundreds of megabytes. If they go back to the system in between, every step waits
    for each page of them again: a tenth to a fifth of the time on a CPU. The process does not shrink anymore.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    return mallopt is not None and all([mallopt(number, value) for number, value in _OPTIONS.values()])
