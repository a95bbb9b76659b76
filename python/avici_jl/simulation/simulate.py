"""Simulating from Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np

from avici_jl._runtime.toml import inline
from avici_jl._runtime.trust import Untrusted, trusted
from avici_jl.data.dataset import Dataset
from avici_jl.errors import InputError
from avici_jl.simulation import bridge
from avici_jl.simulation.domain import load_domain
from avici_jl.simulation.known_graph import as_network

Imperfections = Mapping[str, Any] | Iterable[Mapping[str, Any]] | None


def simulate(
    domain: str | Path,
    *,
    d: int | None = None,
    n_obs: int,
    n_int: int = 0,
    seed: int = 0,
    index: int = 0,
    graph: Any = None,
    imperfections: Imperfections = None,
) -> Dataset:
    """Simulate a dataset with a known causal graph. The first call starts Julia, which takes some seconds.

    Args:
        domain: name of a shipped domain (see `list_domains`), or path of a domain file.
        d: number of variables; not needed with `graph`.
        n_obs: observational rows, which come first.
        n_int: interventional rows; in each, one variable is set (or one gene knocked out).
        seed: the same seed and index give the same bytes, on any machine and number of threads.
        index: number of the dataset in the sequence that belongs to `seed`.
        graph: a known network instead of a random one: a matrix, a DataFrame, a list of edges or a networkx graph
            (see `as_network`).
        imperfections: what is wrong with the table, instead of what the domain says: one or several dictionaries with
            the keys of `[[imperfection]]` in a domain file, as in `{"model": "measurement-error", "variance": 0.25}`.

    Raises:
        InputError: `graph` is not a network, or `imperfections` are not tables.
        SimulationError: an argument or the domain is not valid, or Julia cannot be started.
        TrustError: the domain names code, and its name was read from a file.
    """
    network = None if graph is None else as_network(graph)
    name, code = _named(domain)
    text = _in_toml(imperfections)
    made = bridge.simulate(
        name,
        code=code,
        d=d,
        n_obs=n_obs,
        n_int=n_int,
        seed=seed,
        index=index,
        network=network,
        imperfections=text,
    )
    origin = {"domain": name, "seed": int(seed), "index": int(index)}
    return Dataset(**made._asdict(), origin=origin)


@overload
def simulate_batch(
    domain: str | Path,
    count: int,
    *,
    d: int,
    n_obs: int,
    n_int: int = ...,
    seed: int = ...,
    first: int = ...,
    truth: Literal[False] = ...,
    imperfections: Imperfections = ...,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]: ...


@overload
def simulate_batch(
    domain: str | Path,
    count: int,
    *,
    d: int,
    n_obs: int,
    n_int: int = ...,
    seed: int = ...,
    first: int = ...,
    truth: Literal[True],
    imperfections: Imperfections = ...,
) -> bridge.SimulatedBatch: ...


def simulate_batch(
    domain: str | Path,
    count: int,
    *,
    d: int,
    n_obs: int,
    n_int: int = 0,
    seed: int = 0,
    first: int = 0,
    truth: bool = False,
    imperfections: Imperfections = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | bridge.SimulatedBatch:
    """Simulate the datasets `first` to `first + count - 1` of a seed, on all threads of Julia.

    `PYTHON_JULIACALL_THREADS` sets the number of threads before the first call.

    Returns:
        x [count, n, d] float32, interventions [count, n, d] uint8, graph [count, d, d] uint8. With `truth` a named
        tuple that goes on with batch, cell_types, signs, strengths, confounded, true_interventions and drawn: see
        `Dataset`.

    Raises:
        InputError, SimulationError, TrustError: as for `simulate`.
    """
    name, code = _named(domain)
    sizes = {"d": d, "n_obs": n_obs, "n_int": n_int, "seed": seed, "first": first}
    return bridge.simulate_batch(name, count, code=code, **sizes, truth=truth, imperfections=_in_toml(imperfections))


def _in_toml(imperfections: Imperfections) -> str:
    if imperfections is None:
        return ""
    tables = [imperfections] if isinstance(imperfections, Mapping) else list(imperfections)
    try:
        return f"imperfection = {inline(tables)}"
    except TypeError as error:
        raise InputError(f"imperfections must hold texts, numbers and lists of them: {error}.") from None


def _named(domain: str | Path) -> tuple[str, bool]:
    """A domain's name, and whether code may be run for it."""
    if isinstance(domain, Untrusted):
        load_domain(domain)  # says what to do about code; Julia refuses it in any case
        return trusted(domain), False
    return str(domain), True
