"""Training a network on an endless stream of simulated datasets."""

from avici_jl.training.trainer import run

__all__ = ["run"]
