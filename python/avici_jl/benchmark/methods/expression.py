"""What is used on gene expression: trees per gene, partial correlation, information, and knock-outs by their z-scores.

GENIE3 and GRNBoost2 are restated with scikit-learn from their papers and published settings; the package that has both,
arboreto, needs versions of other packages that are gone.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from avici_jl.benchmark.methods.interface import Baseline, Cost, Data, Gives, Takes

_TREES = 100
_BOOST = {"learning_rate": 0.01, "n_estimators": 1000, "max_features": 0.1, "subsample": 0.9, "max_depth": 3}
_PATIENCE = 25


def genie3(data: Data) -> np.ndarray:
    """GENIE3 (Huynh-Thu et al. 2010): importances in a random forest for each gene, √d candidates a split.

    100 trees in place of 1000; rows in which the gene was set are left out.
    """
    from sklearn.ensemble import RandomForestRegressor

    def importances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        forest = RandomForestRegressor(_TREES, max_features="sqrt", random_state=data.seed)
        return forest.fit(x, y).feature_importances_

    return _per_gene(data, importances)


def grnboost2(data: Data) -> np.ndarray:
    """GRNBoost2 (Moerman et al. 2019): importances in stochastic gradient boosting, stopped when it no longer helps.

    Arboreto's settings, with at most 1000 trees in place of 5000; rows in which the gene was set are left out.
    """
    from sklearn.ensemble import GradientBoostingRegressor

    def stop(step: int, model: Any, _: Any) -> bool:
        return step >= _PATIENCE and float(model.oob_improvement_[step - _PATIENCE + 1 : step + 1].mean()) < 0

    def importances(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        model = GradientBoostingRegressor(random_state=data.seed, **_BOOST).fit(x, y, monitor=stop)
        return model.feature_importances_ * len(model.estimators_)

    return _per_gene(data, importances)


def _per_gene(data: Data, importances: Any) -> np.ndarray:
    x, score = data.standardized, np.zeros((data.x.shape[1],) * 2)
    for j in range(len(score)):
        others, rows = np.arange(len(score)) != j, data.interventions[:, j] == 0
        if rows.sum() > 1 and x[rows, j].std() > 0:
            score[others, j] = importances(x[np.ix_(rows, others)], x[rows, j] / x[rows, j].std())
    return score


def partial_correlation(data: Data) -> np.ndarray:
    """|Partial correlation| given all others, from a shrunken covariance (Schäfer and Strimmer 2005)."""
    from sklearn.covariance import ledoit_wolf

    precision = np.linalg.inv(ledoit_wolf(data.standardized)[0])
    spread = np.sqrt(np.diag(precision))
    return np.abs(precision / np.outer(spread, spread))


def pidc(data: Data) -> np.ndarray:
    """PIDC (Chan, Stumpf and Babtie 2017): proportions of unique information, over all triples of genes.

    Genes are cut at their quantiles into √n bins, at most 10. Symmetric.
    """
    from scipy.stats import gamma

    bins = int(np.clip(np.sqrt(len(data.x)), 2, 10))
    codes = np.stack([_cut(column, bins) for column in data.natural.T])
    d, n = codes.shape
    table = np.stack([codes == b for b in range(bins)], axis=1).astype(float)  # [d, bins, n]
    share = table.mean(axis=2)
    flat = table.reshape(d * bins, n)
    joint = (flat @ flat.T / n).reshape(d, bins, d, bins)
    # What a source says about each value of a target (the specific information): [source, target, value].
    with np.errstate(divide="ignore", invalid="ignore"):
        given = joint / share[:, :, None, None]  # p(target value | source value)
        surprise = np.log2(given / share[None, None])
        per_value = np.where(joint > 0, joint / share[None, None] * surprise, 0.0).sum(axis=1)
    specific = np.where(share[None] > 0, per_value, 0.0)
    information = np.maximum((specific * share[None]).sum(axis=2), 0.0)
    proportion = np.zeros((d, d))
    for target in range(d):
        s, p = specific[:, target], share[target]
        redundant = np.einsum("xzb,b->xz", np.minimum(s[:, None], s[None]), p)
        unique = np.maximum(information[:, target, None] - redundant, 0.0)
        unique[:, target] = 0.0
        np.fill_diagonal(unique, 0.0)
        total = unique.sum(axis=1)
        proportion[:, target] = np.where(
            information[:, target] > 1e-12, total / np.maximum(information[:, target], 1e-12), 0
        )
    symmetric = proportion + proportion.T
    off = ~np.eye(d, dtype=bool)
    place = np.zeros((d, d))
    for gene in range(d):  # where a value lies among those of one gene, by a gamma distribution of their moments
        values = symmetric[gene, off[gene]]
        mean, variance = values.mean(), values.var()
        if variance > 1e-12:
            place[gene] = gamma.cdf(symmetric[gene], mean**2 / variance, scale=variance / mean)
    return (place + place.T) * off


def _cut(values: np.ndarray, bins: int) -> np.ndarray:
    return np.searchsorted(np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)[1:-1])), values, side="right")


def knockout_z(data: Data) -> np.ndarray:
    """|z-score| of a gene's mean in a knock-out among its means in all conditions (Prill et al. 2010, DREAM)."""
    x, environments = data.natural, data.environments()
    means = np.stack([x[rows].mean(axis=0) for _, rows in environments])
    z = np.abs(means - means.mean(axis=0)) / (means.std(axis=0) + 1e-9)
    score, times = (np.zeros((x.shape[1],) * 2) for _ in range(2))
    for k, (targets, _) in enumerate(environments):
        for target in targets:
            score[target] += z[k]
            times[target] += 1
    return score / np.maximum(times, 1)


EXPRESSION = (
    Baseline(
        "partial correlation",
        partial_correlation,
        Takes.ANY,
        Gives.SCORES,
        Cost.LOW,
        source="Schäfer and Strimmer 2005",
    ),
    Baseline("PIDC", pidc, Takes.ANY, Gives.SCORES, Cost.MEDIUM, source="Chan et al. 2017"),
    Baseline("knock-out z-score", knockout_z, Takes.INTERVENTIONAL, Gives.SCORES, Cost.LOW, source="Prill et al. 2010"),
    Baseline("GENIE3", genie3, Takes.ANY, Gives.SCORES, Cost.HIGH, source="Huynh-Thu et al. 2010"),
    Baseline("GRNBoost2", grnboost2, Takes.ANY, Gives.SCORES, Cost.HIGH, source="Moerman et al. 2019"),
)
