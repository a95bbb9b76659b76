"""The network asked about many variables: candidates, subsets, and their answers put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, groupby
from typing import Any, NamedTuple

import numpy as np

from avici_jl._runtime.executors import AHEAD, in_order, or_threads
from avici_jl._runtime.progress import tracked
from avici_jl.data.knowledge import Known
from avici_jl.network.summary import Summary, of_some
from avici_jl.subsets.asking import Asking
from avici_jl.subsets.candidates import candidates
from avici_jl.subsets.cover import Subset, complete, cover
from avici_jl.subsets.score import PairScore, likeliest

SIZE, CANDIDATES, ROUNDS = 96, 10, 2
"""Variables of a subset, candidates of a target, and how many times every variable is a target."""
_SCORED, _LEAST, _MOST = 8, 3, 48
"""Candidates of a target by a `PairScore`: in the mean, at least, and at most."""
WHOLE = 128
"""So many variables are still asked about as a whole, whatever a model has seen."""
_AGAIN = 0.4
"""The share of a target's candidates, the likeliest, that are there in every round."""
SHARED = 1024
"""Up to so many variables, their statistics are computed once, for all subsets."""
EVERY_PAIR = 512
"""Up to so many variables, every pair is asked about."""
_TOGETHER = 4
"""Subsets of one task for an executor."""
_AHEAD = 8
"""Subsets that wait at a time with statistics of their own, which take more memory than their values."""


class Question(NamedTuple):
    """Which variables the network is asked about together, from which part of the rows."""

    subset: Subset
    part: int


def ask_in_subsets(
    table: np.ndarray,
    interventions: np.ndarray,
    known: Known | None,
    parts: list[np.ndarray],
    see: Callable[[np.ndarray], np.ndarray],
    predictor: Any,
    standardize: Callable[[np.ndarray], np.ndarray],
    asking: Asking,
    order: np.ndarray,
    score: PairScore | None = None,
) -> np.ndarray:
    """Logits [1 or 2, d, d] of edges, and of signs if it says them, of a table of many variables.

    A subset alone hides what else causes its variables. So, up to `SHARED` variables, the network sees the statistics
    that subsets have in the whole table: regressions on all others, and rows in which none of them was set. From these
    statistics, of the first part of the rows, a score says which pairs are likely edges: those are asked about, and of
    pairs about which the network was not asked it is the answer. Without a score that is -inf; of signs it is 0.

    Everything is done with the variables in the given order; where that follows from their values alone, the answer
    does not depend on the order of the columns.

    Args:
        table: [n, d].
        interventions: [n, d] of 0 and 1.
        known: what is known of the graph; None if nothing is.
        parts: rows that the network sees at a time.
        see: from some of the rows to what the network sees of them [rows, d, channels].
        predictor: from that, for some of the variables, and what is known of these, to what is said, see `Predictor`.
        standardize: from the table to standardised values.
        asking: how.
        order: [d] of the variables.
        score: of the statistics that the network sees; without it, and of more than `SHARED` variables, candidates are
            found by `candidates`.
    """
    d = table.shape[1]
    place = np.argsort(order)
    causes, pairs = np.arange(d), None
    if known is not None:  # a variable that is known to cause nothing needs no place among the candidates
        pairs = known.pairs[np.ix_(order, order)]
        causes = np.sort(place[known.causes]) if len(known.causes) > 0 else causes
    shared = d <= SHARED
    seen = see(parts[0])[:, order]
    summary = predictor.summarize(seen) if shared else None
    if score is None or summary is None:
        z = np.nan_to_num(standardize(table)[:, order], copy=False)
        wanted, else_said = ranked(z, interventions[:, order], causes), None
        del z
    else:
        else_said = score.logits(summary.statistics)
        wanted = [likeliest(else_said, causes, _SCORED, _LEAST, _MOST)] * scored_rounds(d, len(parts))
    asked = questions(wanted, causes, len(parts), seed=asking.seed)
    asked.sort(key=lambda question: question.part)
    at_once = 1 if asking.executor is None or shared else _TOGETHER

    def tasks() -> Iterator[tuple[Any, ...]]:
        nonlocal seen, summary
        for part, some in groupby(asked, lambda question: question.part):
            if part > 0:
                seen = see(parts[part])[:, order]
                summary = predictor.summarize(seen) if shared else None
            members = [question.subset.members for question in some]
            for start in range(0, len(members), at_once):
                yield (
                    predictor,
                    [
                        (_shown(seen, summary, which), None if pairs is None else pairs[np.ix_(which, which)])
                        for which in members[start : start + at_once]
                    ],
                )

    with or_threads(asking.executor, len(asked)) as executor:
        ahead = _AHEAD if shared else AHEAD
        answers = chain.from_iterable(in_order(_answer, tasks(), executor, ahead=ahead))
        shown = tracked(answers, len(asked), f"Subsets of {d} variables", shown=asking.progress)
        return put_together(d, asked, shown, else_said)[:, place[:, None], place[None, :]]


