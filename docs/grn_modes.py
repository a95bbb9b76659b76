"""The figure of the two modes of gene regulation: `python docs/grn_modes.py` writes docs/grn-modes.png."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from avici_jl.simulation import bridge

GENES = ["A", "B", "E", "C"]  # in the order in which the edges name them
DT, CELLS, BURN_IN = 0.01, 4000, 5.0
WILD, KNOCKED, READ = "0.45", "tab:red", "tab:blue"


def main() -> None:
    sim = bridge.julia()
    network = sim.seval('Network(["A" => "B", "E" => "B", "B" => "C"]; signs=[1, 1, 1])')
    problem = sim.GRNProblem(network, basal=2.0, interaction=4.0, noise_scale=0.5)
    figure, axes = plt.subplots(2, 2, figsize=(9.5, 6), sharey="row", layout="constrained")
    draw_one_trajectory(axes[0, 0], sim, problem)
    draw_many_trajectories(axes[0, 1], sim, problem)
    for axis, mode in zip(axes[1], ("compatible", "physical"), strict=True):
        draw_cells(axis, sim, problem, mode)
    axes[0, 0].set(title="mode compatible", ylabel="expression of C", ylim=(0, 7.5))
    axes[0, 1].set(title="mode physical")
    axes[1, 0].set(ylabel="share of cells", ylim=(0, 0.115))
    axes[1, 0].legend(frameon=False, loc="upper left")
    figure.suptitle("Gene C of the network A → B ← E, B → C")
    figure.savefig(Path(__file__).parent / "grn-modes.png", dpi=110)


def path_of(sim: Any, problem: Any, steps: int, seed: int) -> np.ndarray:
    """Expression of C, step by step."""
    algorithm = sim.EulerMaruyama(DT)
    return np.asarray(sim.trajectory(problem, algorithm, steps=steps, seed=seed))[GENES.index("C")]


def draw_one_trajectory(axis: Any, sim: Any, problem: Any) -> None:
    """100 cells are 100 time points of one trajectory of 1500 steps, drawn with replacement."""
    path = path_of(sim, problem, 1500, seed=3)
    times = np.random.default_rng(0).integers(0, len(path), 100)
    axis.plot(np.arange(len(path)) * DT, path, color=WILD, lw=0.8)
    axis.plot(times * DT, path[times], "o", color=READ, ms=4, alpha=0.7)
    axis.set(xlabel="time")
    label(axis, "100 wild-type cells (blue) are time points\nof one trajectory: neighbours are alike")


def draw_many_trajectories(axis: Any, sim: Any, problem: Any) -> None:
    """Every cell is the end of a trajectory of its own."""
    steps = round(BURN_IN / (0.8 * DT))
    for seed in range(1, 101):
        path = path_of(sim, problem, steps, seed)
        axis.plot(np.arange(steps) * DT, path, color=WILD, lw=0.8, alpha=0.9 if seed <= 6 else 0.05)
        axis.plot(steps * DT, path[-1], "o", color=READ, ms=4, alpha=0.7)
    axis.axvline(steps * DT, color=READ, lw=0.8, ls=":")
    axis.set(xlabel="time")
    label(axis, "100 wild-type cells (blue) end 100 trajectories\nthat do not know of each other (six are dark)")


def draw_cells(axis: Any, sim: Any, problem: Any, mode: str) -> None:
    """Cells of the wild type and without A."""
    knock_out = sim.seval('[knockout("A")]')
    solution = sim.solve(
        problem,
        sim.EulerMaruyama(DT),
        cells=CELLS,
        perturbations=knock_out,
        mode=sim.Symbol(mode),
        burn_in=BURN_IN,
        seed=1,
    )
    expression = np.asarray(solution.expression)[:, GENES.index("C")]
    wild, knocked = expression[:CELLS], expression[CELLS:]
    bins = np.linspace(0, 6, 49)
    for values, colour, name in ((wild, WILD, "wild type"), (knocked, KNOCKED, "A knocked out")):
        weights = np.full(len(values), 1 / len(values))
        axis.hist(values, bins=bins, weights=weights, color=colour, alpha=0.5, label=name)
        axis.axvline(values.mean(), ymax=0.75, color=colour, lw=2, ls="--")
    axis.set(xlabel=f"expression of C, {CELLS} cells each")
    change = knocked.mean() / wild.mean()
    reason = {"compatible": "estimated anew without A", "physical": "a constant of the wild type"}[mode]
    text = f"B falls to half without A, its half-response is\n{reason}:\nC keeps {change:.0%} of its mean"
    label(axis, text, x=0.98, align="right")


def label(axis: Any, text: str, x: float = 0.02, y: float = 0.97, align: str = "left") -> None:
    axis.text(x, y, text, transform=axis.transAxes, ha=align, va="top", fontsize=9)


if __name__ == "__main__":
    main()
