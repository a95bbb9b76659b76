"""The pictures of genes.md: `python docs/simulators/genes.py` writes docs/simulators/genes-*.png."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from avici_jl.simulation import bridge

WILD, CHANGED, OTHER = "0.55", "tab:red", "tab:blue"


def arrays(sim: Any, code: str) -> list[np.ndarray]:
    """What Julia code returns, a tuple of arrays."""
    return [np.asarray(part) for part in sim.seval("begin\n" + code + "\nend")]


def leak(sim: Any, axis: Any) -> None:
    """Two genes that activate each other, from their steady state on."""
    times = np.arange(0, 41, 2.0)
    for value, colour in ((0.0, CHANGED), (0.3, OTHER)):
        code = f"""
            network = Network(["a" => "b", "b" => "a"]; signs=[1, 1])
            problem = GRNProblem(network; basal=0.0, leak={value}, interaction=4.0)
            (solve(problem, EulerMaruyama(0.02); cells=400, saveat=0:2:40, burn_in=0).path,)
        """
        path = arrays(sim, code)[0]
        axis.plot(times, (path.max(1) == 0).mean(0), color=colour, label=f"leak {value}")
    axis.set(xlabel="time", ylabel="extinct cells", ylim=(-0.03, 1))
    axis.legend(frameon=False)


def logic(sim: Any, axis: Any) -> None:
    """A target's production against one activator, the other being at its half-response."""
    levels = np.linspace(0.05, 4, 40)
    for name, colour in (("sum", WILD), ("and", CHANGED), ("or", OTHER)):
        code = f"""
            network = Network(["a" => "t", "b" => "t"]; signs=[1, 1])
            found = map(range(0.05, 4; length=40)) do x
                basal = reshape([0.8x, 0.0, 0.8], 3, 1)
                problem = GRNProblem(
                    network; basal=basal, interaction=2.0, hill=3.0, half_response=1.0, logic=:{name}, noise_scale=0.0,
                )
                0.8 * solve(problem, EulerMaruyama(0.2); cells=1, burn_in=20).expression[1, 2]
            end
            (found,)
        """
        axis.plot(levels, arrays(sim, code)[0], color=colour, label=name)
    axis.set(xlabel="activator a / its half-response", ylabel="production")
    axis.legend(frameon=False)


def guides(sim: Any, axis: Any) -> None:
    """Cells of a guide of efficiency 0.8 that fails in 30 % of them."""
    code = """
        problem = GRNProblem(zeros(Int, 1, 1); basal=8.0, interaction=1.0, noise_scale=0.5)
        guide = crispri(1; efficiency=0.8, failing=0.3)
        solution = solve(problem, EulerMaruyama(0.02); cells=3000, perturbations=[guide])
        (solution.expression[:, 1], solution.conditions, solution.worked[:, 1])
    """
    x, condition, worked = arrays(sim, code)
    bins = np.linspace(0, 18, 46)
    axis.hist(x[condition == 0], bins, color=WILD, alpha=0.6, label="wild type")
    guided = [x[(condition == 1) & (worked == value)] for value in (1, 0)]
    names = ["guide works", "guide fails"]
    axis.hist(guided, bins, stacked=True, color=[CHANGED, "tab:orange"], alpha=0.8, label=names)
    axis.set(xlabel="expression of the target", ylabel="cells", yticks=[])
    axis.legend(frameon=False, fontsize=7)


def activation(sim: Any, axis: Any) -> None:
    """A silent gene is switched on at time 0, and activates another."""
    code = """
        network = Network(["a" => "t"]; signs=[1])
        problem = GRNProblem(
            network; basal=0.0, leak=0.3, interaction=6.0, half_response=3.0, noise_scale=0.4,
        )
        guides = [crispra("a"; production=4.0)]
        (solve(problem, EulerMaruyama(0.02); cells=0, cells_each=60, perturbations=guides, saveat=0:0.1:8).path,)
    """
    path, times = arrays(sim, code)[0], np.arange(0, 8.05, 0.1)
    for gene, colour, name in ((0, CHANGED, "a, silent before"), (1, OTHER, "its target")):
        axis.plot(times, path[:12, gene].T, color=colour, lw=0.4, alpha=0.6)
        axis.plot(times, path[:, gene].mean(0), color=colour, lw=2, label=name)
    axis.set(xlabel="time since the activation", ylabel="expression")
    axis.legend(frameon=False, fontsize=7)


