"""The pictures of imperfections: `python docs/simulators/imperfections.py` writes them beside itself."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from avici_jl import Dataset, simulate

HERE = Path(__file__).parent
PAIR = np.array([[0, 1], [0, 0]])
CLEAN, SPOILED = "0.6", "tab:blue"
SIZE: dict[str, Any] = {"graph": PAIR, "n_obs": 250, "seed": 8}
LINE = """
[[mechanism]]
model = "linear"
weight = 1.0
bias = 0.0
[[noise]]
model = "gaussian"
scale = 0.4
roots = { model = "gaussian", scale = 1.0 }
"""


def main() -> None:
    for name, draw in PICTURES.items():
        figure, axes = plt.subplots(1, 2, figsize=(4.2, 2.1), layout="constrained")
        draw(axes)
        figure.savefig(HERE / f"imperfection-{name}.png", dpi=80)
        plt.close(figure)


def pair(**imperfection: Any) -> Callable[[Any], None]:
    """A cause and its effect, without and with an imperfection."""

    def draw(axes: Any) -> None:
        clean, spoiled = from_text(LINE, **SIZE), from_text(LINE, **SIZE, imperfections=imperfection)
        for axis, data, colour in zip(axes, (clean, spoiled), (CLEAN, SPOILED), strict=True):
            kinds = colour if data.batch is None else [f"C{b}" for b in data.batch]
            axis.scatter(*data.x.T, s=5, c=kinds, alpha=0.5, lw=0)
        label(axes, "without", "with", "cause", "effect")

    return draw


def gaps(pattern: str) -> Callable[[Any], None]:
    """Where values are missing in the rows of a table, sorted by the first variable."""

    def draw(axes: Any) -> None:
        size = {"d": 14, "n_obs": 50, "seed": 3}
        clean = simulate("linear", **size)
        data = simulate("linear", **size, imperfections={"model": "missing", "cells": 0.2, "pattern": pattern})
        order = np.argsort(clean.x[:, 0]) if pattern == "values" else np.arange(50)
        z = (clean.x - clean.x.mean(0)) / clean.x.std(0)
        for axis, values in zip(axes, (z, np.where(np.isnan(data.x), np.nan, z)), strict=True):
            axis.imshow(values[order], aspect="auto", cmap="Greys", vmin=-2.5, vmax=2.5, interpolation="nearest")
            axis.set_facecolor("tab:red")
        label(axes, "without", "missing in red", "variable", "row")

    return draw


def autocorrelation(axes: Any) -> None:
    alone = {"graph": np.zeros((2, 2), int), "n_obs": 150, "seed": 4}
    later = simulate("linear", **alone, imperfections={"model": "autocorrelation", "correlation": 0.9})
    for axis, data, colour in zip(axes, (simulate("linear", **alone), later), (CLEAN, SPOILED), strict=True):
        axis.plot(data.x[:, 0], color=colour, lw=0.8)
    label(axes, "without", "with", "row", "value")


def repeats(axes: Any) -> None:
    size = {"d": 8, "n_obs": 40, "seed": 4}
    again = simulate("linear", **size, imperfections={"model": "repeats", "times": 4})
    for axis, data in zip(axes, (simulate("linear", **size), again), strict=True):
        z = (data.x - data.x.mean(0)) / data.x.std(0)
        axis.imshow(z, aspect="auto", cmap="Greys", vmin=-2.5, vmax=2.5, interpolation="nearest")
    label(axes, "without", "each row four times", "variable", "row")


def hidden(axes: Any) -> None:
    alone = {"graph": np.zeros((2, 2), int), "n_obs": 250, "seed": 1}
    cause = {"model": "hidden-causes", "per_variable": 0.5, "effects": 2}
    confounded = from_text(LINE, **alone, imperfections=cause)
    for axis, data, colour in zip(axes, (from_text(LINE, **alone), confounded), (CLEAN, SPOILED), strict=True):
        axis.scatter(*data.x.T, s=5, c=colour, alpha=0.5, lw=0)
    label(axes, "no edge", "no edge, a hidden cause", "one variable", "another")


def left_out(axes: Any) -> None:
    """A graph with two variables outside the table (h and k), and what the table's graph is."""
    places = {"a": (0, 1), "h": (1, 1), "b": (2, 1), "k": (1, 0), "c": (0, -1), "d": (2, -1)}
    whole = [("a", "h"), ("h", "b"), ("k", "c"), ("k", "d")]
    for axis, arrows, hidden in zip(axes, (whole, [("a", "b")]), ("hk", ""), strict=True):
        for name, place in places.items():
            if name in hidden or name not in "hk":
                axis.text(*place, name, ha="center", va="center", color=CLEAN if name in hidden else SPOILED)
        for cause, effect in arrows:
            style = {"arrowstyle": "->", "color": CLEAN, "shrinkA": 7, "shrinkB": 7}
            axis.annotate("", places[effect], places[cause], arrowprops=style)
        axis.set(xlim=(-0.5, 2.5), ylim=(-1.6, 1.6), xticks=[], yticks=[])
    style = {"arrowstyle": "<->", "color": CLEAN, "linestyle": "--", "shrinkA": 7, "shrinkB": 7}
    axes[1].annotate("", places["d"], places["c"], arrowprops=style)
    label(axes, "h and k are left out", "the table: c, d confounded", "", "")


