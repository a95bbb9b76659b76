"""Results as a page: Markdown, tables as CSV, pictures as PNG."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from avici_jl._runtime.revision import commit
from avici_jl.checkpoints.files import CARD
from avici_jl.checkpoints.find import find_model, list_models
from avici_jl.evaluation.compare import Setting
from avici_jl.evaluation.significance import as_good_as_the_best, mean_and_error

METRICS = {
    "auprc": ("AUPRC", 3, False),
    "auroc": ("AUROC", 3, False),
    "f1": ("F1", 3, False),
    "sid": ("SID", 0, True),
    "shd": ("SHD", 1, True),
    "ece": ("ECE", 3, True),
    "acyclic": ("acyclic", 2, False),
}
"""Of each metric its heading, its digits, and whether smaller is better."""

_PACKAGES = (
    *("avici-jl", "jax", "causal-learn", "lingam", "gies", "flopsearch", "causaldag", "gcastle", "dibs-lib", "sdcd"),
)


@dataclass
class Report:
    """What an experiment found.

    Attributes:
        title: heading of the page.
        body: paragraphs, tables and headings in Markdown, in order.
        results: one row for each method and dataset, or the like.
        figures: pictures by the name of their file.
    """

    title: str
    body: list[str] = field(default_factory=list)
    results: pd.DataFrame = field(default_factory=pd.DataFrame)
    figures: dict[str, Figure] = field(default_factory=dict)

    def add(self, *paragraphs: str) -> None:
        """Go on with paragraphs in Markdown."""
        self.body += paragraphs

    def add_figure(self, name: str, figure: Figure, caption: str) -> None:
        """Go on with a figure, which is written as `NAME.png`."""
        self.figures[name] = figure
        self.add(f"![{caption}]({name}.png)", f"*{caption}*")

    def write(self, folder: Path, name: str, command: str, seconds: float) -> Path:
        """Write `NAME.md`, `NAME.csv` and the pictures.

        Args:
            folder: is made if needed.
            name: of the files.
            command: what made the report.
            seconds: processor time that it took in this process.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.results.to_csv(folder / f"{name}.csv", index=False, float_format="%.5g")
        for file, figure in self.figures.items():
            figure.savefig(folder / f"{file}.png", dpi=90, metadata={"Software": None})
        about = [
            "---",
            f"Printed by `{command}`; every single result is in [{name}.csv]({name}.csv). "
            f"{platform.machine()}, {os.cpu_count()} cores, BLAS threads "
            f"{os.environ.get('OPENBLAS_NUM_THREADS', 'not limited')}; {seconds:.0f} s of processor time, without "
            f"baselines. {time.strftime('%Y-%m-%d')}; {_versions()}{_from_commit()}.{_models(self.results)}",
        ]
        page = folder / f"{name}.md"
        page.write_text(
            "\n\n".join([f"# {self.title}", *(text.strip() for text in self.body if text.strip()), *about]) + "\n",
            encoding="utf-8",
        )
        return page


def rows_text(setting: Setting, changed: str = "interventional") -> str:
    """The kinds of rows, as in "500 observational + 500 interventional"."""
    return f"{setting.n_obs} observational" + (f" + {setting.n_int} {changed}" if setting.n_int else "")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def cell(values: np.ndarray, digits: int = 3, *, bold: bool = False) -> str:
    """Mean ± standard error; "–" if there is nothing."""
    values = values[~np.isnan(values)]
    if not len(values):
        return "–"
    mean, error = mean_and_error(values)
    text = f"{mean:.{digits}f}" + (f" ± {error:.{digits}f}" if len(values) > 1 else " (one)")
    return f"**{text}**" if bold else text


def methods_table(
    results: pd.DataFrame,
    metrics: Sequence[str],
    extra: Mapping[str, Mapping[str, str]] | None = None,
) -> str:
    """Methods × metrics of one setting; bold is the best and what a t-test does not tell from it.

    Args:
        results: rows of `measure` of one domain and condition.
        metrics: keys of `METRICS`.
        extra: more columns: heading, then method to text.
    """
    groups = {str(name): group for name, group in results.groupby("method", sort=False)}
    cells: dict[str, list[str]] = {name: [str(len(group))] for name, group in groups.items()}
    for metric in metrics:
        _, digits, smaller = METRICS[metric]
        values = {name: group[metric].to_numpy(float) for name, group in groups.items()}
        best = as_good_as_the_best({k: v for k, v in values.items() if not np.isnan(v).any()}, smaller=smaller)
        for name, found in values.items():
            cells[name].append(cell(found, digits, bold=name in best))
    for name, group in groups.items():
        seconds = group["seconds"].mean()
        cells[name] += [
            str(int((group["failure"].fillna("") != "").sum())),
            "" if np.isnan(seconds) else f"{seconds:.1f}",
        ]
        cells[name] += [found.get(name, "") for found in (extra or {}).values()]
    header = ["method", "datasets", *(METRICS[metric][0] for metric in metrics), "failures", "s", *(extra or {})]
    return table(header, [[name, *line] for name, line in cells.items()])


def failures(results: pd.DataFrame) -> str:
    """Why baselines failed, in a sentence; empty if none did."""
    failed = results[results["failure"].fillna("") != ""]
    if failed.empty:
        return ""
    counted = failed.groupby(["method", "failure"]).size()
    return (
        "Failures, which count as the empty graph: "
        + "; ".join(f"{method} {number} × {reason}" for (method, reason), number in counted.items())
        + "."
    )


def _models(results: pd.DataFrame) -> str:
    """Which parameters the shipped models among the results have: the beginnings of their digests."""
    named = {str(value) for column in ("method", "model") if column in results for value in results[column].unique()}
    found = [f"`{name}` {_digest(name)}" for name in list_models() if name in named]
    return f" Parameters, by the beginning of their digest: {', '.join(found)}." if found else ""


def _digest(model: str) -> str:
    card = json.loads((find_model(model) / CARD).read_text(encoding="utf-8"))
    return str(card.get("digest", "unknown")).removeprefix("sha256:")[:8]


def _from_commit() -> str:
    found = commit()
    return f", revision {found}" if found else ""


def _versions() -> str:
    found = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)
