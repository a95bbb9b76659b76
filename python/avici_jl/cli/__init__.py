"""The command line, `avici-jl`: one file per command. Heavy packages are imported by the commands that need them.

What is asked for goes to the standard output, progress and warnings to the standard error. Exit codes: 0 done, 1 an
error that is explained in one line, 2 wrong usage.
"""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any, get_type_hints

import typer

from avici_jl.cli.benchmark import benchmark
from avici_jl.cli.convert import convert
from avici_jl.cli.demo import demo
from avici_jl.cli.doctor import doctor
from avici_jl.cli.evaluate import evaluate
from avici_jl.cli.export import export
from avici_jl.cli.models import models
from avici_jl.cli.predict import predict
from avici_jl.cli.report import report
from avici_jl.cli.simulate import simulate
from avici_jl.cli.suggest import suggest
from avici_jl.cli.train import train
from avici_jl.errors import AviciError, DataWarning

HELP = """Which variable causes which: predict causal graphs from data in one forward pass.

[bold]First steps[/bold]

avici-jl demo : a simulated network, and what a model finds of it

avici-jl models : the models that there are, and what they take

avici-jl predict proteins.csv --model scm --out edges.csv : from your table to named edges

avici-jl report proteins.csv --model scm --out report.html : the answer as a page to explore, keep and send

avici-jl doctor : what is installed, what is missing, and how to mend it
"""

app = typer.Typer(
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
for command in (demo, simulate, predict, report, suggest, evaluate, benchmark, train, export, convert, models, doctor):
    command.__annotations__ = get_type_hints(command, include_extras=True)  # as texts typer evaluates them four times
    app.command()(command)


def main() -> None:
    """Entry point: errors that are the user's to mend are one line, without a traceback; warnings are, too."""
    original = warnings.showwarning

    def show(message: Any, category: Any, *rest: Any, **options: Any) -> None:
        if issubclass(category, DataWarning):
            print(f"avici-jl: warning: {message}", file=sys.stderr)
        else:
            original(message, category, *rest, **options)

    warnings.showwarning = show
    try:
        app()
    except AviciError as error:
        print(f"avici-jl: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except BrokenPipeError:  # the reader, as in `| head`, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except OSError as error:
        print(f"avici-jl: {error.filename or ''}: {error.strerror or error}", file=sys.stderr)
        raise SystemExit(1) from None
    finally:
        warnings.showwarning = original
