"""`avici-jl benchmark`: the tables and figures of the paper, beside other methods."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from avici_jl.cli.shared import out, progress
from avici_jl.errors import InputError


def benchmark(
    experiment: Annotated[
        list[str] | None, typer.Option(help="Name of an experiment; repeatable. Without one, their names are printed.")
    ] = None,
    full: Annotated[
        bool, typer.Option("--full/--quick", help="As many datasets as the paper, hours; or a few, minutes.")
    ] = False,
    folder: Annotated[
        Path, typer.Option("--out", help="Folder of the reports; pages of the same name are replaced.")
    ] = Path("benchmarks-out"),
    data: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="Folder of real data, for the experiment real.")
    ] = None,
) -> None:
    """Measure the shipped models beside other methods, and write a report.

    Other methods come from optional packages (in a checkout: make others); missing ones are named.

    [bold]Example[/bold]

    avici-jl benchmark --experiment table1 --quick

    avici-jl benchmark --experiment real --data my-data

    What is finished is kept in the folder of the reports: called again, it goes on where it was. An experiment that
    cannot be run, for want of data or a package, is named at the end, and the others are run.
    """
    from avici_jl.benchmark import EXPERIMENTS, FULL, QUICK, run

    unknown = sorted(set(experiment or ()) - set(EXPERIMENTS))
    if unknown:
        raise InputError(f"There is no experiment {unknown[0]!r}; there are {', '.join(EXPERIMENTS)}.")
    if not experiment:
        out.print("\n".join(EXPERIMENTS))
        return
    left_out: list[str] = []
    for name in experiment:
        try:
            with progress.status(f"Simulating and measuring: {name} …"):
                page = run(name, (FULL if full else QUICK)._replace(data=data), folder)
        except InputError as error:
            left_out.append(f"{name}: {error}")
        else:
            out.print(str(page))
    if left_out:
        raise InputError("\n".join(left_out))
