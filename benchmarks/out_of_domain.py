"""How often tables are called unlike those of training: fresh ones of the domain, and ones with a known defect.

    python benchmarks/out_of_domain.py [MODEL ...] [--tables 150]

For each shipped model it prints the share of fresh tables of its training that would be warned of; for "scm" also, for
each imperfection, the share of tables with it that are, and by which characteristics.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np

from avici_jl import Model, list_models, simulate
from avici_jl.data.inputs import Input
from avici_jl.data.typical import Shift, compare
from avici_jl.export.typical import training_tables

SEED, SPOILED = 1, 24
DEFECTS = {
    "none": None,
    "autocorrelation .9": {"model": "autocorrelation", "correlation": 0.9},
    "1 % outliers": {"model": "outliers", "cells": 0.01},
    "0.3 % outliers": {"model": "outliers", "cells": 0.003},
    "2 % outliers of 5 s.d.": {"model": "outliers", "cells": 0.02, "size": 5.0},
    "rows five times each": {"model": "repeats", "times": 5},
    "four levels": {"model": "levels", "levels": 4},
    "counts": {"model": "counts", "mean": 3.0, "spread": 0.7},
    "rounding to .5 s.d.": {"model": "rounding", "step": 0.5},
    "30 % below detection": {"model": "detection-limit", "cells": 0.3, "side": "below"},
    "5 % missing": {"model": "missing", "cells": 0.05, "pattern": "random"},
    "three batches, 1 s.d.": {"model": "batches", "number": 3, "shift": 1.0, "scale": 0.3},
    "three batches, .3 s.d.": {"model": "batches", "number": 3, "shift": 0.3, "scale": 0.1},
    "measurement error, 100 %": {"model": "measurement-error", "variance": 1.0},
    "hidden causes": {"model": "hidden-causes", "per_variable": 0.2, "effects": 4},
    "selection": {"model": "selection", "kept": 0.3},
}


def spoiled(defect: dict[str, object] | None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Tables of 500 rows of "scm" with a defect, half of them with interventions in half of the rows."""
    for k in range(SPOILED):
        n_int = (0, 250)[k % 2]
        size = {"d": (10, 20, 30)[k % 3], "n_obs": 500 - n_int, "n_int": n_int}
        data = simulate("scm", **size, seed=77, index=k, imperfections=defect)
        yield data.x.astype(float), data.interventions


def shifts(model: Model, tables: Iterable[tuple[np.ndarray, np.ndarray]]) -> list[Shift]:
    """How unlike those of a model's training tables are."""
    return [
        compare(Input(x, u, [str(j) for j in range(x.shape[1])]), model.kind, model.card["typical"]) for x, u in tables
    ]


def line(what: str, found: list[Shift]) -> None:
    """Print how many are unusual, and by what."""
    by = Counter(name for shift in found for name in shift.unusual).most_common(3)
    share = np.mean([bool(shift.unusual) for shift in found])
    print(f"{what:28} {share:6.1%}  {', '.join(f'{name} ({count})' for name, count in by)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", default=list_models())
    parser.add_argument("--tables", type=int, default=150)
    given = parser.parse_args()
    for name in given.models:
        model = Model.load(name)
        data = model._loaded.config["data"]
        line(f"{name}: fresh tables", shifts(model, training_tables(data, data["domain"], given.tables, seed=SEED)))
    if "scm" in given.models:
        for what, defect in DEFECTS.items():
            line(f"scm: {what}", shifts(Model.load("scm"), spoiled(defect)))


if __name__ == "__main__":
    main()
