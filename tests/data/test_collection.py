"""Collections of datasets on any file system: what is read is what was written, one dataset at a time."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from avici_jl import Dataset, InputError
from avici_jl.data import collection
from avici_jl.data.collection import Collection, write_collection
from avici_jl.data.graphs import is_acyclic

pytest.importorskip("zarr")


def dataset(k: int, n: int = 6, d: int = 3, **more: Any) -> Dataset:
    rng = np.random.default_rng(k)
    x = rng.normal(size=(n, d)).astype(np.float32)
    x[0, 0] = np.nan
    graph = np.triu(rng.integers(0, 2, (d, d)), 1).astype(np.uint8)
    origin = {"domain": "mine", "seed": 1, "index": k}
    interventions = rng.integers(0, 2, (n, d)).astype(np.uint8)
    return Dataset(x, interventions, graph, [f"v{j}" for j in range(d)], origin=origin, **more)


def same(one: Dataset, other: Dataset) -> bool:
    arrays = all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name == "x")
        for name in ("x", "interventions", "graph")
    )
    return arrays and (one.names, one.kind, one.origin) == (other.names, other.kind, other.origin)


@pytest.mark.parametrize("place", ["folder", "memory://bucket"])
def test_datasets_come_back_as_they_were_in_any_order(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collection, "_TOGETHER", 4)  # several files, the last of them not full
    path = f"{tmp_path}/c.zarr" if place == "folder" else f"{place}/c.zarr"
    sets = [dataset(k, d=3 + k % 2) for k in range(13)]
    found = write_collection(iter(sets), path)
    assert len(found) == 13 and found.kind == "values" and found.acyclic is True
    assert found.variables.tolist() == [3] * 7 + [4] * 6
    again = pickle.loads(pickle.dumps(found)) if place == "folder" else Collection(path)
    for k, data in enumerate(sets[0::2] + sets[1::2]):
        assert same(again[k], data)
    assert (
        same(again[-1], sets[11]) and [same(*pair) for pair in zip(again[:2], sets[0:4:2], strict=True)] == [True] * 2
    )
    with pytest.raises(IndexError):
        again[13]


def test_what_is_known_of_a_dataset_is_kept_and_a_cycle_is_noticed(tmp_path: Path) -> None:
    signs = np.array([[0, -1], [1, 0]], np.int8)
    cyclic = Dataset(np.ones((4, 2), np.float32), np.zeros((4, 2), np.uint8), abs(signs).astype(np.uint8), ["a", "b"])
    whole = Dataset(**{**vars(cyclic), "signs": signs, "batch": np.arange(4, dtype=np.int32), "kind": "counts"})
    found = write_collection([whole], tmp_path / "c.zarr")
    np.testing.assert_array_equal(found[0].signs, signs)
    np.testing.assert_array_equal(found[0].batch, np.arange(4))
    assert found.acyclic is False and found.kind == "counts" and found[0].strengths is None


def test_nothing_is_overwritten_by_accident_and_kinds_are_not_mixed(tmp_path: Path) -> None:
    path = tmp_path / "c.zarr"
    write_collection([dataset(0)], path)
    with pytest.raises(InputError, match="exists"):
        write_collection([dataset(1)], path)
    assert same(write_collection([dataset(1)], path, replace=True)[0], dataset(1))
    other = tmp_path / "other.zarr"
    other.mkdir()
    (other / "mine.txt").touch()
    with pytest.raises(InputError):
        write_collection([dataset(1)], other, replace=True)
    assert (other / "mine.txt").exists()
    with pytest.raises(InputError, match="cannot be in one collection"):
        write_collection([dataset(0), dataset(1, kind="counts")], tmp_path / "mixed.zarr")
    with pytest.raises(InputError, match="no dataset"):
        write_collection([], tmp_path / "empty.zarr")
    with pytest.raises(InputError, match="ends in .zarr"):
        write_collection([dataset(0)], tmp_path / "folder")
    with pytest.raises(InputError, match="cannot be opened"):
        Collection(tmp_path / "none.zarr")


def test_a_writer_that_is_stopped_leaves_whole_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collection, "_TOGETHER", 2)

    def broken() -> Any:
        yield from (dataset(k) for k in range(5))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_collection(broken(), tmp_path / "c.zarr")
    found = Collection(tmp_path / "c.zarr")
    assert len(found) == 4 and same(found[3], dataset(3))


def test_cycles() -> None:
    chain = np.diag(np.ones(4), 1)
    assert is_acyclic(chain) and is_acyclic(np.zeros((0, 0))) and not is_acyclic(np.eye(2))
    chain[4, 1] = 1
    assert not is_acyclic(chain)
