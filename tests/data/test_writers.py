"""A dataset as tables of text and as an AnnData, read again as a user would."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from avici_jl.data.dataset import Dataset
from avici_jl.data.files import read_edges, read_entries, read_table
from avici_jl.data.inputs import read_input
from avici_jl.data.writers import write_dataset


@pytest.fixture
def data() -> Dataset:
    rng = np.random.default_rng(1)
    mask = np.zeros((6, 3), np.uint8)
    mask[4, 1] = mask[5, 0] = mask[5, 2] = 1
    graph = np.array([[0, 1, 1], [0, 0, 0], [0, 1, 0]], np.uint8)
    return Dataset(
        rng.normal(size=(6, 3)).astype(np.float32),
        mask,
        graph,
        names=["a", 'b, "c"', "d"],
        kind="values",
        origin={"domain": "mine", "seed": 3, "index": 0},
        batch=np.array([1, 1, 2, 2, 1, 2], np.int32),
    )


def test_tables_of_text(data: Dataset, tmp_path: Path) -> None:
    table, mask, graph = write_dataset(data, tmp_path / "x.csv")
    assert [path.name for path in (table, mask, graph)] == ["x.csv", "x-interventions.csv", "x-graph.csv"]
    found = read_input(read_table(table), read_entries(mask), kind="values")
    np.testing.assert_allclose(found.x, data.x, rtol=1e-6)
    np.testing.assert_array_equal(found.interventions, data.interventions)
    np.testing.assert_array_equal(read_edges(graph, data.names), data.graph)
    assert len(write_dataset(replace(data, graph=None), tmp_path / "y.csv")) == 2


def test_anndata(data: Dataset, tmp_path: Path) -> None:
    pytest.importorskip("anndata")
    (path,) = write_dataset(data, tmp_path / "x.h5ad")
    found = read_table(path)
    np.testing.assert_array_equal(found.X, data.x)
    assert list(found.var_names) == data.names and list(found.obs["batch"]) == [1, 1, 2, 2, 1, 2]
    assert list(found.obs["target"]) == ["control"] * 4 + ['b, "c"', "a+d"]
    np.testing.assert_array_equal(found.layers["interventions"], data.interventions)
    np.testing.assert_array_equal(np.asarray(found.varp["graph"]), data.graph)
    assert found.uns["kind"] == "values" and found.uns["seed"] == 3 and "expression" not in found.layers


def test_a_folder(data: Dataset, tmp_path: Path) -> None:
    (folder,) = write_dataset(data, tmp_path / "x")
    np.testing.assert_array_equal(Dataset.load(folder).x, data.x)
