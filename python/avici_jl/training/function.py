"""Training on a function of the user's own that makes a dataset."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from avici_jl._runtime.patience import TookTooLong, within
from avici_jl.data.dataset import Datasets
from avici_jl.errors import AviciError, ConfigError, SimulationError
from avici_jl.training.drawn import checked, stacked

_FACTS = ("kind", "acyclic", "missing", "seconds")


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
            made.append(checked(found, where, shape=(n_obs + n_int, d), missing=self._missing))
        return stacked(made)


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
