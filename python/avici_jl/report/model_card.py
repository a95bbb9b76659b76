"""What a report says of the model: what it was trained on, what it reaches, and how to cite it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

PAPER = (
    "Lars Lorch, Scott Sussex, Jonas Rothfuss, Andreas Krause, Bernhard Schölkopf: Amortized Inference for Causal "
    "Structure Learning. Advances in Neural Information Processing Systems 35 (2022). https://arxiv.org/abs/2205.12934"
)


def model_facts(name: str, kind: str, card: Mapping[str, Any]) -> list[list[str]]:
    """Pairs of a heading and a text, of what the card says; a card may lack any of it."""
    data, training = card.get("data", {}), card.get("training", {})
    sizes = [size["d"] for size in data.get("sizes", ())]
    shares = [100 * share for share in data.get("interventional", ())]
    calibration = card.get("calibration", {}).get("ece", ())
    facts = [
        ["Model", name],
        ["Takes", "raw counts of genes" if kind == "counts" else "real values"],
        ["Trained on", f"simulated data of the domain {data['domain']}" if "domain" in data else ""],
        ["Calibrated for", card.get("domain", "")],
        ["Variables in training", _range(sizes)],
        ["Rows in training", _range(data.get("rows", ()))],
        ["Interventional rows in training", f"{_range(shares)} %" if shares else ""],
        ["Datasets seen", f"{training['datasets']:,} in the last training run" if "datasets" in training else ""],
        ["Parameters", f"{card['parameters']:,}" if "parameters" in card else ""],
        ["Calibration error", f"{min(calibration):.3f} on simulated data of its domain" if calibration else ""],
        ["Fingerprint", str(card.get("digest", ""))[:23]],
    ]
    return [[heading, text] for heading, text in facts if text]


def results(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the model reaches on simulated data, a row for each setting that the card says all of."""
    return [
        {
            "domain": row["domain"],
            "d": row["d"],
            "rows": f"{row['n_obs']}" + (f" + {row['n_int']} interventional" if row["n_int"] else ""),
            "auprc": row["auprc"]["model"],
            "correlation": row["auprc"]["correlation"],
            "f1": row["f1"],
            "ece": row["ece"],
        }
        for row in card.get("evaluation", ())
        if {"domain", "d", "n_obs", "n_int", "auprc", "f1", "ece"} <= row.keys()
    ]


def citation(name: str, card: Mapping[str, Any]) -> list[str]:
    """What to cite: the paper of the method, and this software with its version and model."""
    digest = f", {card['digest'][:23]}" if "digest" in card else ""
    return [PAPER, f"avici_jl {package_version()}, model {name}{digest}."]


def package_version() -> str:
    """The version that is installed, or that it is none."""
    try:
        return version("avici-jl")
    except PackageNotFoundError:  # the source without an installation
        return "(version unknown)"


def _range(values: Sequence[float]) -> str:
    if not values:
        return ""
    low, high = min(values), max(values)
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
