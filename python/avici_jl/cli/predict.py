"""`avici-jl predict`: from a table to named edges."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from avici_jl.cli.shared import (
    ForceOption,
    JsonOption,
    ModelOption,
    beside_training,
    in_words,
    may_write,
    out,
    print_json,
    printable,
    progress,
    say_choice,
    scores,
)
from avici_jl.cli.table import TableOptions, takes_table
from avici_jl.data.words import listed
from avici_jl.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from avici_jl.posterior import Posterior


_PICTURES = (".png", ".pdf", ".svg")


@takes_table
def predict(
    options: TableOptions,
    model: ModelOption,
    threshold: Annotated[
        float | None, typer.Option(help="Smallest probability of an edge; by default the model's.")
    ] = None,
    acyclic: Annotated[
        bool,
        typer.Option("--acyclic", help="Leave out edges that close a cycle: keep the most probable graph without one."),
    ] = False,
    edges: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="Write all edges as a table (.csv, .tsv, .parquet: source, target, probability; also increase, if the "
            "model says signs), the graph "
            "(.graphml, .gexf, .cyjs, .sif, .dot), or both with the data (.h5ad).",
        ),
    ] = None,
    matrix: Annotated[
        Path | None, typer.Option(help="Write the probabilities as a table, causes in rows, effects in columns.")
    ] = None,
    h5ad: Annotated[
        Path | None, typer.Option("--h5ad", help="Write the .h5ad that was read, with the probabilities in varp.")
    ] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Table of known edges, cause and effect by name, to compare with.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Write a picture (.png, .pdf, .svg).")] = None,
    subsets: Annotated[
        bool | None,
        typer.Option(
            "--subsets/--whole",
            help="Ask about overlapping subsets of the variables, or about all at once; by default subsets for more "
            "than 128 variables, or than the model was trained on.",
        ),
    ] = None,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Compute subsets on the cluster of this Dask scheduler.")
    ] = None,
    top: Annotated[int, typer.Option(min=0, help="How many edges to print.")] = 15,
    as_json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Predict the causal graph behind a table.

    [bold]Examples[/bold]

    avici-jl predict proteins.csv --model scm --out edges.csv --picture graph.png

    avici-jl predict screen.h5ad --model grn --layer counts --targets guide --control non-targeting --h5ad found.h5ad

    avici-jl predict proteins.csv --model scm --out graph.cyjs --acyclic

    avici-jl predict screen.h5ad --model grn --raw --targets condition --separator + --unmeasured drop

    avici-jl predict messungen.csv --model scm --decimal , --sep ";" --encoding latin-1

    avici-jl predict proteins.csv --model scm --prior known.toml

    avici-jl predict proteins.csv --model scm --json --threshold 0.8 | jq '.edges'
    """
    may_write(edges, matrix, h5ad, picture, force=force)
    if picture is not None and picture.suffix not in _PICTURES:
        raise InputError(f"A picture is written as {listed(_PICTURES)}; {picture} ends with none of these.")
    with progress.status("Loading the model …"):
        from avici_jl._runtime.executors import connect
        from avici_jl.data.dataset import Dataset
        from avici_jl.data.files import read_edges
        from avici_jl.model import Model
        from avici_jl.posterior.edges import check_probability, edge_table
        from avici_jl.posterior.export import TABLES, check_suffix

        if edges is not None:
            check_suffix(edges)
        if threshold is not None:
            check_probability(threshold)
        trained = Model.load(model)
    with progress.status("Reading …"):
        x, given, how = options.read()
        how |= {
            "subsets": subsets,
            "progress": False,
        }
        how["executor"] = None if dask is None else connect(dask)
        if h5ad is not None and not hasattr(x, "varp"):
            raise InputError(f"--h5ad writes an AnnData, and {options.data} is none; use --out or --matrix.")
    n, d = (x.x if isinstance(x, Dataset) else x).shape
    if subsets or (subsets is None and d > trained.most_variables):
        causes = None if how.get("regulators") is None else len(how["regulators"])
        progress.print(f"{n} rows of {d} variables: {trained.estimate(n, d, regulators=causes)}.")
        posterior = trained.infer(x, given, **how | {"progress": None})
    else:
        with progress.status("Predicting (a new size is compiled first) …"):
            posterior = trained.infer(x, given, **how)
    p, found = posterior.probabilities, posterior.data
    known = None if truth is None else read_edges(truth, found.names, options.encoding)
    chosen = posterior.threshold if threshold is None else threshold
    graph = posterior.adjacency(chosen, acyclic=acyclic)
    table = edge_table(p, found.names, edges=graph if acyclic else None, increase=posterior.increase)
    written = {}
    if edges is not None:
        whole = edges.suffix in TABLES and not acyclic
        count = posterior.export(edges, threshold=None if whole else chosen, acyclic=acyclic)
        written[f"all {count} edges"] = str(edges)
    written |= _write(posterior, x, matrix, h5ad)
    against = None if known is None else _compare(posterior, graph, known)
    if picture is not None:
        posterior.plot(truth=known, threshold=chosen, acyclic=acyclic, title="").savefig(picture, dpi=130)
        written["picture"] = str(picture)
    n, d = found.x.shape
    rows = int(found.interventions.any(axis=1).sum())
    if as_json:
        kept = table[table["probability"] >= chosen]
        document = {
            "data": str(options.data),
            "model": posterior.model,
            "choice": posterior.choice or None,
            "rows": n,
            "row_names": options.row_names or ("first column" if _has_row_names(x, None) else None),
            "interventional_rows": rows,
            "variables": found.names,
            "threshold": chosen,
            "shift": None if posterior.shift is None else posterior.shift.to_dict(),
            "edges": kept.to_dict(orient="records"),
            "against": against,
            "written": written,
        }
        print_json(document)
        return
    labelled = " The first column, which has no name, names the rows." if _has_row_names(x, options.row_names) else ""
    out.print(f"{options.data}: {n} rows, {rows} of them interventional, {d} variables.{labelled}")
    say_choice(posterior)
    shown = Table(*table.columns, title=f"Most probable edges, model {posterior.model}")
    for source, target, *numbers in table.head(top).itertuples(index=False):
        shown.add_row(printable(source), printable(target), *(f"{number:.3f}" for number in numbers))
    out.print(shown)
    if found.known is not None:
        out.print(f"Known beforehand, and obeyed: {found.known}.")
    source = "the model's threshold" if threshold is None else "the threshold"
    out.print(f"{int(graph.sum())} edges have at least {source} of {chosen:.2f}.")
    if posterior.shift is not None:
        out.print(beside_training(posterior.shift))
    if against is not None:
        out.print(
            f"Against {against['edges']} known edges: {in_words(against)}; "
            f"AUPRC of |correlation| {against['correlation_auprc']:.2f}"
        )
    for what, path in written.items():
        out.print(f"{what[0].upper()}{what[1:]}: {path}")


