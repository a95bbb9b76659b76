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
    in_words,
    may_write,
    out,
    print_json,
    progress,
    scores,
)
from avici_jl.cli.table import TableOptions, takes_table
from avici_jl.data.words import listed
from avici_jl.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from avici_jl.data.inputs import Input
    from avici_jl.model import Model


_PICTURES = (".png", ".pdf", ".svg")


@takes_table
def predict(
    options: TableOptions,
    model: ModelOption,
    threshold: Annotated[
        float | None, typer.Option(help="Smallest probability of an edge; by default the model's.")
    ] = None,
    acyclic: Annotated[
        bool, typer.Option("--acyclic", help="Leave out the least probable edges that close a cycle.")
    ] = False,
    edges: Annotated[Path | None, typer.Option("--out", help="Write all edges: source, target, probability.")] = None,
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
    top: Annotated[int, typer.Option(min=0, help="How many edges to print.")] = 15,
    as_json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Predict the causal graph behind a table.

    [bold]Examples[/bold]

    avici-jl predict proteins.csv --model scm --out edges.csv --picture graph.png

    avici-jl predict screen.h5ad --model grn --layer counts --targets guide --control non-targeting --h5ad found.h5ad

    avici-jl predict screen.h5ad --model grn --raw --targets condition --separator + --unmeasured drop

    avici-jl predict messungen.csv --model scm --decimal , --sep ";" --encoding latin-1

    avici-jl predict proteins.csv --model scm --json --threshold 0.8 | jq '.edges'
    """
    may_write(edges, matrix, h5ad, picture, force=force)
    if picture is not None and picture.suffix not in _PICTURES:
        raise InputError(f"A picture is written as {listed(_PICTURES)}; {picture} ends with none of these.")
    with progress.status("Loading the model …"):
        import numpy as np

        from avici_jl.data.files import read_edges
        from avici_jl.data.inputs import read_input
        from avici_jl.model import Model
        from avici_jl.posterior.edges import check_probability, edge_table, to_graph, without_cycles

        if threshold is not None:
            check_probability(threshold)
        trained = Model.load(model)
    with progress.status("Reading and predicting (a new shape is compiled first) …"):
        x, given, how = options.read()
        if h5ad is not None and not hasattr(x, "varp"):
            raise InputError(f"--h5ad writes an AnnData, and {options.data} is none; use --out or --matrix.")
        found = read_input(x, given, kind=trained.kind, **how)
        known = None if truth is None else read_edges(truth, found.names, options.encoding)
        p = _probabilities(trained, x, given, how, h5ad)
    chosen = trained.decision_threshold(bool(found.interventions.any())) if threshold is None else threshold
    graph = to_graph(p, found.names, threshold=chosen, acyclic=acyclic)
    table = edge_table(p, found.names)
    if acyclic:
        table = table[[graph.has_edge(s, t) for s, t in zip(table["source"], table["target"], strict=True)]]
    written = _write(table, p, found, edges, matrix, h5ad)
    if acyclic:  # comparison and picture are of the graph without cycles
        left_out = (p >= chosen) & ~without_cycles(p, p >= chosen)
        p = np.where(left_out, np.nextafter(chosen, -1.0), p)
    against = None if known is None else _compare(p, found, trained, known, chosen)
    if picture is not None:
        from avici_jl.plots import plot_prediction

        plot_prediction(p, found.names, truth=known, threshold=chosen).savefig(picture, dpi=130)
        written["picture"] = str(picture)
    n, d = found.x.shape
    rows = int(found.interventions.any(axis=1).sum())
    if as_json:
        kept = table[table["probability"] >= chosen]
        document = {
            "data": str(options.data),
            "model": trained.name,
            "rows": n,
            "row_names": options.row_names or ("first column" if _has_row_names(x, None) else None),
            "interventional_rows": rows,
            "variables": found.names,
            "threshold": chosen,
            "edges": kept.to_dict(orient="records"),
            "against": against,
            "written": written,
        }
        print_json(document)
        return
    labelled = " The first column, which has no name, names the rows." if _has_row_names(x, options.row_names) else ""
    out.print(f"{options.data}: {n} rows, {rows} of them interventional, {d} variables.{labelled}")
    shown = Table("source", "target", "probability", title=f"Most probable edges, model {trained.name}")
    for source, target, probability in table.head(top).itertuples(index=False):
        shown.add_row(source, target, f"{probability:.3f}")
    out.print(shown)
    source = "the model's threshold" if threshold is None else "the threshold"
    out.print(f"{graph.number_of_edges()} edges have at least {source} of {chosen:.2f}.")
    if against is not None:
        out.print(
            f"Against {against['edges']} known edges: {in_words(against)}; "
            f"AUPRC of |correlation| {against['correlation_auprc']:.2f}"
        )
    for what, path in written.items():
        out.print(f"{what[0].upper()}{what[1:]}: {path}")


def _probabilities(trained: Model, x: Any, given: Any, how: dict[str, Any], h5ad: Path | None) -> np.ndarray:
    import numpy as np

    if h5ad is None:
        return np.asarray(trained.predict(x, given, **how))
    trained.annotate(x, given, **how)
    x.write_h5ad(h5ad)
    return x.varp["avici"]


def _has_row_names(x: Any, row_names: str | None) -> bool:
    """Whether an unnamed first column was taken as the names of the rows."""
    return row_names is None and hasattr(x, "columns") and type(x.index).__name__ != "RangeIndex"


def _write(
    table: pd.DataFrame, p: np.ndarray, found: Input, edges: Path | None, matrix: Path | None, h5ad: Path | None
) -> dict[str, str]:
    """Write what is asked for; what was written, and where."""
    import pandas as pd

    written = {}
    if edges is not None:
        named = table.assign(**{end: list(map(_cell, table[end])) for end in ("source", "target")})
        named.to_csv(edges, index=False, sep="\t" if edges.suffix == ".tsv" else ",")
        written[f"all {len(table)} edges"] = str(edges)
    if matrix is not None:
        names = list(map(_cell, found.names))
        frame = pd.DataFrame(p, index=names, columns=names)
        frame.to_csv(matrix, sep="\t" if matrix.suffix == ".tsv" else ",")
        written["matrix"] = str(matrix)
    if h5ad is not None:
        written["AnnData"] = str(h5ad)
    return written


def _cell(name: str) -> str:
    """A variable's name for a table that a spreadsheet may open: one that it would take for a formula is quoted."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name


def _compare(p: np.ndarray, found: Input, trained: Model, known: np.ndarray, threshold: float) -> dict[str, float]:
    from avici_jl.evaluation import metrics
    from avici_jl.evaluation.scores import correlation

    score = correlation(found.x, found.interventions, trained.kind)
    return {
        "edges": int(known.sum()),
        **scores(p, known, threshold),
        "correlation_auprc": metrics.auprc(score, known),
    }
