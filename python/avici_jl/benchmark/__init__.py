"""The figures and tables of the paper, and checks on ourselves: one file an experiment, a report of each."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from avici_jl.benchmark.ablations import ablations
from avici_jl.benchmark.auto import auto
from avici_jl.benchmark.calibration import calibration
from avici_jl.benchmark.causcale import causcale
from avici_jl.benchmark.cells import kept_in
from avici_jl.benchmark.checks import checks
from avici_jl.benchmark.cross import cross
from avici_jl.benchmark.effects import effects
from avici_jl.benchmark.expression import grn_methods, sergio
from avici_jl.benchmark.external import external, imperfections
from avici_jl.benchmark.interventions import interventions
from avici_jl.benchmark.large import large
from avici_jl.benchmark.measure import FULL, QUICK, Effort
from avici_jl.benchmark.models import models
from avici_jl.benchmark.packaged import sachs, semireal
from avici_jl.benchmark.real import real
from avici_jl.benchmark.report import Report
from avici_jl.benchmark.shifts import shifts
from avici_jl.benchmark.size import size
from avici_jl.benchmark.speed import speed
from avici_jl.benchmark.table1 import d100, in_distribution, table1

EXPERIMENTS: dict[str, Callable[[Effort], Report]] = {
    "models": models,
    "table1": table1,
    "table1-in-distribution": in_distribution,
    "d100": d100,
    "shifts": shifts,
    "size": size,
    "speed": speed,
    "large": large,
    "calibration": calibration,
    "cross": cross,
    "ablations": ablations,
    "external": external,
    "imperfections": imperfections,
    "causcale": causcale,
    "auto": auto,
    "interventions": interventions,
    "effects": effects,
    "grn-methods": grn_methods,
    "sergio": sergio,
    "real": real,
    "sachs": sachs,
    "semireal": semireal,
    "checks": checks,
}
"""By the name that `avici-jl benchmark --experiment` takes."""


def run(name: str, effort: Effort, folder: Path) -> Path:
    """Run an experiment and write its report; gives the page.

    Every answer is kept in `cells` inside the folder: an experiment that was stopped goes on where it was, and of one
    that is run again only what is new or has changed is computed.
    """
    start = time.process_time()
    with kept_in(folder / "cells"):
        report = EXPERIMENTS[name](effort)
    command = f"avici-jl benchmark --experiment {name} --{effort.name}"
    return report.write(folder, name, command, time.process_time() - start)


__all__ = ["EXPERIMENTS", "FULL", "QUICK", "Effort", "Report", "run"]