def programme(sim: Any, axis: Any) -> None:
    """Two genes without any edge, in cells of different phases."""
    code = """
        problem = GRNProblem(zeros(Int, 2, 2); basal=8.0, interaction=1.0, noise_scale=0.25)
        cycle = [Programme(share=1.0, strength=0.8)]
        solution = solve(problem, EulerMaruyama(0.02); cells=1500, programmes=cycle, burn_in=10, seed=4)
        (solution.expression, solution.programmes)
    """
    x, phase = arrays(sim, code)
    drawn = axis.scatter(x[:, 0], x[:, 1], c=phase[:, 0], cmap="twilight", s=4)
    axis.figure.colorbar(drawn, label="phase")
    axis.set(xlabel="gene 1", ylabel="gene 2")


def batches(sim: Any, axis: Any) -> None:
    """Total counts of cells in three batches, of a screen of 30 genes."""
    code = """
        problem = GRNProblem(zeros(Int, 30, 30); basal=2.0, interaction=1.0)
        technology = profile("10x-chromium-1"; depth=2000, outlier=false)
        batches = BatchEffects(3; expression=0.4, depth=0.5)
        solution = solve(problem, EulerMaruyama(0.05); cells=3000, technology=technology, batches=batches, seed=2)
        (vec(sum(solution.counts; dims=2)), solution.batches)
    """
    total, batch = arrays(sim, code)
    bins = np.geomspace(max(total.min(), 1), total.max(), 50)
    for number, colour in zip((1, 2, 3), (WILD, CHANGED, OTHER), strict=True):
        axis.hist(total[batch == number], bins, color=colour, alpha=0.6, label=f"batch {number}")
    axis.set(xscale="log", xlabel="UMIs of a cell", ylabel="cells", yticks=[])
    axis.legend(frameon=False, fontsize=7)


def lineage(sim: Any, axis: Any) -> None:
    """A marker gene along a tree of four cell types."""
    code = """
        basal = [3.0 6.0 0.8 9.0; 2.0 2.0 2.0 2.0]
        problem = GRNProblem(zeros(Int, 2, 2); basal=basal, interaction=1.0, noise_scale=0.3)
        solution = solve(problem, EulerMaruyama(0.02); cells=1600, lineage=[1 => 2, 1 => 3, 2 => 4], branch_time=4.0)
        (solution.expression[:, 1], solution.pseudotime, solution.cell_types)
    """
    x, time, kind = arrays(sim, code)
    for number, colour in zip((1, 2, 3, 4), (WILD, OTHER, CHANGED, "tab:green"), strict=True):
        axis.plot(time[kind == number], x[kind == number], ".", ms=2, color=colour, label=f"type {number}")
    axis.set(xlabel="pseudotime", ylabel="marker gene")
    axis.legend(frameon=False, fontsize=7, markerscale=4)


def boundary(sim: Any, axis: Any) -> None:
    """Stationary mean of an unregulated gene over b/λ: the density is known, for dt → 0, and cells for dt = 0.01."""
    productions = np.geomspace(0.1, 10, 25)
    axis.semilogx(productions, [mean_of_density(b) / (b / 0.8) for b in productions], color=WILD)
    code = """
        means = map([0.1, 0.3, 1.0, 3.0, 10.0]) do b
            problem = GRNProblem(zeros(Int, 4, 4); basal=b, interaction=1.0)
            solution = solve(problem, EulerMaruyama(0.01); cells=2000, burn_in=8)
            sum(solution.expression) / 8000 / (b / 0.8)
        end
        (means,)
    """
    axis.semilogx([0.1, 0.3, 1.0, 3.0, 10.0], arrays(sim, code)[0], "o", color=CHANGED, ms=4)
    axis.axhline(1, color="k", lw=0.6)
    axis.set(xlabel="production b  (λ = 0.8, q = 1)", ylabel="mean / (b/λ)")


def mean_of_density(b: float, decay: float = 0.8, q: float = 1.0) -> float:
    """Of dx = (b - λx) dt + q √(b + λx) dW on x ≥ 0, reflected at 0."""
    x = (np.arange(400_000) + 0.5) * (40 + 10 * b) / 400_000
    diffusion = q**2 * (b + decay * x)
    exponent = np.cumsum(2 * (b - decay * x) / diffusion) * (x[1] - x[0])
    weight = np.exp(exponent - exponent.max()) / diffusion
    return float((x * weight).sum() / weight.sum())


def main() -> None:
    sim = bridge.julia()
    pictures: list[Callable[[Any, Any], None]] = [leak, logic, guides, activation, programme, batches, lineage]
    for picture in [*pictures, boundary]:
        figure, axis = plt.subplots(figsize=(3.4, 2.5), layout="constrained")
        picture(sim, axis)
        axis.spines[["top", "right"]].set_visible(False)
        figure.savefig(Path(__file__).parent / f"genes-{picture.__name__}.png", dpi=100)
        plt.close(figure)


if __name__ == "__main__":
    main()
