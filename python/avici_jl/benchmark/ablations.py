"""What parts of the paper's network are worth: Table 2, with networks small enough to be trained on the spot."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pandas as pd

from avici_jl.benchmark.cells import KeptModel
from avici_jl.benchmark.measure import Effort, measure
from avici_jl.benchmark.methods.interface import Cost
from avici_jl.benchmark.published import TABLE_2
from avici_jl.benchmark.report import METRICS, Report, cell, rows_text, table
from avici_jl.evaluation.compare import Setting
from avici_jl.evaluation.significance import as_good_as_the_best
from avici_jl.training import run

STEPS = {"quick": 1000, "full": 20_000}
D, ROWS = 10, 50
SETTING = Setting(D, ROWS // 2, ROWS // 2)
SMALL = [
    "batch_multiplier=1",
    "ema_decay=0.99",
    "network.dim=32",
    "network.layers=2",
    "network.heads=4",
    "network.head_size=8",
    "network.dropout=0.0",
    f"data.rows=[{ROWS}]",
    "data.interventional=[0.5]",
    "data.draws_per_dataset=2",
    f"data.sizes=[{{d = 5, batch = 12}}, {{d = {D}, batch = 6}}]",
    'optimizer.name="muon"',
    "optimizer.sqrt_batch_scaling=false",
    "optimizer.peak_lr=4e-3",
    "optimizer.warmup_fraction=0.05",
    'optimizer.decay="cosine"',
    "optimizer.end_lr_factor=0.0",
    "objective.acyclic=false",
]
"""The preset `paper` on a scale of minutes: 2 blocks of width 32, Muon, no constraint."""

VARIANTS = {
    "★": ("2 blocks, both axes, Eq. (6)", []),
    "(a) L = 1": ("1 block", ["network.layers=1"]),
    "(a) L = 4": ("4 blocks", ["network.layers=4"]),
    "(b) axis d": ("attention over variables alone", ['network.axes="variables"']),
    "(b) axis n": ("attention over observations alone", ['network.axes="observations"']),
    "(c) relational": ("edges as of Santoro et al. (2017)", ['network.edges="relational"']),
    "(d) a third of the steps": ("a third of the steps", []),
}
_METRICS = ("sid", "auprc")


def ablations(effort: Effort) -> Report:
    """Networks with one part changed, trained on `rff` and measured on it and on `rff-ood`."""
    steps = STEPS[effort.name]
    report = Report("What the parts of the paper's network are worth")
    report.add(
        f"Table 2 on a small scale: networks of 2 blocks of width 32 (★) with one part changed, each trained for "
        f"{steps} steps on `rff` with d = 5 and {D}, one seed each, and measured with d = {D}, {rows_text(SETTING)} "
        f"rows on the same {effort.datasets[Cost.LOW]} datasets. Mean ± standard error; "
        "bold is the best and what a t-test does not tell from it. In brackets are the paper's numbers for 8 blocks of "
        "width 128, 300 000 steps and d = 30, where it has that row."
    )
    found = []
    for name, (_, changes) in VARIANTS.items():
        length = steps // 3 if name.startswith("(d)") else steps
        with tempfile.TemporaryDirectory() as folder:
            overrides = [*SMALL, f"steps={length}", f"validate_every={length}", *changes]
            run(Path(folder), domain="rff", preset="paper", overrides=overrides, workers=0, say=lambda line: None)
            model = KeptModel.load(folder)
            for domain in ("rff", "rff-ood"):
                rows = measure(effort, model, domain, SETTING, ())
                found.append(pd.DataFrame(rows).assign(method=name))
    report.results = pd.concat(found, ignore_index=True).drop(columns="model")
    header = ["", "network", *(f"`{domain}` {METRICS[m][0]}" for domain in ("rff", "rff-ood") for m in _METRICS)]
    report.add(table(header, _lines(report.results)))
    return report


def _lines(results: pd.DataFrame) -> list[list[str]]:
    lines = {name: [name, text] for name, (text, _) in VARIANTS.items()}
    for domain in ("rff", "rff-ood"):
        for metric in _METRICS:
            _, digits, smaller = METRICS[metric]
            chosen = results[results["domain"] == domain]
            values = {str(name): group[metric].to_numpy(float) for name, group in chosen.groupby("method", sort=False)}
            best = as_good_as_the_best(values, smaller=smaller)
            for name, numbers in values.items():
                paper = TABLE_2.get(name, {}).get(f"{domain} {metric}")
                beside = "" if paper is None else f" [{paper[0]:g}]"
                lines[name].append(cell(numbers, digits, bold=name in best) + beside)
    return list(lines.values())
