"""Batches made by other processes: the same ones, and no process is left over, whatever dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import psutil
import pytest

from avici_jl.errors import SimulationError
from avici_jl.training import Function
from avici_jl.training.data import TrainingData
from avici_jl.training.pipeline import batches, suggested_workers
from avici_jl.training.schema import DataConfig, SizeConfig

CODE = """
import os, time
import numpy as np

def simulate(rng, d, n_obs, n_int):
    x = rng.normal(size=(n_obs + n_int, d))
    u = np.zeros(x.shape)
    u[n_obs:, 0] = 1
    return x, u, np.triu(rng.integers(0, 2, (d, d)), 1)

def mortal(rng, d, n_obs, n_int):
    marker = os.environ["MARKER"]
    if rng.random() < 0.1 and not os.path.exists(marker):
        open(marker, "w").close()
        os.kill(os.getpid(), 9)
    return simulate(rng, d, n_obs, n_int)

def hopeless(rng, d, n_obs, n_int):
    os.kill(os.getpid(), 9)

def wrong(rng, d, n_obs, n_int):
    raise ValueError("no such gene")
"""
CONFIG = DataConfig(
    domain="",
    kind="values",
    sizes=[SizeConfig(d=4, batch=3), SizeConfig(d=6, batch=2)],
    rows=[20],
    interventional=[0.0, 0.5],
    draws_per_dataset=2,
    shuffle_buffer=4,
)


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "own.py").write_text(CODE)
    return tmp_path / "own.py"


def training_data(code: Path, function: str, steps: int = 30) -> TrainingData:
    return TrainingData(CONFIG, steps, source=Function.from_file(f"{code}:{function}"))


def same(one: list, two: list) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True))


def left_over() -> list[psutil.Process]:
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


def wait_until_idle(process: psutil.Process) -> None:
    used = -1.0
    while used != (used := process.cpu_times().user):
        time.sleep(0.5)


@pytest.mark.parametrize("workers", [1, 2])
def test_other_processes_make_the_same_batches(code: Path, workers: int) -> None:
    data = training_data(code, "simulate")
    with batches(data, 5, 0) as stream:
        expected = list(stream)
    with batches(data, 5, workers) as stream:
        assert same(list(stream), expected) and len(expected) == 25
    assert not left_over()


def test_a_process_that_dies_is_replaced(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [training_data(code, "simulate")[step] for step in range(30)]
    marker = code.parent / "marker"
    monkeypatch.setenv("MARKER", str(marker))
    with pytest.warns(RuntimeWarning, match="is replaced"), batches(training_data(code, "mortal"), 0, 1) as stream:
        found = list(stream)
    # "mortal" draws one number more, so only what does not depend on it is compared.
    assert marker.exists() and [b.x.shape for b in found] == [b.x.shape for b in expected]
    assert not left_over()


@pytest.mark.filterwarnings("ignore:A process that simulates")
def test_processes_that_always_die_end_the_run_with_a_clear_error(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("avici_jl.training.pipeline._REPLACEMENTS", 1)
    with pytest.raises(SimulationError, match="exit code -9.*workers=0"):
        with batches(training_data(code, "hopeless"), 0, 1) as stream:
            list(stream)
    assert not left_over()


def test_a_process_killed_in_the_middle_of_a_message_is_replaced(code: Path) -> None:
    config = replace(CONFIG, rows=[2000])  # a buffer is more than a pipe holds
    data = TrainingData(config, 40, source=Function.from_file(f"{code}:simulate"))
    expected = [data[step].x.shape for step in range(40)]
    with pytest.warns(RuntimeWarning, match="is replaced"), batches(data, 0, 1) as stream:
        found = [next(stream).x.shape for _ in range(8)]
        (child,) = left_over()
        wait_until_idle(child)
        child.kill()
        found += [batch.x.shape for batch in stream]
    assert found == expected and not left_over()


def test_a_chapter_that_a_process_left_unfinished_is_finished_by_another(code: Path) -> None:
    config = replace(CONFIG, rows=[2000])  # a batch is more than a pipe holds
    data = TrainingData(config, 24, source=Function.from_file(f"{code}:simulate"))
    expected = [data[step] for step in range(24)]
    with pytest.warns(RuntimeWarning, match="is replaced"), batches(data, 2, 1) as stream:
        found = [next(stream) for _ in range(9)]
        (child,) = left_over()
        child.kill()
        found += list(stream)
    assert same(found, expected[2:]) and not left_over()


@pytest.mark.parametrize("workers", [0, 1])
def test_an_error_of_the_simulator_is_the_same_error_here(code: Path, workers: int) -> None:
    with pytest.raises(SimulationError, match="wrong, dataset 6 of seed 0.*: failed with ValueError: no such gene"):
        with batches(training_data(code, "wrong"), 0, workers) as stream:
            next(stream)
    assert not left_over()


def test_no_process_outlives_a_parent_that_is_killed(code: Path, tmp_path: Path) -> None:
    script = tmp_path / "main.py"
    script.write_text(
        f"""
import sys, time
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from test_pipeline import training_data
from avici_jl.training.pipeline import batches

if __name__ == "__main__":
    with batches(training_data(Path({str(code)!r}), "simulate", 10_000), 0, 2) as stream:
        next(stream)
        print("going", flush=True)
        time.sleep(600)
"""
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "going\n"
        children = psutil.Process(process.pid).children(recursive=True)
        assert len(children) >= 2
        os.kill(process.pid, signal.SIGKILL)
    _, alive = psutil.wait_procs(children, timeout=30)
    assert not alive


def test_each_process_has_a_julia_of_its_own() -> None:
    config = DataConfig(domain="linear", kind="values", sizes=[SizeConfig(d=4, batch=2)], rows=[20], interventional=[0])
    data = TrainingData(config, 64)
    with batches(data, 31, 1) as stream:
        found = [next(stream) for _ in range(2)]
    assert same(found, [data[31], data[32]])
    assert not left_over()


def test_processes_are_for_long_runs_of_costly_sources(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(4), raising=False)
    assert suggested_workers(training_data(code, "simulate", 10_000), 0) == 3
    assert suggested_workers(training_data(code, "simulate", 10_000), 9_990) == 0
    monkeypatch.setattr("os.sched_getaffinity", lambda _: range(1), raising=False)
    assert suggested_workers(training_data(code, "simulate", 10_000), 0) == 0


def test_an_interrupted_stream_ends_its_processes_quickly(code: Path) -> None:
    begin = time.monotonic()
    with batches(training_data(code, "simulate", 10_000), 0, 1) as stream:
        next(stream)
        begin = time.monotonic()
    assert time.monotonic() - begin < 20 and not left_over()
