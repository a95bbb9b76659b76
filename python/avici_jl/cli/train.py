"""`avici-jl train`: training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def train(
    workdir: Annotated[Path, typer.Option(help="Folder of the run; an existing run goes on.")],
    domain: Annotated[
        str | None, typer.Option(help="A shipped domain, or a domain file; needed for a new run.")
    ] = None,
    preset: Annotated[str | None, typer.Option(help="compact (default), paper, smoke, or a .toml file.")] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="One setting, as in optimizer.peak=4e-3; repeatable.")
    ] = None,
    init: Annotated[
        str | None, typer.Option(help="Start from the parameters of this model (a shipped name or a folder).")
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="Stop after this time, with a checkpoint.")] = None,
) -> None:
    """Train a model on simulated data, or go on with a run that was stopped."""
    from avici_jl.training import run

    overrides = [*(setting or ()), *([f'init="{init}"'] if init else ())]
    run(workdir, domain=domain, preset=preset, overrides=overrides, minutes=minutes)
