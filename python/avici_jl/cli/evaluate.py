"""`avici-jl evaluate`: a model beside simple scores."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from avici_jl.cli.shared import (
    ForceOption,
    JsonOption,
    TrustOption,
    comparison_table,
    may_write,
    out,
    print_json,
    progress,
    show_code,
)

if TYPE_CHECKING:
    from avici_jl.evaluation.compare import Comparison
    from avici_jl.model import Model


def evaluate(
    model: Annotated[str, typer.Argument(help="A shipped model, a model's or a run's folder, or hf:owner/name.")],
    domain: Annotated[
        str | None, typer.Option(help="What is simulated; by default what the model is calibrated for.")
    ] = None,
    d: Annotated[list[int], typer.Option(help="Number of variables; repeatable.")] = [10, 20, 30],  # noqa: B006
    n: Annotated[int, typer.Option(help="Rows: all observational, and half of them interventional.")] = 1000,
    datasets: Annotated[int, typer.Option(min=1, help="Datasets of each setting.")] = 30,
    seed: Annotated[int, typer.Option(help="Chooses the datasets.")] = 0,
    data: Annotated[
        list[Path] | None,
        typer.Option(help="Instead of simulating: folder of a dataset with its graph, or of many; repeatable."),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", help="Folder for a report: table, picture and numbers.")
    ] = None,
    trust: TrustOption = False,
    as_json: JsonOption = False,
    force: ForceOption = False,
) -> None:
    """Print the model's AUPRC beside simple scores, on fresh simulated data or on labelled datasets of your own.

    [bold]Example[/bold]

    avici-jl evaluate rff --domain linear --d 20 --datasets 10

    avici-jl evaluate scm --data my-datasets --out report
    """
    may_write(folder, force=force)
    with progress.status("Loading the model …"):
        from avici_jl._runtime.trust import trusted
        from avici_jl.evaluation.compare import compare, compare_on, read_labelled, settings, simulated_domain
        from avici_jl.model import Model

        trained = Model.load(model)
    rows: list[Comparison] = []
    if data:
        with progress.status("Predicting …"):
            rows += [compare_on(trained, setting, found) for setting, found in sorted(read_labelled(data).items())]
        _show(rows, trained, ", ".join(map(str, data)), as_json, folder)
        return
    if trust and domain is None:
        domain = simulated_domain(trusted(trained.domain), trained.name)
    show_code(domain)
    where = settings(d, n)
    with progress.status(f"Simulating and predicting {datasets} datasets of each of {len(where)} settings …") as status:

        def done(row: Comparison) -> None:
            rows.append(row)
            status.update(f"{len(rows)} of {len(where)} settings are done …")

        compare(trained, where, domain=domain, datasets=datasets, seed=seed, done=done)
    _show(rows, trained, domain or trained.domain, as_json, folder, f", {datasets} datasets each")


def _show(
    rows: list[Comparison], model: Model, domain: str, as_json: bool, folder: Path | None, ending: str = ""
) -> None:
    page = None
    if folder is not None:
        from avici_jl.export.card import write_results

        page = write_results(folder, model, domain, rows)
    if as_json:
        print_json({"model": model.name, "domain": domain, "settings": [_plain(row) for row in rows]})
        return
    out.print(comparison_table(rows, f"{model.name} on {domain}{ending}"))
    if page is not None:
        out.print(f"Report: {page}")


def _plain(row: Comparison) -> dict[str, Any]:
    """A row of results, as the scores of every dataset."""
    auprc = {name: values.tolist() for name, values in row.auprc.items() if len(values)}
    measured: dict[str, Any] = {
        "f1": row.f1.tolist(),
        "shd": row.shd.tolist(),
        "ece": row.calibration.tolist(),
        "acyclic": row.acyclic.tolist(),
    }
    if row.signs:
        measured["signs"] = {
            name: [None if isnan(value) else value for value in values.tolist()] for name, values in row.signs.items()
        }
    return {**row.setting._asdict(), "chance": row.chance, "auprc": auprc, **measured}
