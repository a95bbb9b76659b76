"""`avici-jl models`: the models that there are."""

from __future__ import annotations

from rich.table import Table

from avici_jl.cli.shared import out


def models() -> None:
    """List the shipped models."""
    from avici_jl.model import Model, list_models

    table = Table("name", "takes", "trained on", "threshold")
    for name in list_models():
        model = Model.load(name)
        takes = "raw counts" if model.kind == "counts" else "real values"
        table.add_row(name, takes, f"domain {model.domain}", f"{model.threshold:.2f}")
    out.print(table)
