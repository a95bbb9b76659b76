"""Fine-tune a shipped model on datasets whose graph is known.

    python examples/training/finetune.py FOLDER runs/tuned [optimizer.peak_lr=1e-3 …]

FOLDER has one sub-folder for each dataset, with x.npy [n, d], interventions.npy [n, d], graph.npy [d, d] and meta.toml,
as `Dataset.save` writes them. The same from the shell:

    avici-jl train --domain FOLDER --init linear --workdir runs/tuned --set optimizer.peak_lr=1e-3 --set steps=500
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from avici_jl import Dataset, Model
from avici_jl.evaluation.metrics import auprc
from avici_jl.training import Labelled, run


def main(folder: str, workdir: str, *overrides: str) -> None:
    """Train on the datasets, and print how well each is predicted before and after."""
    datasets = [Dataset.load(path) for path in sorted(Path(folder).iterdir()) if (path / "x.npy").is_file()]
    # Few steps with a small rate: a model that has seen a million simulated datasets should not forget them.
    small = ["init_from=linear", "steps=500", "optimizer.peak_lr=1e-3", "ema_decay=0.99"]
    run(workdir, domain=Labelled(datasets), overrides=[*small, *overrides])
    before, after = Model.load("linear"), Model.load(workdir)
    seen: Counter[int] = Counter()
    for number, data in enumerate(datasets):
        assert data.graph is not None
        seen[len(data.names)] += 1
        scores = [auprc(model.predict(data), data.graph) for model in (before, after)]
        held_out = "trained on" if seen[len(data.names)] % 5 else "held out"
        print(f"dataset {number} ({held_out}): AUPRC {scores[0]:.3f} before, {scores[1]:.3f} after")


if __name__ == "__main__":
    main(*sys.argv[1:])
