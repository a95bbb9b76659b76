"""Simulated datasets with known causal graphs. The simulators are in Julia, which `bridge` starts when needed."""

from avici_jl.data.dataset import Dataset, Datasets
from avici_jl.simulation.domain import Domain, list_domains, load_domain
from avici_jl.simulation.simulate import simulate, simulate_batch, simulate_collection

__all__ = [
    "Dataset",
    "Datasets",
    "Domain",
    "list_domains",
    "load_domain",
    "simulate",
    "simulate_batch",
    "simulate_collection",
]
