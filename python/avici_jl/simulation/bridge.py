"""The one place where Python meets Julia: starts it on first use, calls AviciSim, translates errors.

Nothing is copied: the arrays returned are NumPy views of Julia's, which stay alive as long as their views do.
Julia stores columns contiguously, so each dataset is in Fortran order.
"""

from __future__ import annotations

import signal
import sys
import threading
import tomllib
from collections import deque
from collections.abc import Callable
from dataclasses import fields
from importlib.util import find_spec
from operator import index as as_int
from typing import Any

import numpy as np

from avici_jl._runtime.resources import julia_package_dir
from avici_jl.data.dataset import Dataset, Datasets
from avici_jl.errors import SimulationError
from avici_jl.simulation import interrupts
from avici_jl.simulation.known_graph import KnownGraph
from avici_jl.simulation.startup import start_julia, wrong_thread

_PRELUDE = """
using AviciSim

network(names, sources, targets, signs) = AviciSim.Network(
    String[string(name) for name in names],
    [(Int(i) + 1, Int(j) + 1) for (i, j) in zip(sources, targets)],
    Int8[Int(sign) for sign in signs],
)

# What is known of a dataset, or of a batch of them: text in TOML, which Python reads.
described(drawn::AbstractDict) = sprint(AviciSim.Pkg.TOML.print, drawn)
described(drawn::AbstractVector) = described(Dict("datasets" => drawn))

imperfect(domain, text) = AviciSim.Domain(
    domain; imperfection = AviciSim.read_imperfections(AviciSim.Pkg.TOML.parse(text)["imperfection"], "imperfections")
)

message(e) = e isa ArgumentError ? e.msg : sprint(showerror, e)
message(e::TaskFailedException) = message(e.task.exception)
message(e::CompositeException) = message(first(e))

interrupted(e) = e isa InterruptException
interrupted(e::TaskFailedException) = interrupted(e.task.exception)
interrupted(e::CompositeException) = any(interrupted, e)
"""

_lock = threading.RLock()
_module: Any = None
_thread: int | None = None  # the Python thread that Julia is bound to; None where any thread may call it
_version: Any = None  # of Julia
_dropped: deque[Any] = deque()  # arrays that another thread has dropped, and that only Julia's may give back


def julia() -> Any:
    """The Julia module AviciSim. The first call starts Julia: seconds, or minutes when it is installed.

    `PYTHON_JULIACALL_THREADS` (a number or "auto"; default 1) sets how many threads Julia simulates with.

    Raises:
        SimulationError: Julia or the package cannot be loaded.
    """
    return _bridge().AviciSim


def start_before_torch() -> None:
    """Start Julia now if torch comes with the next import of tensorboardX: started after torch, Julia may crash."""
    if "torch" not in sys.modules and find_spec("tensorboardX") and find_spec("torch"):
        julia()


def simulate(
    domain: str,
    *,
    code: bool = False,
    d: int | None,
    n_obs: int,
    n_int: int = 0,
    seed: int = 0,
    index: int = 0,
    network: KnownGraph | None = None,
    imperfections: str = "",
) -> Dataset:
    """Simulate dataset number `index` of the stream `seed`.

    Args:
        domain: name of a shipped domain, or path of a domain file.
        code: whether Julia code that the file names may be run; else it is refused.
        d: number of variables; None with a network.
        n_obs: number of observational rows, which come first.
        n_int: number of interventional rows, which follow.
        seed: chooses the stream of datasets.
        index: which dataset of the stream, from 0.
        network: used instead of a random graph.
        imperfections: used instead of the domain's: a key `imperfection` in TOML, a list of tables.

    Raises:
        SimulationError: the simulator refused or failed; the message is Julia's.
    """
    with _lock:
        options: dict[str, Any] = {} if d is None else {"d": as_int(d)}
        if network is not None:
            options["graph"] = _translated(_bridge().network, network.names, *network.edges.T, network.signs)
        data = _call(
            "simulate",
            domain,
            code,
            imperfections,
            **options,
            n_obs=as_int(n_obs),
            n_int=as_int(n_int),
            seed=as_int(seed),
            index=as_int(index),
        )
        found: dict[str, Any] = {
            part.name: getattr(data, part.name) for part in fields(Dataset) if part.name != "origin"
        }
        names, kind, drawn = [str(name) for name in found.pop("names")], str(found.pop("kind")), found.pop("drawn")
        arrays = {name: None if array is None else _view(array) for name, array in found.items()}
        origin = {"domain": domain, "seed": int(seed), "index": int(index)}
        return Dataset(names=names, kind=kind, drawn=_described(drawn), origin=origin, **arrays)  # type: ignore[arg-type]


