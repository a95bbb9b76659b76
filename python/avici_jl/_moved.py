"""Modules of 0.1 under their old names: they warn, and give what the new ones hold."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_PACKAGE = "avici_jl."

MOVED = {
    "acyclicity": "training.acyclicity",
    "compilation": "_runtime.compilation",
    "evaluation.baselines": "benchmark.methods",
    "evaluation.baselines.bayesian": "benchmark.methods.bayesian",
    "evaluation.baselines.continuous": "benchmark.methods.continuous",
    "evaluation.baselines.interface": "benchmark.methods.interface",
    "evaluation.baselines.interventional": "benchmark.methods.interventional",
    "evaluation.baselines.observational": "benchmark.methods.observational",
    "evaluation.baselines.simple": "benchmark.methods.simple",
    "evaluation.baselines.worker": "benchmark.methods.worker",
    "evaluation.card": "export.card",
    "evaluation.experiments": "benchmark",
    "evaluation.experiments.ablations": "benchmark.ablations",
    "evaluation.experiments.calibration": "benchmark.calibration",
    "evaluation.experiments.checks": "benchmark.checks",
    "evaluation.experiments.cross": "benchmark.cross",
    "evaluation.experiments.measure": "benchmark.measure",
    "evaluation.experiments.models": "benchmark.models",
    "evaluation.experiments.published": "benchmark.published",
    "evaluation.experiments.real": "benchmark.packaged",
    "evaluation.experiments.report": "benchmark.report",
    "evaluation.experiments.shifts": "benchmark.shifts",
    "evaluation.experiments.size": "benchmark.size",
    "evaluation.experiments.table1": "benchmark.table1",
    "evaluation.export": "export.export",
    "hub": "checkpoints.hub",
    "inputs": "data.inputs",
    "interventions": "data.interventions",
    "memory": "_runtime.memory",
    "plausibility": "data.shift",
    "prediction": "posterior.edges",
    "preprocess": "data.standardize",
    "resources": "_runtime.resources",
    "simulation.dataset": "data.dataset",
    "simulation.network": "simulation.known_graph",
    "tables": "data.files",
    "threads": "_runtime.threads",
    "training.checkpoint": "checkpoints.model checkpoints.find checkpoints.lineage checkpoints.run checkpoints.files",
}
"""Where what an old module held is now; one name, or several."""


class OldNames:
    """Finder and loader of the modules of `MOVED`, and of nothing else."""

    def create_module(self, spec: ModuleSpec) -> None:
        """The usual one."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: Any = None) -> ModuleSpec | None:
        if fullname.removeprefix(_PACKAGE) not in MOVED:
            return None
        return ModuleSpec(
            fullname,
            self,  # type: ignore[arg-type]
            is_package=any((_PACKAGE + old).startswith(f"{fullname}.") for old in MOVED),
        )

    def exec_module(self, module: ModuleType) -> None:
        homes = [_PACKAGE + home for home in MOVED[module.__name__.removeprefix(_PACKAGE)].split()]
        warnings.warn(
            f"{module.__name__} is now {' and '.join(homes)}; the old name goes in 0.3.",
            DeprecationWarning,
            stacklevel=2,
        )

        def __getattr__(name: str) -> Any:
            for home in map(import_module, homes):
                if hasattr(home, name):
                    return getattr(home, name)
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

        module.__getattr__ = __getattr__  # type: ignore[method-assign]


def install() -> None:
    """Let old names be found, before a folder that an old version left behind is taken for a package."""
    if not any(isinstance(finder, OldNames) for finder in sys.meta_path):
        sys.meta_path.insert(0, OldNames())  # type: ignore[arg-type]
