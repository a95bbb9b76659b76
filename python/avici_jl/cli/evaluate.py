"""`avici-jl evaluate`: a model beside simple scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from avici_jl.cli.shared import comparison_table, out

if TYPE_CHECKING:
    from avici_jl.evaluation.compare import Comparison


def evaluate(
    model: Annotated[str, typer.Argument(help="A shipped model, or a model's folder.")],
    domain: Annotated[
        str | None, typer.Option(help="What is simulated; by default what the model was trained on.")
    ] = None,
    d: Annotated[list[int], typer.Option(help="Number of variables; repeatable.")] = [10, 20, 30],  # noqa: B006
    n: Annotated[int, typer.Option(help="Rows: all observational, and half of them interventional.")] = 1000,
    datasets: Annotated[int, typer.Option(help="Datasets of each setting.")] = 30,
    seed: Annotated[int, typer.Option(help="Chooses the datasets.")] = 0,
) -> None:
    """Print the model's AUPRC beside simple scores, on fresh simulated data."""
    from avici_jl.evaluation.compare import compare, settings
    from avici_jl.model import Model

    trained = Model.load(model)
    rows: list[Comparison] = []
    with out.status("Simulating and predicting …"):
        compare(trained, settings(d, n), domain=domain, datasets=datasets, seed=seed, done=rows.append)
    out.print(comparison_table(rows, f"{trained.name} on {domain or trained.domain}, {datasets} datasets each"))
