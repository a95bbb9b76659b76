"""The command line, `avici-jl`: one file per command. Heavy packages are imported by the commands that need them."""

from __future__ import annotations

import sys

import typer

from avici_jl.cli.demo import demo
from avici_jl.cli.doctor import doctor
from avici_jl.cli.evaluate import evaluate
from avici_jl.cli.export import export
from avici_jl.cli.models import models
from avici_jl.cli.predict import predict
from avici_jl.cli.simulate import simulate
from avici_jl.cli.train import train
from avici_jl.errors import AviciError

app = typer.Typer(
    help="Which variable causes which: predict causal graphs from data in one forward pass.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for command in (demo, simulate, predict, evaluate, train, export, models, doctor):
    app.command()(command)


def main() -> None:
    """Entry point: errors that are the user's to mend are one line, without a traceback."""
    try:
        app()
    except AviciError as error:
        print(f"avici-jl: {error}", file=sys.stderr)
        raise SystemExit(1) from None
