"""Pictures are drawn for every size, with and without the truth, and count what they show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from avici_jl.errors import InputError
from avici_jl.plots import (
    plot_calibration,
    plot_matrix,
    plot_network,
    plot_precision_recall,
    plot_prediction,
    plot_training,
)


def example(d: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    rng = np.random.default_rng(d)
    truth = np.triu(rng.random((d, d)) < 0.3, 1)
    p = np.clip(0.7 * truth + 0.4 * rng.random((d, d)), 0, 1)
    np.fill_diagonal(p, 0)
    return p, truth, [f"gene{j}" for j in range(d)]


@pytest.mark.parametrize("d", [2, 12, 45])
def test_pictures_are_written(d: int, tmp_path: Path) -> None:
    p, truth, names = example(d)
    for k, given in enumerate((None, truth)):
        path = tmp_path / f"{k}.png"
        plot_prediction(p, names, truth=given, threshold=0.6, title="example").savefig(path, dpi=50)
        assert path.stat().st_size > 3000


def test_the_legend_counts_found_missed_and_extra_edges() -> None:
    truth = np.array([[0, 1, 1], [0, 0, 0], [0, 0, 0]])
    p = np.array([[0, 0.9, 0.1], [0, 0, 0.8], [0, 0.2, 0]])
    figure = plot_prediction(p, list("abc"), truth=truth, threshold=0.5)
    legend = [text.get_text() for text in figure.axes[2].get_legend().get_texts()]
    assert legend == ["found (1)", "not in the truth (1)", "missed (1)"]
    titles = [axis.get_title() for axis in figure.axes[:3]]
    assert titles == ["True graph", "Predicted probability", "Edges of probability ≥ 0.50"]


def test_variables_are_shown_causes_first() -> None:
    truth = np.zeros((4, 4))
    truth[2, 0] = truth[0, 3] = truth[3, 1] = 1
    figure = plot_prediction(truth * 0.9, list("abcd"), truth=truth)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["c", "a", "d", "b"]


@pytest.mark.parametrize("d", [2, 11, 100])
def test_every_variable_is_named_and_the_caller_s_axes_are_used(d: int) -> None:
    p, truth, names = example(d)
    frame = pd.DataFrame(p, index=names, columns=names)
    figure = Figure(figsize=(10, 5))
    left, right = figure.subplots(1, 2)
    assert plot_matrix(frame, axes=left) is figure and plot_network(frame, truth=truth, axes=right) is figure
    assert {label.get_text() for label in left.get_xticklabels()} == set(names)
    assert {text.get_text() for text in right.texts} == set(names)
    places = [text.get_position() for text in right.texts]
    assert len(set(places)) == d  # no two variables at the same place
    assert plot_network(p).axes[0].texts[0].get_text() == "x1"


def test_long_names_keep_both_ends() -> None:
    p, _, _ = example(2)
    figure = plot_network(p, ["ENSG00000101", "ENSG00000102"])
    assert {text.get_text() for text in figure.axes[0].texts} == {"ENS…000101", "ENS…000102"}


def test_calibration_of_perfect_probabilities_is_the_diagonal() -> None:
    rng = np.random.default_rng(0)
    probabilities = [rng.random((60, 60)) for _ in range(5)]
    graphs = [rng.random((60, 60)) < p for p in probabilities]
    axes = plot_calibration(probabilities, graphs).axes[0]
    points = np.asarray(axes.collections[-1].get_offsets())
    assert len(points) == 10 and np.abs(points[:, 0] - points[:, 1]).max() < 0.05
    assert f"{5 * 60 * 59:,} pairs" in axes.get_title()
    with pytest.raises(InputError, match="5 and 4"):
        plot_calibration(probabilities, graphs[:4])


def test_precision_and_recall_name_their_areas() -> None:
    p, truth, _ = example(20)
    axes = plot_precision_recall({"model": [truth], "none": [0 * p]}, [truth], threshold=0.5).axes[0]
    chance = truth.sum() / (20 * 19)
    legend = [text.get_text() for text in axes.get_legend().get_texts()]
    assert legend == ["model (1.00)", "threshold 0.50", f"none ({chance:.2f})", f"chance ({chance:.2f})"]
    with pytest.raises(InputError, match="no edge"):
        plot_precision_recall({"model": [p]}, [0 * truth])


def test_the_curves_of_a_run_are_drawn_from_its_files(tmp_path: Path) -> None:
    (tmp_path / "progress.csv").write_text(
        "step,seconds,loss,multiplier,cyclicity,gradient\n10,1,3,0,0.5,1\n20,2,2,0.1,0.4,0.5\n"
    )
    (tmp_path / "held_out.csv").write_text(
        "step,d,rows,auprc,f1,acyclic\n20,5,observational,0.5,0.4,1\n20,5,interventional,0.7,0.6,1\n"
    )
    shown = {axis.get_title(): axis for axis in plot_training(tmp_path).axes if axis.lines}
    assert shown["cross-entropy (nats per pair)"].lines[0].get_xydata().tolist() == [[10, 3], [20, 2]]
    assert [line.get_ydata().tolist() for line in shown["held-out AUPRC"].lines] == [[0.5], [0.7]]
    with pytest.raises(InputError, match="holds no run"):
        plot_training(tmp_path / "nothing")
