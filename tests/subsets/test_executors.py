"""The same answers from this thread, from other processes, and from a cluster that loses a worker."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tiny_models
from avici_jl import AviciError, InputError, Model
from avici_jl._runtime.executors import in_order


def slow_square(k: int, folder: str, wait: float) -> tuple[int, int]:
    """k², after a while; each call leaves a file that says in which process it began."""
    Path(folder, f"{k}-{os.getpid()}-{time.time_ns()}").touch()
    time.sleep(wait)
    return k, k * k


def end(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_answers_come_in_order_and_few_tasks_wait() -> None:
    taken: list[int] = []

    def tasks() -> Any:
        for k in range(20):
            taken.append(k)
            yield (k,)

    others = threading.Event()

    def late_first(k: int) -> int:
        if k == 0:
            assert others.wait(60)
        elif k == 3:
            others.set()
        return k

    with ThreadPoolExecutor(4) as pool:
        found = in_order(late_first, tasks(), pool, ahead=5)
        assert next(found) == 0 and len(taken) <= 6
        assert list(found) == list(range(1, 20))
    assert list(in_order(late_first, tasks())) == list(range(20))  # one after the other


def test_what_is_no_executor_and_processes_that_end_are_named() -> None:
    with pytest.raises(InputError, match="got int"):
        list(in_order(abs, [(1,)], 3))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool, pytest.raises(AviciError, match="has ended"):
        list(in_order(end, [(1,)], pool))


def test_tables_and_resamples_are_the_same_on_threads(tmp_path: Path) -> None:
    model = Model.load(tiny_models.save(tmp_path / "tiny"))
    rng = np.random.default_rng(0)
    tables = [rng.normal(size=(n, 4)) for n in (30, 40, 50)]
    with ThreadPoolExecutor(3) as pool:
        for there, here in zip(model.infer_many(tables, executor=pool), model.infer_many(tables), strict=True):
            np.testing.assert_array_equal(there.probabilities, here.probabilities)
        drawn = [model.stability(tables[0], resamples=4, executor=each).resampled for each in (pool, None)]
        np.testing.assert_array_equal(*drawn)
    with pytest.raises(InputError, match="2 interventions were given for 3 tables"):
        model.infer_many(tables, [None, None])


def test_a_cluster_that_loses_a_worker_gives_every_answer_once(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    model = Model.load(tiny_models.save(tmp_path / "tiny"))
    x = np.random.default_rng(0).normal(size=(80, 40))
    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**settings) as cluster, distributed.Client(cluster) as client:
        started = tmp_path / "started"
        started.mkdir()
        answers = in_order(slow_square, ((k, str(started), 0.1) for k in range(30)), client, ahead=30)
        first = next(answers)
        os.kill(int(next(iter(client.run(os.getpid).values()))), signal.SIGKILL)
        assert [first, *answers] == [(k, k * k) for k in range(30)]
        began = [int(path.name.split("-")[0]) for path in started.iterdir()]
        assert set(began) == set(range(30)) and len(began) > 30  # what was lost was begun again
        np.testing.assert_array_equal(model.predict(x, subsets=True, executor=client), model.predict(x, subsets=True))
