"""A process in which baselines run, so that one that takes too long, or takes its process down, does no harm."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
import warnings
from multiprocessing.connection import Connection
from types import TracebackType

import numpy as np

from avici_jl._runtime.process import end_with_parent
from avici_jl.benchmark.methods.interface import Data, Result

_PATIENCE = 20  # wall-clock seconds for each second of processor time, on a machine that others use too


class Worker:
    """Runs baselines one after the other in a process that is started when it is needed; a context manager.

    The limit is on processor time, so that results do not depend on what else the machine does.
    """

    def __init__(self) -> None:
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection | None = None

    def run(self, name: str, data: Data, *, seconds: float, bootstrap: int = 0) -> Result:
        """The answer of the baseline of this name. Failures are answers too: no edges, and the reason.

        Args:
            name: key of `BASELINES`.
            data: the dataset.
            seconds: limit of processor time, of all resamples together.
            bootstrap: see `solve`.
        """
        if self._process is None or not self._process.is_alive():
            self._start()
        assert self._connection is not None and self._process is not None
        try:
            self._connection.send((name, data, seconds, bootstrap))
            if self._connection.poll(_PATIENCE * seconds + 60):
                matrix, used, failure = self._connection.recv()
                return Result(np.zeros((data.x.shape[1],) * 2) if matrix is None else matrix, used, failure)
        except (EOFError, OSError):
            self._process.join(60)  # it is ending, which takes a while on a busy machine
        stopped = self._process.exitcode in (None, -signal.SIGPROF)
        reason = "time limit" if stopped else f"the process ended with {self._process.exitcode}"
        self.close()
        return Result(np.zeros((data.x.shape[1],) * 2), seconds, reason)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _start(self) -> None:
        self.close()
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()


def _serve(connection: Connection) -> None:
    end_with_parent()
    from avici_jl.benchmark.methods import BASELINES, solve

    warnings.simplefilter("ignore")
    quiet = os.open(os.devnull, os.O_WRONLY)  # packages print as they like
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    while True:
        try:
            name, data, seconds, bootstrap = connection.recv()
        except EOFError:
            return
        start = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            matrix, failure = solve(BASELINES[name], data, bootstrap), ""
        except Exception as error:
            matrix, failure = None, f"{type(error).__name__}: {error}"[:200]
        signal.setitimer(signal.ITIMER_PROF, 0)
        connection.send((matrix, time.process_time() - start, failure))