def selection(axes: Any) -> None:
    kept = from_text(LINE, **SIZE, imperfections={"model": "selection", "kept": 0.25, "noise": 0.2})
    for axis, data, colour in zip(axes, (from_text(LINE, **SIZE), kept), (CLEAN, SPOILED), strict=True):
        axis.scatter(*data.x.T, s=5, c=colour, alpha=0.5, lw=0)
    axes[1].set(xlim=axes[0].get_xlim(), ylim=axes[0].get_ylim())
    label(axes, "without", "a quarter is kept", "cause", "effect")


def intervention_errors(axes: Any) -> None:
    size = {"graph": PAIR, "n_obs": 100, "n_int": 200, "seed": 2}
    errors = {"model": "intervention-errors", "failing": 0.4, "unlabelled": 0.2}
    for axis, data in zip(
        axes, (simulate("linear", **size), simulate("linear", **size, imperfections=errors)), strict=True
    ):
        actual = data.interventions if data.true_interventions is None else data.true_interventions
        recorded, happened = data.interventions[:, 0] == 1, actual[:, 0] == 1
        for which, colour in (
            (recorded & happened, "tab:blue"),
            (recorded & ~happened, "tab:red"),
            (happened & ~recorded, "tab:orange"),
        ):
            axis.plot(np.flatnonzero(which), data.x[which, 0], ".", color=colour, ms=3)
        axis.plot(data.x[:100, 0], ".", color=CLEAN, ms=3)
    label(axes, "all work", "failing red, unlabelled orange", "row", "value")


def soft(axes: Any) -> None:
    for axis, keys, name in zip(axes, ("factor = 0.2", "shift = 2.0"), ("factor 0.2", "shift 2"), strict=True):
        data = from_text(
            f'[[intervention]]\nmodel = "soft"\ntargets = 1.0\n{keys}\n', graph=PAIR, n_obs=150, n_int=300, seed=2
        )
        rows = data.interventions[:, 1] == 1
        axis.scatter(*data.x[:150].T, s=5, c=CLEAN, alpha=0.6, lw=0)
        axis.scatter(*data.x[rows].T, s=5, c=SPOILED, alpha=0.6, lw=0)
        axis.set_title(name, fontsize=8)
    label(axes, None, None, "cause", "targeted effect")


def feedback(axes: Any) -> None:
    noise = '[[noise]]\nmodel = "gaussian"\nscale = 1.0\n[[mechanism]]\nmodel = "linear"\nweight = 0.7\nbias = 0.0\n'
    for axis, loop in zip(axes, (PAIR, np.array([[0, 1], [1, 0]])), strict=True):
        data = from_text(f"acyclic = false\n{noise}", graph=loop, n_obs=300, seed=2)
        axis.scatter(*data.x.T, s=5, c=CLEAN if loop is PAIR else SPOILED, alpha=0.6, lw=0)
        axis.set(xlim=(-6, 6), ylim=(-6, 6))
    label(axes, "a → b", "a ⇄ b", "a", "b")


def from_text(text: str, **size: Any) -> Dataset:
    """A dataset of a domain that stands on "linear"."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "domain.toml"
        path.write_text(f'name = "domain"\nbase = "linear"\n{text}', encoding="utf-8")
        return simulate(path, **size)


def label(axes: Any, left: str | None, right: str | None, x: str, y: str) -> None:
    for axis, title in zip(axes, (left, right), strict=True):
        if title is not None:
            axis.set_title(title, fontsize=8)
        axis.set_xlabel(x, fontsize=7)
        axis.tick_params(labelsize=6)
    axes[0].set_ylabel(y, fontsize=7)


PICTURES = {
    "hidden-causes": hidden,
    "left-out": left_out,
    "intervention-errors": intervention_errors,
    "soft": soft,
    "autocorrelation": autocorrelation,
    "selection": selection,
    "batches": pair(model="batches", number=3, shift=1.0),
    "measurement-error": pair(model="measurement-error", variance=0.25),
    "outliers": pair(model="outliers", cells=0.03, size=8.0),
    "rounding": pair(model="rounding", step=0.7),
    "detection-limit": pair(model="detection-limit", cells=0.3, side="below"),
    "levels": pair(model="levels", levels=3),
    "counts": pair(model="counts", mean=4.0),
    "missing-random": gaps("random"),
    "missing-values": gaps("values"),
    "missing-blocks": gaps("blocks"),
    "repeats": repeats,
    "feedback": feedback,
}

if __name__ == "__main__":
    main()
