"""How good a run is, measured on fixed datasets that training never sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from avici_jl.data.dataset import Datasets
from avici_jl.evaluation import metrics
from avici_jl.network.answer import Answer
from avici_jl.posterior.acyclic import is_acyclic
from avici_jl.training.drawn import HELD_OUT_SEED
from avici_jl.training.schema import Config
from avici_jl.training.sources import Source


class Score(NamedTuple):
    """Mean scores over the held-out datasets of one size and kind of rows.

    Attributes:
        d: number of variables.
        rows: "observational" or "interventional" (half of the rows).
        auprc: area under the precision-recall curve.
        f1: F1 score at probability 0.5.
        ece: expected calibration error.
        acyclic: share of the predictions that are acyclic at probability 0.5.
        sign: share of the true edges with a known sign of which the network says it; NaN if it says none.
    """

    d: int
    rows: str
    auprc: float
    f1: float
    ece: float
    acyclic: float
    sign: float = float("nan")


class HeldOut:
    """The held-out datasets of a run; they are made when first needed.

    Args:
        config: settings of the run.
        source: where datasets come from.
        predict: (params, x, interventions) -> what the network says.
    """

    def __init__(self, config: Config, source: Source, predict: Callable[..., Answer]) -> None:
        self._config, self._source, self._predict = config, source, predict
        self._data: dict[tuple[int, str], Datasets] = {}

    def evaluate(self, params: Any) -> list[Score]:
        """Scores of each size and kind of rows."""
        if not self._data:
            self._data = self._draw()
        found = []
        for (d, rows), data in self._data.items():
            answer = self._predict(params, data.x, data.interventions)
            score = _score(d, rows, data, np.asarray(jax.nn.sigmoid(answer.edges)))
            if answer.signs is not None and data.signs is not None:
                said = metrics.sign_accuracy(np.asarray(jax.nn.sigmoid(answer.signs)), data.signs)
                score = score._replace(sign=said)
            found.append(score)
        return found

    def _draw(self) -> dict[tuple[int, str], Datasets]:
        held_out = self._config.held_out
        sizes = held_out.sizes or sorted({size.d for size in self._config.data.sizes})
        kinds = {"observational": 0, "interventional": held_out.rows // 2}
        return {
            (d, name): self._source.draw(
                held_out.datasets,
                d=d,
                n_obs=held_out.rows - n_int,
                n_int=n_int,
                seed=HELD_OUT_SEED,
                first=0,
                **({"signs": True} if self._config.signs else {}),
            )
            for d in sizes
            for name, n_int in kinds.items()
        }


def mean_auprc(scores: Sequence[Score]) -> float:
    """One number for a whole measurement, by which the best checkpoint is chosen."""
    return float(np.nanmean([score.auprc for score in scores]))


def _score(d: int, rows: str, data: Datasets, p: np.ndarray) -> Score:
    p = np.nan_to_num(p)  # a dataset that is not finite has no prediction, and must not end a run
    pairs = [(q, graph) for q, graph in zip(p, data.graph, strict=True) if graph.any()]
    if not pairs:
        return Score(d, rows, *[float("nan")] * 4)
    auprc = [metrics.auprc(q, graph) for q, graph in pairs]
    f1 = [metrics.precision_recall_f1(q >= 0.5, graph)[2] for q, graph in pairs]
    ece = [metrics.expected_calibration_error(q, graph) for q, graph in pairs]
    acyclic = [is_acyclic(q >= 0.5) for q, _ in pairs]
    return Score(d, rows, *(float(np.mean(values)) for values in (auprc, f1, ece, acyclic)))
