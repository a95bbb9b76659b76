"""Simulating from Python, and datasets that travel between the languages."""

from __future__ import annotations

import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from avici_jl import Dataset, InputError, SimulationError, list_domains, load_domain, simulate
from avici_jl.errors import ConfigError
from avici_jl.simulation import bridge, simulate_batch, simulate_collection
from avici_jl.simulation.known_graph import as_known_graph


@pytest.mark.parametrize("name", list_domains())
def test_python_and_julia_read_the_same_domain(name: str) -> None:
    domain = load_domain(name)
    theirs = bridge.julia().load_domain(name)
    assert (domain.name, domain.kind, domain.acyclic) == (theirs.name, theirs.kind, theirs.acyclic)
    assert domain.description == theirs.description
    data = simulate(domain.path, d=4, n_obs=10, n_int=8, seed=1)
    np.testing.assert_array_equal(data.x, simulate(name, d=4, n_obs=10, n_int=8, seed=1).x)
    assert data.kind == domain.kind


def test_simulated_counts_are_counts() -> None:
    data = simulate("grn-paper", d=6, n_obs=50, n_int=50, seed=1)
    assert (data.x >= 0).all() and (data.x == np.floor(data.x)).all() and data.x.any()
    assert data.names[0] == "gene1" and "50 interventional" in repr(data)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = 'x'", "kind must be a str"),
        ("name = 'x'\nkind = 'reals'\nacyclic = true\ndescription = ''", "reals"),
        ("name = ", "cannot be read"),
    ],
)
def test_wrong_domain_files_are_explained(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_domain(path)
    with pytest.raises(SimulationError, match="mine.toml"):
        simulate(path, d=3, n_obs=5)


def test_a_domain_stands_on_its_base(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nbase = "linear-ood"\n[[noise]]\nmodel = "cauchy"\nscale = 2.0\n')
    domain = load_domain(path)
    assert domain.kind == "values" and domain.table["noise"][0]["scale"] == 2.0
    assert domain.table["graph"] == load_domain("linear-ood").table["graph"] != load_domain("linear").table["graph"]
    assert simulate(path, d=3, n_obs=5).x.shape == (5, 3)
    path.write_text('name = "mine"\nbase = "mine.toml"\n')
    with pytest.raises(ConfigError, match="each other's base"):
        load_domain(path)
    path.write_text('name = "mine"\nbase = 3\n')
    with pytest.raises(ConfigError, match="base must be"):
        load_domain(path)


NETWORKS = {
    "matrix": (np.array([[0, 1, 0], [0, 0, 0], [0, -1, 0]]), ["x1", "x2", "x3"]),
    "frame": (
        pd.DataFrame([[0, 1, 0], [0, 0, 0], [0, -1, 0]], index=list("abc"), columns=list("abc")),
        ["a", "b", "c"],
    ),
    "table": (
        pd.DataFrame({"source": ["a", "c"], "target": ["b", "b"], "sign": ["+", "-"]}),
        ["a", "b", "c"],
    ),
    "edges": ([("a", "b", "+"), ("c", "b", "-")], ["a", "b", "c"]),
    "networkx": (nx.DiGraph([("a", "b", {"sign": 1}), ("c", "b", {"sign": -1})]), ["a", "b", "c"]),
}


@pytest.mark.parametrize("form", NETWORKS)
def test_a_network_of_ones_own(form: str) -> None:
    given, names = NETWORKS[form]
    network = as_known_graph(given)
    assert network.names == names
    found = {(names[i], names[j]): s for (i, j), s in zip(network.edges, network.signs, strict=True)}
    a, b, c = ("x1", "x2", "x3") if form == "matrix" else ("a", "b", "c")
    assert found == {(a, b): 1, (c, b): -1}
    data = simulate("grn-physical", graph=given, n_obs=300, n_int=300, seed=1)
    assert data.names == names and data.graph is not None and data.expression is not None
    assert {(names[i], names[j]) for i, j in np.argwhere(data.graph)} == set(found)
    # Knocking out the activator lowers the target, knocking out the repressor raises it.
    target = data.expression[:, names.index(b)]
    level = [target[data.interventions[:, names.index(name)] == 1].mean() for name in (a, c)]
    assert level[0] < target[:300].mean() < level[1]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (nx.Graph([(1, 2)]), "directed"),
        (np.zeros((2, 3)), "square"),
        (np.full((2, 2), 0.5), "only 0 and 1"),
        (pd.DataFrame([[0, 1], [0, 0]], columns=list("ab")), "source and target"),
        (pd.DataFrame(np.eye(2)[::-1], index=["a", "a"], columns=["a", "a"]), "different names"),
    ],
)
def test_what_is_not_a_network_is_explained(given: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        simulate("linear", graph=given, n_obs=3)


def test_unknown_domains_are_explained() -> None:
    with pytest.raises(ConfigError, match='no domain "genes".*grn-paper, .*linear, .*rff'):
        load_domain("genes")


def test_datasets_travel_between_the_languages(tmp_path: Path) -> None:
    data = simulate("rff", d=4, n_obs=6, n_int=4, seed=3)
    data.save(tmp_path / "ours")
    theirs = bridge.julia().load_dataset(str(tmp_path / "ours"))
    bridge.julia().save_dataset(str(tmp_path / "theirs"), theirs)
    for folder in ("ours", "theirs"):
        again = Dataset.load(tmp_path / folder)
        np.testing.assert_array_equal(again.x, data.x)
        np.testing.assert_array_equal(again.interventions, data.interventions)
        np.testing.assert_array_equal(again.graph, data.graph)
        assert (again.names, again.kind, again.origin["seed"]) == (data.names, data.kind, 3)
    counts = simulate("grn", d=4, n_obs=6, seed=3)
    assert counts.expression is not None
    np.testing.assert_array_equal(Dataset.load(counts.save(tmp_path / "counts")).expression, counts.expression)
    assert Dataset.load(data.save(tmp_path / "counts")).expression is None
    assert list(data.to_frame().columns) == data.names


def test_all_that_is_known_travels_between_the_languages(tmp_path: Path) -> None:
    mask = np.array([[0, 0], [0, 1], [1, 0]], np.uint8)
    known = {
        "batch": np.array([1, 2, 0], np.int32),
        "cell_types": np.array([1, 1, 2], np.int32),
        "signs": np.array([[0, -1], [0, 0]], np.int8),
        "strengths": np.array([[0, 0.5], [0, 0]], np.float32),
        "confounded": 1 - np.eye(2, dtype=np.uint8),
        "true_interventions": 1 - mask,
    }
    drawn = {"mode": 'a "b"', "imperfections": [{"model": "outliers", "cells": 0.5}], "depths": [1, 2]}
    x = np.array([[1, np.nan], [3, 4], [5, 6]], np.float32)
    data = Dataset(x, mask, None, ["a", "b"], drawn=drawn, **known)
    data.save(tmp_path / "ours")
    bridge.julia().save_dataset(str(tmp_path / "theirs"), bridge.julia().load_dataset(str(tmp_path / "ours")))
    for folder in ("ours", "theirs"):
        again = Dataset.load(tmp_path / folder)
        np.testing.assert_array_equal(again.x, x)
        assert again.drawn == drawn and again.graph is None
        for name, array in known.items():
            found = getattr(again, name)
            np.testing.assert_array_equal(found, array)
            assert found.dtype == array.dtype
    with pytest.raises(InputError, match="batch must be 3, got"):
        Dataset(x, mask, None, ["a", "b"], batch=np.zeros(2, np.int32))


@pytest.mark.parametrize(("domain", "n_int"), [("linear", 0), ("grn-screen", 9)])
def test_julia_writes_the_same_anndata(domain: str, n_int: int, tmp_path: Path) -> None:
    anndata = pytest.importorskip("anndata")
    from avici_jl.data.writers import to_anndata

    data = simulate(domain, d=4, n_obs=70, n_int=n_int, seed=3)
    julia = bridge.julia()
    julia.save_dataset(str(tmp_path / "cells.h5ad"), julia.load_dataset(str(data.save(tmp_path / "folder"))))
    theirs, ours = anndata.read_h5ad(tmp_path / "cells.h5ad"), to_anndata(data)
    np.testing.assert_array_equal(theirs.X, ours.X)
    pd.testing.assert_frame_equal(theirs.obs, ours.obs, check_dtype=False, check_index_type=False)
    pd.testing.assert_frame_equal(theirs.var, ours.var, check_index_type=False, check_column_type=False)
    for part in ("layers", "varp"):
        found, expected = getattr(theirs, part), getattr(ours, part)
        assert set(found) == set(expected) != set()
        for name in expected:
            np.testing.assert_array_equal(found[name], expected[name])
            assert found[name].dtype == expected[name].dtype
    assert dict(theirs.uns) == dict(ours.uns)


def test_what_is_known_of_simulated_datasets() -> None:
    size = {"d": 4, "n_obs": 5, "n_int": 3, "seed": 2}
    batch = simulate_batch("grn", 2, **size, truth=True)
    for k in range(2):
        single = simulate("grn", **size, index=k)
        np.testing.assert_array_equal(batch.cell_types[k], single.cell_types)
        assert batch.drawn[k] == single.drawn and single.drawn["mode"] in ("physical", "compatible")
    assert len(simulate_batch("grn", 2, **size)) == 3 and np.isnan(batch.strengths).all() == (single.strengths is None)


def test_imperfections_of_ones_own() -> None:
    clean = simulate("linear", d=4, n_obs=400, seed=2)
    error = {"model": "measurement-error", "variance": 0.25}
    data = simulate("linear", d=4, n_obs=400, seed=2, imperfections=error)
    np.testing.assert_allclose(np.std(data.x - clean.x, 0), 0.5 * np.std(clean.x, 0), rtol=0.15)
    assert data.drawn["imperfections"] == [{**error, "variables": 4}]
    gaps = {"model": "missing", "cells": [0.2, 0.2], "share": 1.0, "pattern": "blocks"}
    batch = simulate_batch("linear", 2, d=4, n_obs=400, seed=2, imperfections=[error, gaps])
    assert np.nanmax(abs(batch[0][0] - data.x)) == 0 and 0.1 < np.isnan(batch[0]).mean() < 0.3
    with pytest.raises(SimulationError, match="imperfections: .*imperfection.* 1: unknown key"):
        simulate("linear", d=4, n_obs=4, imperfections={"model": "missing", "cells": 0.1, "share_": 2})
    with pytest.raises(InputError, match="texts, numbers"):
        simulate("linear", d=4, n_obs=4, imperfections={"model": print})
    with pytest.raises(SimulationError, match="for values"):
        simulate("grn", d=4, n_obs=4, imperfections=error)


def test_names_with_quotes_survive(tmp_path: Path) -> None:
    names = ['the "big" one', "β-actin", "a\\b"]
    data = Dataset(np.zeros((2, 3), np.float32), np.zeros((2, 3), np.uint8), None, names)
    assert Dataset.load(data.save(tmp_path / "x")).names == names


def test_datasets_that_do_not_fit_are_explained(tmp_path: Path) -> None:
    x, mask = np.zeros((4, 3), np.float32), np.zeros((4, 3), np.uint8)
    with pytest.raises(InputError, match="interventions"):
        Dataset(x, mask[:2], None, list("abc"))
    with pytest.raises(InputError, match="graph"):
        Dataset(x, mask, np.zeros((2, 2), np.uint8), list("abc"))
    with pytest.raises(InputError, match="2 names.*3 variables"):
        Dataset(x, mask, None, list("ab"))
    with pytest.raises(InputError, match="cannot be read as a dataset"):
        Dataset.load(tmp_path)


def test_a_collection_and_batches_on_an_executor_are_those_of_one_core(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("zarr")
    module = sys.modules["avici_jl.simulation.simulate"]
    monkeypatch.setattr(module, "_PART", 300)  # a few datasets at a time
    size = {"n_obs": 20, "n_int": 10, "seed": 4}
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = simulate_collection("linear", tmp_path / "c.zarr", 5, d=[3, 4], **size, executor=pool)
        batch = simulate_batch("linear", 5, d=3, **size, executor=pool)
    for k, d in enumerate(found.variables):
        alone = simulate("linear", d=int(d), index=k, **size)
        for name in ("x", "interventions", "graph", "signs", "strengths"):
            np.testing.assert_array_equal(getattr(found[k], name), getattr(alone, name))
        assert found[k].origin == alone.origin and found[k].names == alone.names
    for one, other in zip(batch, simulate_batch("linear", 5, d=3, **size), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(InputError, match="positive count"):
        simulate_collection("linear", tmp_path / "none.zarr", 0, d=3, **size)


def test_a_collection_from_a_cluster_is_that_of_one_core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("zarr")
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(sys.modules["avici_jl.simulation.simulate"], "_PART", 100)  # a few datasets at a time
    size = {"d": 3, "n_obs": 20, "n_int": 10, "seed": 4}
    settings = {"n_workers": 1, "threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with distributed.LocalCluster(**settings) as cluster, distributed.Client(cluster) as client:
        if not bridge.julia().seval('VERSION >= v"1.9"'):  # Dask's workers compute in threads
            with pytest.raises(SimulationError, match=r"use Julia 1\.9 or later"):
                simulate_collection("linear", tmp_path / "c.zarr", 4, **size, executor=client)
            return
        found = simulate_collection("linear", tmp_path / "c.zarr", 4, **size, executor=client)
    assert len(found) == 4
    for k, data in enumerate(found):
        alone = simulate("linear", index=k, **size)
        np.testing.assert_array_equal(data.x, alone.x)
        np.testing.assert_array_equal(data.graph, alone.graph)
