"""`avici-jl train`: training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from avici_jl.cli.shared import TrustOption, out
from avici_jl.errors import InputError


def train(
    workdir: Annotated[Path, typer.Option(help="Folder of the run; an existing run goes on.")],
    domain: Annotated[
        str | None,
        typer.Option(
            help="What to train on: a shipped domain, a domain file (.toml), a Python function (file.py:function), a "
            "folder of labelled datasets, or a collection of them (.zarr, also by its URL). Needed for a new run, and "
            "always where it is code of yours."
        ),
    ] = None,
    trust: TrustOption = False,
    preset: Annotated[
        str | None, typer.Option(help="compact (default), world, anneal, axial, paper, smoke, or a .toml file.")
    ] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="One setting, as in optimizer.peak_lr=4e-3; repeatable.")
    ] = None,
    init: Annotated[
        str | None, typer.Option(help="Start from the parameters of this model (a shipped name or a folder).")
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="Stop after this time, with a checkpoint.")] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Processes that make datasets, each with a Julia; by default one for each core but one, at most 16, "
            "and none for short runs.",
        ),
    ] = None,
    distributed: Annotated[
        str | None,
        typer.Option(help='Join other hosts: "auto" (Slurm, TPU pods), or "host:port,processes,index".'),
    ] = None,
    again: Annotated[
        str | None,
        typer.Option(help="Train this model again (a shipped name or a folder), by its recipe: all stages in turn."),
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Only draw the run's curves into this picture.")] = None,
) -> None:
    """Train a model on simulated or labelled data, or go on with a run that was stopped."""
    if plot is not None:
        from avici_jl.plots import plot_training

        plot_training(workdir).savefig(plot, dpi=130)
        out.print(f"Picture: {plot}")
        return
    from avici_jl._runtime.memory import keep_freed_memory
    from avici_jl.training import run, train_again

    keep_freed_memory()
    if again is not None:
        if any(value is not None for value in (domain, preset, setting, init, minutes, distributed)):
            raise InputError("--again takes all from the recipe; only --workdir, --workers and --trust go with it.")
        train_again(again, workdir, trust=trust, workers=workers)
        return
    overrides = list(setting or ())
    if init is not None:
        if any(text.split("=")[0].strip() in ("init", "init_from") for text in overrides):
            raise InputError("The model to start from is given twice, by --init and by --set init_from=; give it once.")
        import json

        overrides.append(f"init_from={json.dumps(init, ensure_ascii=False)}")
    run(
        workdir,
        domain=domain,
        trust=trust,
        preset=preset,
        overrides=overrides,
        minutes=minutes,
        workers=workers,
        distributed=distributed,
    )
