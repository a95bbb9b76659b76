"""`avici-jl simulate`: a dataset with a known graph, in a folder or a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from avici_jl.cli.shared import ForceOption, JsonOption, may_write, out, print_json, progress, show_code
from avici_jl.errors import InputError


def simulate(
    domain: Annotated[
        str, typer.Argument(help="A shipped domain, as linear or grn (wrong names list them all), or a domain file.")
    ],
    out_path: Annotated[
        str, typer.Option("--out", help="Folder of the dataset, or a .csv or .h5ad; with --count a .zarr, or its URL.")
    ],
    d: Annotated[list[int] | None, typer.Option(help="Number of variables, 30; with --count repeatable.")] = None,
    n_obs: Annotated[int, typer.Option(help="Observational rows.")] = 1000,
    n_int: Annotated[int, typer.Option(help="Interventional rows.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed; the same seed gives the same data on any machine.")] = 0,
    count: Annotated[
        int | None, typer.Option(help="A collection of so many datasets of each size, which training can read.")
    ] = None,
    dask: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Simulate a collection on the cluster of this Dask scheduler.")
    ] = None,
    as_json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Simulate a dataset with a known graph, as a folder of .npy files, which `avici-jl predict` and Julia read.

    With --out x.h5ad an AnnData is written, with --out x.csv three tables: x.csv, x-interventions.csv and x-graph.csv.

    [bold]Example[/bold]

    avici-jl simulate grn --d 20 --n-obs 500 --n-int 500 --out cells

    avici-jl simulate linear --count 1000 --d 10 --d 20 --n-obs 200 --n-int 200 --out linear.zarr
    """
    sizes, path = d or [30], Path(out_path)
    if count is not None:
        _collection(domain, out_path, sizes, n_obs, n_int, seed, count, dask, as_json=as_json, force=force)
        return
    if len(sizes) > 1 or dask is not None or path.suffix == ".zarr":
        raise InputError("Several sizes, --dask and .zarr are for collections of datasets; add --count.")
    may_write(path, force=force)
    show_code(domain)
    with progress.status("Starting Julia and simulating …"):
        from avici_jl.data.writers import write_dataset
        from avici_jl.simulation import simulate as run

        data = run(domain, d=sizes[0], n_obs=n_obs, n_int=n_int, seed=seed)
        written = write_dataset(data, path)
    if as_json:
        edges = None if data.graph is None else int(data.graph.sum())
        print_json({"folder": str(path), "rows": n_obs + n_int, "variables": data.names, "edges": edges})
    else:
        out.print(f"{data}\nwritten to {', '.join(map(str, written))}")


def _collection(
    domain: str,
    path: str,
    sizes: list[int],
    n_obs: int,
    n_int: int,
    seed: int,
    count: int,
    dask: str | None,
    *,
    as_json: bool,
    force: bool,
) -> None:
    show_code(domain)
    with progress.status("Starting …"):
        from avici_jl._runtime.executors import connect
        from avici_jl.simulation import simulate_collection

    executor = None if dask is None else connect(dask)
    how: dict[str, Any] = {"d": sizes, "n_obs": n_obs, "n_int": n_int, "seed": seed}
    made = simulate_collection(domain, path, count, **how, executor=executor, replace=force)
    if as_json:
        print_json({"collection": path, "datasets": len(made), "rows": n_obs + n_int, "variables": sizes})
    else:
        out.print(f"{made}\nwritten to {path}")
