"""`avici-jl demo`: truth beside prediction, on simulated data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from avici_jl.cli.shared import (
    ForceOption,
    ModelOption,
    TrustOption,
    in_words,
    may_write,
    out,
    progress,
    scores,
    show_code,
)


def demo(
    model: ModelOption = "grn",
    d: Annotated[int, typer.Option(help="Number of variables.")] = 15,
    n_obs: Annotated[int, typer.Option(help="Observational rows.")] = 500,
    n_int: Annotated[int, typer.Option(help="Interventional rows.")] = 500,
    seed: Annotated[int, typer.Option(help="Seed of the simulated dataset.")] = 1,
    picture: Annotated[Path, typer.Option("--out", help="Where the picture goes.")] = Path("demo.png"),
    report: Annotated[
        Path | None,
        typer.Option(help="Where the report goes, a page to explore in a browser; by default beside the picture."),
    ] = None,
    trust: TrustOption = False,
    force: ForceOption = False,
) -> None:
    """Simulate a network in Julia, infer it from the data, and show truth beside prediction."""
    import time

    report = picture.with_suffix(".html") if report is None else report
    may_write(picture, report, force=force)
    with progress.status("Loading the model …"):
        from avici_jl._runtime.trust import trusted
        from avici_jl.model import Model
        from avici_jl.simulation import simulate

        trained = Model.load(model)
    domain = trusted(trained.domain) if trust else trained.domain
    show_code(domain)
    with progress.status("Starting Julia …"):
        simulate(domain, d=2, n_obs=10, seed=seed)
    start = time.perf_counter()
    data = simulate(domain, d=d, n_obs=n_obs, n_int=n_int, seed=seed)
    simulated = time.perf_counter()
    with progress.status("Predicting …"):
        posterior = trained.infer(data)
    predicted = time.perf_counter()
    rows = f"{n_obs} observational and {n_int} interventional rows of {d} variables"
    out.print(f"Julia simulated {rows} of the domain {domain} in {1e3 * (simulated - start):.0f} ms.")
    out.print(f"The model {trained.name} predicted every edge in {predicted - simulated:.1f} s, with compilation.")
    assert data.graph is not None
    table = Table("source", "target", "probability", "in the truth", title="Most probable edges")
    position = {name: k for k, name in enumerate(data.names)}
    for source, target, probability, *_ in posterior.edges(0).head(10).itertuples(index=False):
        true = data.graph[position[source], position[target]] > 0
        table.add_row(source, target, f"{probability:.3f}", "yes" if true else "no")
    out.print(table)
    edges = posterior.adjacency()
    out.print(
        f"{int(data.graph.sum())} true edges, {int(edges.sum())} predicted at the threshold "
        f"{posterior.threshold:.2f}: {in_words(scores(posterior.probabilities, edges, data.graph))}"
    )
    title = f"{trained.name}: {rows}"
    posterior.plot(truth=data.graph, title=title).savefig(picture, dpi=130)
    posterior.report(
        report,
        title=f"A simulated network of {d} variables",
        question="Which of these simulated variables directly causes which other?",
    )
    out.print(f"Picture: {picture}. Report, to explore in a browser: {report}.")
