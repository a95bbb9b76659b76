"""Words in messages, and words in tables that stand for a missing entry."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

MISSING_WORDS = frozenset(
    "#N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|nan|null".split("|")
)
"""What pandas reads as missing, whatever it means: among numbers a gap, among labels a label like any other."""


def name_of(label: Any) -> str:
    """A label of a column as text; that of a MultiIndex as its parts, however they are stored."""
    if isinstance(label, tuple):
        return str(tuple(part.item() if hasattr(part, "item") else part for part in label))
    return str(label)


def nearest(word: str, known: Sequence[str]) -> str:
    """A hint at what may have been meant, with a space before it; empty if nothing is near."""
    near = difflib.get_close_matches(word, known, n=3)
    return f" Did you mean {listed(near)}?" if near else ""


def listed(names: Sequence[str], most: int = 8) -> str:
    """Names for a message, the first few of them."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more
