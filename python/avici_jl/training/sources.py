"""Where training's datasets come from: a simulated domain, a Python function, or labelled datasets.

All have one interface, `Source`: dataset number `index` of a seed is a function of seed and index alone.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from avici_jl._runtime.patience import TookTooLong, within
from avici_jl._runtime.trust import Untrusted, trusted
from avici_jl.data.collection import Collection, is_collection
from avici_jl.errors import AviciError, ConfigError, InputError, SimulationError
from avici_jl.posterior.acyclic import is_acyclic
from avici_jl.simulation import Dataset, Datasets, load_domain, simulate_batch
from avici_jl.simulation.domain import untrusted_code

HELD_OUT_SEED = 2**30
"""Seeds from here on are never used by training; evaluation has its own, from 2**31 on."""

_LIMIT = 10_000
_FACTS = ("kind", "acyclic", "missing", "seconds")


@runtime_checkable
class Source(Protocol):
    """An endless sequence of labelled datasets for every seed.

    Attributes:
        name: what the settings call it.
        kind: "values" or "counts".
        acyclic: whether its graphs are acyclic, so that training puts the constraint on predictions.
        sizes: the numbers of variables it has; None for any.
        costly: whether drawing takes long enough to be worth a process of its own.
        lineage: its name and those of what it is based on, the nearest first.
    """

    name: str
    kind: str
    acyclic: bool
    sizes: list[int] | None
    costly: bool
    lineage: tuple[str, ...]

    def draw(self, count: int, *, d: int, n_obs: int, n_int: int, seed: int, first: int, signs: bool) -> Datasets:
        """The datasets `first` to `first + count - 1` of a seed, each with n_obs + n_int rows; observational first.

        `signs` says whether signs of effects are wanted, as far as they are known.
        """
        ...


class DomainSource:
    """A domain that AviciSim simulates, by its name or the path of its TOML file."""

    sizes: list[int] | None = None
    costly = True

    def __init__(self, domain: str) -> None:
        info = load_domain(domain)
        self.name, self.kind, self.acyclic = domain, info.kind, info.acyclic
        self.lineage: tuple[str, ...] = (info.name,)
        if isinstance(info.table.get("base"), str) and not info.table["base"].endswith(".toml"):
            self.lineage += DomainSource(info.table["base"]).lineage

    def draw(
        self, count: int, *, d: int, n_obs: int, n_int: int, seed: int, first: int, signs: bool = False
    ) -> Datasets:
        """See `Source.draw`."""
        size: dict[str, Any] = {"d": d, "n_obs": n_obs, "n_int": n_int, "seed": seed, "first": first}
        if not signs:
            return Datasets(*simulate_batch(self.name, count, **size))
        return simulate_batch(self.name, count, **size, truth=True)


class Function:
    """A Python function that makes one dataset: (rng, d, n_obs, n_int) -> (x, interventions, graph).

    It must take all its randomness from `rng`, a `numpy.random.Generator` that belongs to the dataset. x and
    interventions are [n_obs + n_int, d], graph is [d, d] with graph[i, j] == 1 for i → j. It may return signs as well,
    [d, d] with 1 for an edge that raises its effect, -1 for one that lowers it, and 0 where that is not known.

    Args:
        function: makes a dataset.
        name: what the settings call it.
        kind: "values" or "counts".
        acyclic: whether its graphs are acyclic.
        missing: whether NaN in x is a missing value; else it is a mistake, and named.
        seconds: how long it may take for a dataset.
    """

    sizes: list[int] | None = None
    costly = True

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        name: str | None = None,
        kind: str = "values",
        acyclic: bool = True,
        missing: bool = False,
        seconds: float = 600.0,
    ) -> None:
        if kind not in ("values", "counts"):
            raise ConfigError(f'The kind of a simulator is "values" or "counts", got {kind!r}.')
        self.function, self.kind, self.acyclic = function, kind, bool(acyclic)
        self._missing, self._seconds = bool(missing), float(seconds)
        self.name = name or f"function {getattr(function, '__name__', type(function).__name__)}"
        self.lineage: tuple[str, ...] = (self.name,)

    @staticmethod
    def from_file(text: str) -> Function:
        """A function named as `path/to/file.py:function`.

        Its attributes `kind`, `acyclic`, `missing` and `seconds` count where it has them.

        Raises:
            ConfigError: there is no such file or function.
        """
        file, _, name = text.rpartition(":")
        path = Path(file)
        spec = importlib.util.spec_from_file_location(f"avici_jl simulator {path.absolute()}", path)
        if not path.is_file() or spec is None or spec.loader is None:
            raise ConfigError(f"There is no Python file {path}; a function is named as in simulator.py:simulate.")
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # where dataclasses look for it
        folder = str(path.parent.absolute())
        if folder not in sys.path:
            sys.path.append(folder)  # for what it imports from beside itself
        try:
            spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:
            del sys.modules[spec.name]
            raise ConfigError(f"{path} cannot be run: {type(error).__name__}: {error}") from error
        function = getattr(module, name, None)
        if not callable(function):
            raise ConfigError(f"{path} has no function {name}.")
        facts = {key: getattr(function, key) for key in _FACTS if hasattr(function, key)}
        return Function(_FromFile(text, function), name=text, **facts)

    def draw(
        self, count: int, *, d: int, n_obs: int, n_int: int, seed: int, first: int, signs: bool = False
    ) -> Datasets:
        """See `Source.draw`."""
        made = []
        for index in range(first, first + count):
            rng = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, index])))
            where = f"{self.name}, dataset {index} of seed {seed} (d={d}, n_obs={n_obs}, n_int={n_int})"
            try:
                with within(self._seconds):
                    found = self.function(rng, d, n_obs, n_int)
            except AviciError:
                raise
            except TookTooLong:
                raise SimulationError(
                    f"{where}: it took longer than {self._seconds:g} s and was stopped; if it is only slow, say so by "
                    "its attribute `seconds`."
                ) from None
            except (Exception, SystemExit) as error:
                raise SimulationError(f"{where}: failed with {type(error).__name__}: {error}") from error
            made.append(_checked(found, where, shape=(n_obs + n_int, d), missing=self._missing))
        return _stacked(made)


class _FromFile:
    """A function that another process finds again by its file."""

    def __init__(self, text: str, function: Callable[..., Any]) -> None:
        self.text, self.function = text, function

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)

    def __reduce__(self) -> Any:
        return _reload, (self.text,)


def _reload(text: str) -> Callable[..., Any]:
    return Function.from_file(text).function


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
        return _stacked(made)


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
    return _checked(data, name)


def _some_rows(wanted: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Places of so many of the rows that are wanted, or of all rows if none is; twice where there are too few."""
    which = np.flatnonzero(wanted) if wanted.any() else np.arange(len(wanted))
    return rng.choice(which, count, replace=count > len(which))


