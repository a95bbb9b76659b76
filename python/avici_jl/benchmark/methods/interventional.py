"""Methods that use interventions with known targets: GIES and IGSP."""

from __future__ import annotations

import random

import numpy as np

from avici_jl.benchmark.methods.interface import Baseline, Cost, Data, Gives, Takes

_ALPHA = 1e-3


def gies(data: Data) -> np.ndarray:
    """GIES (Hauser and Bühlmann 2012) of gies with the Gaussian BIC: an interventional CPDAG."""
    from gies import fit_bic

    x = data.standardized
    environments = data.environments()
    found, _ = fit_bic([x[rows] for _, rows in environments], [list(targets) for targets, _ in environments])
    return np.asarray(found, float)


def igsp(data: Data) -> np.ndarray:
    """IGSP (Wang et al. 2017) of causaldag, partial correlation and Gaussian invariance tests at level 0.001."""
    import causaldag
    from conditional_independence import (
        MemoizedCI_Tester,
        MemoizedInvarianceTester,
        gauss_invariance_suffstat,
        gauss_invariance_test,
        partial_correlation_suffstat,
        partial_correlation_test,
    )

    x, environments = data.standardized, data.environments()
    observed = x[environments[0][1]] if not environments[0][0] else x
    settings = [(targets, x[rows]) for targets, rows in environments if targets and len(rows) > 1]
    independence = MemoizedCI_Tester(partial_correlation_test, partial_correlation_suffstat(observed), alpha=_ALPHA)
    statistics = gauss_invariance_suffstat(observed, [rows for _, rows in settings])
    invariance = MemoizedInvarianceTester(gauss_invariance_test, statistics, alpha=_ALPHA)
    np.random.seed(data.seed)  # causaldag draws its starting orders from the global generators
    random.seed(data.seed)
    found = causaldag.igsp(
        [{"interventions": targets} for targets, _ in settings], set(range(x.shape[1])), independence, invariance
    )
    return np.asarray(found.to_amat(list(range(x.shape[1])))[0], float)


INTERVENTIONAL = (
    Baseline("GIES", gies, Takes.INTERVENTIONAL, Gives.CPDAG, Cost.HIGH, "gies", "Hauser and Bühlmann 2012"),
    Baseline("IGSP", igsp, Takes.INTERVENTIONAL, Gives.GRAPH, Cost.MEDIUM, "causaldag", "Wang et al. 2017"),
)
