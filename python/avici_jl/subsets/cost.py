"""What an answer about many variables costs, before it is computed."""

from __future__ import annotations

from typing import NamedTuple

from avici_jl._runtime.executors import usable_cores
from avici_jl._runtime.memory import free_memory
from avici_jl.errors import InputError
from avici_jl.subsets.ask import EVERY_PAIR, ROUNDS, SHARED, SIZE, scored_rounds
from avici_jl.subsets.candidates import MOST_PARTIAL

_BASE = 2.0e9
"""Bytes of a process that asks about one subset: libraries, compilation, the statistics of its pairs."""
_TARGETS = 0.1
"""Targets in a subset, as a share of its size: few share candidates; less than where these are random."""
_SECONDS, _NETWORK = 1.2, 0.5
"""Of a subset of `SIZE` variables in a thousand rows on one core; without its statistics."""
_STATISTICS, _PAIR = 7e-5, 4000.0
"""Seconds of the statistics of a pair in a table of a thousand rows, and their bytes while they are computed."""


class Cost(NamedTuple):
    """An estimate.

    Attributes:
        memory: bytes, at most, the table included.
        predictions: how many subsets the network is asked about, at most.
        seconds: on the cores of this machine.
    """

    memory: float
    predictions: int
    seconds: float

    def __str__(self) -> str:
        minutes = self.seconds / 60
        time = f"{minutes:.0f} minutes" if minutes >= 2 else f"{self.seconds:.0f} seconds"
        return f"at most {self.predictions} subsets, {time} and {self.memory / 1e9:.1f} GB"


def estimate(n: int, d: int, causes: int | None = None, rows: int = 1000, *, scored: bool = False) -> Cost:
    """What asking about n rows of d variables costs, of which `causes` can be causes, in parts of so many rows.

    With `scored`, by a model that has a `PairScore`.
    """
    causes = d if causes is None else causes
    pairs = 4.0 * d * d
    table, scores = n * d * 9.0, n * d * (4.0 + 4.0)
    screening = scores + pairs * (4.0 if d <= MOST_PARTIAL else 1.0) + 4.0 * causes * d
    checking, answer = n * d * 32.0, pairs * 1.5
    shared = d <= SHARED
    seen = min(n, rows) * d * 8.0 + (_PAIR * d * d if shared else 0.0)
    memory = _BASE + table + max(checking, screening, answer + seen)
    rounds = scored_rounds(d, -(-n // rows)) if scored and shared else ROUNDS
    predictions = rounds * int(-(-d // _targets(causes))) + (_completing(d) if d <= EVERY_PAIR else 0)
    longer = 0.5 + 0.5 * min(n, rows) / 1000
    each = _NETWORK if shared else _SECONDS * longer
    statistics = _STATISTICS * d * d * longer * -(-n // rows) if shared else 0.0
    screen = (2.0 * n * d**2 + (2.0 * d**3 if d <= MOST_PARTIAL else 0.0)) / 2e10
    return Cost(memory, predictions, screen + statistics + predictions * each / usable_cores())


def _completing(d: int) -> int:
    """Subsets that hold every pair, at most: of any two groups of half their size."""
    groups = -(-2 * d // SIZE)
    return groups * (groups - 1) // 2


def _targets(causes: int) -> float:
    """Targets in a subset, at least, where so many variables can be causes: the fewer, the more candidates they share.

    The curve is below what `cover` finds for random candidates, of 20 to 3000 causes.
    """
    return min(_TARGETS * SIZE + 40.0 * (50.0 / max(causes, 1)) ** 1.4, max(SIZE - causes, SIZE / 2))


def check_memory(cost: Cost, d: int) -> None:
    """Refuse what cannot fit.

    Raises:
        InputError: more memory is needed than there is.
    """
    free = free_memory()
    if free is not None and cost.memory > free:
        raise InputError(
            f"{d} variables need {cost}, and {free / 1e9:.1f} GB are free. Please leave out variables or rows, or use "
            "a machine with more memory."
        )
