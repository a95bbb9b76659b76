"""`avici-jl report`: from a table to a page that shows the answer and the data behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from avici_jl.cli.shared import ForceOption, ModelOption, beside_training, may_write, out, progress, say_choice
from avici_jl.cli.table import TableOptions, takes_table


@takes_table
def report(
    options: TableOptions,
    model: ModelOption,
    page: Annotated[Path, typer.Option("--out", help="Where the page goes (.html).")] = Path("report.html"),
    title: Annotated[str | None, typer.Option(help="Title of the page; by default it names the file.")] = None,
    question: Annotated[
        str | None, typer.Option(help="The question that the data were taken to answer, in a sentence.")
    ] = None,
    force: ForceOption = False,
) -> None:
    """Predict the causal graph behind a table, and write it as one HTML page that needs no network.

    The page has the data as understood, warnings, the network to explore, a table of edges, all probabilities, the data
    behind each edge, the model's card and how to cite.

    [bold]Example[/bold]

    avici-jl report screen.h5ad --model grn --layer counts --targets guide --control non-targeting --out screen.html
    """
    may_write(page, force=force)
    with progress.status("Loading the model …"):
        from avici_jl.model import Model

        trained = Model.load(model)
    with progress.status("Reading and predicting (a new shape is compiled first) …"):
        x, given, how = options.read()
        posterior = trained.infer(x, given, **how)
    name = "standard input" if str(options.data) == "-" else options.data.name
    posterior.report(page, title=f"Causal graph of {name}" if title is None else title, question=question)
    size = page.stat().st_size / 1e6
    say_choice(posterior)
    out.print(f"{int(posterior.adjacency().sum())} edges at the model's threshold of {posterior.threshold:.2f}.")
    if posterior.shift is not None:
        out.print(beside_training(posterior.shift))
    out.print(f"Report: {page} ({size:.1f} MB); open it in a browser.")