def open_source(domain: Any) -> Source:
    """What to train on, from what the user names.

    Args:
        domain: name of a shipped domain; path of a domain file (`.toml`); a function in a file (`file.py:name`); a
            folder of labelled datasets; a collection of them (`.zarr`, also by its URL, see `Collection`); in Python
            also a function (see `Function`), an iterable of datasets or of (x, interventions, graph) (see `Labelled`),
            or any `Source`.

    Raises:
        ConfigError, InputError: there is no such thing, or it cannot be used.
        TrustError: it is code, and its name was read from a file.
    """
    if isinstance(domain, Source):
        return domain
    if isinstance(domain, str | Path):
        text = trusted(str(domain))
        if ".py:" in text:
            if isinstance(domain, Untrusted):
                raise untrusted_code(domain, Path(text.rpartition(":")[0]))
            return Function.from_file(text)
        if is_collection(text):
            return Labelled(Collection(text), name=text)
        return Labelled.from_folder(Path(text)) if Path(text).is_dir() else DomainSource(str(domain))
    if callable(domain):
        return Function(domain)
    if isinstance(domain, Iterable):
        return Labelled(domain)
    raise ConfigError(f"Training needs a domain, a function or labelled datasets; got {type(domain).__name__}.")


def code_of(domain: Any) -> Path | None:
    """The file outside the package whose code runs when `open_source` opens what the user names, or when that draws.

    Raises:
        ConfigError: there is no such domain.
    """
    text = str(domain) if isinstance(domain, str | Path) else ""
    if ".py:" in text:
        return Path(text.rpartition(":")[0]).absolute()
    return None if not text or is_collection(text) or Path(text).is_dir() else load_domain(text).code


def _stacked(made: list[Datasets]) -> Datasets:
    """Single datasets as one of `count`."""
    return Datasets(*(None if part[0] is None else np.stack(part) for part in zip(*made, strict=True)))  # type: ignore[arg-type]


def _checked(found: Any, name: str, shape: tuple[int, int] | None = None, missing: bool = True) -> Datasets:
    """One dataset (x, interventions, graph, perhaps signs) as arrays of finite numbers whose shapes fit together."""
    try:
        x, interventions, graph, *more = found
        (signs,) = more or (None,)
    except (TypeError, ValueError):
        raise InputError(f"{name}: (x, interventions, graph) is expected, got {type(found).__name__}.") from None
    x, graph = _numbers(x, f"{name}: x"), _numbers(graph, f"{name}: graph")
    given = np.zeros(x.shape, np.uint8) if interventions is None else interventions
    interventions = _numbers(given, f"{name}: interventions")
    expected = shape or x.shape
    if x.ndim != 2 or x.shape != expected or interventions.shape != x.shape or graph.shape != (expected[1],) * 2:
        raise InputError(
            f"{name}: x and interventions must be [n, d]{f' = {shape}' if shape else ''} and graph [d, d]; "
            f"got {x.shape}, {interventions.shape} and {graph.shape}."
        )
    with np.errstate(over="ignore"):
        rounded = x.astype(np.float32)
    _all_finite(rounded, x, f"{name}: x", missing)
    _all_finite(interventions, interventions, f"{name}: interventions", False)
    _all_finite(graph, graph, f"{name}: graph", False)
    edges = (graph != 0).astype(np.uint8)
    signs = np.zeros(graph.shape) if signs is None else _numbers(signs, f"{name}: signs")
    if signs.shape != graph.shape or not np.isin(signs, (-1, 0, 1)).all():
        raise InputError(f"{name}: signs must be [d, d] of -1, 0 and 1, with 0 where a sign is not known.")
    return Datasets(rounded, (interventions != 0).astype(np.uint8), edges, signs=(signs * edges).astype(np.int8))


def _numbers(array: Any, what: str) -> np.ndarray:
    try:
        found = np.asarray(array)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what} is no array of numbers: {error}") from None
    if found.dtype.kind not in "biuf":
        first = f", as {found.flat[0]!r}" if found.size else ""
        raise InputError(f"{what} must hold real numbers, got {found.dtype.name}{first}.")
    return found


def _all_finite(array: np.ndarray, given: np.ndarray, what: str, missing: bool) -> None:
    wrong = np.isinf(array) if missing else ~np.isfinite(array)
    if wrong.any():
        place = tuple(int(k) for k in np.argwhere(wrong)[0])
        raise InputError(f"{what}{list(place)} is {given[place]!s}; finite numbers are expected (32 bits).")
