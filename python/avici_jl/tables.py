"""Tables in files: observations, interventions, known edges."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from avici_jl.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def read_table(path: Path) -> pd.DataFrame:
    """A table from a text file; the separator is found out, and an unnamed first column holds names of rows.

    Raises:
        InputError: the file cannot be read as a table.
    """
    import pandas as pd

    try:
        table = pd.read_csv(path, sep=None, engine="python")
    except FileNotFoundError:
        raise InputError(f"There is no file {path}.") from None
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as a table with a header: {error}") from None
    first = table.columns[0] if len(table.columns) else ""
    if str(first).startswith("Unnamed:"):
        table = table.set_index(first)
    if all(_is_number(name) for name in table.columns):
        raise InputError(f"{path} has numbers in its first line; the names of the variables are expected there.")
    return table


def read_edges(path: Path, names: list[str]) -> np.ndarray:
    """A table of edges, whose first two columns are the names of cause and effect, as a graph [d, d].

    Raises:
        InputError: the file cannot be read, or names something else.
    """
    table = read_table(path)
    if table.shape[1] < 2:
        raise InputError(f"{path} must have two columns: the names of cause and effect.")
    graph = np.zeros((len(names), len(names)), np.uint8)
    position = {name: k for k, name in enumerate(names)}
    for cause, effect in table.iloc[:, :2].astype(str).itertuples(index=False):
        for name in (cause, effect):
            if name not in position:
                raise InputError(f"{path} names {name!r}, which is no variable of the data.")
        graph[position[cause], position[effect]] = 1
    return graph


def _is_number(text: Any) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
