"""Other methods for causal discovery behind one interface: rows of data in, a matrix of scores or a graph out.

`BASELINES` holds them by name. A `Worker` runs one in a process of its own, within a limit of time. The packages they
come from are in the extra `benchmarks`; the simple scores need none.
"""

from avici_jl.benchmark.methods.bayesian import BAYESIAN
from avici_jl.benchmark.methods.continuous import CONTINUOUS
from avici_jl.benchmark.methods.expression import EXPRESSION
from avici_jl.benchmark.methods.interface import Baseline, Data, Result, solve
from avici_jl.benchmark.methods.interventional import INTERVENTIONAL
from avici_jl.benchmark.methods.nonlinear import NONLINEAR
from avici_jl.benchmark.methods.observational import OBSERVATIONAL
from avici_jl.benchmark.methods.simple import SIMPLE
from avici_jl.benchmark.methods.worker import Worker
from avici_jl.evaluation.scores import correlation, mean_difference

BASELINES = {
    b.name: b for b in (*SIMPLE, *EXPRESSION, *OBSERVATIONAL, *NONLINEAR, *INTERVENTIONAL, *CONTINUOUS, *BAYESIAN)
}

__all__ = ["BASELINES", "Result", "Baseline", "Data", "Worker", "correlation", "mean_difference", "solve"]
