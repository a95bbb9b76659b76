"""Simulating from Python, and datasets that travel between the languages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avici_jl import Dataset, InputError, SimulationError, list_domains, load_domain, simulate
from avici_jl.errors import ConfigError
from avici_jl.simulation import bridge


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
    data = simulate("grn", d=6, n_obs=50, n_int=50, seed=1)
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


def test_unknown_domains_are_explained() -> None:
    with pytest.raises(ConfigError, match='no domain "genes".*grn, linear, rff'):
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
    assert list(data.to_frame().columns) == data.names


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
