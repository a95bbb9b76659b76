"""Simulators of the user's own that do wrong: named at once, by dataset and value, with and without other processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from avici_jl.errors import AviciError, ConfigError, InputError, SimulationError
from avici_jl.training import Function, Labelled
from avici_jl.training.data import TrainingData
from avici_jl.training.pipeline import batches
from avici_jl.training.schema import DataConfig, SizeConfig
from tiny_runs import new_run, train_fails

CODE = '''
import sys, time
import numpy as np

def right(rng, d, n_obs, n_int):
    x = rng.normal(size=(n_obs + n_int, d))
    return x, 0 * x, np.triu(np.ones((d, d)), 1)

def wrong(value, place=(2, 1), dtype=float):
    def simulate(rng, d, n_obs, n_int):
        x, u, g = right(rng, d, n_obs, n_int)
        x = x.astype(dtype)
        x[place] = value
        return x, u, g
    return simulate

def third(rng, d, n_obs, n_int):
    """Wrong in the third dataset only."""
    third.calls += 1
    x, u, g = right(rng, d, n_obs, n_int)
    if third.calls == 3:
        x[4, 0] = np.inf
    return x, u, g

third.calls = 0
nan, inf, huge = wrong(np.nan), wrong(-np.inf), wrong(1e300)
complex_, text = wrong(1j, dtype=complex), wrong("1.5", dtype=object)

def leaves(rng, d, n_obs, n_int):
    sys.exit()

def hangs(rng, d, n_obs, n_int):
    while True:
        try:
            time.sleep(60)
        except Exception:
            pass

hangs.seconds = 0.3

def other_d(rng, d, n_obs, n_int):
    return right(rng, d + 1, n_obs, n_int)

def ragged(rng, d, n_obs, n_int):
    return [[1, 2], [3]], None, np.zeros((d, d))

def two(rng, d, n_obs, n_int):
    return right(rng, d, n_obs, n_int)[:2]

def open_graph(rng, d, n_obs, n_int):
    x, u, g = right(rng, d, n_obs, n_int)
    g[0, 1] = np.nan
    return x, u, g
'''
WRONG: dict[str, tuple[type[AviciError], str]] = {
    "nan": (InputError, r"nan, dataset 0 of seed 0 \(d=4, n_obs=6, n_int=0\): x\[2, 1\] is nan; finite numbers"),
    "inf": (InputError, r"dataset 0 of seed 0.*: x\[2, 1\] is -inf"),
    "huge": (InputError, r"x\[2, 1\] is 1e\+300; finite numbers are expected \(32 bits\)"),
    "third": (InputError, r"third, dataset 2 of seed 0.*: x\[4, 0\] is inf"),
    "complex_": (InputError, r"dataset 0.*: x must hold real numbers, got complex128"),
    "text": (InputError, r"x must hold real numbers, got object"),
    "leaves": (SimulationError, r"leaves, dataset 0 of seed 0.*: failed with SystemExit"),
    "hangs": (SimulationError, r"hangs, dataset 0.*: it took longer than 0.3 s and was stopped"),
    "other_d": (InputError, r"dataset 0.*\[n, d\] = \(6, 4\).*got \(6, 5\), \(6, 5\) and \(5, 5\)"),
    "ragged": (InputError, r"dataset 0.*: x is no array of numbers"),
    "two": (InputError, r"dataset 0.*: \(x, interventions, graph\) is expected, got tuple"),
    "open_graph": (InputError, r"graph\[0, 1\] is nan"),
}
CONFIG = DataConfig(
    domain="", kind="values", sizes=[SizeConfig(d=4, batch=4)], rows=[6], interventional=[0.0], shuffle_buffer=1
)


@pytest.fixture
def source(tmp_path: Path) -> Callable[[str], Function]:
    (tmp_path / "own.py").write_text(CODE)
    return lambda name: Function.from_file(f"{tmp_path / 'own.py'}:{name}")


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_at_once(source: Callable[[str], Function], name: str) -> None:
    error, message = WRONG[name]
    with pytest.raises(error, match=message), batches(TrainingData(CONFIG, 2, source=source(name)), 0, 0) as stream:
        next(stream)


@pytest.mark.parametrize("name", ["nan", "leaves", "hangs", "other_d"])
def test_the_words_are_the_same_from_another_process(source: Callable[[str], Function], name: str) -> None:
    said = []
    for workers in (0, 1):
        with (
            pytest.raises(WRONG[name][0]) as caught,
            batches(TrainingData(CONFIG, 2, source=source(name)), 0, workers) as stream,
        ):
            next(stream)
        said.append(str(caught.value))
    assert said[0] == said[1]


def test_the_command_that_trains_fails_in_one_line(source: Callable[[str], Function], tmp_path: Path) -> None:
    source("leaves")
    code, said = train_fails(tmp_path / "run", *new_run(f"{tmp_path / 'own.py'}:leaves", "steps=2"))
    assert (
        code == 1 and "failed with SystemExit" in said and "Traceback" not in said and not (tmp_path / "run").exists()
    )


def test_a_file_that_leaves_when_it_is_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text("import sys\nsys.exit(0)\n")
    with pytest.raises(ConfigError, match="own.py cannot be run: SystemExit"):
        Function.from_file(f"{tmp_path / 'own.py'}:simulate")


def test_missing_values_are_for_those_who_say_so(source: Callable[[str], Function]) -> None:
    draw = {"d": 4, "n_obs": 6, "n_int": 0, "seed": 0, "first": 0}
    function = source("nan").function
    assert np.isnan(Function(function, missing=True).draw(1, **draw).x).sum() == 1
    with pytest.raises(ConfigError, match='"values" or "counts"'):
        Function(function, kind="numbers")
    with pytest.raises(InputError, match=r"x\[2, 1\] is -inf"):
        Function(source("inf").function, missing=True).draw(1, **draw)


def test_labelled_datasets_that_are_not_finite_are_named() -> None:
    x = np.ones((5, 3))
    x[1, 2] = np.inf
    with pytest.raises(InputError, match=r"x\[1, 2\] is inf"):
        Labelled([(np.ones((5, 3)), None, np.zeros((3, 3))), (x, None, np.zeros((3, 3)))])


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux ends them")
def test_processes_end_with_their_parent_even_while_compiled_code_runs(tmp_path: Path) -> None:
    """As while Julia starts: no Python runs in the child, since a call into compiled code holds the interpreter."""
    script = tmp_path / "main.py"
    script.write_text(
        "import ctypes, multiprocessing, os, sys, time\n"
        "from avici_jl._runtime.process import end_with_parent\n"
        "def child():\n"
        "    end_with_parent()\n"
        "    print(os.getpid(), flush=True)\n"
        "    ctypes.PyDLL(None).sleep(60)\n"
        "if __name__ == '__main__':\n"
        "    multiprocessing.get_context('spawn').Process(target=child).start()\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    deadline = time.monotonic() + 1
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:  # which its new parent has to notice
        assert time.monotonic() < deadline
        time.sleep(0.01)
