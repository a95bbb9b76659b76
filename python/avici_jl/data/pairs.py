"""Pairs of variables in every form that users have them in, as matrices [d, d]: cause in rows, effect in columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import numpy as np

from avici_jl.data.words import nearest
from avici_jl.errors import InputError


class Places:
    """Where the variables of a table are.

    Args:
        labels, names: of the variables, as the user gave them and as text.
        positions: whether integers that are no labels are positions.
    """

    def __init__(self, labels: Sequence[Any], names: Sequence[str], positions: bool = False) -> None:
        self.names = list(names)
        self._places = {name: k for k, name in enumerate(names)} | {label: k for k, label in enumerate(labels)}
        self._positions = positions

    def of(self, name: Any, where: str) -> int:
        """The place of a variable.

        Raises:
            InputError: there is none of this name.
        """
        text = name.strip() if isinstance(name, str) else name
        try:
            for word in (name, text):
                if word in self._places:
                    return self._places[word]
        except TypeError:  # not hashable
            pass
        whole = isinstance(name, int | np.integer) and not isinstance(name, bool)
        if self._positions and whole and 0 <= name < len(self.names):
            return int(name)
        raise InputError(f"{where} names {name!r}, which is no variable of the data.{nearest(str(name), self.names)}")

    def all_of(self, given: Collection[Any], where: str) -> list[int]:
        """The places of several variables."""
        if isinstance(given, str) or not isinstance(given, Iterable):
            raise InputError(f"{where} must be a collection of variables, got {given!r}.")
        return [self.of(name, where) for name in given]

    def arrows(self, pairs: Iterable[Sequence[int]]) -> list[str]:
        """Pairs of places in words."""
        return [f"{self.names[i]} → {self.names[j]}" for i, j in pairs]


def flags_of(given: Any, where: str, places: Places) -> np.ndarray:
    """[d, d] bool, the pairs that are given.

    Raises:
        InputError: they are in none of the forms of `Knowledge`, name something else, or one is a variable with itself.
    """
    if given is None or (isinstance(given, tuple | list) and not given):
        return np.zeros((len(places.names),) * 2, bool)
    return np.isfinite(_matrix(given, where, places, None))


def numbers_of_pairs(given: Any, where: str, places: Places) -> np.ndarray:
    """[d, d], the probabilities that are given with the pairs, NaN where none is.

    Raises:
        InputError: as for `flags_of`; or one is no probability.
    """
    found = _matrix(given, where, places, "probability")
    wrong = np.argwhere(~((found >= 0) & (found <= 1)) & ~np.isnan(found))
    if len(wrong):
        raise InputError(
            f"{where} must be probabilities between 0 and 1; that of {places.arrows(wrong)[0]} is "
            f"{found[tuple(wrong[0])]:g}."
        )
    return found


def _matrix(given: Any, where: str, places: Places, value: str | None) -> np.ndarray:
    """[d, d] of what is given with each pair (1 if `value`, the name of it, is None), NaN for pairs that are not."""
    d = len(places.names)
    if given is None:
        return np.full((d, d), np.nan)
    if hasattr(given, "nodes") and hasattr(given, "edges"):
        if not given.is_directed():
            raise InputError(f"{where} must be a directed graph; this networkx graph is not.")
        triples = [(a, b, 1.0 if value is None else data.get(value)) for a, b, data in given.edges(data=True)]
        return _filled(triples, where, places, value)
    if hasattr(given, "columns"):
        if {"source", "target"} <= set(given.columns):
            if value is not None and value not in given.columns:
                raise InputError(f"{where} is a table without the column {value!r}.")
            values = [1.0] * len(given) if value is None else given[value]
            return _filled(list(zip(given["source"], given["target"], values, strict=True)), where, places, value)
        return _labelled(given, where, places, value)
    if isinstance(given, np.ndarray) and given.dtype.kind in "biuf" and given.ndim == 2 and given.shape == (d, d):
        return _from_matrix(given, where, places, value)
    if isinstance(given, np.ndarray) and given.dtype.kind in "biuf":
        raise InputError(f"{where} must be {d} x {d} as a matrix, got the shape {given.shape}.")
    size = 2 if value is None else 3
    pairs = [] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    fits = [not isinstance(pair, str) and isinstance(pair, Collection) and len(pair) == size for pair in pairs]
    if not all(fits) or (not pairs and not isinstance(given, Collection)) or isinstance(given, str):
        form = '("cause", "effect")' if value is None else '("cause", "effect", 0.9)'
        raise InputError(
            f"{where} must be a list of {form}, a table, a matrix or a networkx graph; got "
            f"{pairs[fits.index(False)] if False in fits else given!r}."
        )
    return _filled([(*pair, 1.0)[:3] for pair in pairs], where, places, value)


def _filled(triples: Sequence[Sequence[Any]], where: str, places: Places, value: str | None) -> np.ndarray:
    found = np.full((len(places.names),) * 2, np.nan)
    for a, b, number in triples:
        i, j = places.of(a, where), places.of(b, where)
        if i == j:
            raise InputError(f"{where} has an edge from {places.names[i]!r} to itself.")
        if isinstance(number, bool) or not isinstance(number, int | float | np.number):
            raise InputError(f"{where}: the {value} of {places.names[i]} → {places.names[j]} is {number!r}, no number.")
        found[i, j] = float(number)
    return found


def _labelled(given: Any, where: str, places: Places, value: str | None) -> np.ndarray:
    """A matrix with names on both axes, of all variables or of some."""
    if list(given.index) != list(given.columns):
        raise InputError(
            f"{where} as a DataFrame is a table with the columns source and target, or a matrix with the same names on "
            "both axes."
        )
    at = [places.of(name, where) for name in given.columns]
    d = len(places.names)
    whole = np.full((d, d), 0.0 if value is None else np.nan)
    whole[np.ix_(at, at)] = given.to_numpy(dtype=float)
    return _from_matrix(whole, where, places, value)


def _from_matrix(given: np.ndarray, where: str, places: Places, value: str | None) -> np.ndarray:
    found = np.array(given, float)
    if value is not None:
        np.fill_diagonal(found, np.nan)
        return found
    if found.diagonal().any():
        k = int(np.flatnonzero(found.diagonal())[0])
        raise InputError(f"{where} has an edge from {places.names[k]!r} to itself.")
    return np.where(found != 0, 1.0, np.nan)
