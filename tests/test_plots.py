"""Pictures are drawn for every size, with and without the truth, and count what they show."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from avici_jl.plots import plot_prediction


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
