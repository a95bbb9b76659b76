"""Methods for observational data: PC, GES, FLOP and DirectLiNGAM."""

from __future__ import annotations

import numpy as np

from avici_jl.benchmark.methods.interface import Baseline, Cost, Data, Gives, Takes

_ALPHA = 0.01


def pc(data: Data) -> np.ndarray:
    """PC (Spirtes et al. 2000) of causal-learn, Fisher's z test at level 0.01: a CPDAG."""
    from causallearn.search.ConstraintBased.PC import pc as run

    return _from_causallearn(run(data.standardized, alpha=_ALPHA, show_progress=False).G.graph)


def ges(data: Data) -> np.ndarray:
    """GES (Chickering 2002) of causal-learn with the Gaussian BIC: a CPDAG."""
    from causallearn.search.ScoreBased.GES import ges as run

    return _from_causallearn(run(data.standardized, score_func="local_score_BIC_from_cov")["G"].graph)


def flop(data: Data) -> np.ndarray:
    """FLOP (Wienöbst et al. 2025) of flopsearch with the Gaussian BIC, penalty 2 and 20 restarts: a CPDAG."""
    from flopsearch import flop as run

    return (np.asarray(run(data.standardized, 2.0, restarts=20)) > 0).astype(float)


def direct_lingam(data: Data) -> np.ndarray:
    """DirectLiNGAM (Shimizu et al. 2011) of lingam: absolute effects between standardised variables."""
    from lingam import DirectLiNGAM

    model = DirectLiNGAM(random_state=data.seed)
    model.fit(data.standardized)
    return np.abs(model.adjacency_matrix_).T  # theirs: row is the effect


def _from_causallearn(graph: np.ndarray) -> np.ndarray:
    """causal-learn's marks, -1 a tail at the row's end of an edge, as a matrix: row causes column or may cause it."""
    tail_here, tail_there = graph == -1, graph.T == -1
    return (tail_here & (tail_there | (graph.T == 1))).astype(float)


OBSERVATIONAL = (
    Baseline("PC", pc, Takes.OBSERVATIONAL, Gives.CPDAG, Cost.MEDIUM, "causallearn", "Spirtes et al. 2000"),
    Baseline("GES", ges, Takes.OBSERVATIONAL, Gives.CPDAG, Cost.HIGH, "causallearn", "Chickering 2002"),
    Baseline("FLOP", flop, Takes.OBSERVATIONAL, Gives.CPDAG, Cost.LOW, "flopsearch", "Wienöbst et al. 2025"),
    Baseline(
        "DirectLiNGAM", direct_lingam, Takes.OBSERVATIONAL, Gives.SCORES, Cost.MEDIUM, "lingam", "Shimizu et al. 2011"
    ),
)
