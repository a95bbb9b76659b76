"""`avici-jl suggest`: which variable to set or knock out next."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from avici_jl.cli.shared import (
    ForceOption,
    JsonOption,
    ModelOption,
    may_write,
    names_given,
    out,
    print_json,
    printable,
    progress,
    say_choice,
)
from avici_jl.cli.table import TableOptions, takes_table
from avici_jl.errors import InputError


@takes_table
def suggest(
    options: TableOptions,
    model: ModelOption,
    top: Annotated[int, typer.Option(min=1, help="How many interventions.")] = 10,
    candidate: Annotated[
        list[str] | None,
        typer.Option(help="A variable that can be set; repeatable. By default all; @FILE names them, one a line."),
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="How many rows each intervention would give.")] = 50,
    table: Annotated[Path | None, typer.Option("--out", help="Write the ranking as a table (.csv, .tsv).")] = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Rank the interventions that would tell most about the graph behind a table.

    Each is the best one given that those above it are done as well.

    [bold]Examples[/bold]

    avici-jl suggest proteins.csv --model scm --top 5

    avici-jl suggest screen.h5ad --model grn --targets guide --control non-targeting --candidate @regulators.txt
    """
    may_write(table, force=force)
    if table is not None and table.suffix not in (".csv", ".tsv"):
        raise InputError(f"The ranking is written as .csv or .tsv; {table} ends with neither.")
    candidates = None if candidate is None else [name for given in candidate for name in names_given(given)]
    with progress.status("Loading the model …"):
        from avici_jl.model import Model
        from avici_jl.posterior.export import spreadsheet_cell

        trained = Model.load(model)
    with progress.status("Reading and predicting (a new shape is compiled first) …"):
        x, given, how = options.read()
        posterior = trained.infer(x, given, **how)
    ranking = posterior.suggest_interventions(top, candidates=candidates, rows=rows)
    if table is not None:
        written = ranking.assign(
            variable=[spreadsheet_cell(name) for name in ranking["variable"]],
            edges=[spreadsheet_cell(_arrows(edges)) for edges in ranking["edges"]],
        )
        written.to_csv(table, sep="\t" if table.suffix == ".tsv" else ",", index=False)
    if as_json:
        print_json(
            {
                "data": str(options.data),
                "model": posterior.model,
                "choice": posterior.choice or None,
                "interventions": ranking.to_dict("records"),
            }
        )
        return
    say_choice(posterior)
    shown = Table("variable", "settles", "total", "rows", "mostly", title=f"What to set next, model {posterior.model}")
    for variable, settles, total, known, edges in ranking.itertuples(index=False):
        shown.add_row(printable(variable), f"{settles:.1%}", f"{total:.1%}", str(known), printable(_arrows(edges)))
    out.print(shown)
    out.print(
        "What each settles of what is open about the edges, what all down to it do, rows that set it already, and the "
        "edges of which it settles most."
    )
    if table is not None:
        out.print(f"Ranking: {table}")


def _arrows(edges: list[tuple[object, object]]) -> str:
    return ", ".join(f"{source} → {target}" for source, target in edges)
