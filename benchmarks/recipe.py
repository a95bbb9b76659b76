"""Short training runs at nearly equal compute, which docs/about/recipe.md reports. `make bench-recipe` calls it.

Each variant is the preset `compact`, smaller and shorter, apart from the domain and settings that it names. A row of
the table says what it cost and what it reaches at d = 30, n = 1000 on domains in and out of its training distribution,
observational and mixed: means over 24 datasets, one seed. Differences below 0.03 are ties.

Arguments of the command line choose variants by name; by default all.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from avici_jl import Model
from avici_jl.evaluation.compare import compare, settings
from avici_jl.training import run

STEPS = 2500
SMALL = [
    f"steps={STEPS}",
    "ema_decay=0.995",
    "network.dim=64",
    "network.layers=4",
    "data.curriculum_fraction=0.4",
    "data.sizes=[{d = 10, batch = 12, curriculum_weight = 8}, {d = 20, batch = 6}]",
    'optimizer.decay="cosine"',
    "optimizer.warmup_fraction=0.05",
    "optimizer.peak_lr=8e-3",
    f"validate_every={STEPS}",
]
RANKS = '"basic@ranks", "interventional@ranks", "kernel@ranks", "conditional@ranks", "residual@ranks", "smooth@ranks"'
VALUES = '"basic", "kernel", "residual", "tails", "interventional", "conditional", "smooth"'
COUNTS = '"basic", "interventional", "kernel", "counts"'
MORE = '"conditional", "residual", "smooth"'
VARIANTS = {
    "preset": ("linear-rff", []),
    "ranks": ("linear-rff", [f"network.statistics=[{RANKS}]"]),
    "ranks and tails": ("linear-rff", [f'network.statistics=[{RANKS}, "tails"]']),
    "heavy tails": ("linear-rff", ["data.heavy_tail_fraction=0.4"]),
    "both": ("linear", [f"network.statistics=[{RANKS}, {VALUES}]", "data.heavy_tail_fraction=0.2"]),
    "both and invariance": (
        "linear",
        [f'network.statistics=[{RANKS}, {VALUES}, "invariance"]', "data.heavy_tail_fraction=0.2"],
    ),
    "scm": ("scm", [f'network.statistics=[{RANKS}, {VALUES}, "invariance", "invariance@ranks"]']),
    "scm, preset world": (
        "scm",
        [
            f'network.statistics=[{RANKS}, {VALUES}, "invariance", "invariance@ranks", "order", "evidence", "bins", '
            '"levels", "gaps", "scale"]'
        ],
    ),
    "counts": ("grn", [f"network.statistics=[{COUNTS}]"]),
    "counts and more": ("grn", [f"network.statistics=[{COUNTS}, {MORE}]"]),
    "counts, more and invariance": ("grn", [f'network.statistics=[{COUNTS}, {MORE}, "invariance"]']),
    "counts, more and ranks": (
        "grn",
        [f'network.statistics=[{COUNTS}, {MORE}, "basic@ranks", "interventional@ranks", "kernel@ranks"]'],
    ),
}
TESTED = {
    "values": ["linear", "rff", "linear-ood-noise", "rff-ood-noise", "linear-ood", "rff-ood"],
    "counts": ["grn", "grn-physical", "grn-paper", "grn-paper-ood"],
}


def measure(name: str) -> str:
    """Train a variant and give its row of the table."""
    domain, overrides = VARIANTS[name]
    with tempfile.TemporaryDirectory() as folder:
        before = time.process_time()
        run(Path(folder), domain=domain, overrides=[*SMALL, *overrides], workers=0, say=lambda line: None)
        seconds = time.process_time() - before
        model = Model.load(folder)
        cells = []
        for tested in TESTED[model.kind]:
            rows = compare(model, settings([30], 1000), domain=tested, datasets=24, seed=9)
            cells.append(" / ".join(f"{row.auprc['model'].mean():.3f}" for row in rows))
    return f"| {name}, on `{domain}` | {seconds:.0f} | {' | '.join(cells)} |"


def main() -> None:
    print(f"{os.cpu_count()} cores; {STEPS} steps")
    chosen = sys.argv[1:] or list(VARIANTS)
    for kind, domains in TESTED.items():
        names = [name for name in chosen if (VARIANTS[name][0] == "grn") == (kind == "counts")]
        if names:
            print(f"\n| variant | CPU s | {' | '.join(f'`{domain}`' for domain in domains)} |")
            print("|---" * (len(domains) + 2) + "|")
        for name in names:
            print(measure(name), flush=True)


if __name__ == "__main__":
    main()
