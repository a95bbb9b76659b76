"""Datasets too many for memory: a collection in Zarr, on a disk or in an object store, read one dataset at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np

from avici_jl.data.dataset import OPTIONAL, Dataset
from avici_jl.data.graphs import is_acyclic
from avici_jl.errors import InputError

SUFFIX = ".zarr"
_FORMAT = "avici-jl collection 1"
_NEEDED = 'For collections of datasets install Zarr and fsspec: pip install "avici-jl[zarr]".'
_TOGETHER, _BYTES = 64, 2**26
"""Datasets of one file, and how large that may become."""
_RATIO = 1000
"""The most that arrays are taken to be compressed."""


def is_collection(name: str | Path) -> bool:
    """Whether a name is that of a collection: it ends in `.zarr`."""
    return str(name).rstrip("/").endswith(SUFFIX)


class Collection(Sequence[Dataset]):
    """Datasets that are read when they are asked for; those of one shape stand together.

    Pickles hold the place alone, so other processes read the collection themselves.

    Args:
        path: a folder, or a URL that fsspec knows, such as "s3://bucket/name.zarr".

    Attributes:
        path: the same.
        kind: "values" or "counts".
        acyclic: whether all graphs are acyclic; None if one is not known.
        variables: [count] the number of variables of each dataset.

    Raises:
        InputError: Zarr is not installed, or there is no such collection.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = str(path)
        root = _opened(self.path, "r")
        if root.attrs.get("format") != _FORMAT or root.attrs.get("kind") not in ("values", "counts"):
            raise InputError(f"{path} is no collection of datasets that this version can read.")
        self.kind: str = root.attrs["kind"]
        self._parts = [root[str(k)] for k in range(len(list(root.group_keys())))]
        # What was being written when a writer was stopped does not count.
        self._parts = [part for part in self._parts if part.attrs.get("count")]
        counts = [_checked(part, f"{path}, part {part.basename}") for part in self._parts]
        self._ends = np.cumsum(counts, dtype=np.int64)
        known = [part.attrs.get("acyclic") for part in self._parts]
        self.acyclic: bool | None = None if None in known else all(known)
        self.variables: np.ndarray = np.repeat([part["x"].shape[2] for part in self._parts], counts).astype(np.int64)

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    @overload
    def __getitem__(self, index: int) -> Dataset: ...
    @overload
    def __getitem__(self, index: slice) -> list[Dataset]: ...
    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(len(self)))]
        k = index + len(self) if index < 0 else index
        if not 0 <= k < len(self):
            raise IndexError(f"The collection has {len(self)} datasets; there is no number {index}.")
        which = int(np.searchsorted(self._ends, k, side="right"))
        part, place = self._parts[which], int(k - (self._ends[which - 1] if which else 0))
        try:
            for name in part.array_keys():
                _refuse_empty(part[name])
            arrays: dict[str, Any] = {name: np.asarray(part[name][place]) for name in part.array_keys()}
        except (OSError, ValueError, RuntimeError) as error:
            raise InputError(f"{self.path}, dataset {k}, cannot be read: {error}") from None
        arrays = {"graph": None, **arrays}
        origin = dict(part.attrs["origin"])
        if "index" in arrays:
            origin["index"] = int(arrays.pop("index"))
        return Dataset(names=list(part.attrs["names"]), kind=self.kind, origin=origin, **arrays)

    def __iter__(self) -> Iterator[Dataset]:
        return (self[k] for k in range(len(self)))

    def __repr__(self) -> str:
        sizes = ", ".join(map(str, np.unique(self.variables)))
        return f"Collection({self.path!r}: {len(self)} datasets of {sizes} variables, {self.kind})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Collection, (self.path,)


def _checked(part: Any, where: str) -> int:
    """How many datasets a part has.

    Raises:
        InputError: what it says of itself does not fit together.
    """
    count, names = part.attrs["count"], part.attrs.get("names")
    x = part.get("x")
    shape: Any = getattr(x, "shape", ())
    fits = isinstance(count, int) and len(shape) == 3 and 0 < count <= shape[0]
    if (
        not fits
        or not isinstance(names, list)
        or len(names) != shape[2]
        or not isinstance(part.attrs.get("origin"), dict)
    ):
        raise InputError(f"{where}, is damaged: its datasets, variables and names do not fit together.")
    return count


def _refuse_empty(array: Any) -> None:
    """Refuse a dataset that declares far more than the collection holds, before memory is taken for it."""
    one = int(np.prod(array.shape[1:], dtype=object)) * array.dtype.itemsize
    if one > _BYTES and one > _RATIO * array.nbytes_stored():
        raise ValueError(f"{array.basename} declares {one:,} bytes and holds {array.nbytes_stored():,}")


