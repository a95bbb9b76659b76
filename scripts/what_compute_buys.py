"""Accuracy against compute: `python scripts/what_compute_buys.py` writes compute.png and compute.md of docs/training.

Ours are the legs in docs/training/*.legs.csv, by all CPU hours up to their end, accelerators converted. The paper's are
the two that it printed (Table 2: 100 000 and 300 000 steps, d = 30, interventional data), by what its training would
cost on the same machine.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from avici_jl.benchmark.published import TABLE_2
from avici_jl.network.axial import AxialConfig
from avici_jl.training.config import resolve

DOCS = Path(__file__).resolve().parents[1] / "docs" / "training"
DEVICES = 8
CORE = 45e9  # operations per second of one core in such a step: half of what `make bench-training` prints
GPU = 10e12  # operations per second that a GPU is assumed to do in such a step
CORES = 120  # of this machine that do as many datasets a second of the compact network as one H100
MODELS = {
    "linear": (("linear-rff", "linear"), ("linear", "linear-ood")),
    "rff": (("linear-rff", "rff"), ("rff", "rff-ood")),
    "scm": (("scm",), ("scm", "linear-ood", "rff-ood")),
}
"""For each model: the logs of its legs, and the data."""
ROWS = {"mixed": "500 obs. + 500 int.", "obs": "1000 obs."}
STEPS = {100_000: "(d) a third of the steps", 300_000: "★"}

TEXT = """# What compute buys

`python scripts/what_compute_buys.py` makes this page of the logs of training. AUPRC at d = 30 with 1000 rows on fresh
data, at the end of each leg, by all hours of one core that the model and the runs that it started from have cost. An
hour of a GPU counts as {cores} of a core: so many more datasets a second did it train the same network on.

![Error against hours](compute.png)

{table}

The exponent a is that of error ~ hours^-a through the first and the last leg: a few points, one run each. The last ones
have a falling learning rate and statistics that the first had not (see [recipe](recipe.md)), which flatters them. A
model is measured on 30 datasets; standard errors are in its card.

## Beside the paper's compute

{steps:,} steps of the preset `paper` on {devices} devices are {operations:.1e} floating-point operations. At the
{core:.0f} GFLOP/s that a core of this machine does of them (`make bench-training`) that is {hours:,.0f} hours of a
core, {times:,.0f} times as many as the longest of ours; at {gpu:.0f} TFLOP/s, which we assume and did not measure, it
is {gpu_hours:.0f} hours on {devices} GPUs.

What that would give is what the paper printed, if its network and our data are the same as they were: AUPRC
{theirs:.3f} on RFF with interventions, {theirs_ood:.3f} out of distribution. Between its two points its error falls
with the exponent {power:.2f} in distribution and {power_ood:.2f} out of it. The compact network is at {ours:.3f} and
{ours_ood:.3f} after {ours_hours:.1f} hours of a core; with the exponent of the table it would reach the paper's
{theirs:.3f} after {needed:.0f} hours. It will not go on like that for long: many graphs cannot be told from 1000 rows,
and how small the error can become on RFF nobody knows, so we extrapolate no further. Out of distribution it is ahead
for its statistics (ranks, stretched variables; see [recipe](recipe.md)), not for its compute.
"""


def legs(names: tuple[str, ...]) -> pd.DataFrame:
    """A row for each number of each leg, in the order of hours: hours, score ("rff mixed"), auprc."""
    found = []
    for name in names:
        table = pd.read_csv(DOCS / f"{name}.legs.csv")
        if "total accelerator hours" in table:
            table["total CPU hours"] += CORES * table["total accelerator hours"].fillna(0)
        for column in table.columns[table.columns.str.endswith(" AUPRC")]:
            part = table[["total CPU hours", column]].dropna().set_axis(["hours", "auprc"], axis=1)
            found.append(part.assign(score=column.removesuffix(" AUPRC")))
    return pd.concat(found).sort_values("hours")


def operations(steps: int) -> float:
    """Floating-point operations of so many steps of the preset `paper`; a backward pass costs two forward passes."""
    data = resolve("rff", kind="values", acyclic=True, preset="paper").data
    share = np.array([size.then for size in data.sizes]) / sum(size.then for size in data.sizes)
    each = [3 * DEVICES * size.batch * AxialConfig().forward_flops(data.rows[0], size.d) for size in data.sizes]
    return steps * float(share @ each)


def exponent(points: pd.DataFrame) -> float:
    """a of the power law 1 - AUPRC ~ hours^-a through the first and the last point."""
    (x0, y0), (x1, y1) = points[["hours", "auprc"]].to_numpy(float)[[0, -1]]
    return float(np.log((1 - y0) / (1 - y1)) / np.log(x1 / x0))


def draw(axes: Axes, name: str, ours: dict[str, pd.DataFrame], paper: dict[str, pd.DataFrame]) -> None:
    """Error over hours on logarithmic axes; the paper's with stars."""
    domains = list(dict.fromkeys(score.split()[0] for score in ours))
    for score, points in ours.items():
        domain, rows = score.split()
        style, color = "-o" if rows == "mixed" else "--s", f"C{domains.index(domain)}"
        axes.plot(points["hours"], 1 - points["auprc"], style, color=color, label=f"{domain}, {ROWS[rows]}")
        if score in paper:
            axes.plot(paper[score]["hours"], 1 - paper[score]["auprc"], "-*", color=color, alpha=0.6, markersize=11)
            place = tuple(paper[score][["hours", "auprc"]].to_numpy(float)[-1] * (1, -1) + (0, 1))
            axes.annotate("paper", place, xytext=(-14, 10), textcoords="offset points", fontsize=8)
    axes.set(xscale="log", yscale="log", title=f"model {name}", xlabel="hours of one core")
    axes.grid(which="both", alpha=0.25)
    axes.legend(fontsize=8)


