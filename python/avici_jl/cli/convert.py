"""`avici-jl convert`: a checkpoint of the reference implementation as a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from avici_jl.cli.shared import ForceOption, may_write, out


def convert(
    checkpoint: Annotated[
        Path, typer.Argument(help="Folder with checkpoint_….pkl and kwargs.json, as the package avici writes them.")
    ],
    domain: Annotated[str, typer.Option(help="What it was trained on: linear, rff, grn-paper, scm, or a domain file.")],
    folder: Annotated[Path, typer.Option("--out", help="Folder of the model.")],
    force: ForceOption = False,
) -> None:
    """Make a model of a checkpoint of the package avici. Nothing in its pickle is run."""
    from avici_jl.checkpoints.model import save_model
    from avici_jl.checkpoints.reference import read_reference
    from avici_jl.simulation import load_domain

    may_write(folder, force=force)
    kind = load_domain(domain).kind
    network, params = read_reference(checkpoint)
    config = {"network": network, "data": {"domain": domain, "kind": kind}}
    save_model(folder, config=config, params=params, card={"domain": domain, "threshold": 0.5})
    out.print(f"{folder} is a model of {network['layers']} layers of width {network['dim']}, for {kind}.")
