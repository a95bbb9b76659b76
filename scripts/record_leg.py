"""Write down a leg of training: `python scripts/record_leg.py runs/scm`, after `avici-jl export` made a model of it.

Adds a row to docs/training/NAME.legs.csv, draws the run's curves, writes docs/training/NAME.md, and, unless the run is
at its end, puts what the next leg needs into training_state/RUN: `cp -r training_state/RUN runs/` and
`avici-jl train --workdir runs/RUN` go on there. The model's NAME is the run's if `--model` says nothing else.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pandas as pd

from avici_jl._runtime.resources import pretrained_dir
from avici_jl.checkpoints.run import RunCheckpoints
from avici_jl.plots import plot_training

ROOT = Path(__file__).resolve().parents[1]
LARGEST_STATE = 30e6  # bytes
CURVE_ROWS = 400


def main() -> None:
    """Record the run in the folder that is named."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("workdir", type=Path)
    arguments.add_argument("--model", default="", help="Name of the shipped model.")
    arguments.add_argument("--note", default="", help="A sentence about this leg.")
    options = arguments.parse_args()
    workdir: Path = options.workdir
    run, docs = workdir.name, ROOT / "docs" / "training"
    name = options.model or run
    card = json.loads((pretrained_dir() / name / "card.json").read_text())
    config = json.loads((workdir / "config.json").read_text())
    leg = {"run": run, "date": str(date.today()), "revision": revision(), **reached(card), "note": options.note}
    path = docs / f"{name}.legs.csv"
    legs = pd.concat([pd.read_csv(path), pd.DataFrame([leg])]) if path.is_file() else pd.DataFrame([leg])
    legs = legs[[*legs.columns.drop("note"), "note"]]
    legs.to_csv(path, index=False)
    curve = pd.read_csv(workdir / "progress.csv")
    curve[:: max(1, len(curve) // CURVE_ROWS)].to_csv(docs / f"{run}.curve.csv", index=False)
    shutil.copy(workdir / "held_out.csv", docs / f"{run}.held_out.csv")
    plot_training(workdir).savefig(docs / f"{run}.png", dpi=100)
    (docs / f"{name}.md").write_text(page(name, config, legs), encoding="utf-8")
    if leg["step"] < config["steps"]:
        print(f"{run}: {keep_state(workdir, ROOT / 'training_state' / run) / 1e6:.1f} MB of state kept")


def revision() -> str:
    """Short name of the commit that is checked out."""
    command = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def reached(card: dict) -> dict[str, float]:
    """What the exported model's card says of this leg: its length, and AUPRC and F1 at the largest d of each domain."""
    training = card["training"]
    row = {"step": training["step"], "datasets": training["datasets"], "hours": round(training["seconds"] / 3600, 2)}
    row["CPU hours"] = round(training["cpu_seconds"] / 3600, 2)
    if training["before"] is not None:
        for kind in ("CPU", "accelerator"):
            spent = [part.get(f"{kind.lower()}_seconds", 0) for part in (training, training["before"])]
            row[f"total {kind} hours"] = round(sum(spent) / 3600, 2)
    largest = max(entry["d"] for entry in card["evaluation"])
    for entry in card["evaluation"]:
        if entry["d"] == largest:
            kind = "mixed" if entry["n_int"] else "obs"
            row[f"{entry['domain']} {kind} AUPRC"] = round(entry["auprc"]["model"][0], 3)
            row[f"{entry['domain']} {kind} F1"] = round(entry["f1"][0], 3)
    return row


def page(name: str, config: dict, legs: pd.DataFrame) -> str:
    """The log of a model in Markdown."""
    head = "| " + " | ".join(map(str, legs.columns)) + " |\n|" + "---|" * len(legs.columns)
    rows = ["| " + " | ".join("" if pd.isna(v) else str(v) for v in row) + " |" for row in legs.itertuples(index=False)]
    settings = json.dumps(config, indent=2)
    return f"""# Training of {name}

A row for each leg, at its end: steps and datasets of the run so far, hours of the clock on one core of a shared
machine, hours of that core, those with the runs that it started from, the hours of accelerators in all of them, and
what the model that was made of it reaches on fresh datasets (`avici-jl export`; the largest d of its card,
`pretrained/{name}/card.md`). The curves of each run are in RUN.curve.csv and RUN.held_out.csv of this folder.

{head}
{chr(10).join(rows)}

{chr(10).join(f"![Curves of {run}]({run}.png)" for run in legs["run"].unique())}

## Settings of the last run

```json
{settings}
```
"""


def keep_state(workdir: Path, folder: Path) -> int:
    """Copy settings, curves and the newest checkpoint; returns the size in bytes."""
    with RunCheckpoints(workdir) as checkpoints:
        step = checkpoints.latest()
    shutil.rmtree(folder, ignore_errors=True)
    not_folders = shutil.ignore_patterns("commit_success.txt")  # these name a folder of this machine
    shutil.copytree(workdir / "checkpoints" / str(step), folder / "checkpoints" / str(step), ignore=not_folders)
    for file in ("config.json", "progress.csv", "held_out.csv"):
        shutil.copy(workdir / file, folder / file)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if size > LARGEST_STATE:
        shutil.rmtree(folder)
        raise SystemExit(f"The state of {workdir} has {size / 1e6:.0f} MB, too much to keep in the repository.")
    return size


if __name__ == "__main__":
    main()
