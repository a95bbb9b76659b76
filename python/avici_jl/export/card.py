"""Results for people: a model's card, and the report of an evaluation; Markdown with a picture."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from avici_jl.checkpoints.recipe import UNKNOWN, Stage
from avici_jl.evaluation.compare import Comparison
from avici_jl.evaluation.significance import mean_and_error
from avici_jl.model import Model


def write_card(
    folder: Path,
    name: str,
    config: Mapping[str, Any],
    card: Mapping[str, Any],
    rows: Mapping[str, list[Comparison]],
    recipe: Sequence[Stage] = (),
) -> None:
    """Write `card.md` and `card.png` into a model's folder.

    Args:
        folder: of the model.
        name: of the model.
        config: its settings.
        card: its card, with `evaluation`.
        rows: the comparisons of each domain, which have the predictions that the picture needs.
        recipe: the stages of its training, as far as they are known.
    """
    from avici_jl.plots import plot_calibration

    figure = Figure(figsize=(4.6 * len(rows), 4.6), layout="constrained")
    for axes, (domain, found) in zip(figure.subplots(1, len(rows), squeeze=False)[0], rows.items(), strict=True):
        probabilities, graphs = zip(*(pair for row in found for pair in row.predictions), strict=True)
        plot_calibration(probabilities, graphs, axes=axes)
        axes.set_title(f"{domain}\n{axes.get_title()}", fontsize=9)
    figure.savefig(folder / "card.png", dpi=100, bbox_inches="tight")
    (folder / "card.md").write_text(card_text(name, config, card, recipe), encoding="utf-8")


def _started_from(init: str | None, before: Mapping[str, float] | None) -> str:
    """What was learned before the run that the card is about."""
    if not init:
        return ""
    if before is None:
        return ", continuing an earlier run"
    return f", continuing an earlier run ({before['datasets']:,} datasets and {_hours(before)} before)"


def _hours(spent: Mapping[str, float]) -> str:
    """What training cost: hours of CPUs, and of accelerators where there were some."""
    accelerators = spent.get("accelerator_seconds", 0) / 3600
    with_them = f" beside {accelerators:.2f} hours of a GPU or TPU" if accelerators else ""
    return f"{spent['cpu_seconds'] / 3600:.1f} CPU hours{with_them}"


def card_text(name: str, config: Mapping[str, Any], card: Mapping[str, Any], recipe: Sequence[Stage] = ()) -> str:
    """A model's card in Markdown."""
    training, data = card["training"], config["data"]
    domain = card.get("domain", data["domain"])
    counts = data["kind"] == "counts"
    thresholds = ", ".join(f"{value:g} on {condition} data" for condition, value in card["thresholds"].items())
    ece = card["calibration"]["ece"]
    lines = [
        f"# {name}",
        "",
        f"Predicts causal edges from {'raw gene expression counts' if counts else 'real-valued measurements'}, with or "
        f"without {'knock-outs' if counts else 'interventions'}.",
        "",
        f"- **Network:** {card['parameters']:,} parameters, `{json.dumps(config['network'])}`",
        f"- **Trained on:** simulated datasets of the domain `{data['domain']}`, "
        f"d in {[size['d'] for size in data['sizes']]}, n in {data['rows']}, "
        f"share of interventional rows in {data['interventional']}",
        f"- **Training:** {training['step']:,} steps, {training['datasets']:,} datasets, "
        + _hours(training)
        + _started_from(config.get("init_from"), training.get("before")),
        *([f"- **Calibrated for:** the domain `{domain}`"] if domain != data["domain"] else []),
        f"- **Decision threshold** for the best mean F1 score: {card['threshold']:g}; {thresholds}",
        f"- **Temperature** of the probabilities: {card['temperature']:.3f} (expected calibration error on data "
        f"that it was not fitted on: {ece[0]:.4f} without, {ece[1]:.4f} with the fitted one; the better is used)",
        f"- **Measured on:** {card['machine']}, {', '.join(f'{k} {v}' for k, v in card['versions'].items())}",
        "",
        "## What it reaches",
        "",
        "Area under the precision-recall curve on fresh simulated datasets, mean ± standard error over "
        f"{card['evaluation'][0]['datasets']} datasets; F1, structural Hamming distance (SHD), expected calibration "
        "error (ECE) and share of acyclic predictions at the threshold of the condition.",
        "",
        results_table(card["evaluation"]),
        "",
        *(_SIGNS if any("signs" in row for row in card["evaluation"]) else ()),
        *(_KNOWLEDGE if config["network"].get("prior") else ()),
        "![Calibration](card.png)",
        "",
        "## Limits",
        "",
        "Every variable that matters is assumed to be measured, and nothing to feed back, unless the domain has hidden "
        "causes or feedback. The probability of an edge is marginal; edges are not independent of each other. Data "
        "that differ from the simulated domains (other noise, other sizes) get lower accuracy and less reliable "
        "probabilities.",
        "",
        "## How to reproduce",
        "",
        f"`card.json` in this folder holds all numbers of this page, `config.json` all settings of the last training "
        f"run. `avici-jl evaluate {name} --domain {card['evaluation'][0]['domain']}` measures again.",
        "",
        *(_stages(name, recipe) if recipe else ()),
    ]
    return "\n".join(lines)


