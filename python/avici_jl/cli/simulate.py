"""`avici-jl simulate`: a dataset with a known graph, in a folder or a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from avici_jl.cli.shared import ForceOption, JsonOption, may_write, out, print_json, progress, show_code


def simulate(
    domain: Annotated[
        str, typer.Argument(help="A shipped domain, as linear or grn (wrong names list them all), or a domain file.")
    ],
    path: Annotated[Path, typer.Option("--out", help="Folder of the dataset, or a .csv or .h5ad.")],
    d: Annotated[int, typer.Option(help="Number of variables.")] = 30,
    n_obs: Annotated[int, typer.Option(help="Observational rows.")] = 1000,
    n_int: Annotated[int, typer.Option(help="Interventional rows.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed; the same seed gives the same data on any machine.")] = 0,
    as_json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Simulate a dataset with a known graph, as a folder of .npy files, which `avici-jl predict` and Julia read.

    With --out x.h5ad an AnnData is written, with --out x.csv three tables: x.csv, x-interventions.csv and x-graph.csv.

    [bold]Example[/bold]

    avici-jl simulate grn --d 20 --n-obs 500 --n-int 500 --out cells
    """
    may_write(path, force=force)
    show_code(domain)
    with progress.status("Starting Julia and simulating …"):
        from avici_jl.data.writers import write_dataset
        from avici_jl.simulation import simulate as run

        data = run(domain, d=d, n_obs=n_obs, n_int=n_int, seed=seed)
        written = write_dataset(data, path)
    if as_json:
        edges = None if data.graph is None else int(data.graph.sum())
        print_json({"folder": str(path), "rows": n_obs + n_int, "variables": data.names, "edges": edges})
    else:
        out.print(f"{data}\nwritten to {', '.join(map(str, written))}")
