"""`avici-jl export`: from a run to a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from avici_jl.cli.shared import ForceOption, comparison_table, may_write, out, progress

if TYPE_CHECKING:
    from avici_jl.evaluation.compare import Comparison


def export(
    workdir: Annotated[Path, typer.Argument(help="Folder of a run.")],
    folder: Annotated[Path, typer.Option("--out", help="Folder of the model.")],
    datasets: Annotated[int, typer.Option(min=1, help="Datasets of each setting that is measured.")] = 30,
    force: ForceOption = False,
) -> None:
    """Make a model of a run: parameters, decision threshold, and a card with what it reaches."""
    may_write(folder, force=force)
    rows: list[Comparison] = []
    with progress.status("Simulating and predicting, to choose the threshold and to measure the model …"):
        from avici_jl.evaluation.export import export as finish

        model = finish(workdir, folder, datasets=datasets, done=rows.append)
    out.print(comparison_table(rows, f"{model.name}, threshold {model.threshold:.2f}"))
