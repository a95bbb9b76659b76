"""`avici-jl predict`: from a table to named edges."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from avici_jl.cli.shared import ModelOption, agreement, out


def predict(
    data: Annotated[Path, typer.Argument(help="A table with a header (.csv, .tsv), or a dataset's folder.")],
    model: ModelOption,
    interventions: Annotated[
        Path | None, typer.Option(help="Table of 0 and 1 with the columns of the data: 1 where a variable was set.")
    ] = None,
    edges: Annotated[Path | None, typer.Option("--out", help="Write all edges: source, target, probability.")] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Table of known edges, cause and effect by name, to compare with.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Write a picture.")] = None,
    top: Annotated[int, typer.Option(help="How many edges to print.")] = 15,
) -> None:
    """Predict the causal graph behind a table."""
    import numpy as np

    from avici_jl.inputs import read_input
    from avici_jl.model import Model
    from avici_jl.prediction import edge_table
    from avici_jl.simulation import Dataset
    from avici_jl.tables import read_edges, read_table

    trained = Model.load(model)
    x: Any = Dataset.load(data) if data.is_dir() else read_table(data)
    mask = None if interventions is None else read_table(interventions)
    found = read_input(x, mask, kind=trained.kind)
    p = np.asarray(trained.predict(x, mask))
    table = edge_table(p, found.names)
    n, d = found.x.shape
    out.print(f"{data}: {n} rows, {int(found.interventions.any(axis=1).sum())} of them interventional, {d} variables.")
    shown = Table("source", "target", "probability", title=f"Most probable edges, model {trained.name}")
    for source, target, probability in table.head(top).itertuples(index=False):
        shown.add_row(source, target, f"{probability:.3f}")
    out.print(shown)
    count = int((table["probability"] >= trained.threshold).sum())
    out.print(f"{count} edges have at least the model's threshold of {trained.threshold:.2f}.")
    known = None if truth is None else read_edges(truth, found.names)
    if known is not None:
        from avici_jl.evaluation import baselines, metrics

        score = baselines.correlation(found.x, found.interventions, trained.kind)
        out.print(
            f"Against {int(known.sum())} known edges: {agreement(p, known, trained.threshold)}; "
            f"AUPRC of |correlation| {metrics.auprc(score, known):.2f}"
        )
    if edges is not None:
        table.to_csv(edges, index=False)
        out.print(f"All {len(table)} edges: {edges}")
    if picture is not None:
        from avici_jl.plots import plot_prediction

        plot_prediction(p, found.names, truth=known, threshold=trained.threshold).savefig(picture, dpi=130)
        out.print(f"Picture: {picture}")