def simulate_batch(
    domain: str,
    count: int,
    *,
    code: bool = False,
    d: int,
    n_obs: int,
    n_int: int = 0,
    seed: int = 0,
    first: int = 0,
    truth: bool = False,
    imperfections: str = "",
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | Datasets:
    """Simulate the datasets `first` to `first + count - 1` of the stream `seed`, spread over Julia's threads.

    Arguments and errors are those of `simulate`, and so is each dataset.

    Returns:
        x [count, n, d] float32, interventions [count, n, d] uint8, graph [count, d, d] uint8; with `truth` all that
        is known of them.
    """
    with _lock:
        sizes = {"d": d, "n_obs": n_obs, "n_int": n_int, "seed": seed, "first": first}
        options = {key: as_int(size) for key, size in sizes.items()}
        made = _call("simulate_batch", domain, code, imperfections, as_int(count), **options, truth=bool(truth))
        names = Datasets._fields[: -1 if truth else 3]
        arrays: list[Any] = [np.moveaxis(_view(getattr(made, name)), -1, 0) for name in names]
        if truth:
            return Datasets._make([*arrays, _described(made.drawn)["datasets"]])
        return arrays[0], arrays[1], arrays[2]


def _described(drawn: Any) -> dict[str, Any]:
    """What a domain drew, as a dictionary."""
    return tomllib.loads(str(_bridge().described(drawn)))


def _call(function: str, domain: str, code: bool, imperfections: str, *args: Any, **options: Any) -> Any:
    simulators = _bridge().AviciSim
    loaded = _translated(simulators.load_domain, domain, code=code)
    if imperfections:
        loaded = _translated(_bridge().imperfect, loaded, imperfections)
    return _translated(getattr(simulators, function), loaded, *args, **options)


def _translated(function: Any, *args: Any, **options: Any) -> Any:
    """Call a function of Julia; its errors become Python's, and Ctrl-C ends it.

    A handler of SIGINT that does not raise leaves Julia no choice but to begin again: what it had made is lost.
    """
    bridge = _bridge()
    from juliacall import JuliaError

    while True:
        noted = bytearray()
        try:
            with interrupts.noted_signals() as noted:
                return function(*args, **options)
        except JuliaError as error:
            interrupted, message = bridge.interrupted(error.exception), str(bridge.message(error.exception))
        # Raised here, the error does not hold on to Julia's, and can be dropped in any thread.
        if not interrupted:
            raise SimulationError(message)
        if signal.SIGINT not in noted:
            raise KeyboardInterrupt  # Julia has caught the signal before Python


class _View:
    """What a NumPy array holds on to instead of Julia's array, which only Julia's thread may give back."""

    def __init__(self, array: Any) -> None:
        self._array = np.asarray(array)
        self.__array_interface__ = self._array.__array_interface__

    def __del__(self, this_thread: Callable[[], int] = threading.get_ident) -> None:
        # When Python ends, the names of this module are taken away one after the other.
        if _dropped is not None and _thread not in (None, this_thread()):
            _dropped.append(self._array)


def _view(array: Any) -> np.ndarray:
    """NumPy view of a Julia array; it holds on to the array."""
    return np.asarray(_View(array))


def _bridge() -> Any:
    """The Julia module that holds AviciSim and the helpers of this file, started once.

    Nothing here may call Julia from a thread that it does not know: before 1.9 it would never return.
    """
    global _module, _thread, _version
    with _lock:
        if _module is None:
            _module = _start()
            _version = _module.seval("string(VERSION)")
            if not _module.seval('VERSION >= v"1.9"'):
                _thread = threading.get_ident()
        if _thread not in (None, threading.get_ident()):
            raise wrong_thread(_version)
        _dropped.clear()
        return _module


def _start() -> Any:
    juliacall = start_julia()
    package = julia_package_dir()
    try:
        module = juliacall.newmodule("AviciBridge")
        module.seval("path -> path in LOAD_PATH || pushfirst!(LOAD_PATH, path)")(str(package))
        module.seval(_PRELUDE)
        module.AviciSim.watch_interrupts(interrupts.SOCKET)
        return module
    except juliacall.JuliaError as error:
        reason = juliacall.Base.sprint(juliacall.Base.showerror, error.exception)
        raise SimulationError(f"The Julia package AviciSim in {package} could not be loaded: {reason}") from None
