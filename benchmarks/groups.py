"""What groups of pair statistics are worth, for docs/about/recipe.md. `make bench-groups` calls it.

Three tables, all with d = 20 and graphs with two edges per variable:

- order: share of the edges of linear models that an order of the variables reverses, for measures of direction;
- groups: AUPRC of boosted trees that see one pair at a time, so that nothing but the statistics is compared;
- missing: AUPRC of a shipped model where values are missing, with means and with expectations filled in.

Arguments of the command line choose tables by name; by default all.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from avici_jl import Model
from avici_jl.data.standardize import features
from avici_jl.evaluation.metrics import auprc
from avici_jl.network.statistics import GROUPS, pair_statistics

D = 20
NOISES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "Gaussian": lambda rng, n: rng.normal(size=n),
    "exponential": lambda rng, n: rng.exponential(size=n),
    "Gumbel": lambda rng, n: rng.gumbel(size=n),
    "uniform": lambda rng, n: rng.uniform(-1, 1, n),
    "Laplace": lambda rng, n: rng.laplace(size=n),
    "gamma": lambda rng, n: rng.gamma(rng.uniform(0.5, 4), size=n),
}
OLD = ["basic", "conditional", "residual", "smooth", "invariance", "basic@ranks", "kernel", "smooth@ranks"]
SETS = {"groups": [[], ["order"], ["order", "evidence"], ["order", "bins"]], "alone": [["order"]]}


def linear(
    rng: np.random.Generator, n: int, noise: str, weights: float = 1.0, internal: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Observations [n, d] and graph [d, d]; `internal`: every variable is standardised before its effects see it."""
    sequence = rng.permutation(D)
    graph = np.zeros((D, D))
    graph[np.ix_(sequence, sequence)] = np.triu(rng.random((D, D)) < 4 / (D - 1), 1)
    strength = weights * graph * rng.uniform(0.5, 2, (D, D)) * rng.choice([-1, 1], (D, D))
    x = np.zeros((n, D))
    for j in sequence:
        own = NOISES[noise](rng, n)
        x[:, j] = x @ strength[:, j] + (own - own.mean()) / own.std()
        x[:, j] /= x[:, j].std() if internal else 1.0
    return x, graph


TESTED = {
    **{noise: {"noise": noise} for noise in ("Gaussian", "exponential", "Gumbel", "uniform")},
    "Gumbel, a fifth of the weights": {"noise": "Gumbel", "weights": 0.2},
    "Gumbel, internally standardised": {"noise": "Gumbel", "internal": True},
}


def mixed(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """One dataset for training: any noise, weights from .15 of the usual on, some internally standardised."""
    weights = float(np.exp(rng.uniform(np.log(0.15), 0)))
    return linear(rng, n, str(rng.choice(list(NOISES))), weights, bool(rng.random() < 0.4))


def statistics(groups: list[str]) -> Callable[[list[np.ndarray]], np.ndarray]:
    """Function of tables of one shape: [count, d (d - 1), statistics]."""
    call = jax.jit(lambda x: pair_statistics(x, groups, 4.0))
    others = ~np.eye(D, dtype=bool)

    def of(tables: list[np.ndarray]) -> np.ndarray:
        seen = [features(x, np.zeros(x.shape), "values")[None] for x in tables]
        return np.concatenate([np.asarray(call(jnp.asarray(x)))[:, others] for x in seen])

    return of


def order_table() -> None:
    print("| rows | data | order by entropies |\n|---|---|---|")
    of = statistics(["order"])
    for n in (200, 1000):
        for name, options in TESTED.items():
            data = [linear(np.random.default_rng(k), n, **options) for k in range(10)]  # type: ignore[arg-type]
            before = of([x for x, _ in data])[..., 0]
            edges = np.stack([graph[~np.eye(D, dtype=bool)] for _, graph in data]) == 1
            print(f"| {n} | {name} | {(before[edges] < 0).mean():.3f} |", flush=True)


def groups_table() -> None:
    names = [f"{name}, {n}" for n in (200, 1000) for name in TESTED]
    print(f"| statistics | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}")
    others = ~np.eye(D, dtype=bool)
    for groups in [*(OLD + more for more in SETS["groups"]), *SETS["alone"]]:
        of = statistics(groups)
        x, y = [], []
        for n in (200, 1000):
            data = [mixed(np.random.default_rng(n * 1000 + k), n) for k in range(120)]
            x.append(of([table for table, _ in data]).reshape(-1, sum(GROUPS[g.split("@")[0]][0] for g in groups)))
            y.append(np.concatenate([graph[others] for _, graph in data]))
        trees = HistGradientBoostingClassifier(
            max_iter=120, learning_rate=0.12, l2_regularization=1.0, max_features=0.3, random_state=0
        ).fit(np.concatenate(x), np.concatenate(y))
        cells = []
        for n in (200, 1000):
            for options in TESTED.values():
                test = [linear(np.random.default_rng(10**6 + k), n, **options) for k in range(16)]  # type: ignore[arg-type]
                found = of([table for table, _ in test])
                scores = []
                for pairs, (_, graph) in zip(found, test, strict=True):
                    p = np.zeros((D, D))
                    p[others] = trees.predict_proba(pairs)[:, 1]
                    scores.append(auprc(p, graph))
                cells.append(f"{np.mean(scores):.3f}")
        print(f"| {', '.join(groups)} | {' | '.join(cells)} |", flush=True)


def missing_table() -> None:
    model = Model.load("scm")
    print("| missing | mean filled in | expectation given the row |\n|---|---|---|")
    for share in (0.0, 0.05, 0.2, 0.4):
        scores: list[list[float]] = [[], []]
        for k in range(10):
            rng = np.random.default_rng(500 + k)
            x, graph = linear(rng, 1000, "Gumbel")
            gaps = np.where(rng.random(x.shape) < share, np.nan, x)
            for table, found in zip((np.where(np.isnan(gaps), np.nanmean(gaps, 0), gaps), gaps), scores, strict=True):
                found.append(auprc(np.asarray(model.predict(table)), graph))
        print(f"| {share:.0%} | {' | '.join(f'{np.mean(found):.3f}' for found in scores)} |", flush=True)


TABLES = {"order": order_table, "groups": groups_table, "missing": missing_table}

if __name__ == "__main__":
    for chosen in sys.argv[1:] or TABLES:
        TABLES[chosen]()
