"""What a posterior says of single variables: how much each acts, what it causes, and what causes it.

These functions are methods of `Posterior`.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

    from avici_jl.posterior.posterior import Posterior


def regulators(posterior: Posterior, top: int | None = 10) -> pd.DataFrame:
    """Variables by the expected number of their direct effects, most first.

    Args:
        posterior: of the data.
        top: how many; None for all.

    Returns:
        A table `variable, expected_targets, targets`, the last the number at the threshold.
    """
    import pandas as pd

    table = pd.DataFrame(
        {
            "variable": pd.Series(posterior.names, dtype=object),
            "expected_targets": posterior.probabilities.sum(axis=1, dtype=float),
            "targets": posterior.adjacency().sum(axis=1, dtype=int),
        }
    )
    ranked = table.sort_values("expected_targets", ascending=False, kind="stable", ignore_index=True)
    return ranked if top is None else ranked.head(top)


def targets(posterior: Posterior, of: Hashable, threshold: float | None = None) -> pd.DataFrame:
    """What a variable causes directly: a table `target, probability`, and `increase` if the model says signs."""
    return _around(posterior, of, np.s_[posterior._place(of)], "target", threshold)


def causes(posterior: Posterior, of: Hashable, threshold: float | None = None) -> pd.DataFrame:
    """The direct causes of a variable: a table `source, probability`, and `increase` if the model says signs."""
    return _around(posterior, of, np.s_[:, posterior._place(of)], "source", threshold)


def markov_blanket(posterior: Posterior, of: Hashable, threshold: float | None = None) -> list[Any]:
    """The direct causes, direct effects and the effects' other causes of a variable, in the order of the table.

    Given these, the variable is independent of all others in the graph at the threshold.
    """
    graph, place = posterior.adjacency(threshold).astype(bool), posterior._place(of)
    blanket = graph[place] | graph[:, place] | graph[:, graph[place]].any(axis=1)
    blanket[place] = False
    return [posterior.names[k] for k in np.flatnonzero(blanket)]


def _around(posterior: Posterior, of: Hashable, pairs: Any, heading: str, threshold: float | None) -> pd.DataFrame:
    import pandas as pd

    p = posterior.probabilities[pairs]
    kept = p >= posterior._chosen(threshold)
    kept[posterior._place(of)] = False
    names = [name for name, keep in zip(posterior.names, kept, strict=True) if keep]
    table = pd.DataFrame({heading: pd.Series(names, dtype=object), "probability": p[kept]})
    if posterior.increase is not None:
        table["increase"] = posterior.increase[pairs][kept]
    return table.sort_values("probability", ascending=False, kind="stable", ignore_index=True)
