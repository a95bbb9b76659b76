"""The options by which a command reads a user's table; the same as in Python, under the same names."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import typer

from avici_jl.cli.shared import names_given
from avici_jl.errors import InputError

_FILE, _ROWS, _CELLS = "Reading the file", "Interventions", "AnnData"


@dataclass(frozen=True)
class TableOptions:
    """A user's table, and how it is to be read; `takes_table` gives a command these options."""

    data: Annotated[
        Path,
        typer.Argument(
            help="Observations × variables: text (.csv, .tsv; also .gz, .bz2, .xz, .zip), .xlsx, .parquet, .feather, "
            ".h5ad, .zarr, .loom, a folder of 10x or of a dataset; - is the standard input."
        ),
    ]
    interventions: Annotated[
        Path | None,
        typer.Option(
            help="Table of 0 and 1 with the columns of the data, 1 where a variable was set; or one column, which "
            "names for each row the variable that was set.",
            rich_help_panel=_ROWS,
        ),
    ] = None
    targets: Annotated[
        str | None,
        typer.Option(
            help="Column of the data (in .h5ad: of obs) that names for each row the variable that was set.",
            rich_help_panel=_ROWS,
        ),
    ] = None
    control: Annotated[
        list[str] | None,
        typer.Option(help="Label of rows without an intervention; repeatable.", rich_help_panel=_ROWS),
    ] = None
    separator: Annotated[
        str | None,
        typer.Option(
            help="What stands between several targets in one label, as + in GATA1+KLF1; ctrl is none.",
            rich_help_panel=_ROWS,
        ),
    ] = None
    guides: Annotated[
        str | None,
        typer.Option(
            help="Which gene a guide belongs to: table of two columns, or a pattern such as '{gene}_{number}'.",
            rich_help_panel=_ROWS,
        ),
    ] = None
    unmeasured: Annotated[
        str,
        typer.Option(help="Rows whose target is not in the table: refuse, or drop them.", rich_help_panel=_ROWS),
    ] = "refuse"
    batch: Annotated[
        str | None,
        typer.Option(
            help="Column (in .h5ad: of obs) that says which rows were measured together, as plates or donors; what "
            "they differ by in location and spread alone is removed.",
            rich_help_panel=_ROWS,
        ),
    ] = None
    same_units: Annotated[
        bool,
        typer.Option("--same-units", help="All variables have the same units, so that their spreads tell something."),
    ] = False
    prior: Annotated[
        Path | None,
        typer.Option(
            help="What is known of the graph, in TOML: required_edges, forbidden_edges, tiers, roots, regulators, "
            "beliefs."
        ),
    ] = None
    regulators: Annotated[
        str | None,
        typer.Option(help="Only these can be causes: names with commas between them, or @FILE with one in each line."),
    ] = None
    layer: Annotated[
        str | None, typer.Option(help="Layer of an AnnData, instead of its X.", rich_help_panel=_CELLS)
    ] = None
    raw: Annotated[
        bool, typer.Option("--raw", help="Take the .raw of an AnnData, instead of its X.", rich_help_panel=_CELLS)
    ] = False
    gene_symbols: Annotated[
        str | None,
        typer.Option(help="Column of an AnnData's var that names the genes.", rich_help_panel=_CELLS),
    ] = None
    row_names: Annotated[
        str | None, typer.Option(help="Column that holds the names of the rows.", rich_help_panel=_FILE)
    ] = None
    transpose: Annotated[
        bool,
        typer.Option(
            "--transpose", help="Rows of the file are variables, columns are observations.", rich_help_panel=_FILE
        ),
    ] = False
    sep: Annotated[
        str | None,
        typer.Option(help="What separates the columns of a text; found by itself.", rich_help_panel=_FILE),
    ] = None
    decimal: Annotated[
        str | None, typer.Option(help="Decimal sign of a text or workbook; a point.", rich_help_panel=_FILE)
    ] = None
    thousands: Annotated[str | None, typer.Option(help="Sign between thousands; none.", rich_help_panel=_FILE)] = None
    encoding: Annotated[str | None, typer.Option(help="Encoding of text files; UTF-8.", rich_help_panel=_FILE)] = None
    sheet: Annotated[str | None, typer.Option(help="Sheet of a workbook that has several.", rich_help_panel=_FILE)] = (
        None
    )

    def read(self) -> tuple[Any, Any, dict[str, Any]]:
        """What `Model.predict` takes: the table, the interventions, and the options.

        Raises:
            InputError: a file cannot be read, or the interventions are given twice.
        """
        from avici_jl.data.files import read_entries, read_table

        if self.interventions is not None and self.targets is not None:
            raise InputError("Give the interventions either as a file (--interventions) or as a column (--targets).")
        given = asdict(self)
        labels = [column for column in (self.targets, self.batch) if column is not None]
        x = read_table(self.data, labels=labels, **{name: given[name] for name in _FILE_OPTIONS})
        entries = self.targets if self.interventions is None else read_entries(self.interventions, self.encoding)
        options = {name: given[name] for name in _INPUT_OPTIONS}
        regulators = None if self.regulators is None else names_given(self.regulators, separator=",")
        return x, entries, {**options, "control": self.control or None, "regulators": regulators}


_FILE_OPTIONS = ("row_names", "transpose", "sep", "decimal", "thousands", "encoding", "sheet")
_INPUT_OPTIONS = (
    "control",
    "separator",
    "guides",
    "unmeasured",
    "layer",
    "raw",
    "gene_symbols",
    "batch",
    "same_units",
    "prior",
    "regulators",
)


@cache
def _options() -> Mapping[str, inspect.Parameter]:
    return inspect.signature(TableOptions, eval_str=True).parameters


def takes_table(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose first argument is a `TableOptions`, with all of these as arguments and options of its own."""
    options = _options()
    _, *own = inspect.signature(command, eval_str=True).parameters.values()

    def call(**given: Any) -> None:
        table = TableOptions(**{name: given.pop(name) for name in options})
        command(table, **given)

    parameters = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in (*options.values(), *own)]
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    call.__name__, call.__doc__ = command.__name__, command.__doc__
    return call