def write_collection(datasets: Iterable[Dataset], path: str | Path, *, replace: bool = False) -> Collection:
    """Write datasets as they come; a few megabytes of them are in memory at a time.

    Args:
        datasets: of any shapes, all values or all counts.
        path: a folder, or a URL that fsspec knows; the name ends in `.zarr`.
        replace: whether a collection that is there is replaced.

    Raises:
        InputError: Zarr is not installed, something else is there, or datasets do not fit together.
    """
    if not is_collection(path):
        raise InputError(f"The name of a collection ends in {SUFFIX}; got {path}.")
    if replace and _is_there(path):
        Collection(path)  # nothing else is ever replaced
    elif _is_there(path):
        raise InputError(f"{path} exists; replace it (--force), or choose another name.")
    root = _opened(str(path), "w")
    parts: dict[tuple[Any, ...], _Part] = {}
    kind = None
    for data in datasets:
        if kind is None:
            kind = data.kind
            root.attrs.update({"format": _FORMAT, "kind": kind})
        if data.kind != kind:
            raise InputError(f"{path}: counts and values cannot be in one collection.")
        key = _signature(data)
        if key not in parts:
            parts[key] = _Part(root.create_group(str(len(parts))), data)
        parts[key].add(data)
    for part in parts.values():
        part.write()
    if kind is None:
        raise InputError(f"{path}: there is no dataset to write.")
    return Collection(path)


class _Part:
    """Datasets of one shape, of which the last ones wait to be written together."""

    def __init__(self, group: Any, like: Dataset) -> None:
        self._group, self._count = group, 0
        self._waiting: list[dict[str, np.ndarray]] = []
        self._acyclic: bool | None = like.graph is not None
        size = sum(array.nbytes for array in _arrays(like).values())
        self._together = max(1, min(_TOGETHER, _BYTES // max(size, 1)))
        group.attrs.update({"names": list(like.names), "origin": _origin(like)})
        for name, array in _arrays(like).items():
            shape = array.shape
            group.create_array(
                name,
                shape=(0, *shape),
                dtype=array.dtype,
                chunks=(1, *shape),
                shards=(self._together, *shape),
                fill_value=0,
            )

    def add(self, data: Dataset) -> None:
        self._waiting.append(_arrays(data))
        if self._acyclic and data.graph is not None:
            self._acyclic = is_acyclic(data.graph)
        if len(self._waiting) >= self._together:
            self.write()

    def write(self) -> None:
        if not self._waiting:
            return
        self._count += len(self._waiting)
        for name in self._waiting[0]:
            array = self._group[name]
            array.resize((self._count, *array.shape[1:]))
            array[self._count - len(self._waiting) :] = np.stack([each[name] for each in self._waiting])
        self._waiting = []
        acyclic = {} if "graph" not in self._group else {"acyclic": self._acyclic}
        self._group.attrs.update({"count": self._count, **acyclic})


def _arrays(data: Dataset) -> dict[str, np.ndarray]:
    """What is known of a dataset, by name."""
    found: dict[str, np.ndarray] = {
        "x": np.asarray(data.x, np.float32),
        "interventions": np.asarray(data.interventions, np.uint8),
    }
    for name, (_, dtype) in OPTIONAL.items():
        array = getattr(data, name)
        if array is not None:
            found[name] = np.asarray(array, dtype)
    if "index" in data.origin:
        found["index"] = np.asarray(data.origin["index"], np.int64)
    return found


def _origin(data: Dataset) -> dict[str, Any]:
    return {key: value for key, value in data.origin.items() if key != "index"}


def _signature(data: Dataset) -> tuple[Any, ...]:
    """What datasets of one part share."""
    return data.x.shape, tuple(data.names), tuple(_arrays(data)), str(sorted(_origin(data).items(), key=str))


def _is_there(path: str | Path) -> bool:
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise InputError(_NEEDED) from None
    files, inside = url_to_fs(str(path))
    return bool(files.exists(inside))


def _opened(path: str, mode: str) -> Any:
    try:
        import zarr
    except ImportError:
        raise InputError(_NEEDED) from None
    try:
        return zarr.open_group(path, mode=mode)  # type: ignore[arg-type]
    except (OSError, ValueError, ImportError, TypeError, KeyError) as error:
        raise InputError(f"{path} cannot be opened as a collection of datasets: {error}") from None
