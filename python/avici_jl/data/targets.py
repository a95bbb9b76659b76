"""What the labels of rows mean: no intervention, one variable, several, or a guide; and which rows cannot be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from avici_jl.data.guides import Guides
from avici_jl.data.words import MISSING_WORDS, listed, name_of, nearest
from avici_jl.errors import InputError

_NO_TARGET = ("ctrl", "control")
"""Parts of a label of several targets that are none, as in "GATA1+ctrl"."""

_UNMEASURED = ("refuse", "drop")


@dataclass(frozen=True)
class LabelRules:
    """What labels of rows mean; the arguments of `avici_jl.data.inputs.read_input`."""

    control: Any = None
    separator: str | None = None
    guides: Any = None
    unmeasured: str = "refuse"

    def __post_init__(self) -> None:
        if self.unmeasured not in _UNMEASURED:
            raise InputError(f"unmeasured must be {' or '.join(map(repr, _UNMEASURED))}, got {self.unmeasured!r}.")
        if self.separator is not None and not (isinstance(self.separator, str) and self.separator.strip()):
            raise InputError(f"separator must be a text such as '+', got {self.separator!r}.")

    def given(self) -> list[str]:
        """The names of the rules that are not the default."""
        values = {field.name: (getattr(self, field.name), field.default) for field in fields(self)}
        default = [name for name, (value, usual) in values.items() if isinstance(value, str) and value == usual]
        return [name for name, (value, _) in values.items() if value is not None and name not in default]


def read_targets(
    targets: Any, n: int, names: Sequence[str], rules: LabelRules
) -> tuple[np.ndarray, np.ndarray, list[tuple[str, str]]]:
    """One entry per row: None (or NaN), a name, an index, or a collection of names and indices.

    Returns:
        The mask [n, d] uint8, which rows can be used [n] bool, and notes.

    Raises:
        InputError: an entry is no variable.
    """
    try:
        entries = list(targets)
    except TypeError:
        raise InputError(
            f"interventions must have one entry per row of X; a {type(targets).__name__} was given."
        ) from None
    if len(entries) != n:
        raise InputError(f"interventions must have one entry per row of X: {n}, got {len(entries)}.")
    meaning = _Meaning(names, rules)
    gaps = [row for row, entry in enumerate(entries) if _is_gap(entry)]
    written = {entry for entry in entries if isinstance(entry, str)}  # such a word was not read as missing
    known = [name for name in (*names, *meaning.controls) if name in MISSING_WORDS and name not in written]
    meant, notes = _name_read_as_missing(gaps, known, meaning) if gaps and known else (None, [])
    for row in gaps:
        entries[row] = meant
    mask = np.zeros((n, len(names)), np.uint8)
    unknown: dict[str, list[int]] = {}
    for row, entry in enumerate(entries):
        for target in _targets_of(entry, meaning.position):
            for variable in meaning.of(target, row):
                if isinstance(variable, str):
                    unknown.setdefault(variable, []).append(row)
                else:
                    mask[row, variable] = 1
    usable = np.ones(n, bool)
    if unknown and rules.unmeasured == "refuse":
        _refuse(unknown, names, rules)
    meaning.check_controls()
    for rows in unknown.values():
        usable[rows] = False
    if unknown:
        counts = Counter({name: len(rows) for name, rows in unknown.items()}).most_common()
        shown = listed([f"{name} ({count})" for name, count in counts])
        note = f"{n - int(usable.sum())} of {n} rows were left out, whose targets are not in X: {shown}."
        notes.append(("unmeasured", note))
    return mask, usable, notes


class _Meaning:
    """What one label means, by the rules."""

    def __init__(self, names: Sequence[str], rules: LabelRules) -> None:
        control = [rules.control] if isinstance(rules.control, str) else list(rules.control or ())
        self.controls = [str(label) for label in control]
        self.position = {name: j for j, name in enumerate(names)}
        self._guides = Guides(rules.guides)
        self._separator = rules.separator
        self._seen: set[str] = set()
        self._known: dict[str, list[int | str]] = {}

    def of(self, target: Any, row: int) -> Iterator[int | str]:
        """The variables that a target means, by position; or, as text, what is no variable."""
        if not isinstance(target, str) and str(target) not in self._guides.genes:
            yield _index_of(target, row, self.position)
            return
        label = str(target)
        if label not in self._known:
            self._known[label] = [self.position.get(name, name) for name in self._names(label, guide=True)]
        yield from self._known[label]

    def check_controls(self) -> None:
        """Refuse labels of controls that no row has: they may be misspelt."""
        never = [label for label in self.controls if label not in self._seen]
        if never:
            raise InputError(f"control: no row has the label {listed(never)}. Rows without an entry need no label.")

    def _names(self, label: str, guide: bool) -> Iterator[str]:
        """The names that a label means, of variables or not; `guide` says whether it may be that of a guide."""
        if label not in self.position and label not in self.controls:
            label = label.strip()
        gene = self._guides.matched(label) if guide else None
        if label in self.controls:
            self._seen.add(label)
        elif guide and label in self._guides.genes:
            for target in _targets_of(self._guides.genes[label], self.position):
                yield from self._names(str(target), guide=False)
        elif gene in self.position or gene in self.controls:
            yield from self._names(str(gene), guide=False)
        elif label in self.position:
            yield label
        elif self._separator is not None and self._separator in label:
            for part in label.split(self._separator):
                yield from self._names(part, guide)
        elif self._separator is None or label.lower() not in _NO_TARGET:
            yield gene or label


def _name_read_as_missing(
    gaps: Sequence[int], words: Sequence[str], meaning: _Meaning
) -> tuple[str | None, list[tuple[str, str]]]:
    """What missing entries mean: of a name such as "nan" or "NA" pandas may have made them."""
    rows = f"{len(gaps)} rows have a missing entry in interventions, the first is row {gaps[0]}"
    way = "Read the labels with avici_jl.read_table, or pandas.read_csv(path, keep_default_na=False)"
    if len(words) > 1 or not meaning.controls:
        raise InputError(
            f"{rows}, and {listed(words)} is a name here that pandas reads as missing: they may mean it, or no "
            f"intervention. {way}; or put None for rows without an intervention."
        )
    note = f"{rows}; they are taken to mean {words[0]!r}, a name that pandas reads as missing. {way}, to be sure."
    return words[0], [("names read as missing", note)] if words[0] in meaning.position else []


def _is_gap(entry: Any) -> bool:
    return type(entry).__name__ in ("NAType", "NaTType") or (isinstance(entry, float | np.floating) and np.isnan(entry))


def _targets_of(entry: Any, position: Collection[str]) -> Iterable[Any]:
    if entry is None or _is_gap(entry) or (isinstance(entry, str) and not entry.strip()):  # blank, as .h5ad writes None
        return ()
    if isinstance(entry, tuple) and name_of(entry) in position:  # a label of a MultiIndex
        return (name_of(entry),)
    if isinstance(entry, str) or np.ndim(entry) == 0 and not isinstance(entry, set | frozenset):
        return (entry,)
    return tuple(entry)


def _refuse(unknown: dict[str, list[int]], names: Sequence[str], rules: LabelRules) -> None:
    """Say which labels are no variables, how many rows they have, and what they may mean."""
    first = next(iter(unknown))
    rows = sum(len(found) for found in unknown.values())
    more = "" if rows == 1 else f" In all, {rows} rows name what is no column: {listed(list(unknown))}."
    known = set(names)
    signs = [
        sign
        for sign in "+,;|&_"
        if any(sign in label and not known.isdisjoint(label.replace(sign, " ").split()) for label in unknown)
    ]
    several = (
        f" A label of several variables is split by separator={signs[0]!r} (--separator), or given as a list of names; "
        "guides= (--guides) says which gene a guide belongs to."
        if signs and rules.separator is None
        else ""
    )
    raise InputError(
        f"interventions: row {unknown[first][0]} names {first!r}, which is no column of X.{nearest(first, names)}{more}"
        f"{several} Use None for rows without, or name their label by control= (--control); rows whose target is not "
        "in X are left out by unmeasured='drop' (--unmeasured drop)."
    )


def _index_of(target: Any, row: int, position: dict[str, int]) -> int:
    d = len(position)
    if isinstance(target, str):
        return position[target]
    if isinstance(target, (int, np.integer)) and not isinstance(target, bool):
        named = position.get(str(target), int(target))
        if named != target and 0 <= target < d:
            raise InputError(
                f"interventions: row {row} has the number {target}, which is the name of one column and the position "
                f"of another; name the columns by text, as in {str(target)!r}."
            )
        if 0 <= named < d:
            return named
        raise InputError(f"interventions: row {row} has index {target}; the variables have the indices 0 to {d - 1}.")
    if isinstance(target, float) and target.is_integer():
        return _index_of(int(target), row, position)
    if not isinstance(target, bool | float) and str(target) in position:  # a date, say
        return position[str(target)]
    raise InputError(f"interventions: row {row} has {target!r}; a name, an index from 0 on, or None is expected.")
