"""One table read in Python and on the command line, for tests that compare the two."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from avici_jl import read_table
from avici_jl.cli.table import TableOptions, takes_table
from avici_jl.data.inputs import Input, read_input

FILE = {"row_names", "sep", "decimal", "thousands", "encoding", "sheet", "transpose"}


def in_python(path: Path, targets: Any = None, **options: Any) -> Input:
    file = {name: options.pop(name) for name in FILE & options.keys()}
    return read_input(read_table(path, **file), targets, **{"kind": "values", **options})


def on_the_command_line(path: Path, stdin: bytes | None = None, **options: Any) -> Input:
    """The same options as a shell would pass them; errors are raised as they are."""
    found: list[Input] = []
    app = typer.Typer()

    @app.command()
    @takes_table
    def read(table: TableOptions) -> None:
        x, interventions, how = table.read()
        found.append(read_input(x, interventions, kind="values", **how))

    arguments = [str(path)]
    for name, value in options.items():
        for one in value if isinstance(value, list) else [value]:
            flag = f"--{name.replace('_', '-')}"
            arguments += [flag] if one is True else [flag, str(one)]
    done = CliRunner().invoke(app, arguments, input=stdin, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return found[0]


BOTH: list[Callable[..., Input]] = [in_python, on_the_command_line]
