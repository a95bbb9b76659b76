"""A training run as a finished model: parameters, decision threshold, and a card that says what it reaches."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import numpy as np

from avici_jl.evaluation.compare import Comparison, compare, evaluation_data, mean_and_error, settings
from avici_jl.evaluation.metrics import best_threshold
from avici_jl.model import Model
from avici_jl.training.checkpoint import LoadedModel, load_model, save_model

_CALIBRATION_SEED = 1_000_000


def export(
    workdir: str | Path,
    out: str | Path,
    *,
    sizes: Sequence[int] = (10, 20, 30),
    n: int = 1000,
    datasets: int = 30,
    done: Callable[[Comparison], None] = lambda row: None,
) -> Model:
    """Make a model of the averaged parameters of a run's newest checkpoint.

    The threshold is the one with the best mean F1 score on simulated data; the scores of the card are measured on
    other data.

    Args:
        workdir: working folder of the run.
        out: folder of the model: `config.json`, `params/`, `card.json`, and `card.md` for people.
        sizes: numbers of variables to measure with.
        n: rows of the datasets: all observational, and half interventional.
        datasets: datasets of each setting.
        done: is called with each row of results.

    Raises:
        CheckpointError: there is no run, or `out` holds something else.
    """
    loaded = load_model(workdir)
    where = settings(sizes, n)
    model = Model(loaded, Path(out).name)
    probabilities, graphs = [], []
    for setting in where:
        for data in evaluation_data(model.domain, setting, max(4, datasets // 3), seed=_CALIBRATION_SEED):
            probabilities.append(np.asarray(model.predict(data)))
            graphs.append(data.graph)
    threshold = best_threshold(probabilities, [graph for graph in graphs if graph is not None])
    card: dict[str, Any] = {
        **loaded.card,
        "threshold": threshold,
        "parameters": int(sum(np.size(leaf) for leaf in jax.tree.leaves(loaded.params))),
        "machine": f"{platform.machine()}, {os.cpu_count()} CPU cores, {jax.default_backend()}",
        "versions": {name: version(name) for name in ("avici-jl", "jax", "flax")},
    }
    finished = Model(LoadedModel(loaded.config, loaded.params, card), Path(out).name)
    rows = compare(finished, where, datasets=datasets, done=done)
    card["evaluation"] = [_as_table(row) for row in rows]
    save_model(out, config=loaded.config, params=loaded.params, card=card)
    (Path(out) / "card.md").write_text(write_card(finished.name, loaded.config, card), encoding="utf-8")
    return Model.load(out)


def write_card(name: str, config: dict[str, Any], card: dict[str, Any]) -> str:
    """A model's card in Markdown."""
    training, sizes = card["training"], [size["d"] for size in config["data"]["sizes"]]
    counts = config["data"]["kind"] == "counts"
    lines = [
        f"# {name}",
        "",
        f"Predicts causal edges from {'raw gene expression counts' if counts else 'real-valued measurements'}, with or "
        f"without {'knock-outs' if counts else 'interventions'}.",
        "",
        f"- **Network:** {json.dumps(config['network'])}, {card['parameters']:,} parameters",
        f"- **Trained on:** simulated datasets of the domain `{config['data']['domain']}`, "
        f"d in {sizes}, n in {config['data']['rows']}",
        f"- **Training:** {training['step']:,} of {config['steps']:,} steps, {training['datasets']:,} datasets, "
        f"{training['seconds'] / 60:.0f} minutes on one core ({card['machine']})",
        f"- **Decision threshold:** {card['threshold']:g}, chosen on simulated data for the best mean F1 score",
        f"- **Versions:** {', '.join(f'{k} {v}' for k, v in card['versions'].items())}",
        "",
        "## What it reaches",
        "",
        "On fresh simulated datasets of the same domain: area under the precision-recall curve, mean ± standard error "
        f"over {card['evaluation'][0]['datasets']} datasets; F1, structural Hamming distance (SHD) and expected "
        "calibration error (ECE) of the model at its threshold.",
        "",
        "| d | rows | model | correlation | mean difference | chance | F1 | SHD | ECE |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in card["evaluation"]:
        rows = f"{row['n_obs']} obs." + (f" + {row['n_int']} int." if row["n_int"] else "")
        scores = [_cell(row["auprc"].get(m)) for m in ("model", "correlation", "mean difference")]
        lines.append(
            f"| {row['d']} | {rows} | {' | '.join(scores)} | {row['chance']:.2f} | {row['f1'][0]:.2f} | "
            f"{row['shd'][0]:.1f} | {row['ece'][0]:.3f} |"
        )
    lines += [
        "",
        "Data that differ from the simulated domain (other noise, hidden causes, feedback, other sizes) are outside of "
        "what was measured: expect lower accuracy and less reliable probabilities.",
        "",
    ]
    return "\n".join(lines)


def _cell(value: Sequence[float] | None) -> str:
    return "–" if value is None else f"{value[0]:.3f} ± {value[1]:.3f}"


def _as_table(row: Comparison) -> dict[str, Any]:
    return {
        **row.setting._asdict(),
        "datasets": len(row.f1),
        "auprc": {name: mean_and_error(values) for name, values in row.auprc.items() if len(values)},
        "f1": mean_and_error(row.f1),
        "shd": mean_and_error(row.shd),
        "ece": mean_and_error(row.calibration),
        "chance": row.chance,
    }
