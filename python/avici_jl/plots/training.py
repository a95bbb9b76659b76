"""The curves of a run, from the files that it writes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from avici_jl.checkpoints.files import HELD_OUT, PROGRESS
from avici_jl.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def plot_training(workdir: str | Path) -> Figure:
    """Loss, constraint and gradient over the steps; the held-out scores for each number of variables.

    Args:
        workdir: the run's working folder.

    Raises:
        InputError: the folder holds no run that has made progress.
    """
    import pandas as pd

    workdir = Path(workdir)
    try:
        progress, held_out = (pd.read_csv(workdir / name) for name in (PROGRESS, HELD_OUT))
    except (OSError, ValueError):
        raise InputError(f"{workdir} holds no run: it has no readable {PROGRESS} and {HELD_OUT}.") from None
    if progress.empty:
        raise InputError(f"The run in {workdir} has not reported any progress yet; draw it later.")
    figure = Figure(figsize=(13, 7), layout="constrained")
    axes = figure.subplots(2, 3)
    _curve(axes[0, 0], progress, "loss", "cross-entropy (nats per pair)")
    _curve(axes[0, 1], progress, "cyclicity", "spectral radius")
    if progress["multiplier"].notna().any():
        right = axes[0, 1].twinx()
        right.plot(progress["step"], progress["multiplier"], color="#D55E00", lw=1)
        right.set_ylabel("λ", color="#D55E00")
    _curve(axes[0, 2], progress, "gradient", "norm of the gradient", log=True)
    names = {"auprc": "held-out AUPRC", "f1": "held-out F1", "acyclic": "share of acyclic predictions"}
    for axis, (column, title) in zip(axes[1], names.items(), strict=True):
        _scores(axis, held_out, column, title)
    figure.suptitle(
        f"{workdir.name}: {progress['step'].iloc[-1]} steps, {progress['seconds'].iloc[-1] / 60:.0f} minutes"
    )
    return figure


def _curve(axis: Axes, progress: pd.DataFrame, column: str, title: str, *, log: bool = False) -> None:
    if progress[column].isna().all():
        axis.set_axis_off()
        return
    smooth = progress[column].rolling(max(1, len(progress) // 30), min_periods=1).mean()
    axis.plot(progress["step"], progress[column], color="#0072B2", lw=0.6, alpha=0.4)
    axis.plot(progress["step"], smooth, color="#0072B2", lw=1.6)
    axis.set(title=title, xlabel="step")
    if log and (progress[column] > 0).any():
        axis.set_yscale("log")
        axis.yaxis.set_major_formatter("{x:g}")
        decade = axis.get_ylim()[1] > 10 * axis.get_ylim()[0]  # else no label may be left
        axis.yaxis.set_minor_formatter(NullFormatter() if decade else "{x:g}")


def _scores(axis: Axes, held_out: pd.DataFrame, column: str, title: str) -> None:
    if held_out[column].isna().all():
        axis.set_axis_off()
        return
    for k, (d, group) in enumerate(held_out.groupby("d")):
        for rows, style in (("observational", "--"), ("interventional", "-")):
            part = group[group["rows"] == rows]
            axis.plot(part["step"], part[column], style, marker=".", color=f"C{k}", label=f"d={d}, {rows}")
    axis.set(title=title, xlabel="step", ylim=(-0.02, 1.02))
    if len(held_out):
        axis.legend(fontsize=7)
