"""Training on datasets whose graph is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from avici_jl.data.collection import Collection
from avici_jl.data.dataset import Dataset, Datasets
from avici_jl.errors import InputError
from avici_jl.posterior.acyclic import is_acyclic
from avici_jl.training.drawn import HELD_OUT_SEED, checked, stacked

_LIMIT = 10_000


class Labelled:
    """Datasets whose graph is known, such as real ones: each draw takes a dataset and rows of it.

    Datasets are drawn with replacement, and so are rows where there are not enough of them. Of the datasets with the
    same number of variables every fifth is held out; where there are fewer than five, a run is measured on what it
    trains on.

    Args:
        datasets: of `Dataset`s, or of (x, interventions, graph), perhaps with signs. At most 10 000 are taken; of a
            `Collection` all, each read when it is drawn.
        name: what the settings call them.
        kind: "values" or "counts"; by default what the datasets say.

    Raises:
        InputError: there are none, a graph is unknown, kinds are mixed, or shapes do not fit.
    """

    costly = False

    def __init__(self, datasets: Iterable[Any], *, name: str = "labelled datasets", kind: str | None = None) -> None:
        kinds: set[str] = set()
        self._data: Sequence[Datasets]
        if isinstance(datasets, Collection):
            self._data, kinds, sizes = _Read(datasets, name), {datasets.kind}, datasets.variables
            self.acyclic = bool(datasets.acyclic)
        else:
            self._data = [_labelled(data, name, kinds) for data in islice(datasets, _LIMIT)]
            sizes = np.array([len(data.graph) for data in self._data], np.int64)
            self.acyclic = all(is_acyclic(data.graph) for data in self._data)
        if not len(self._data):
            raise InputError(f"{name}: there is no dataset to train on.")
        if kind is None and len(kinds) > 1:
            raise InputError(f"{name}: counts and values cannot be mixed.")
        self.name = name
        self.lineage: tuple[str, ...] = (name,)
        self.kind = kind or (kinds.pop() if kinds else "values")
        self._training: dict[int, np.ndarray] = {}
        self._held_out: dict[int, np.ndarray] = {}
        for d in np.unique(sizes).tolist():
            of_size = np.flatnonzero(sizes == d)
            held_out = np.arange(len(of_size)) % 5 == 4
            self._training[d] = of_size[~held_out]
            self._held_out[d] = of_size[held_out] if held_out.any() else of_size
        self.sizes: list[int] | None = list(self._training)

    @staticmethod
    def from_folder(folder: Path) -> Labelled:
        """All datasets in a folder: itself one, or with one in each sub-folder (see `Dataset.save`)."""
        folders = [folder] if (folder / "x.npy").is_file() else sorted(p.parent for p in folder.glob("*/x.npy"))
        return Labelled([Dataset.load(path) for path in folders], name=str(folder))

    def draw(
        self, count: int, *, d: int, n_obs: int, n_int: int, seed: int, first: int, signs: bool = False
    ) -> Datasets:
        """See `Source.draw`. Where there are no rows of a kind, those of the other kind are taken."""
        pool = (self._held_out if seed >= HELD_OUT_SEED else self._training).get(d)
        if pool is None:
            raise InputError(f"{self.name}: there is no dataset with {d} variables, only with {self.sizes}.")
        made = []
        for index in range(first, first + count):
            rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, index])))
            data = self._data[int(pool[int(rng.integers(len(pool)))])]
            changed = data.interventions.sum(axis=1) > 0
            chosen = np.concatenate([_some_rows(kept, n, rng) for kept, n in ((~changed, n_obs), (changed, n_int))])
            made.append(data._replace(x=data.x[chosen], interventions=data.interventions[chosen]))
        return stacked(made)


class _Read(Sequence[Datasets]):
    """The datasets of a collection, read and checked when they are asked for."""

    def __init__(self, collection: Collection, name: str) -> None:
        self._collection, self._name = collection, name

    def __len__(self) -> int:
        return len(self._collection)

    def __getitem__(self, index: Any) -> Any:
        return _labelled(self._collection[index], f"{self._name}, dataset {index}", set())


def _labelled(data: Any, name: str, kinds: set[str]) -> Datasets:
    """One dataset, checked; its kind is added to the others if it says it."""
    if isinstance(data, Dataset):
        if data.graph is None:
            raise InputError(f"{data} cannot be trained on: its graph is unknown.")
        kinds.add(data.kind)
        data = (data.x, data.interventions, data.graph, data.signs)
    return checked(data, name)


def _some_rows(wanted: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Places of so many of the rows that are wanted, or of all rows if none is; twice where there are too few."""
    which = np.flatnonzero(wanted) if wanted.any() else np.arange(len(wanted))
    return rng.choice(which, count, replace=count > len(which))