def _shown(seen: np.ndarray, summary: Summary | None, which: np.ndarray) -> np.ndarray | Summary:
    """What the network sees of some variables: their entries, or what the summary of the table says of them."""
    if summary is None:
        return seen[:, which]
    return of_some(summary, which, float(seen[:, which, 1].sum()) / len(seen))


def answer_stacked(predictor: Any, seen: np.ndarray | Summary, known: np.ndarray | None) -> np.ndarray:
    """What a predictor says of a table, [1 or 2, d, d]: logits of edges, and of signs if it says them."""
    return np.stack([part for part in predictor(seen, known) if part is not None])


def _answer(predictor: Any, tables: list[tuple[np.ndarray | Summary, np.ndarray | None]]) -> list[np.ndarray]:
    return [answer_stacked(predictor, seen, known) for seen, known in tables]


def scored_rounds(d: int, parts: int) -> int:
    """How many times every one of d variables is a target by a `PairScore`.

    Again in a second part of the rows, if there is one, and where so much is asked that it costs little: with 400
    variables that is worth 0.01 of AUPRC.
    """
    return ROUNDS if d <= EVERY_PAIR else min(parts, ROUNDS)


def ranked(
    z: np.ndarray,
    interventions: np.ndarray,
    causes: np.ndarray,
    *,
    size: int = SIZE,
    count: int = CANDIDATES,
    rounds: int = ROUNDS,
) -> list[Sequence[np.ndarray]]:
    """For every round the candidates of every variable, from a few numbers for every pair; see `candidates`.

    Where not every pair is asked about, most candidates are the next ones after the first round.

    Args:
        z: [n, d] standardised values, 0 where missing.
        interventions: [n, d] of 0 and 1.
        causes: [k] the variables that can be causes.
        size: variables of a subset.
        count: candidates of a target.
        rounds: how many times every variable is a target.
    """
    d = z.shape[1]
    again = count if d <= EVERY_PAIR else round(_AGAIN * count)
    new = count - again
    found = candidates(z, interventions, min(count + (rounds - 1) * new, len(causes), size - 1, d - 1), causes)
    wanted: list[Sequence[np.ndarray]] = []
    for turn in range(rounds):
        chosen = found
        if turn and found.shape[1] >= count + turn * new:
            chosen = np.delete(found, np.s_[again : count + (turn - 1) * new], axis=1)
        wanted.append(list(chosen[:, :count]))
    return wanted


def questions(
    wanted: Sequence[Sequence[np.ndarray]], causes: np.ndarray, parts: int, *, size: int = SIZE, seed: int = 0
) -> list[Question]:
    """What to ask about all variables.

    Args:
        wanted: for every round the candidates of every variable.
        causes: [k] the variables that can be causes.
        parts: into how many parts the rows are divided; each round looks at other ones.
        size: variables of a subset.
        seed: of the subsets.
    """
    asked, d = [], len(wanted[0])
    for turn, chosen in enumerate(wanted):
        subsets = cover(chosen, min(size, d), np.random.default_rng([seed, turn]))
        asked += [Question(subset, (k + turn) % parts) for k, subset in enumerate(subsets)]
    if d <= EVERY_PAIR:
        held = [question.subset.members for question in asked]
        rest = complete(held, causes, d, size, np.random.default_rng([seed, len(wanted)]))
        asked += [Question(subset, k % parts) for k, subset in enumerate(rest)]
    return asked


def put_together(
    d: int, asked: list[Question], answers: Iterable[np.ndarray], else_said: np.ndarray | None = None
) -> np.ndarray:
    """Mean logits [k, d, d] of every pair, over the subsets in which its effect is a target.

    Where it is in none, over the subsets that hold both, though common causes may be missing there. Where no subset
    does, those of edges, the first, are what else is said, and others 0.

    Args:
        d: number of variables.
        asked: the questions.
        answers: to each the logits [k, m, m] of its members, in the same order.
        else_said: [d, d], by default -inf.
    """
    total, count, as_target = np.zeros((0, d, d), np.float32), np.zeros((d, d), np.uint16), np.zeros((d, d), bool)
    for (subset, _), logits in zip(asked, answers, strict=True):
        if len(total) == 0:
            total = np.zeros((len(logits), d, d), np.float32)
        at = np.ix_(subset.members, subset.members)
        target = np.zeros(len(subset.members), bool)
        target[subset.targets] = True
        before = as_target[at]
        replaced, added = target & ~before, target | ~before
        for sums, own in zip(total, logits, strict=True):
            sums[at] = np.where(replaced, 0.0, sums[at]) + np.where(added, own, 0.0)
        count[at] = np.where(replaced, 0, count[at]) + added
        as_target[at] = before | target
    never = count == 0
    total /= np.maximum(count, 1)
    total[0, never] = -np.inf if else_said is None else else_said[never]
    return total
