"""Start of Julia: what must be set before it, and what is checked and put right afterwards.

With several threads Julia needs signal handlers of its own: its threads stop each other for garbage collection by
faults that these handle. Without them the process ends in a segmentation fault sooner or later.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import warnings
from typing import Any

from avici_jl.errors import SimulationError
from avici_jl.simulation.interrupts import deferred

_NO_JULIA = """\
Julia could not be started: {reason}
avici_jl installs Julia by itself the first time it simulates, which needs an internet connection. \
Without one, install Julia 1.10 or later and the Julia package PythonCall, then set PYTHON_JULIAPKG_EXE \
to the julia program, PYTHON_JULIAPKG_PROJECT to a Julia project that has PythonCall, and \
PYTHON_JULIAPKG_OFFLINE=yes. Predicting does not need Julia."""

_ONE_THREAD = """\
Julia {version} can be called only from one Python thread, and must be started by the main one. \
Simulate in the main thread, or use Julia 1.9 or later."""

_NO_SIGNALS = """\
Julia runs with {threads} threads but without its own signal handlers, and would end this process with a segmentation \
fault. Restart Python with the environment variable PYTHON_JULIACALL_HANDLE_SIGNALS=yes (Ctrl-C still ends a \
simulation), or with one thread of Julia, PYTHON_JULIACALL_THREADS=1; or simulate before you import juliacall."""


def start_julia() -> Any:
    """Start Julia, or find that it runs, and return the module `juliacall`.

    Raises:
        SimulationError: there is no Julia, or it runs with settings with which it would crash.
    """
    running = "juliacall" in sys.modules
    if not running:
        _keep_exceptions_working()
        _leave_ipython_alone()
        if _threads_asked_for() != "1":
            os.environ.setdefault("PYTHON_JULIACALL_HANDLE_SIGNALS", "yes")
    if threading.current_thread() is not threading.main_thread():
        _refuse_old_julia()
    try:
        import juliapkg

        juliapkg.executable()  # installs Julia if there is none, which Ctrl-C may end
        with deferred():
            import juliacall
    except Exception as error:
        raise SimulationError(_NO_JULIA.format(reason=error)) from error
    _check(juliacall, running)
    return juliacall


def wrong_thread(version: object) -> SimulationError:
    """The error of a call from a thread that this version of Julia cannot serve."""
    return SimulationError(_ONE_THREAD.format(version=version))


def _threads_asked_for() -> str:
    """As juliacall and Julia look for it."""
    given = sys._xoptions.get("juliacall-threads") or os.environ.get("PYTHON_JULIACALL_THREADS")
    return str(given or os.environ.get("JULIA_NUM_THREADS") or 1)


def _check(juliacall: Any, running: bool) -> None:
    """Refuse settings with which Julia crashes, and say where those of a Julia that ran before matter."""
    base = juliacall.Base
    threads, options = int(base.Threads.nthreads()), base.JLOptions()
    if threads > 1 and not int(options.handle_signals):
        raise SimulationError(_NO_SIGNALS.format(threads=threads))
    if int(options.handle_signals):
        base.exit_on_sigint(False)
    if hasattr(signal, "pthread_sigmask"):
        # Julia blocks them in the thread that starts it, so that Python would not see them, or late.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGQUIT})
    if not running:
        return
    wanted = os.environ.get("PYTHON_JULIACALL_THREADS", "")
    if wanted.isdigit() and int(wanted) != threads:
        _warn(f"it simulates with {threads} thread(s), not with the {wanted} of PYTHON_JULIACALL_THREADS")
    if int(options.opt_level) < 2 or int(options.compile_enabled) != 1:
        _warn("it does not optimise its code (PYTHON_JULIACALL_OPTIMIZE, PYTHON_JULIACALL_COMPILE): simulating is slow")


def _warn(what: str) -> None:
    warnings.warn(
        f"juliacall was imported before avici_jl started Julia, with settings of its own: {what}. "
        "Simulate before juliacall is imported, or set them before.",
        RuntimeWarning,
        stacklevel=2,
    )


def _refuse_old_julia() -> None:
    """Refuse a Julia before 1.9 outside the main thread, where it would never return, or crash as the process ends."""
    try:
        import juliapkg

        said = subprocess.run([juliapkg.executable(), "--version"], capture_output=True, text=True, check=True).stdout
        version = said.split()[-1]
    except Exception as error:
        raise SimulationError(_NO_JULIA.format(reason=error)) from error
    if tuple(int(part) for part in version.split(".")[:2]) < (1, 9):
        raise wrong_thread(version)


def _keep_exceptions_working() -> None:
    """Make the compiler's own unwinder the first that is found, before Julia is loaded.

    A distribution's Julia brings libunwind, which has functions of the same names; C++ extensions that are loaded
    after it would end the process with their first exception.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            ctypes.CDLL("libgcc_s.so.1", mode=ctypes.RTLD_GLOBAL)


def _leave_ipython_alone() -> None:
    """Without a session of IPython, keep juliacall from loading its extension and saying so: flax imports IPython."""
    ipython = sys.modules.get("IPython")
    if ipython is not None and ipython.get_ipython() is None:
        os.environ.setdefault("PYTHON_JULIACALL_AUTOLOAD_IPYTHON_EXTENSION", "no")
