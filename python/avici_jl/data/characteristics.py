"""Characteristics of a table: numbers that tell tables of one domain from others, whatever their graph."""

from __future__ import annotations

import warnings

import numpy as np

from avici_jl.data.ranks import ranks

_ROWS, _FEW, _FAR, _PAIRS = 4000, 10, 5.0, 20
"""Rows that are looked at; values of a discrete variable; robust standard deviations of a value far out; neighbouring
rows with the same targets that autocorrelation needs."""


def characteristics(x: np.ndarray, interventions: np.ndarray, kind: str) -> dict[str, float]:
    """Numbers that describe a table; NaN where one is not defined.

    All but `variables` and `rows` hardly depend on the size of the table; of large tables rows at equal distances are
    looked at.

    - gaps: share of missing values.
    - repeated rows: share of the rows that repeat another one, value by value and with the same interventions.
    - few values: share of the variables with 2 to 10 different values. ties: share of the values that occur before.
      piled up: of the variables, the mean share of values that equal the most frequent one,
      itself not counted.
    - far out: share of values more than 5 robust standard deviations (interquartile range / 1.349) from the median.
      tails: logarithm of the range that holds 98 % of the values by the interquartile range, mean over variables.
      skewness: mean over variables of |mean - median| by the standard deviation.
    - step: of values alone, not counts: how much faster values grow from the 3 % to the 0.5 % that are furthest from
      the median than from the 10 % to the 3 %, in logarithms of both, mean over variables; less three times what they
      grow faster than with the power 0.6 of their rarity from there on, over all variables, and what they grow faster
      than with the power 0.8 from the 30 % to the 10 %. Errors in single cells make a step; heavy tails, however
      heavy, do not.
    - order of rows: root mean square over variables of the rank correlation of a row with the one before it that has
      the same targets, less what chance gives.
    - isolated: of the values furthest from the median the widest step down to the next one, as a logarithm, mean over
      variables, in rows without interventions: errors stand apart from the rest, heavy tails thin out.
    - groups: the largest share of the variance that two groups of rows explain, along one of several directions with
      small kurtosis (.64 for a normal distribution). level of rows: share of the variance that is that of rows' means.
    - dependence: share of variance that the other variables explain linearly, mean over variables, adjusted for their
      number. copies: -log10(1 - r²) of the closest pair of variables. skewness and tails of the rest: of values alone,
      of what the other variables do not explain linearly, as above, the first as a root mean square less what chance
      gives.
    - interventional: share of rows with interventions. effect, spread: how far these move a variable's mean, in
      standard deviations, and the logarithm of the factor by which they change its standard deviation, both means over
      variables.
    - of counts: zeros, their share; depth and depth of rows, the mean and standard deviation over rows of the logarithm
      of the mean count.

    Args:
        x: [n, d], NaN where missing.
        interventions: [n, d] of 0 and 1.
        kind: "values" or "counts"; counts are taken as log(1 + count).
    """
    n, d = x.shape
    found = {"variables": np.log(d), "rows": np.log(n), "gaps": float(np.isnan(x).mean())}
    found["repeated rows"] = 1 - len({(a.tobytes(), b.tobytes()) for a, b in zip(x, interventions, strict=True)}) / n
    found["interventional"] = float(interventions.any(axis=1).mean())
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # columns without values, constants
        found["order of rows"] = _order(x[: 4 * _ROWS], interventions[: 4 * _ROWS])
        some = slice(None, None, -(-n // _ROWS))
        x, given = x[some], interventions[some] > 0
        if kind == "counts":
            found |= _counts(x)
            x = np.log1p(x)
        found |= _values(np.where(given, np.nan, x))
        if kind != "counts":
            found["step"] = _step(np.where(given, np.nan, x))
        found |= _effects(x, given)
        free = ~given.any(axis=1)
        rest = x[free] if free.sum() >= 2 * _PAIRS else x
        found |= {"isolated": _isolated(rest), **_relations(rest, shapes=kind != "counts")}
    return {name: float(value) for name, value in found.items()}


def _counts(x: np.ndarray) -> dict[str, float]:
    depth = np.log(np.nanmean(x, axis=1) + 1e-3)
    return {"zeros": np.nanmean(x == 0), "depth": np.mean(depth), "depth of rows": np.std(depth)}


def _values(x: np.ndarray) -> dict[str, float]:
    """What the values of each variable look like, where it was not set."""
    low, quarter, middle, three, high = np.nanquantile(x, [0.01, 0.25, 0.5, 0.75, 0.99], axis=0)
    robust = (three - quarter) / 1.349
    robust = np.where(robust > 0, robust, np.nanstd(x, axis=0))
    counts = [np.unique(column[~np.isnan(column)], return_counts=True)[1] for column in x.T]
    known = np.array([max(c.sum(), 1) for c in counts])
    different = np.array([len(c) for c in counts])
    return {
        "few values": np.mean((different > 1) & (different <= _FEW) & (known > 4 * _FEW)),
        "ties": np.mean(1 - different / known),
        "piled up": np.mean([c.max(initial=1) - 1 for c in counts] / known),
        "far out": np.nanmean(np.abs(x - middle) > _FAR * robust),
        "tails": np.nanmean(np.log((high - low) / np.where(robust > 0, robust, np.nan))),
        "skewness": np.nanmean(np.abs(np.nanmean(x, axis=0) - middle) / np.nanstd(x, axis=0)),
    }


def _step(x: np.ndarray) -> float:
    """Whether the tails begin anew, as where a few values are errors, by the growth of quantiles with their rarity."""
    if len(x) < 5 * _PAIRS:
        return np.nan
    low, middle, high = np.nanquantile(x, [0.25, 0.5, 0.75], axis=0)
    with_spread = high > low
    if not with_spread.any():
        return np.nan
    z = (np.abs(x - middle) / (high - low))[:, with_spread]
    tenth, third, two_hundredth = np.log(np.nanquantile(z, [0.9, 0.97, 0.995], axis=0))
    body = np.nanquantile(z, 0.7, axis=0)
    body = np.where(body > 0, np.log(body), tenth)  # where most values are equal, tails are no matter
    heavy = np.mean(tenth - body) / np.log(0.3 / 0.1)  # 1 for Cauchy, 0.59 for Laplace, 0.42 for normal values
    inner = np.mean(third - tenth) / np.log(0.1 / 0.03)
    outer = np.mean(two_hundredth - third) / np.log(0.03 / 0.005)
    beyond = np.log(np.divide(*np.nanquantile(z, [0.9995, 0.995]))) / np.log(10)
    return outer - inner - 3 * (max(beyond - 0.6, 0.0) + max(heavy - 0.8, 0.0))


def _isolated(x: np.ndarray) -> float:
    if len(x) < _PAIRS:
        return np.nan
    centred = np.abs(x - np.nanmedian(x, axis=0))
    ordered = np.sort(np.where(np.isnan(centred), 0.0, centred), axis=0)[::-1]
    top = ordered[1 : max(4, len(x) // 20) + 1]  # from the second largest on: a single value may be chance
    return np.mean(np.log(top[:-1] / np.where(top[1:] > 0, top[1:], np.nan)).max(axis=0))


def _order(x: np.ndarray, interventions: np.ndarray) -> float:
    same = (interventions[1:] == interventions[:-1]).all(axis=1)
    if same.sum() < _PAIRS:
        return np.nan
    place = ranks(x)
    place = (place - np.nanmean(place, axis=0)) / np.nanstd(place, axis=0)
    r = np.nanmean(place[1:][same] * place[:-1][same], axis=0)
    chance = (1 + 3 * np.sqrt(2 / len(r))) / same.sum()
    return np.sqrt(max(np.nanmean(r**2) - chance, 0.0))


def _effects(x: np.ndarray, given: np.ndarray) -> dict[str, float]:
    """What interventions do to the variable that they set."""
    free = ~given.any(axis=1)
    rows = given.sum(axis=0)
    if free.sum() < _PAIRS or not (rows >= 3).any():
        return {"effect": np.nan, "spread": np.nan}
    chosen = rows >= 3
    centre, spread = np.nanmean(x[free], axis=0), np.nanstd(x[free], axis=0)
    own = np.where(given, x, np.nan)[:, chosen]
    moved = np.abs(np.nanmean(own, axis=0) - centre[chosen]) / spread[chosen]
    factor = np.log(np.nanstd(own, axis=0) / spread[chosen] + 0.01)
    return {"effect": np.nanmean(moved), "spread": np.nanmean(factor)}


def _relations(x: np.ndarray, *, shapes: bool) -> dict[str, float]:
    """How variables go together over rows, and how rows differ."""
    z = (x - np.nanmean(x, axis=0)) / np.nanstd(x, axis=0)
    z = np.clip(np.nan_to_num(z), -6.0, 6.0)
    z = z[:, z.any(axis=0)]
    n, d = z.shape
    if d < 2:
        return {"groups": np.nan, "level of rows": np.nan, "dependence": np.nan, "copies": np.nan}
    r = z.T @ z / n
    r /= np.sqrt(np.outer(np.diag(r), np.diag(r)))
    pairs = np.abs(r[~np.eye(d, dtype=bool)])
    explained, rest = np.nan, dict[str, float]()
    if n > 2 * d:
        inverse = np.linalg.inv(r + 1e-6 * np.eye(d))
        explained = np.mean(1 - (n - 1) / (n - d) / np.diag(inverse))
        if shapes:
            rest = _shapes(z @ inverse)
    return {
        **rest,
        "groups": _groups(z, r),
        "level of rows": z.mean(axis=1).var() / z.var(),
        "dependence": explained,
        "copies": -np.log10(1 - min(float(pairs.max()), 1 - 1e-7) ** 2),
    }


def _shapes(rest: np.ndarray) -> dict[str, float]:
    """Skewness and tails of what the other variables leave of each, [n, d] on any scale."""
    low, quarter, middle, three, high = np.quantile(rest, [0.01, 0.25, 0.5, 0.75, 0.99], axis=0)
    skewed = (rest.mean(axis=0) - middle) / rest.std(axis=0)
    chance = (np.pi / 2 - 1) / len(rest)  # of normal values
    return {
        "skewness of the rest": np.sqrt(max(np.mean(skewed**2) - chance, 0.0)),
        "tails of the rest": np.mean(np.log((high - low) / (three - quarter))),
    }


def _groups(z: np.ndarray, r: np.ndarray) -> float:
    """How well two groups explain the rows, at best: directions by the fixed point of FastICA (Hyvärinen 1999)."""
    variance, axes = np.linalg.eigh(r)
    most = max(1, min(len(r), len(z) // 10, 50))
    usable = variance[-most:] > 1e-3
    if not usable.any():
        return np.nan
    white = np.clip(z, -3.0, 3.0) @ (axes[:, -most:][:, usable] / np.sqrt(variance[-most:][usable]))
    rng, best = np.random.default_rng(0), 0.0
    starts = np.vstack([np.eye(white.shape[1])[-3:], rng.normal(size=(5, white.shape[1]))])
    for w in starts:
        for _ in range(12):
            w = w / np.linalg.norm(w)
            s = white @ w
            new = 3 * w - white.T @ s**3 / len(s)  # towards small kurtosis
            w = new if new @ w > 0 else -new
        best = max(best, _two_groups(white @ w))
    return best


def _two_groups(values: np.ndarray) -> float:
    """Share of the variance that the best division of numbers into a low and a high group explains."""
    ordered = np.sort(values)
    n, total = len(ordered), ordered.sum()
    sums, counts = np.cumsum(ordered)[:-1], np.arange(1, n)
    between = (sums - counts * total / n) ** 2 * n / (counts * (n - counts)) / n
    edge = max(1, n // 20)  # groups of a few outliers are none
    return float(between[edge - 1 : n - edge].max() / ordered.var())
