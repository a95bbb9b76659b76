"""Simple scores, and regressions along an order of the variables. Entry [i, j] of a score ranks the edge i → j."""

from __future__ import annotations

import numpy as np

from avici_jl.benchmark.methods.interface import Baseline, Cost, Data, Gives, Takes
from avici_jl.evaluation.scores import correlation, mean_difference


def variance_sort(data: Data) -> np.ndarray:
    """Sort-n-regress (Reisach et al. 2021): sparse regressions of each variable on those with smaller variance."""
    from CausalDisco.baselines import var_sort_regress

    return np.abs(var_sort_regress(data.natural))


def r2_sort(data: Data) -> np.ndarray:
    """R²-sort-n-regress (Reisach et al. 2023): the same in the order of how well the others explain each variable."""
    from CausalDisco.baselines import r2_sort_regress

    return np.abs(r2_sort_regress(data.standardized))


SIMPLE = (
    Baseline(
        "|correlation|",
        lambda data: correlation(data.x, data.interventions, data.kind),
        Takes.ANY,
        Gives.SCORES,
        Cost.LOW,
    ),
    Baseline(
        "mean difference",
        lambda data: mean_difference(data.x, data.interventions, data.kind),
        Takes.INTERVENTIONAL,
        Gives.SCORES,
        Cost.LOW,
        source="Chevalley et al. 2022",
    ),
    Baseline(
        "sort-n-regress",
        variance_sort,
        Takes.OBSERVATIONAL,
        Gives.SCORES,
        Cost.LOW,
        "CausalDisco",
        "Reisach et al. 2021",
    ),
    Baseline(
        "R²-sort-n-regress", r2_sort, Takes.OBSERVATIONAL, Gives.SCORES, Cost.LOW, "CausalDisco", "Reisach et al. 2023"
    ),
)
