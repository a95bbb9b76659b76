"""The batches of a run, one after the other, made in this process or by others beside it.

The unit of work of another process is a shuffle buffer (see `TrainingData`): it makes a buffer's datasets once, and
sends the finished batches one by one, so that each is received while a step is computed. What is sent does not depend
on how many processes there are.

Each process has a pipe of its own and shares nothing else with the training process, no lock and no memory. So one that
is killed, even in the middle of a message, can only end its pipe. (Queues of `multiprocessing` and what builds on them,
grain among it, share locks: a process killed with one in its hands leaves everyone waiting.)
"""

from __future__ import annotations

import multiprocessing
import signal
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from multiprocessing.connection import Connection

import cloudpickle

from avici_jl._runtime.executors import usable_cores
from avici_jl._runtime.process import end_with_parent
from avici_jl.errors import AviciError, SimulationError
from avici_jl.training.data import Batch, TrainingData

_REPLACEMENTS = 3


@contextmanager
def batches(data: TrainingData, first: int, workers: int) -> Iterator[Iterator[Batch]]:
    """While open, an iterator over the batches from number `first` on.

    Args:
        data: the batches.
        first: number of the first one wanted.
        workers: processes that make them, each with a Julia of its own; 0 to make each when it is asked for.

    The iterator raises:
        SimulationError: the simulator failed, or processes ended again and again. One that ends by itself is replaced.
    """
    if workers == 0:
        yield (data[step] for step in range(first, len(data)))
        return
    buffer, skip = divmod(first, data.buffer_steps)
    frozen = cloudpickle.dumps(data)
    pool = [_Worker(frozen, range(buffer + k, _buffers(data), workers)) for k in range(workers)]
    try:
        yield _in_turn(pool, range(buffer, _buffers(data)), skip)
    finally:
        for worker in pool:
            worker.close()


def suggested_workers(data: TrainingData, first: int) -> int:
    """Processes worth having: none for cheap sources and short runs, else one for each core but one, at most 16."""
    if not data.source.costly:
        return 0
    return max(0, min(usable_cores() - 1, (len(data) - first) // data.buffer_steps // 8, 16))


def _buffers(data: TrainingData) -> int:
    return -(-len(data) // data.buffer_steps)


def _in_turn(pool: list[_Worker], buffers: range, skip: int) -> Iterator[Batch]:
    for turn, buffer in enumerate(buffers):
        yield from islice(pool[turn % len(pool)].buffer(), skip if buffer == buffers.start else 0, None)


class _Worker:
    """A process that makes certain buffers in order, one ahead of the reader; another takes its place if it ends.

    Args:
        frozen: the pickled `TrainingData`.
        buffers: the buffers it makes.
    """

    def __init__(self, frozen: bytes, buffers: range) -> None:
        self._frozen, self._left, self._failures = frozen, buffers, 0
        self._start()

    def buffer(self) -> Iterator[Batch]:
        """The batches of the next buffer; raises the error that making them ended with."""
        given = received = 0
        while True:
            try:
                made = self._pipe.recv()
            except (EOFError, OSError):
                self._replace()
                received = 0  # the other process begins the buffer again
                continue
            if isinstance(made, BaseException):
                raise made
            if made is None:
                break
            received += 1
            if received > given:
                given = received
                yield made
        self._left, self._failures = self._left[1:], 0

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._pipe.close()
        self._process.kill()
        self._process.join()

    def _start(self) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._pipe, other = spawn.Pipe(duplex=False)
        self._process = spawn.Process(
            target=_make, args=(self._frozen, self._left, other), name="avici-jl simulates", daemon=True
        )
        self._process.start()
        other.close()

    def _replace(self) -> None:
        self._process.join()
        self._failures += 1
        if self._failures > _REPLACEMENTS:
            raise SimulationError(
                f"A process that simulates ended {self._failures} times in a row (exit code {self._process.exitcode}). "
                "Is there enough memory? A script that trains needs its calls under if __name__ == '__main__'. "
                "workers=0 simulates in the training process itself."
            )
        warnings.warn("A process that simulates has ended and is replaced.", RuntimeWarning, stacklevel=4)
        self._start()


def _make(frozen: bytes, buffers: range, pipe: Connection) -> None:
    """Send each buffer's batches and then None, or the error.

    Ctrl-C is left to the parent, and however that ends, this process ends with it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    try:
        data: TrainingData = cloudpickle.loads(frozen)
        for buffer in buffers:
            first = buffer * data.buffer_steps
            made = [data[step] for step in range(first, min(first + data.buffer_steps, len(data)))]
            for batch in (*made, None):
                pipe.send(batch)
    except Exception as error:
        pipe.send(error if isinstance(error, AviciError) else SimulationError(f"{type(error).__name__}: {error}"))
