"""The same work on one core, on the cores of this machine, or on a cluster: one interface, answers in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from avici_jl.errors import AviciError, InputError

AHEAD = 64
"""Tasks that are handed out before the first of them is answered; it bounds the memory that they take."""


def in_order(
    function: Callable[..., Any], arguments: Iterable[tuple[Any, ...]], executor: Any = None, *, ahead: int = AHEAD
) -> Iterator[Any]:
    """`function(*each)` of all arguments, in their order, whoever is quicker; so sums come out the same everywhere.

    Args:
        function: pure; for executors of other processes it and its arguments can be pickled.
        arguments: taken as they are needed.
        executor: a `concurrent.futures.Executor` or a `dask.distributed.Client`; None for this thread. Dask gives a
            task whose worker is lost to another one; it counts once.
        ahead: tasks that are handed out at a time.

    Raises:
        InputError: the executor is none.
        AviciError: its processes have ended.
    """
    if executor is None:
        yield from (function(*each) for each in arguments)
        return
    submit = _submit(executor)
    waiting: deque[Any] = deque()
    try:
        for each in arguments:
            waiting.append(submit(function, *each))
            if len(waiting) >= ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except BrokenExecutor as error:
        raise AviciError(
            "A process of the executor has ended, perhaps for lack of memory. Please use fewer of them, or a "
            "dask.distributed.Client, which gives lost work to the others."
        ) from error
    finally:
        for future in waiting:
            future.cancel()


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_MOST_THREADS = 8


@contextmanager
def or_threads(executor: Any, tasks: int) -> Iterator[Any]:
    """The executor; where it is None and there are several tasks and cores, threads, closed afterwards.

    XLA computes outside of Python's lock, and small tables keep no second core busy by themselves.
    """
    threads = min(usable_cores(), tasks, _MOST_THREADS)
    if executor is not None or threads < 2:
        yield executor
        return
    with ThreadPoolExecutor(threads) as pool:
        yield pool


def _submit(executor: Any) -> Callable[..., Any]:
    if not hasattr(executor, "submit"):
        raise InputError(
            f"executor must be a concurrent.futures.Executor or a dask.distributed.Client, got "
            f"{type(executor).__name__}."
        )
    if hasattr(executor, "scheduler_info"):  # Dask's client would take equal calls for one
        return lambda function, *each: executor.submit(function, *each, pure=False)
    return executor.submit  # type: ignore[no-any-return]


def connect(address: str) -> Any:
    """A client of the Dask scheduler at this address, such as "tcp://host:8786".

    Raises:
        InputError: Dask is not installed, or nobody answers.
    """
    try:
        from dask.distributed import Client
    except ImportError:
        raise InputError('Dask is not installed: pip install "avici-jl[dask]".') from None
    try:
        return Client(address, timeout="10s")
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(f"There is no Dask scheduler at {address}: {error}") from error
