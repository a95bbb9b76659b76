"""Where training's datasets come from: a simulated domain, a Python function, or labelled datasets.

All have one interface, `Source`: dataset number `index` of a seed is a function of seed and index alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from avici_jl._runtime.trust import Untrusted, trusted
from avici_jl.data.collection import Collection, is_collection
from avici_jl.errors import ConfigError
from avici_jl.simulation import Datasets, load_domain, simulate_batch
from avici_jl.simulation.domain import untrusted_code
from avici_jl.training.function import Function
from avici_jl.training.labelled import Labelled


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
