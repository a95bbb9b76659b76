"""`avici-jl simulate`: a dataset with a known graph, in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from avici_jl.cli.shared import out


def simulate(
    domain: Annotated[
        str, typer.Argument(help="A shipped domain, as linear or grn (wrong names list them all), or a domain file.")
    ],
    folder: Annotated[Path, typer.Option("--out", help="Folder of the dataset.")],
    d: Annotated[int, typer.Option(help="Number of variables.")] = 30,
    n_obs: Annotated[int, typer.Option(help="Observational rows.")] = 1000,
    n_int: Annotated[int, typer.Option(help="Interventional rows.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed.")] = 0,
) -> None:
    """Simulate a dataset with a known graph, as a folder of .npy files."""
    from avici_jl.simulation import simulate as run

    data = run(domain, d=d, n_obs=n_obs, n_int=n_int, seed=seed)
    out.print(f"{data}\nwritten to {data.save(folder)}")
