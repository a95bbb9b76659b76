"""How much an answer hangs on the rows that were measured: what it is for rows drawn again (the bootstrap)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from avici_jl.data.inputs import Input
from avici_jl.errors import InputError
from avici_jl.posterior.edges import check_probability

if TYPE_CHECKING:
    import pandas as pd

    from avici_jl.posterior.posterior import Posterior


@dataclass(frozen=True, eq=False)
class Stability:
    """Edge probabilities of bootstrap resamples beside those of the data.

    An edge that most resamples have does not hang on a few rows. It may be wrong all the same: what misleads the model
    in the data misleads it in their resamples too.

    Attributes:
        posterior: of the data.
        resampled: [resamples, d, d] float32, the probabilities of each resample.
    """

    posterior: Posterior
    resampled: np.ndarray

    def frequency(self, threshold: float | None = None) -> np.ndarray:
        """[d, d], the share of resamples in which an edge has at least this probability; by default the model's.

        Raises:
            InputError: the threshold is no probability.
        """
        chosen = self.posterior.threshold if threshold is None else threshold
        check_probability(chosen)
        share = (self.resampled >= chosen).mean(axis=0)
        np.fill_diagonal(share, 0.0)
        return share

    def interval(self, level: float = 0.9) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper ends [d, d] of the central interval that holds this share of the resampled probabilities.

        Raises:
            InputError: the level is no share between 0 and 1.
        """
        if not 0 < level < 1:
            raise InputError(f"level must be a share between 0 and 1, got {level!r}.")
        low, high = np.quantile(self.resampled, [(1 - level) / 2, (1 + level) / 2], axis=0)
        return low, high

    def to_frame(self, threshold: float | None = None, level: float = 0.9) -> pd.DataFrame:
        """A table `source, target, probability, frequency, low, high` of all d (d - 1) edges, most probable first."""
        import pandas as pd

        p = self.posterior.probabilities
        cause, effect = np.nonzero(~np.eye(len(p), dtype=bool))
        order = np.argsort(-p[cause, effect], kind="stable")
        cause, effect = cause[order], effect[order]
        labels = pd.Index(self.posterior.names, tupleize_cols=False)
        low, high = self.interval(level)
        columns = {"probability": p, "frequency": self.frequency(threshold), "low": low, "high": high}
        values = {name: matrix[cause, effect] for name, matrix in columns.items()}
        return pd.DataFrame({"source": labels.take(cause), "target": labels.take(effect), **values})

    def __repr__(self) -> str:
        frequency, kept = self.frequency(), self.posterior.adjacency() > 0
        often = int((frequency[kept] >= 0.9).sum())
        return (
            f"Stability over {len(self.resampled)} resamples: {often} of {int(kept.sum())} edges at the threshold "
            f"{self.posterior.threshold:.2f} are in at least 90% of them"
        )


def row_sampler(data: Input) -> Callable[[np.random.Generator], np.ndarray]:
    """Draws positions of as many rows, with replacement, within each batch from the rows with the same targets."""
    strata = data.interventions if data.batch is None else np.column_stack([data.interventions, data.batch])
    stratum = np.unique(strata, axis=0, return_inverse=True)[1].ravel()
    order, size = np.argsort(stratum, kind="stable"), np.bincount(stratum)
    start = np.cumsum(size) - size
    return lambda rng: order[start[stratum] + rng.integers(size[stratum])]


def resample(data: Input, rng: np.random.Generator) -> Input:
    """As many rows drawn with replacement, within each batch from the rows with the same targets.

    Rows are drawn again where a variable would be left with fewer than two values.

    Raises:
        InputError: too few values are there for that.
    """
    draw = row_sampler(data)
    for _ in range(_TRIES):
        rows = draw(rng)
        if ((~np.isnan(data.x[rows])).sum(axis=0) >= 2).all():
            return replace(
                data,
                x=data.x[rows],
                interventions=data.interventions[rows],
                rows=None if data.rows is None else data.rows[rows],
                batch=None if data.batch is None else data.batch[rows],
            )
    raise InputError("So many values are missing that rows cannot be drawn again; leave out the emptiest variables.")


_TRIES = 100
