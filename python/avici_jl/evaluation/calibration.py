"""Calibration of a model on simulated data: the temperature of its probabilities, and where to call an edge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit

from avici_jl.evaluation.metrics import best_threshold, expected_calibration_error, off_diagonal

Predictions = Sequence[tuple[np.ndarray, np.ndarray]]
"""Pairs of predicted probabilities [d, d] and the true graph [d, d]."""


@dataclass(frozen=True)
class Calibration:
    """What a finished model's card says about its probabilities.

    Attributes:
        temperature: the network's logits are divided by it (Guo et al. 2017); 1 if that would not help.
        threshold: the probability with the best mean F1 score over all datasets.
        thresholds: the same for each condition, "observational" and "interventional".
        ece: expected calibration error on the half of the datasets that the temperature was not fitted on, at
            temperature 1 and at the fitted one.
    """

    temperature: float
    threshold: float
    thresholds: dict[str, float]
    ece: tuple[float, float]


def calibrate(predictions: Mapping[str, Predictions]) -> Calibration:
    """Fit temperature and thresholds.

    The temperature minimises the cross-entropy of every other dataset; it is kept if it lowers the mean expected
    calibration error of the rest.

    Args:
        predictions: of each condition.
    """
    everything = [pair for pairs in predictions.values() for pair in pairs]
    fitted = fit_temperature(everything[::2])
    rest = everything[1::2]
    ece = tuple(
        float(np.mean([expected_calibration_error(tempered(p, t), graph) for p, graph in rest])) for t in (1.0, fitted)
    )
    temperature = fitted if ece[1] < ece[0] else 1.0

    def threshold(pairs: Predictions) -> float:
        return best_threshold([tempered(p, temperature) for p, _ in pairs], [graph for _, graph in pairs])

    thresholds = {condition: threshold(pairs) for condition, pairs in predictions.items()}
    return Calibration(temperature, threshold(everything), thresholds, (ece[0], ece[1]))


def fit_temperature(predictions: Predictions) -> float:
    """The temperature, between 1/4 and 4, with the least cross-entropy over all off-diagonal pairs."""
    scores = np.concatenate([_logits(off_diagonal(p)) for p, _ in predictions])
    edges = np.concatenate([off_diagonal(graph) > 0 for _, graph in predictions])
    signed = np.where(edges, scores, -scores)

    def cross_entropy(log_temperature: float) -> float:
        return float(np.logaddexp(0.0, -signed / np.exp(log_temperature)).mean())

    return float(np.exp(minimize_scalar(cross_entropy, bounds=(-np.log(4), np.log(4)), method="bounded").x))


def tempered(p: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities [d, d] whose logits are divided by the temperature."""
    return p if temperature == 1.0 else expit(_logits(p) / temperature)


def _logits(p: np.ndarray) -> np.ndarray:
    return logit(np.clip(np.asarray(p, np.float64), 1e-12, 1 - 1e-12))
