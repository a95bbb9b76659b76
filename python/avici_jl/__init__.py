"""avici_jl: which variable causes which, in one forward pass.

    from avici_jl import Model

    probabilities = Model.load("grn").predict(counts, interventions=knockouts)

Importing the package loads neither JAX nor Julia; each is loaded when it is first needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from avici_jl import _moved
from avici_jl.errors import (
    AviciError,
    CheckpointError,
    ConfigError,
    DataWarning,
    InputError,
    SimulationError,
    TrainingError,
)

if TYPE_CHECKING:
    from avici_jl.data.dataset import Dataset
    from avici_jl.data.files import read_table
    from avici_jl.data.knowledge import Knowledge
    from avici_jl.estimator import CausalGraph
    from avici_jl.model import Model, list_models
    from avici_jl.posterior import Posterior
    from avici_jl.simulation import list_domains, load_domain, simulate

    __version__: str

_moved.install()

_HOMES = {
    "CausalGraph": "avici_jl.estimator",
    "Model": "avici_jl.model",
    "Posterior": "avici_jl.posterior",
    "list_models": "avici_jl.model",
    "Dataset": "avici_jl.data.dataset",
    "Knowledge": "avici_jl.data.knowledge",
    "list_domains": "avici_jl.simulation",
    "load_domain": "avici_jl.simulation",
    "read_table": "avici_jl.data.files",
    "simulate": "avici_jl.simulation",
}

__all__ = [
    "AviciError",
    "CausalGraph",
    "CheckpointError",
    "ConfigError",
    "DataWarning",
    "Dataset",
    "InputError",
    "Knowledge",
    "Model",
    "Posterior",
    "SimulationError",
    "TrainingError",
    "list_domains",
    "list_models",
    "load_domain",
    "read_table",
    "simulate",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("avici-jl")
        except PackageNotFoundError:  # the source without an installation
            return "unknown"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
