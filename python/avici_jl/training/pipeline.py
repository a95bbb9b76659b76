"""The batches of a run, one after the other, made in this process or by others beside it.

The unit of work of another process is a chapter (see `TrainingData`): it makes a chapter's datasets once and sends the
finished batches. What is sent does not depend on how many processes there are.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from avici_jl.errors import SimulationError
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
    pool = _Pool(data, workers)
    try:
        yield pool.batches(first)
    finally:
        pool.close()


def suggested_workers(data: TrainingData, first: int) -> int:
    """Processes worth having: none for cheap sources and short runs, else one for each core but one, at most 8."""
    if not data.source.costly:
        return 0
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    chapters = (len(data) - first) // data.chapter_steps
    return max(0, min(cores - 1, chapters // 8, 8))


class _Pool:
    """Processes that make chapters, by grain; started again where the stream broke off when one of them dies."""

    def __init__(self, data: TrainingData, workers: int) -> None:
        self._data, self._workers = data, workers
        self._before = {child.pid for child in multiprocessing.active_children()}
        self._chapters: Any = None

    def batches(self, first: int) -> Iterator[Batch]:
        chapter, skip = divmod(first, self._data.chapter_steps)
        failures = 0
        while chapter * self._data.chapter_steps < len(self._data):
            if self._chapters is None:
                self._chapters = self._start(chapter)
            try:
                made = next(self._chapters)
            except RuntimeError as error:
                if isinstance(error, SimulationError) or "terminated unexpectedly" not in str(error):
                    raise
                failures += 1
                self.close()
                if failures > _REPLACEMENTS:
                    raise SimulationError(
                        f"The processes that simulate ended {failures} times in a row ({error}) Is there enough "
                        "memory? A script that trains needs its calls under if __name__ == '__main__'. "
                        "workers=0 simulates in the training process itself."
                    ) from error
                warnings.warn("A process that simulates has ended and is replaced.", RuntimeWarning, stacklevel=2)
                continue
            failures = 0
            yield from made[skip:]
            chapter, skip = chapter + 1, 0

    def close(self) -> None:
        """End the processes, whatever they are doing."""
        for child in self._children():
            child.kill()
        if self._chapters is not None:
            self._chapters.close()
            self._chapters = None

    def _start(self, first: int) -> Any:
        import grain
        from absl import flags

        if not flags.FLAGS.is_parsed():
            flags.FLAGS.mark_as_parsed()  # grain has settings of its own there and takes them as they are
        dataset = grain.MapDataset.source(_Chapters(self._data))[first:]
        stream = dataset.to_iter_dataset(grain.ReadOptions(num_threads=0, prefetch_buffer_size=0))
        # Through pipes alone: blocks of shared memory would outlive a process that is killed.
        stream = grain.experimental.WithOptionsIterDataset(
            stream, grain.experimental.DatasetOptions(min_shm_size=2**62)
        )
        options = grain.MultiprocessingOptions(num_workers=self._workers, per_worker_buffer_size=1)
        return iter(stream.mp_prefetch(options, worker_init_fn=_init_worker))

    def _children(self) -> list[Any]:
        return [child for child in multiprocessing.active_children() if child.pid not in self._before]


class _Chapters:
    """The chapters of a run as a random-access source."""

    def __init__(self, data: TrainingData) -> None:
        self._data = data

    def __len__(self) -> int:
        return -(-len(self._data) // self._data.chapter_steps)

    def __getitem__(self, chapter: int) -> list[Batch]:
        first = chapter * self._data.chapter_steps
        return [self._data[step] for step in range(first, min(first + self._data.chapter_steps, len(self._data)))]


def _init_worker(index: int, count: int) -> None:
    """Leave Ctrl-C to the parent, and end with it however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
