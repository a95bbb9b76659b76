"""Bayesian structure learning: DiBS."""

from __future__ import annotations

import numpy as np

from avici_jl.benchmark.methods.interface import Baseline, Cost, Data, Gives, Takes

_PARTICLES, _STEPS = 10, 1000


def dibs(data: Data) -> np.ndarray:
    """DiBS (Lorch et al. 2021) of dibs-lib, linear Gaussian model: mean of 10 particles after 1000 steps.

    Raises:
        ArithmeticError: the particles are not finite, so that the graphs say nothing.
    """
    from dibs.inference import JointDiBS
    from dibs.models import ErdosReniDAGDistribution, LinearGaussian
    from jax import numpy as jnp
    from jax import random

    x = jnp.asarray(data.standardized)
    d = x.shape[1]
    model = JointDiBS(
        x=x,
        interv_mask=jnp.asarray(data.interventions),
        graph_model=ErdosReniDAGDistribution(n_vars=d, n_edges_per_node=2),
        likelihood_model=LinearGaussian(n_vars=d),
    )
    graphs, parameters = model.sample(key=random.PRNGKey(data.seed), n_particles=_PARTICLES, steps=_STEPS)
    if not np.isfinite(np.asarray(parameters)).all():  # dibs-lib gives graphs nevertheless
        raise ArithmeticError("The particles are not finite.")
    return np.asarray(graphs, float).mean(axis=0)


BAYESIAN = (Baseline("DiBS", dibs, Takes.ANY, Gives.PROBABILITIES, Cost.EXTREME, "dibs", "Lorch et al. 2021"),)
