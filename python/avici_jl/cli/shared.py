"""What several commands share: the console, options, summaries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    import numpy as np

    from avici_jl.evaluation.compare import Comparison

out = Console(highlight=False)

ModelOption = Annotated[str, typer.Option(help="A shipped model (see `avici-jl models`), or a model's folder.")]


def agreement(p: np.ndarray, truth: np.ndarray, threshold: float) -> str:
    """How well probabilities [d, d] agree with the true graph, in words."""
    from avici_jl.evaluation import metrics

    edges, d = p >= threshold, len(p)
    precision, recall, _ = metrics.precision_recall_f1(edges, truth)
    return (
        f"precision {precision:.2f}, recall {recall:.2f}, AUPRC {metrics.auprc(p, truth):.2f} "
        f"(chance {truth.sum() / (d * (d - 1)):.2f}), SHD {metrics.shd(edges, truth)}"
    )


def comparison_table(rows: list[Comparison], title: str) -> Table:
    """AUPRC of the model and of simple scores, side by side."""
    from avici_jl.evaluation.compare import mean_and_error

    methods = ("model", "correlation", "mean difference")
    table = Table("d", "obs.", "int.", *methods, "chance", "F1", title=f"AUPRC ± standard error: {title}")
    for row in rows:
        cells = []
        for method in methods:
            mean, error = mean_and_error(row.auprc[method]) if len(row.auprc[method]) else (None, None)
            cells.append("–" if mean is None else f"{mean:.3f} ± {error:.3f}")
        size = [str(value) for value in row.setting]
        table.add_row(*size, *cells, f"{row.chance:.2f}", f"{row.f1.mean():.2f}")
    return table
