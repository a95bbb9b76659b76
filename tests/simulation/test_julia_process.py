"""Julia inside a Python process: several threads of either, Ctrl-C, and a Julia that was there before.

Each in a process of its own, which a fault would end and a deadlock would keep for ever.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from avici_jl.errors import SimulationError
from avici_jl.simulation import interrupts, startup

SECONDS = 300
SETTINGS = ("PYTHON_JULIACALL_HANDLE_SIGNALS", "PYTHON_JULIACALL_THREADS", "JULIA_NUM_THREADS")


def start(code: str, *arguments: str, options: tuple[str, ...] = (), **settings: str) -> subprocess.Popen[str]:
    """Start Python without the settings of this process."""
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    command = [sys.executable, "-u", *options, "-c", code, *arguments]
    return subprocess.Popen(
        command, env=environment | settings, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def finish(process: subprocess.Popen[str]) -> str:
    """What it prints, without what juliapkg says; its end has to be a good one."""
    try:
        said, errors = process.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        pytest.fail(f"hangs after {process.communicate()}")
    assert process.returncode == 0, (process.returncode, said, errors)
    assert "Exception ignored" not in errors, errors
    return "".join(line for line in said.splitlines(keepends=True) if not line.startswith(("[juliapkg]", " ")))


CTRL_C = """
import signal, sys, time
from avici_jl.simulation import bridge

domain, batches = sys.argv[1], int(sys.argv[2])
for seed in range(batches):
    bridge.simulate_batch("linear", 20, d=20, n_obs=200, seed=seed)  # collects garbage
bridge.simulate(domain, d=4, n_obs=2, n_int=2)
print("ready", flush=True)
try:
    bridge.simulate(domain, d=100, n_obs=100_000, n_int=200_000)
except KeyboardInterrupt:
    print("interrupted")
assert bridge.simulate(domain, d=4, n_obs=5).x.shape == (5, 4)
print("ready", flush=True)
try:
    time.sleep(100)
except KeyboardInterrupt:
    print("and again")

# A handler that does not raise lets the simulation be made after all.
signal.signal(signal.SIGINT, lambda *_: print("noted"))
size = dict(d=20, n_obs=40_000, n_int=0)
before = bridge.simulate(domain, **size).x.tobytes()
print("ready", flush=True)
assert bridge.simulate(domain, **size).x.tobytes() == before
"""


@pytest.mark.parametrize(("threads", "domain", "batches"), [(1, "grn-physical", 0), (2, "grn-paper", 8)])
def test_ctrl_c_ends_a_simulation_and_nothing_else(threads: int, domain: str, batches: int) -> None:
    process = start(CTRL_C, domain, str(batches), JULIA_NUM_THREADS=str(threads))
    assert process.stdout is not None
    for waits in (0.5, 0.5, 0.01):
        line = process.stdout.readline()
        while line and line != "ready\n":
            line = process.stdout.readline()
        assert line, finish(process)
        time.sleep(waits)
        process.send_signal(signal.SIGINT)
        asked = time.monotonic()
        if waits == 0.5:
            assert process.stdout.readline() in ("interrupted\n", "and again\n")
            assert time.monotonic() - asked < 20  # a busy machine
    assert finish(process) == "noted\n"


OTHER_THREAD = """
import gc, threading
from avici_jl.errors import SimulationError
from avici_jl.simulation import bridge

kept = [bridge.simulate("linear", d=4, n_obs=5, seed=seed) for seed in range(3)]
old = not bridge.julia().seval('VERSION >= v"1.9"')

def other():
    while kept:
        kept.pop()
    gc.collect()
    try:
        bridge.simulate("linear", d=4, n_obs=5)
        assert not old
    except SimulationError as error:
        assert old and "main thread" in str(error), error
    print("done")

thread = threading.Thread(target=other)
thread.start()
thread.join()
assert bool(bridge._dropped) == old
left = threading.left = bridge.simulate("linear", d=4, n_obs=5)  # is there when names are taken away at the end
print(left.x.shape, len(bridge._dropped))
"""

STARTED_ELSEWHERE = """
import sys, threading
from avici_jl.errors import SimulationError
from avici_jl.simulation import bridge

def other():
    try:
        print(bridge.simulate("linear", d=4, n_obs=5).x.shape)
    except SimulationError as error:
        assert "juliacall" not in sys.modules
        assert "must be started by the main" in str(error)
        print("(5, 4)")

thread = threading.Thread(target=other)
thread.start()
thread.join()
"""


def test_another_thread_is_served_or_refused_and_may_drop_arrays() -> None:
    assert finish(start(OTHER_THREAD)) == "done\n(5, 4) 0\n"


def test_another_thread_that_is_first_is_served_or_refused() -> None:
    assert finish(start(STARTED_ELSEWHERE)) == "(5, 4)\n"


def test_julia_with_threads_that_would_crash_is_refused() -> None:
    code = """
import warnings
warnings.simplefilter("ignore")
import juliacall
from avici_jl.errors import SimulationError
from avici_jl.simulation import bridge
for _ in range(2):
    try:
        bridge.simulate("linear", d=4, n_obs=5)
    except SimulationError as error:
        print(error)
"""
    said = finish(start(code, options=("-X", "juliacall-threads=2"))).splitlines()
    assert len(said) == 2 and said[0] == said[1]
    assert "2 threads" in said[0] and "PYTHON_JULIACALL_HANDLE_SIGNALS=yes" in said[0]


def running(**options: int) -> SimpleNamespace:
    """What `juliacall` says of a Julia with these options."""
    all_options = {"handle_signals": 0, "opt_level": 2, "compile_enabled": 1, "threads": 1} | options
    base = SimpleNamespace(
        Threads=SimpleNamespace(nthreads=lambda: all_options["threads"]),
        JLOptions=lambda: SimpleNamespace(**all_options),
        exit_on_sigint=lambda _: None,
    )
    return SimpleNamespace(Base=base)


def test_settings_of_a_running_julia_that_matter_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_JULIACALL_THREADS", "4")
    with pytest.warns(RuntimeWarning, match="1 thread.*not with the 4"):
        startup._check(running(), running=True)
    with pytest.warns(RuntimeWarning, match="slow"):
        startup._check(running(opt_level=0, threads=4, handle_signals=1), running=True)
    with pytest.raises(SimulationError, match="4 threads"):
        startup._check(running(threads=4), running=False)


@pytest.mark.filterwarnings("error")
def test_a_julia_that_fits_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_JULIACALL_THREADS", "2")
    startup._check(running(threads=2, handle_signals=1), running=True)
    startup._check(running(threads=1), running=False)


SIGNALS = """
import os, signal
from avici_jl.simulation import interrupts

read, write = os.pipe()
os.set_blocking(write, False)
signal.set_wakeup_fd(write)
signal.signal(signal.SIGUSR1, lambda *_: None)
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGUSR1])  # a Julia in the process that starts this one blocks it
with interrupts.noted_signals() as noted:
    signal.raise_signal(signal.SIGUSR1)
assert bytes(noted) == bytes([signal.SIGUSR1]), noted
os.set_blocking(read, False)
assert os.read(read, 10) == bytes(noted)
assert signal.set_wakeup_fd(write) == write
print("went on")
"""


def test_signals_go_on_to_who_listened_before() -> None:
    assert finish(start(SIGNALS)) == "went on\n"


def test_ctrl_c_can_be_put_off() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), interrupts.deferred():
        signal.raise_signal(signal.SIGINT)
        done.append("to the end")
    assert done == ["to the end"] and signal.getsignal(signal.SIGINT) is signal.default_int_handler