def main() -> None:
    """Draw the figure and write the page."""
    hours = [operations(steps) / CORE / 3600 for steps in STEPS]
    paper = {}
    for domain in ("rff", "rff-ood"):
        auprc = [TABLE_2[row][f"{domain} auprc"][0] for row in STEPS.values()]
        paper[f"{domain} mixed"] = pd.DataFrame({"hours": hours, "auprc": auprc})
    figure = Figure(figsize=(14, 5), layout="constrained")
    lines = ["| model | data | rows | first leg | last leg | exponent |", "|---|---|---|---|---|---|"]
    ends: dict[str, tuple[float, float]] = {}
    powers: dict[str, float] = {}
    for axes, (name, (logs, domains)) in zip(
        figure.subplots(1, len(MODELS), sharex=True, sharey=True), MODELS.items(), strict=True
    ):
        table = legs(logs)
        ours = {score: table[table["score"] == score] for score in (f"{d} {r}" for d in domains for r in ROWS)}
        draw(axes, name, ours, paper if name == "rff" else {})
        axes.set_ylabel("1 - AUPRC" if name == "linear" else "")
        for score, points in ours.items():
            first, last = points[["hours", "auprc"]].to_numpy(float)[[0, -1]]
            ends[f"{name}: {score}"] = tuple(last)
            cells = [f"`{name}`", f"`{score.split()[0]}`", ROWS[score.split()[1]]]
            cells += [f"{auprc:.3f} ({spent:.1f} h)" for spent, auprc in (first, last)]
            powers[f"{name}: {score}"] = exponent(points)
            lines.append("| " + " | ".join([*cells, f"{powers[f'{name}: {score}']:.2f}"]) + " |")
    figure.savefig(DOCS / "compute.png", dpi=100)
    (steps, *_), total = sorted(STEPS, reverse=True), operations(max(STEPS))
    cost, reached = ends["rff: rff mixed"]
    missing = (1 - reached) / (1 - paper["rff mixed"]["auprc"].iloc[-1])
    text = TEXT.format(
        needed=cost * missing ** (1 / powers["rff: rff mixed"]),
        table="\n".join(lines),
        steps=steps,
        devices=DEVICES,
        operations=total,
        core=CORE / 1e9,
        cores=CORES,
        hours=hours[-1],
        times=hours[-1] / max(spent for spent, _ in ends.values()),
        gpu=GPU / 1e12,
        gpu_hours=total / GPU / DEVICES / 3600,
        power=exponent(paper["rff mixed"]),
        power_ood=exponent(paper["rff-ood mixed"]),
        theirs=paper["rff mixed"]["auprc"].iloc[-1],
        theirs_ood=paper["rff-ood mixed"]["auprc"].iloc[-1],
        ours=ends["rff: rff mixed"][1],
        ours_ood=ends["rff: rff-ood mixed"][1],
        ours_hours=ends["rff: rff mixed"][0],
    )
    (DOCS / "compute.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
