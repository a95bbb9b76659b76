"""`avici-jl models`: the models that there are."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from avici_jl.cli.shared import JsonOption, out, print_json


def models(
    card: Annotated[
        str | None, typer.Option(help="Print the card of this model: what it was trained on, reaches.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the shipped models, or print a model's card."""
    from avici_jl.checkpoints.find import find_model, list_models
    from avici_jl.checkpoints.model import load_model

    if card is not None:
        folder = find_model(card)
        text = folder / "card.md"
        if as_json or not text.is_file():
            print_json(load_model(folder).card)
        else:
            typer.echo(text.read_text(encoding="utf-8"))
        return
    found = {name: load_model(find_model(name)) for name in list_models()}
    if as_json:
        print_json(
            [
                {
                    "name": name,
                    "kind": model.config["data"]["kind"],
                    "domain": model.config["data"]["domain"],
                    **model.card,
                }
                for name, model in found.items()
            ]
        )
        return
    table = Table("name", "takes", "trained on", "variables", "rows", "threshold")
    for name, model in found.items():
        data = model.config["data"]
        sizes, rows = [size["d"] for size in data["sizes"]], data["rows"]
        table.add_row(
            name,
            "raw counts" if data["kind"] == "counts" else "real values",
            f"domain {data['domain']}",
            f"{min(sizes)} to {max(sizes)}",
            f"{min(rows)} to {max(rows)}",
            f"{model.card.get('threshold', 0.5):.2f}",
        )
    out.print(table)