def _has_row_names(x: Any, row_names: str | None) -> bool:
    """Whether an unnamed first column was taken as the names of the rows."""
    return row_names is None and hasattr(x, "columns") and type(x.index).__name__ != "RangeIndex"


def _write(posterior: Posterior, x: Any, matrix: Path | None, h5ad: Path | None) -> dict[str, str]:
    """Write what is asked for; what was written, and where."""
    import pandas as pd

    from avici_jl.posterior.export import spreadsheet_cell

    written = {}
    if matrix is not None:
        names = [spreadsheet_cell(name) for name in posterior.data.names]
        frame = pd.DataFrame(posterior.probabilities, index=names, columns=names)
        frame.to_csv(matrix, sep="\t" if matrix.suffix == ".tsv" else ",")
        written["matrix"] = str(matrix)
    if h5ad is not None:
        posterior.to_anndata(x)
        x.write_h5ad(h5ad)
        written["AnnData"] = str(h5ad)
    return written


def _compare(posterior: Posterior, graph: np.ndarray, known: np.ndarray) -> dict[str, float]:
    from avici_jl.evaluation import metrics
    from avici_jl.evaluation.scores import correlation

    score = correlation(posterior.data.x, posterior.data.interventions, posterior.kind)
    return {
        "edges": int(known.sum()),
        **scores(posterior.probabilities, graph, known),
        "correlation_auprc": metrics.auprc(score, known),
    }
