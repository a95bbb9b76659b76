"""What several commands share: consoles, options, checks of output files, summaries."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from avici_jl.errors import InputError

if TYPE_CHECKING:
    import numpy as np

    from avici_jl.data.typical import Shift
    from avici_jl.evaluation.compare import Comparison
    from avici_jl.posterior import Posterior

out = Console(highlight=False, markup=False, emoji=False)
"""Results."""

progress = Console(stderr=True, highlight=False, markup=False, emoji=False)
"""What is going on, where that takes more than a second; seen on terminals only."""

ModelOption = Annotated[
    str,
    typer.Option(
        help="A shipped model (see `avici-jl models`), auto for the one that suits the table, a model's or a run's "
        "folder, or hf:owner/name."
    ),
]
ForceOption = Annotated[bool, typer.Option("--force", help="Overwrite files that exist.")]
TrustOption = Annotated[
    bool,
    typer.Option("--trust", help="Run the code that the folder itself names, as if you had named it by --domain."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of text.")]


def names_given(given: str, separator: str | None = None) -> list[str]:
    """A name, or several with the separator between them, or those in the file of `@FILE`, one a line.

    Raises:
        InputError: the file cannot be read.
    """
    if given.startswith("@"):
        try:
            names = Path(given[1:]).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeError) as error:
            raise InputError(f"{given[1:]} cannot be read as a list of names, one a line: {error}") from None
    elif separator is None:
        return [given]
    else:
        names = given.split(separator)
    return [name.strip() for name in names if name.strip()]


def printable(name: object) -> str:
    """A name from someone's file as text for a terminal, which control signs in it could otherwise command."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in str(name))


def may_write(*paths: Path | None, force: bool) -> None:
    """Check, before anything is computed, that every file can be written.

    Raises:
        InputError: one exists and `force` is not given, or its folder does not exist.
    """
    for path in paths:
        if path is None:
            continue
        if path.is_dir() and not path.suffix and force:
            continue
        if path.exists() and not force:
            raise InputError(f"{path} exists; add --force to replace it, or choose another name.")
        if not path.parent.is_dir():
            raise InputError(f"There is no folder {path.parent} to write {path.name} to; make it first.")


def show_code(*domains: str | None) -> None:
    """Say which code outside the package simulating these domains runs, before it does."""
    from avici_jl.simulation import load_domain

    for domain in domains:
        code = None if domain is None else load_domain(domain).code
        if code is not None:
            progress.print(f"The domain {domain} runs the code of {code}.")


def say_choice(posterior: Posterior) -> None:
    """Say which model was chosen for the table, and why, where the user has not named it."""
    if posterior.choice:
        out.print(f"Model {posterior.model}. {posterior.choice}")


def print_json(document: Any) -> None:
    """One JSON document on the standard output."""
    import json

    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def scores(p: np.ndarray, edges: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """How well probabilities [d, d] and the graph [d, d] chosen by them agree with the true graph."""
    from avici_jl.evaluation import metrics

    d = len(p)
    precision, recall, f1 = metrics.precision_recall_f1(edges, truth)
    return {
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "auprc": metrics.auprc(p, truth),
        "chance": float(truth.sum() / (d * (d - 1))),
        "shd": metrics.shd(edges, truth),
    }


def in_words(found: dict[str, float]) -> str:
    """`scores` as text."""
    return (
        f"precision {found['precision']:.2f}, recall {found['recall']:.2f}, AUPRC {found['auprc']:.2f} "
        f"(chance {found['chance']:.2f}), SHD {found['shd']}"
    )


def beside_training(shift: Shift) -> str:
    """How unlike those of training a table is, as a sentence."""
    from avici_jl.data.unusual import label, percent

    unlike = [label(reason) for reason in shift.reasons if reason.name in shift.unusual]
    share = f"{percent(shift.probability)} of the tables of training are as unusual"
    return f"{share}; this one is in: {', '.join(unlike)}." if unlike else f"{share} as this one."


def comparison_table(rows: list[Comparison], title: str) -> Table:
    """AUPRC of the model and of simple scores, side by side."""
    from avici_jl.evaluation.significance import mean_and_error

    methods = ("model", "correlation", "mean difference")
    signs = ("signs",) if any(row.signs for row in rows) else ()
    table = Table("d", "obs.", "int.", *methods, "chance", "F1", *signs, title=f"AUPRC ± standard error: {title}")
    for row in rows:
        cells = []
        for method in methods:
            mean, error = mean_and_error(row.auprc[method]) if len(row.auprc[method]) else (None, None)
            cells.append("–" if mean is None else f"{mean:.3f} ± {error:.3f}")
        size = [str(value) for value in row.setting]
        said = [value for value in (row.signs["true"] if row.signs else ()) if not isnan(value)]
        of_signs = [f"{sum(said) / len(said):.2f}" if said else "–" for _ in signs]
        table.add_row(*size, *cells, f"{row.chance:.2f}", f"{row.f1.mean():.2f}", *of_signs)
    return table
