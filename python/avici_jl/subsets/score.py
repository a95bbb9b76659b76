"""How likely each pair is an edge by its statistics alone: which are asked about in subsets, and the others' answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

LEARNED_WITH = 160
"""Variables of the tables that scores are learned from."""
_TOGETHER = 32
"""Variables whose pairs are looked at together."""


class PairScore(NamedTuple):
    """A logistic regression of edges on the statistics of pairs, learned on simulated tables.

    Attributes:
        signed: [k] float32, weights of the statistics.
        size: [k] float32, weights of their absolute values.
        constant: of the logit, less log d, since the more variables there are the fewer pairs are edges. Above
            `LEARNED_WITH` variables it is less by log(d / `LEARNED_WITH`) again: with 600, noisier statistics made
            unlikely pairs some five times likelier than they were.
    """

    signed: np.ndarray
    size: np.ndarray
    constant: float

    @classmethod
    def of_card(cls, table: Mapping[str, Any]) -> PairScore:
        """As a card has it, see `table`."""
        signed, size = (np.array(table[name], np.float32) for name in ("signed", "size"))
        return cls(signed, size, float(table["constant"]))

    def table(self) -> dict[str, Any]:
        """For a card, with four digits."""
        signed, size = ([float(f"{weight:.4g}") for weight in part] for part in (self.signed, self.size))
        return {"signed": signed, "size": size, "constant": float(f"{self.constant:.4g}")}

    def logits(self, statistics: np.ndarray) -> np.ndarray:
        """[d, d] float32 of statistics [d, d, k]; entry [i, j] of i → j, -inf on the diagonal."""
        d = len(statistics)
        found = np.empty((d, d), np.float32)
        for start in range(0, d, _TOGETHER):
            some = statistics[start : start + _TOGETHER]
            found[start : start + _TOGETHER] = some @ self.signed + np.abs(some) @ self.size
        found += self.constant - np.log(d) - np.log(max(d / LEARNED_WITH, 1.0))
        np.fill_diagonal(found, -np.inf)
        return found


def likeliest(logits: np.ndarray, causes: np.ndarray, count: int, least: int, most: int) -> Sequence[np.ndarray]:
    """The candidates of every variable, the best first: the causes of the `count` · d likeliest pairs.

    So a variable with many likely causes has more of them than one with few.

    Args:
        logits: [d, d], of row causes column.
        causes: [k] the variables that can be causes.
        count: candidates of a variable, in the mean.
        least: so many at least, where there are as many causes.
        most: so many at most.
    """
    d = len(logits)
    allowed = np.full((d, d), -np.inf, np.float32)
    allowed[causes] = logits[causes]
    order = np.argsort(-allowed, axis=0, kind="stable")[:most]
    ranked = np.take_along_axis(allowed, order, 0)
    rest, more = np.sort(ranked[least:], axis=None)[::-1], (count - least) * d
    bar = rest[more - 1] if more <= len(rest) else -np.inf
    wanted = (ranked >= bar) | (np.arange(len(ranked))[:, None] < least)
    wanted &= np.isfinite(ranked)
    return [order[own, j] for j, own in enumerate(wanted.T)]
