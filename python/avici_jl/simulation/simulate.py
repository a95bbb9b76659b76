"""Simulating from Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np

from avici_jl._runtime.executors import in_order
from avici_jl._runtime.progress import tracked
from avici_jl._runtime.toml import inline
from avici_jl._runtime.trust import Untrusted, trusted
from avici_jl.data.collection import Collection, write_collection
from avici_jl.data.dataset import Dataset, Datasets
from avici_jl.errors import InputError
from avici_jl.simulation import bridge
from avici_jl.simulation.domain import load_domain
from avici_jl.simulation.known_graph import as_known_graph

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
            (see `as_known_graph`).
        imperfections: what is wrong with the table, instead of what the domain says: one or several dictionaries with
            the keys of `[[imperfection]]` in a domain file, as in `{"model": "measurement-error", "variance": 0.25}`.

    Raises:
        InputError: `graph` is not a network, or `imperfections` are not tables.
        SimulationError: an argument or the domain is not valid, or Julia cannot be started.
        TrustError: the domain names code, and its name was read from a file.
    """
    network = None if graph is None else as_known_graph(graph)
    name, code = _named(domain)
    text = _in_toml(imperfections)
    return bridge.simulate(
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
    executor: Any = ...,
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
    executor: Any = ...,
) -> Datasets: ...


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
    executor: Any = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | Datasets:
    """Simulate the datasets `first` to `first + count - 1` of a seed, on all threads of Julia.

    `PYTHON_JULIACALL_THREADS` sets the number of threads before the first call.

    Args:
        domain: name of a shipped domain, or path of a domain file.
        count: how many datasets.
        d: number of variables.
        n_obs: observational rows of each, which come first.
        n_int: interventional rows of each.
        seed: of the sequence of datasets, see `simulate`.
        first: number of the first.
        truth: whether all that is known of them is wanted.
        imperfections: what is wrong with the tables, see `simulate`.
        executor: where they are made, each process with a Julia of its own: a `concurrent.futures.Executor` of
            processes that are spawned, or a `dask.distributed.Client`. The datasets are the same everywhere.

    Returns:
        x [count, n, d] float32, interventions [count, n, d] uint8, graph [count, d, d] uint8. With `truth` a named
        tuple that goes on with batch, cell_types, signs, strengths, confounded, true_interventions and drawn: see
        `Dataset`.

    Raises:
        InputError, SimulationError, TrustError: as for `simulate`.
    """
    sizes = {"d": d, "n_obs": n_obs, "n_int": n_int, "seed": seed, "first": first}
    if executor is not None:
        how = {**sizes, "imperfections": imperfections}
        parts = list(in_order(_part, _parts(domain, count, how), executor))
        if not parts:
            raise InputError(f"count must be positive for an executor, got {count}.")
        arrays: list[Any] = [np.concatenate(each) for each in list(zip(*parts, strict=True))[:-1]]
        whole = Datasets._make([*arrays, [drawn for part in parts for drawn in part.drawn or ()]])
        return whole if truth else (whole.x, whole.interventions, whole.graph)
    name, code = _named(domain)
    return bridge.simulate_batch(name, count, code=code, **sizes, truth=truth, imperfections=_in_toml(imperfections))


def simulate_collection(
    domain: str | Path,
    path: str | Path,
    count: int,
    *,
    d: int | Sequence[int],
    n_obs: int,
    n_int: int = 0,
    seed: int = 0,
    imperfections: Imperfections = None,
    executor: Any = None,
    replace: bool = False,
    progress: bool | None = None,
) -> Collection:
    """Simulate datasets too many for memory, and write them as they are made; training can read them.

    Dataset k of the collection is that of `simulate` with index=k and the d of its `Collection.variables`.

    Args:
        domain: name of a shipped domain, or path of a domain file.
        path: of the collection, see `avici_jl.data.collection.write_collection`.
        count: datasets of every number of variables.
        d: number of variables, or several of them.
        n_obs: observational rows of each, which come first.
        n_int: interventional rows of each.
        seed: of the sequence of datasets, see `simulate`.
        imperfections: what is wrong with the tables, see `simulate`.
        executor: where they are made, as for `simulate_batch`.
        replace: whether a collection that is there is replaced.
        progress: whether a bar is shown; by default on terminals.

    Raises:
        InputError: as for `simulate`, or `count` is not positive, or the collection cannot be written.
        SimulationError, TrustError: as for `simulate`.
    """
    sizes = [d] if isinstance(d, int) else list(d)
    if count < 1 or not sizes or len(set(sizes)) < len(sizes):
        raise InputError(f"A collection needs a positive count and different numbers of variables, got {count}, {d}.")
    info, how = load_domain(domain), {"n_obs": n_obs, "n_int": n_int, "seed": seed, "imperfections": imperfections}
    tasks = chain.from_iterable(
        _parts(domain, count, {**how, "d": size, "first": k * count}) for k, size in enumerate(sizes)
    )
    origin = {"domain": str(domain), "seed": int(seed)}

    def made() -> Iterator[Dataset]:
        index = 0
        for part in in_order(_part, tasks, executor, ahead=8):
            for k in range(len(part.x)):
                yield _dataset(part, k, info.kind, {**origin, "index": index})
                index += 1

    shown = tracked(made(), count * len(sizes), "Datasets", shown=progress)
    return write_collection(shown, path, replace=replace)


_PART = 2**22
"""Entries of the tables that are simulated together."""


def _parts(domain: str | Path, count: int, how: dict[str, Any]) -> Iterator[tuple[str | Path, int, dict[str, Any]]]:
    """Arguments of `_part` for count datasets, a few at a time."""
    size = max(1, min(64, _PART // max(1, how["d"] * (how["n_obs"] + how.get("n_int", 0)))))
    for start in range(0, count, size):
        yield domain, min(size, count - start), {**how, "first": how["first"] + start}


def _part(domain: str | Path, count: int, how: dict[str, Any]) -> Datasets:
    return simulate_batch(domain, count, **{**how, "truth": True})


def _dataset(part: Datasets, k: int, kind: str, origin: dict[str, Any]) -> Dataset:
    """One dataset of a batch."""
    known = {name: array[k] for name, array in part._asdict().items() if name != "drawn" and array is not None}
    if np.isnan(known["strengths"]).any():
        del known["strengths"]
    for name in ("batch", "cell_types"):
        if not known[name].any():
            del known[name]
    names = [f"x{j + 1}" for j in range(known["x"].shape[1])]
    return Dataset(names=names, kind=kind, origin=origin, **known)


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