def _stages(name: str, recipe: Sequence[Stage]) -> list[str]:
    """How a model was trained, stage by stage."""
    lines = [
        f"`recipe.json` holds all settings of each stage of its training; `avici-jl train --again {name} --workdir "
        "FOLDER` takes them all again.",
        "",
        "| stage | domain | steps | data seed | batches | revision | starts from | parameters at its end |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for stage in recipe:
        config = None if stage["config"] == UNKNOWN else stage["config"]
        domain, seed, batches = UNKNOWN, UNKNOWN, UNKNOWN
        if config is not None:
            domain, seed = f"`{config['data']['domain']}`", config["data"].get("seed", UNKNOWN)
            batches = f"× {config.get('batch_multiplier', 1)}"
        parent = "fresh parameters" if stage["parent"] is None else _short(stage["parent"])
        steps = stage.get("steps", UNKNOWN)
        lines.append(
            f"| {stage['name']} | {domain} | {steps} | {seed} | {batches} | {stage['revision']} | {parent} | "
            f"{_short(stage.get('digest', UNKNOWN))} |"
        )
    notes = [f"- {stage['name']}: {stage['note']}" for stage in recipe if "note" in stage]
    return [*lines, "", *notes, *([""] if notes else [])]


def _short(digest: str) -> str:
    return digest if digest == UNKNOWN else f"`{digest.removeprefix('sha256:')[:12]}`"


_SIGNS = (
    "Signs: share of the true edges of known sign whose sign (increase or decrease) the model says, and the same among "
    "those that it finds.",
    "",
)
_KNOWLEDGE = ("The model was trained with knowledge of parts of the graph, and sees what `prior=` says.", "")


def summary(domain: str, row: Comparison) -> dict[str, Any]:
    """What a card says of a comparison: means and standard errors over its datasets."""
    return {
        "domain": domain,
        **row.setting._asdict(),
        "datasets": len(row.f1),
        "auprc": {name: mean_and_error(values) for name, values in row.auprc.items() if len(values)},
        "f1": mean_and_error(row.f1),
        "shd": mean_and_error(row.shd),
        "ece": mean_and_error(row.calibration),
        "acyclic": float(row.acyclic.mean()),
        "chance": row.chance,
        **({"signs": signs} if (signs := _of_signs(row)) else {}),
    }


def _of_signs(row: Comparison) -> dict[str, tuple[float, float]]:
    """Mean and standard error of the accuracy of signs, over the datasets that have some."""
    known = {name: values[np.isfinite(values)] for name, values in row.signs.items()}
    return {name: mean_and_error(values) for name, values in known.items() if len(values)}


def results_table(entries: Sequence[Mapping[str, Any]]) -> str:
    """Summaries as a table in Markdown."""
    heading = "| domain | d | rows | model | correlation | mean difference | chance | F1 | SHD | ECE | acyclic |"
    with_signs = any("signs" in row for row in entries)
    heading += " signs | signs of found edges |" if with_signs else ""
    lines = [heading, "|" + "---|" * (heading.count("|") - 1)]
    for row in entries:
        rows = f"{row['n_obs']} obs." + (f" + {row['n_int']} int." if row["n_int"] else "")
        scores = [_cell(row["auprc"].get(m)) for m in ("model", "correlation", "mean difference")]
        lines.append(
            f"| `{row['domain']}` | {row['d']} | {rows} | {' | '.join(scores)} | {row['chance']:.2f} | "
            f"{_cell(row['f1'])} | {row['shd'][0]:.1f} | {row['ece'][0]:.3f} | {100 * row['acyclic']:.0f} % |"
        )
        if with_signs:
            signs = row.get("signs", {})
            lines[-1] += f" {_cell(signs.get('true'))} | {_cell(signs.get('found'))} |"
    return "\n".join(lines)


def write_results(folder: Path, model: Model, where: str, rows: Sequence[Comparison]) -> Path:
    """Write `report.md`, with a picture, and `report.csv`, a row for each dataset, into a folder; gives the page."""
    from avici_jl.plots import plot_calibration, plot_precision_recall

    probabilities, graphs = zip(*(pair for row in rows for pair in row.predictions), strict=True)
    figure = Figure(figsize=(9.2, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    plot_calibration(probabilities, graphs, axes=left)
    plot_precision_recall({model.name: probabilities}, graphs, axes=right)
    entries = [summary(where, row) for row in rows]
    folder.mkdir(parents=True, exist_ok=True)
    figure.savefig(folder / "report.png", dpi=100)
    pd.concat([_datasets(row) for row in rows]).to_csv(folder / "report.csv", index=False, float_format="%.6g")
    page = folder / "report.md"
    page.write_text(
        f"""# {model.name} on {where}

Area under the precision-recall curve, mean ± standard error over the datasets of each size, beside |correlation| and,
with interventions, the mean difference; F1, structural Hamming distance (SHD), expected calibration error (ECE) and
share of acyclic predictions at the model's threshold ({model.decision_threshold(False):g} on observational data,
{model.decision_threshold(True):g} with interventions).

{results_table(entries)}

![Calibration; precision and recall](report.png)

*Pairs of all datasets pooled. Left: how often edges of each predicted probability are there. Right: precision against
recall.*
""",
        encoding="utf-8",
    )
    return page


def _datasets(row: Comparison) -> pd.DataFrame:
    auprc = {f"auprc of {name}": values for name, values in row.auprc.items() if len(values)}
    scores = {**auprc, "f1": row.f1, "shd": row.shd, "ece": row.calibration, "acyclic": row.acyclic}
    scores |= {f"signs of {name} edges": values for name, values in row.signs.items()}
    return pd.DataFrame({**row.setting._asdict(), "dataset": range(len(row.f1)), **scores})


def _cell(value: Sequence[float] | None) -> str:
    return "–" if value is None else f"{np.round(value[0], 3):.3f} ± {value[1]:.3f}"
