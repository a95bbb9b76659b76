"""Knowledge: what is known of the graph before the data are looked at, in the words of the field."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from math import isfinite
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from avici_jl.data.pairs import Places, flags_of, numbers_of_pairs
from avici_jl.data.words import listed
from avici_jl.errors import InputError

EDGE, NO_EDGE = 1, -1
"""What is known of an ordered pair of variables; 0 where nothing is."""


@dataclass(frozen=True)
class Knowledge:
    """What is known of the graph of a table.

    Edges are given as pairs (cause, effect) of names; as a table with the columns `source` and `target`; as a matrix
    with the names on both axes, or [d, d] in the order of the table, that is not 0 where i → j; or as a networkx graph.
    Variables are named as in the table.

    Attributes:
        required_edges: edges that are there.
        forbidden_edges: edges that are not.
        tiers: collections of variables, the earliest first (or a mapping from each variable to its number): nothing
            causes what is in an earlier tier. Variables in no tier are free.
        roots: variables without a cause in the table, as age or sex.
        regulators: the only variables that can be causes; None if all can.
        beliefs: what is thought of edges without being certain, as probabilities: 0.5 leaves an edge as the data say,
            0.9 makes its odds 9 times larger. Given as edges are, with a third entry, a column `probability`, values in
            the matrix (NaN for no belief) or an edge attribute "probability"; 0 and 1 are certain.
    """

    required_edges: Any = ()
    forbidden_edges: Any = ()
    tiers: Sequence[Collection[Any]] | Mapping[Any, float] = ()
    roots: Collection[Any] = ()
    regulators: Collection[Any] | None = None
    beliefs: Any = None

    @staticmethod
    def read(given: Any) -> Knowledge:
        """A `Knowledge`, the mapping of its fields, or the path of a TOML file with these as keys.

        Raises:
            InputError: it is none of these, or the file cannot be read.
        """
        if isinstance(given, Knowledge):
            return given
        where = "prior"
        if isinstance(given, str | Path):
            where, path = str(given), Path(given)
            try:
                given = tomllib.loads(path.read_text(encoding="utf-8"))
            except (OSError, ValueError, RecursionError) as error:  # TOMLDecodeError is a ValueError
                raise InputError(f"{path} cannot be read as knowledge in TOML: {error}") from None
        if not isinstance(given, Mapping):
            raise InputError(
                "prior must be a Knowledge, a dict of its fields or the path of a TOML file, got a "
                f"{type(given).__name__}."
            )
        known = [field.name for field in fields(Knowledge)]
        odd = [str(name) for name in given if name not in known]
        if odd:
            raise InputError(f"{where} has {listed(odd)}, which is no kind of knowledge; there are {listed(known)}.")
        return Knowledge(**given)

    def of(self, labels: Sequence[Any], names: Sequence[str], *, positions: bool = False) -> Known:
        """What is known of each pair of these variables.

        Args:
            labels: of the variables, as the user gave them.
            names: of the variables, as text.
            positions: whether integers that are no labels are positions.

        Raises:
            InputError: a name is no variable, or what is known contradicts itself; the message says where.
        """
        places = Places(labels, names, positions)
        required = flags_of(self.required_edges, "required_edges", places)
        log_odds, impossible = np.zeros(required.shape, np.float32), np.zeros(required.shape, bool)
        if self.beliefs is not None:
            beliefs = numbers_of_pairs(self.beliefs, "beliefs", places)
            required |= beliefs == 1
            impossible = beliefs == 0
            q = np.where((beliefs > 0) & (beliefs < 1), beliefs, 0.5)
            log_odds = np.log(q / (1 - q)).astype(np.float32)
        pairs = np.zeros(required.shape, np.int8)
        for reason, forbidden in (  # one at a time: of many variables each is large
            ("in forbidden_edges", lambda: flags_of(self.forbidden_edges, "forbidden_edges", places)),
            ("against the tiers", lambda: self._against_tiers(places)),
            ("into one of the roots", lambda: self._into_roots(places)),
            ("from a variable that is none of the regulators", lambda: self._not_from_regulators(places)),
            ("given the probability 0 in beliefs", lambda: impossible),
        ):
            ruled_out = forbidden()
            both = np.argwhere(ruled_out & required)
            if len(both):
                raise InputError(
                    f"What is known contradicts itself: {listed(places.arrows(both))} is required, and is {reason}."
                )
            pairs[ruled_out] = NO_EDGE
        cycle = _cycle(required)
        if cycle:
            raise InputError(
                f"The required edges form a cycle: {' → '.join(names[k] for k in (*cycle, cycle[0]))}. Leave one out."
            )
        pairs[required] = EDGE
        np.fill_diagonal(pairs, 0)
        return Known(pairs, log_odds)

    def _against_tiers(self, places: Places) -> np.ndarray:
        tiers = self.tiers
        if isinstance(tiers, Mapping):
            numbered = {places.of(name, "tiers"): number for name, number in tiers.items()}
            if not all(isinstance(number, int | float) and isfinite(number) for number in numbered.values()):
                raise InputError("tiers must map each variable to a number, the earliest tier to the smallest.")
        else:
            if isinstance(tiers, str) or any(isinstance(tier, str) or not isinstance(tier, Iterable) for tier in tiers):
                raise InputError('tiers must be collections of variables, as in [["age", "sex"], ["dose"]].')
            numbered = {}
            for number, tier in enumerate(tiers):
                for name in tier:
                    place = places.of(name, "tiers")
                    if numbered.setdefault(place, number) != number:
                        raise InputError(
                            f"{places.names[place]!r} is in two tiers, {numbered[place] + 1} and {number + 1}."
                        )
        tier_of = np.full(len(places.names), np.nan)
        tier_of[list(numbered)] = list(numbered.values())
        return tier_of[:, None] > tier_of[None, :]  # never where one has none

    def _into_roots(self, places: Places) -> np.ndarray:
        found = np.zeros((len(places.names),) * 2, bool)
        found[:, places.all_of(self.roots, "roots")] = True
        return _off_diagonal(found)

    def _not_from_regulators(self, places: Places) -> np.ndarray:
        found = np.zeros((len(places.names),) * 2, bool)
        if self.regulators is not None:
            possible = places.all_of(self.regulators, "regulators")
            if not possible:
                raise InputError("regulators names no variable; leave it out if all can be causes.")
            found[:] = True
            found[possible] = False
        return _off_diagonal(found)


class Known(NamedTuple):
    """What is known of each ordered pair of variables.

    Attributes:
        pairs: [d, d] int8: 1 for an edge, -1 for none, 0 where it is open.
        log_odds: [d, d] float32, what beliefs add to the logarithm of an edge's odds.
    """

    pairs: np.ndarray
    log_odds: np.ndarray

    @property
    def causes(self) -> np.ndarray:
        """Places of the variables that may cause another."""
        return np.flatnonzero((self.pairs >= 0).sum(axis=1) > 1)  # the diagonal is never ruled out

    def obeyed(self, p: np.ndarray) -> np.ndarray:
        """Probabilities [d, d] with those of certain pairs in their place."""
        return np.where(self.pairs == 0, p, self.pairs > 0).astype(p.dtype)

    def __str__(self) -> str:
        edges, none = int((self.pairs > 0).sum()), int((self.pairs < 0).sum())
        beliefs = int((self.log_odds != 0).sum())
        return f"{edges} required and {none} forbidden edges" + (f", beliefs on {beliefs}" if beliefs else "")


def _off_diagonal(found: np.ndarray) -> np.ndarray:
    np.fill_diagonal(found, False)
    return found


def _cycle(edges: np.ndarray) -> list[int]:
    """The variables of one cycle in order; empty if there is none."""
    left = edges.copy()
    while True:  # what has no cause, or no effect, is on no cycle
        inner = np.logical_and(left.any(axis=0), left.any(axis=1))
        trimmed = left & inner[:, None] & inner[None, :]
        if (trimmed == left).all():
            break
        left = trimmed
    if not left.any():
        return []
    walk = [int(np.argmax(left.any(axis=1)))]
    while True:
        step = int(np.argmax(left[walk[-1]]))
        if step in walk:
            return walk[walk.index(step) :]
        walk.append(step)
