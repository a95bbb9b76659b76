"""How much memory there is, and what becomes of memory that is freed."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from pathlib import Path

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


def free_memory() -> int | None:
    """Bytes that this process may still take: what the system has, within the limit of its group; None if unknown."""
    limits = []
    with contextlib.suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        limits.append(1024 * int(next(line for line in lines if line.startswith("MemAvailable")).split()[1]))
    with contextlib.suppress(OSError, ValueError):
        most, used = (int(Path(f"/sys/fs/cgroup/memory.{name}").read_text()) for name in ("max", "current"))
        limits.append(most - used)
    return min(limits, default=None)
