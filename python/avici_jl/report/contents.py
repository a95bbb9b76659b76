"""Everything that a report shows, as plain values; the page only draws it."""

from __future__ import annotations

import base64
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from avici_jl.data.inputs import Input
from avici_jl.data.typical import Shift
from avici_jl.data.unusual import label, percent, shown
from avici_jl.plots.edges import causal_order
from avici_jl.report.model_card import citation, model_facts, package_version, results
from avici_jl.report.places import places
from avici_jl.report.points import points
from avici_jl.report.support import correlation, shift

if TYPE_CHECKING:
    import pandas as pd

_NEXT, _FITTED, _GRAPHS = 8, 150, 30
"""Interventions that are suggested; so many variables may have effects fitted, in so many graphs."""

_EDGES, _BINS = 3000, 400
"""The most edges that a page holds (all those at the threshold come first), and bins of its heat map on a side."""


_DIRECTIONS = {
    sign: f"\\u{sign:04x}" for sign in (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}
"""Signs that turn the direction of writing are shown as such: in a name they would turn round the sentence about it."""


class Reportable(Protocol):
    """What a report is about: a `Posterior`."""

    @property
    def probabilities(self) -> np.ndarray: ...  # noqa: D102
    @property
    def data(self) -> Input: ...  # noqa: D102
    @property
    def threshold(self) -> float: ...  # noqa: D102
    @property
    def model(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def notes(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def choice(self) -> str: ...  # noqa: D102
    @property
    def shift(self) -> Shift | None: ...  # noqa: D102
    @property
    def increase(self) -> np.ndarray | None: ...  # noqa: D102
    @property
    def card(self) -> dict[str, Any]: ...  # noqa: D102
    def adjacency(self, threshold: float | None = None, *, acyclic: bool = False) -> np.ndarray: ...  # noqa: D102
    def suggest_interventions(self, top: int | None = 10) -> pd.DataFrame: ...  # noqa: D102
    def effects(self, threshold: float | None = None, *, graphs: int = 50) -> pd.DataFrame: ...  # noqa: D102


def contents(found: Reportable, title: str, question: str) -> dict[str, Any]:
    """The report as plain values, which JSON holds.

    Args:
        found: the posterior.
        title: of the page.
        question: that the page answers.
    """
    p, names = found.probabilities, [name.translate(_DIRECTIONS) for name in found.data.names]
    kept, cut = _kept(p, found.threshold)
    widths = [7.5 * min(len(name), 24) for name in names]
    at = places(found.adjacency(acyclic=True), widths)
    sources = np.bincount(kept[0], weights=p[kept], minlength=len(p))
    return {
        "title": title.translate(_DIRECTIONS),
        "question": question.translate(_DIRECTIONS),
        "date": date.today().isoformat(),
        "version": package_version(),
        "names": names,
        "threshold": found.threshold,
        "cut": cut,
        "expected": float(p.sum()),
        "edges": _edges(found, kept),
        "effects": _effects(found),
        "next": _next(found),
        "places": at.round().astype(int).tolist(),
        "matrix": _matrix(p),
        "data": _data(found),
        "points": points(found.data, found.kind, sources),
        "warnings": list(found.notes),
        "shift": None if found.shift is None else _shift(found.shift),
        "choice": found.choice,
        "card": model_facts(found.model, found.kind, found.card),
        "results": results(found.card),
        "cite": citation(found.model, found.card),
    }


def _kept(p: np.ndarray, threshold: float) -> tuple[tuple[np.ndarray, np.ndarray], float]:
    """The edges that the page holds, most probable first, and the probability below which there are none."""
    cause, effect = np.nonzero(~np.eye(len(p), dtype=bool))
    order = np.argsort(-p[cause, effect], kind="stable")
    most = max(_EDGES, int((p >= threshold).sum()))
    cut = 0.0 if len(order) <= most else float(p[cause[order[most]], effect[order[most]]])
    order = order[:most]
    return (cause[order], effect[order]), cut


def _edges(found: Reportable, kept: tuple[np.ndarray, np.ndarray]) -> dict[str, Any]:
    """Columns of the table of edges; what is not known is None."""
    moved, rows = shift(found.data, found.kind)
    return {
        "source": kept[0].tolist(),
        "target": kept[1].tolist(),
        "probability": _numbers(found.probabilities[kept], 4),
        "sign": None if found.increase is None else _numbers(found.increase[kept], 3),
        "correlation": _numbers(correlation(found.data)[kept], 3),
        "shift": _numbers(moved[kept], 3),
        "rows": rows[kept[0]].tolist(),
    }


def _effects(found: Reportable) -> list[list[float]] | None:
    """Mean, low, high and probability of a path of the effect of each edge at the threshold; None of large tables.

    They are in the order of the edges of the page, which begin with these.
    """
    if len(found.data.names) > _FITTED:
        return None
    columns = found.effects(graphs=_GRAPHS)[["effect", "low", "high", "path"]].to_numpy(float)
    return [[float(f"{number:.4g}") for number in row] for row in columns]


def _next(found: Reportable) -> list[dict[str, Any]]:
    """Which variables to set next, with the edges of which each settles most."""
    place = {name: k for k, name in enumerate(found.data.labels)}
    return [
        {
            "variable": place[variable],
            "settles": round(settles, 4),
            "total": round(total, 4),
            "rows": int(rows),
            "edges": [[place[source], place[target]] for source, target in edges],
        }
        for variable, settles, total, rows, edges in found.suggest_interventions(_NEXT).itertuples(index=False)
        if settles >= _LITTLE
    ]


_LITTLE = 0.0005
"""What settles a smaller share is not suggested."""


def _matrix(p: np.ndarray) -> dict[str, Any]:
    """The heat map: probabilities as bytes, causes before effects; of large tables the largest of each bin."""
    order = causal_order(p)
    size = -(-len(p) // _BINS)
    side = -(-len(p) // size)
    padded = np.zeros((side * size, side * size))
    padded[: len(p), : len(p)] = p[np.ix_(order, order)]
    binned = padded.reshape(side, size, side, size).max(axis=(1, 3))
    return {
        "order": [int(k) for k in order],
        "size": size,
        "side": side,
        "values": base64.b64encode((255 * binned).round().astype(np.uint8).tobytes()).decode(),
    }


def _data(found: Reportable) -> dict[str, Any]:
    """The table as it was understood."""
    data = found.data
    given = data.interventions > 0
    gaps = np.isnan(data.x)
    batches = [] if data.batch is None else np.unique(data.batch, return_counts=True)[1].tolist()
    return {
        "rows": len(data.x),
        "interventional": int(given.any(axis=1).sum()),
        "several": int((given.sum(axis=1) > 1).sum()),
        "set": given.sum(axis=0).tolist(),
        "missing": float(gaps.mean()),
        "gaps": _numbers(gaps.mean(axis=0), 4),
        "batches": batches,
        "counts": found.kind == "counts",
        "same_units": data.same_units,
        "known": 0 if data.known is None else int((data.known.pairs != 0).sum()),
    }


def _shift(found: Shift) -> dict[str, Any]:
    """The table beside those of training, the most unusual characteristic first."""
    rows = [
        {
            "label": label(reason),
            "value": shown(reason, reason.value),
            "range": f"{shown(reason, reason.low)} to {shown(reason, reason.high)}",
            "share": percent(reason.probability),
            "unusual": reason.name in found.unusual,
        }
        for reason in found.reasons
    ]
    return {"share": percent(found.probability), "rows": rows}


def _numbers(values: np.ndarray, digits: int) -> list[float | None]:
    return [None if np.isnan(value) else round(float(value), digits) for value in values]
