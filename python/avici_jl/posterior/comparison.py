"""Two posteriors of the same variables, as of two conditions: which edges appear and vanish.

The function is a method of `Posterior`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from avici_jl.data.words import listed
from avici_jl.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from avici_jl.posterior.posterior import Posterior


def compare(posterior: Posterior, other: Posterior, threshold: float | None = None) -> pd.DataFrame:
    """Which edges appear and vanish from this posterior to another of the same variables.

    Args:
        posterior: what is compared.
        other: of the same variables, in any order.
        threshold: of both; by default that of each.

    Returns:
        A table `source, target, probability, other, change`, of the edges of either, the largest difference first;
        change is "appears", "vanishes" or "stays".

    Raises:
        InputError: the variables are not the same.
    """
    import pandas as pd

    if set(posterior.names) != set(other.names):
        odd = [str(name) for name in posterior.names if name not in set(other.names)]
        odd += [str(name) for name in other.names if name not in set(posterior.names)]
        raise InputError(f"Only posteriors of the same variables can be compared; these are in one: {listed(odd)}.")
    order = [other.names.index(name) for name in posterior.names]
    ours, theirs = posterior.adjacency(threshold), other.adjacency(threshold)[np.ix_(order, order)]
    p, q = posterior.probabilities, other.probabilities[np.ix_(order, order)]
    cause, effect = np.nonzero(ours | theirs)
    change = np.array([["", "appears"], ["vanishes", "stays"]])[ours[cause, effect], theirs[cause, effect]]
    labels = np.array([*posterior.names, None], dtype=object)[:-1]
    table = pd.DataFrame(
        {
            "source": labels[cause],
            "target": labels[effect],
            "probability": p[cause, effect],
            "other": q[cause, effect],
            "change": change,
        }
    )
    difference = (table["other"] - table["probability"]).abs()
    return table.loc[difference.sort_values(ascending=False, kind="stable").index].reset_index(drop=True)
