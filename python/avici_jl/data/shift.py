"""Whether data look like what a model was trained on: where not, its probabilities were never measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from avici_jl.data.inputs import Input
from avici_jl.data.typical import Shift
from avici_jl.data.unusual import sentence
from avici_jl.data.words import listed


def differences(found: Input, config: Mapping[str, Any], shift: Shift | None = None) -> Iterator[tuple[str, str]]:
    """What is unusual about data for a model.

    Args:
        found: the checked data.
        config: the model's settings, of which `data` says what it was trained on.
        shift: how the table compares with those of training, where that is known: what is usual there is not named.

    Yields:
        A short name of the reason, and a sentence.
    """
    data = config["data"]
    n, d = found.x.shape
    sizes = [size["d"] for size in data.get("sizes", ())]
    if sizes and not min(sizes) / 2 <= d <= 2 * max(sizes):
        yield "d", f"{d} variables; the model was trained on {_range(sizes)}."
    rows = data.get("rows", ())
    if rows and not min(rows) / 2 <= n <= 10 * max(rows):
        yield "n", f"{n} rows; the model was trained on {_range(rows)}."
    shares = data.get("interventional", ())
    given = found.interventions.any()
    if shares and min(shares) > 0 and not given:
        yield "interventions", "no interventions; the model was trained on data that always had some."
    if shares and max(shares) == 0 and given:
        yield "interventions", "interventions; the model was trained on observational data alone."
    said = set()
    if shares and given and max(shares) < 1 and found.interventions.any(axis=1).all():
        yield "no observations", "interventions in every row; the model was trained on data with rows without one."
        said.add("interventional")
    missing, network = np.isnan(found.x).mean(), config["network"]
    knows = network.get("channels", 2) > 2 if network["kind"] == "axial" else "gaps" in network.get("statistics", ())
    if missing and not knows:
        yield "missing", f"{missing:.1%} missing values; the model was trained on complete tables."
        said.add("gaps")
    spread = np.nanmax(found.x, axis=0) - np.nanmin(found.x, axis=0)
    constant = [name for name, width in zip(found.names, spread, strict=True) if width == 0]
    if constant:
        yield "constant", f"variables that never change, of which nothing can be learned: {listed(constant)}."
    counting = [name for name, column in zip(found.names, found.x.T, strict=True) if (np.diff(column) == 1).all()]
    if counting and n > 2:
        yield "row numbers", f"variables that count the rows, as labels do; leave them out: {listed(counting)}."
    unusual = {"few values", "ties", "repeated rows"} if shift is None else set(shift.unusual)
    if data["kind"] == "values":
        few = [name for name, column in zip(found.names, found.x.T, strict=True) if _has_few_values(column)]
        repeated = n - len(
            {hash((x.tobytes(), u.tobytes())) for x, u in zip(found.x, found.interventions, strict=True)}
        )
        if few and "few values" in unusual:
            yield (
                "few values",
                f"variables of at most {_FEW} different values, where the model takes real numbers: {listed(few)}.",
            )
            said |= {"few values", "ties", "piled up", "repeated rows"}
        elif repeated > _REPEATED * n and "repeated rows" in unusual:
            yield (
                "repeated rows",
                f"{repeated} of {n} rows that repeat another one. They count as if measured anew, and make the "
                "model surer than it should be; leave them out.",
            )
            said |= {"repeated rows", "ties"}
        if looks_like_counts(found.x) and unusual & {"few values", "ties"}:
            yield "counts", 'what looks like raw counts; the model takes real values. For counts of genes use "grn".'
            said |= {"few values", "ties", "piled up"}
    for reason in () if shift is None else shift.reasons:
        if reason.name in unusual and reason.name not in said:
            yield reason.name, sentence(reason)


_FEW = 5
_REPEATED = 0.05


def _has_few_values(column: np.ndarray) -> bool:
    """Whether a variable is discrete: constants, and tables of few rows, tell nothing of that."""
    column = column[~np.isnan(column)]
    return len(column) > 4 * _FEW and 2 <= len(np.unique(column)) <= _FEW


def _range(values: Any) -> str:
    return str(min(values)) if min(values) == max(values) else f"{min(values)} to {max(values)}"


def looks_like_counts(x: np.ndarray) -> bool:
    """Whether a table [n, d] holds counts: whole numbers, none negative, with zeros, and some above 5."""
    x = x[~np.isnan(x)]
    return bool((x >= 0).all() and (x == np.floor(x)).all() and (x == 0).any() and x.max() > 5)
