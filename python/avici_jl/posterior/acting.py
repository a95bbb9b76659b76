"""What a posterior says about acting: which intervention to do next, and what one would change.

These functions are methods of `Posterior`.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable
from typing import TYPE_CHECKING

from avici_jl.errors import InputError
from avici_jl.posterior.design import suggestions
from avici_jl.posterior.edges import check_count
from avici_jl.posterior.effects import Effect, Effects, effect_table, interval, knockout_table

if TYPE_CHECKING:
    import pandas as pd

    from avici_jl.posterior.posterior import Posterior


def suggest_interventions(
    posterior: Posterior,
    top: int | None = 10,
    *,
    candidates: Collection[Hashable] | None = None,
    rows: int = 50,
    graphs: int = 200,
    seed: int = 0,
) -> pd.DataFrame:
    """Which variables to set or knock out next, to learn most about the graph; see `avici_jl.posterior.design`.

    Each is the best one given that those above it are done as well, so the first k are a design of k interventions.

    Args:
        posterior: of the data so far.
        top: how many; None for all.
        candidates: the variables that can be set, by default all.
        rows: how many rows each would give.
        graphs: number of acyclic graphs that are drawn.
        seed: of the draws.

    Returns:
        A table `variable, settles, total, rows, edges`: the share of what is open about the edges, Σ p (1 - p), that
        it settles; that of it and all above it; the rows in which it has been set already; and the edges, as pairs
        (source, target), of which it settles most, three at most. Of more than 150 variables those whose edges are the
        most open are looked at.

    Raises:
        InputError: a candidate is no variable, or a number is out of its range.
    """
    places = None if candidates is None else [posterior._place(name) for name in candidates]
    return suggestions(posterior, top, places, rows=rows, graphs=graphs, seed=seed)


def effect(
    posterior: Posterior, of: Hashable, on: Hashable, *, graphs: int = 50, level: float = 0.9, seed: int = 0
) -> Effect:
    """The total effect of one variable on another: what this moves by for each unit by which that is raised.

    Averaged over acyclic graphs drawn from the posterior, with simple mechanisms fitted to the data (see
    `avici_jl.posterior.mechanisms`), and over the rows without an intervention. Of counts both are logarithms to
    the base 2. Where such numbers hold and where not: see `knockout`.

    Args:
        posterior: of the data.
        of: what is raised.
        on: what may move.
        graphs: number of graphs, each fitted to another draw of the rows.
        level: share that the interval holds.
        seed: of the draws.

    Returns:
        The `Effect`: mean, low, high, probability.

    Raises:
        InputError: there is no such variable, or a number is out of its range.
    """
    cause, effect = posterior._place(of), posterior._place(on)
    fitted = _fitted(posterior, graphs, seed)
    slopes = fitted.slopes(cause)[:, effect]
    low, high = interval(slopes, level)
    path = 1.0 if cause == effect else float(fitted.reached(cause)[effect])
    return Effect(float(slopes.mean()), float(low), float(high), path)


def effects(
    posterior: Posterior,
    threshold: float | None = None,
    *,
    graphs: int = 50,
    level: float = 0.9,
    seed: int = 0,
) -> pd.DataFrame:
    """The total effect of the cause of every edge on its effect, as `effect` gives it, with the same limits.

    Args:
        posterior: of the data.
        threshold: of the edges; by default that of the model.
        graphs: number of graphs, each fitted to another draw of the rows.
        level: share that the intervals hold.
        seed: of the draws.

    Returns:
        A table `source, target, probability, effect, low, high, path` in the order of `edges`; the path is the
        probability that there is one.

    Raises:
        InputError: the threshold is no probability, or a number is out of its range.
    """
    return effect_table(posterior, posterior.edges(threshold), _fitted(posterior, graphs, seed), level)


def knockout(
    posterior: Posterior,
    variable: Hashable,
    value: float | None = None,
    *,
    graphs: int = 50,
    level: float = 0.9,
    seed: int = 0,
) -> pd.DataFrame:
    """What all others would move by if a variable was set: expected shifts from the rows without an intervention.

    On interventions that were held out of simulated data this was much better than predicting no change where
    mechanisms are linear. Where many causes act together in curved ways, and of counts, it was *no better than
    predicting no change*, nor would it have been with the graph known: take these shifts as hints of what may move,
    not as sizes. `avici-jl benchmark --experiment effects` prints the errors.

    Args:
        posterior: of the data.
        variable: what is set.
        value: to what; of counts 0 by default, the count in a cell of median size.
        graphs: number of graphs, each fitted to another draw of the rows.
        level: share that the intervals hold.
        seed: of the draws.

    Returns:
        A table `variable, shift, low, high, probability`, the largest shift first. Shifts of counts are logarithms
        to the base 2; the probability is that there is any effect.

    Raises:
        InputError: there is no such variable, no value is given for a variable that is no count, or a number is out
            of its range.
    """
    place = posterior._place(variable)
    return knockout_table(posterior, place, value, _fitted(posterior, graphs, seed), level)


def _fitted(posterior: Posterior, graphs: int, seed: int) -> Effects:
    """Mechanisms for that many graphs, fitted once."""
    check_count(graphs)
    if graphs == 0:
        raise InputError("At least one graph is needed, got graphs=0.")
    key, known = (int(graphs), int(seed)), posterior._effects
    if key not in known:
        known[key] = Effects.fit(posterior.data, posterior.kind, posterior.sample(graphs, seed=seed), seed)
    return known[key]
