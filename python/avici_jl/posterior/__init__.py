"""What one inference found, and all that follows from it: edges, graphs without cycles, draws, comparisons."""

from avici_jl.posterior.posterior import Posterior

__all__ = ["Posterior"]
