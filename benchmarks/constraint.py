"""What the acyclicity constraint does: the same short runs with and without it. `make bench-constraint` calls it.

For LINEAR and RFF, a small compact network is trained on d = 10 with λ = 0 and with dual ascent (Alg. 1), on the same
batches from the same parameters. The table has the held-out scores over the run: how many predictions (probability 0.5)
are acyclic, and what that costs. The runs are kept in the folder that is given (default build/constraint) and go on
when called again. `--steps N` sets their length.
"""

from __future__ import annotations

import argparse
import os
import platform
from pathlib import Path

import pandas as pd

from avici_jl.training import run

SETTINGS = [
    "network.dim=32",
    "network.layers=2",
    "data.sizes=[{d=10, batch=12}]",
    "data.rows=[200]",
    "data.interventional=[0.0, 0.5]",
    "data.curriculum_fraction=0.0",
    "ema_decay=0.99",
    "held_out.datasets=50",
    "objective.dual_every=10",
    "objective.dual_mean_rate=0.05",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", default="build/constraint", type=Path)
    parser.add_argument("--steps", default=3000, type=int)
    arguments = parser.parse_args()
    steps = arguments.steps
    print(f"{platform.machine()}, {os.cpu_count()} cores; {steps} steps of 12 datasets with d = 10, n = 200\n")
    print(
        "| domain | λ | step | acyclic, obs. | acyclic, int. | AUPRC, obs. | AUPRC, int. | spectral radius | final λ |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for domain in ("linear", "rff"):
        for name, rate in (("0", 0.0), ("dual ascent", 0.1)):
            workdir = arguments.folder / f"{domain}-{'with' if rate else 'without'}-{steps}"
            length = [f"steps={steps}", f"validate_every={steps // 4}", f"objective.dual_warmup={steps // 6}"]
            settings = [*SETTINGS, *length, f"objective.dual_rate={rate}"]
            run(workdir, domain=domain, preset="compact", overrides=settings, workers=0, say=lambda line: None)
            report(domain, name, workdir)


def report(domain: str, name: str, workdir: Path) -> None:
    progress, held_out = pd.read_csv(workdir / "progress.csv"), pd.read_csv(workdir / "held_out.csv")
    for step, group in held_out.groupby("step"):
        obs, int_ = (group[group["rows"] == rows].iloc[0] for rows in ("observational", "interventional"))
        near = progress.iloc[(progress["step"] - step).abs().argmin()]
        print(
            f"| {domain} | {name} | {step} | {obs['acyclic']:.0%} | {int_['acyclic']:.0%} | {obs['auprc']:.3f} | "
            f"{int_['auprc']:.3f} | {near['cyclicity']:.3f} | {near['multiplier']:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
