"""The stream of training batches: batch number i is a function of the settings and i alone.

Nothing remembers a position, so a run that stops at step i continues with the same batches anywhere.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from avici_jl.simulation import simulate_batch
from avici_jl.training.config import DataConfig, SizeConfig

_SHAPE, _ROWS, _ORDER = 1, 2, 3  # purposes of the random streams of a run


class Batch(NamedTuple):
    """Datasets of one shape: x [count, n, d] float32, interventions [count, n, d] uint8, graph [count, d, d] uint8."""

    x: np.ndarray
    interventions: np.ndarray
    graph: np.ndarray


class Shape(NamedTuple):
    """What is the same for all datasets of a batch."""

    batch: int
    d: int
    n_obs: int
    n_int: int


class TrainingData:
    """Random access to the batches of a run of `steps` steps.

    Batches come in chapters. Of a chapter's `chapter` simulated groups of datasets each is used `reuse` times, in
    random order, and each use draws other rows of them. A group is simulated when it is first needed and forgotten
    with its chapter.
    """

    def __init__(self, config: DataConfig, steps: int) -> None:
        self._config = config
        self._steps = steps
        self._chapter = -1
        self._groups: dict[int, Batch] = {}

    def __len__(self) -> int:
        return self._steps

    def shape(self, group: int) -> Shape:
        """Shape of the batches that use the simulated group of that number."""
        config = self._config
        rng = self._rng(_SHAPE, group)
        early = group * config.reuse < config.first_part * self._steps
        frequency = np.array([size.first if early else size.then for size in config.sizes])
        size: SizeConfig = config.sizes[int(rng.choice(len(config.sizes), p=frequency / frequency.sum()))]
        n = int(rng.choice(config.rows))
        n_int = round(n * float(rng.choice(config.interventional)))
        return Shape(size.batch, size.d, n - n_int, n_int)

    def __getitem__(self, step: int) -> Batch:
        """Batch of that step; its rows are in random order and so tell nothing by their position."""
        config = self._config
        chapter, position = divmod(step, config.chapter * config.reuse)
        if chapter != self._chapter:
            self._chapter, self._groups = chapter, {}
        order = self._rng(_ORDER, chapter).permutation(config.chapter * config.reuse)
        group = chapter * config.chapter + int(order[position]) % config.chapter
        if group not in self._groups:
            self._groups[group] = self._simulate(group)
        return self._draw(self._groups[group], self.shape(group), self._rng(_ROWS, step))

    def _simulate(self, group: int) -> Batch:
        shape, more = self.shape(group), self._config.oversample
        largest = max(size.batch for size in self._config.sizes)
        return Batch(
            *simulate_batch(
                self._config.domain,
                shape.batch,
                d=shape.d,
                n_obs=round(more * shape.n_obs),
                n_int=round(more * shape.n_int),
                seed=self._config.seed,
                first=group * largest,
            )
        )

    def _draw(self, group: Batch, shape: Shape, rng: np.random.Generator) -> Batch:
        n, n_obs = group.x.shape[1], round(self._config.oversample * shape.n_obs)
        rows = np.empty((shape.batch, shape.n_obs + shape.n_int), np.intp)
        for k in range(shape.batch):
            rows[k, : shape.n_obs] = rng.choice(n_obs, shape.n_obs, replace=False)
            rows[k, shape.n_obs :] = n_obs + rng.choice(n - n_obs, shape.n_int, replace=False)
        rng.permuted(rows, axis=1, out=rows)
        x = np.take_along_axis(group.x, rows[:, :, None], axis=1)
        interventions = np.take_along_axis(group.interventions, rows[:, :, None], axis=1)
        if self._config.flip_signs:
            x *= rng.choice(np.array([-1.0, 1.0], np.float32), (shape.batch, 1, shape.d))
        return Batch(x, interventions, np.ascontiguousarray(group.graph))

    def _rng(self, purpose: int, number: int) -> np.random.Generator:
        return np.random.Generator(np.random.Philox(np.random.SeedSequence([self._config.seed, purpose, number])))
