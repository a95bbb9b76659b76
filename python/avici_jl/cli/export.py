"""`avici-jl export`: from a run to a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from avici_jl.cli.shared import ForceOption, TrustOption, comparison_table, may_write, out, progress, show_code

if TYPE_CHECKING:
    from avici_jl.evaluation.compare import Comparison


def export(
    workdir: Annotated[Path, typer.Argument(help="Folder of a run.")],
    folder: Annotated[Path, typer.Option("--out", help="Folder of the model.")],
    datasets: Annotated[int, typer.Option(min=1, help="Datasets of each setting that is measured.")] = 30,
    d: Annotated[list[int], typer.Option(help="Number of variables to measure with; repeatable.")] = [10, 20, 30],  # noqa: B006
    domain: Annotated[
        str | None, typer.Option(help="What the model is calibrated for; by default what it was trained on.")
    ] = None,
    trust: TrustOption = False,
    also: Annotated[list[str] | None, typer.Option(help="Domain to measure on beside that one; repeatable.")] = None,
    typical: Annotated[
        bool,
        typer.Option(
            "--typical",
            help="Of the finished model in --out, only measure again what tables of its training look like, which is "
            "what data are compared with.",
        ),
    ] = False,
    pair_score: Annotated[
        bool,
        typer.Option(
            "--pair-score",
            help="Of the finished model in --out, only learn again which pairs of many variables are likely edges, "
            "which is what subsets are made from.",
        ),
    ] = False,
    force: ForceOption = False,
) -> None:
    """Make a model of a run: parameters, calibration, and a card with what it reaches."""
    if typical:
        from avici_jl.export.typical import renew_typical

        with progress.status("Simulating tables of the training …"):
            renew_typical(folder, 15 * datasets)
        out.print(f"What is typical is stored in {folder}.")
        return
    if pair_score:
        from avici_jl.export.score import renew_score

        with progress.status("Simulating tables, and learning which pairs are likely edges …"):
            learned = renew_score(folder, datasets)
        out.print(f"The score of pairs is stored in {folder}." if learned else "This network has no score of pairs.")
        return
    may_write(folder, force=force)
    if trust and domain is None:
        from avici_jl._runtime.trust import trusted
        from avici_jl.checkpoints.model import load_model

        domain = trusted(load_model(workdir).card["domain"])
    show_code(domain, *(also or ()))
    rows: dict[str, list[Comparison]] = {}
    with progress.status("Simulating and predicting, to choose the threshold and to measure the model …"):
        from avici_jl.export.export import export as finish

        def done(name: str, row: Comparison) -> None:
            rows.setdefault(name, []).append(row)

        model = finish(workdir, folder, domain=domain, also=also or (), sizes=d, datasets=datasets, done=done)
    for name, found in rows.items():
        out.print(comparison_table(found, f"{model.name} on {name}"))
