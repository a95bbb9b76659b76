"""The stream of training batches: batch number i is a function of the settings and i alone.

Nothing remembers a position, so a run that stops at step i continues with the same batches anywhere.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from avici_jl.data.dataset import Datasets
from avici_jl.training.knowledge import part_of
from avici_jl.training.schema import DataConfig, SizeConfig
from avici_jl.training.sources import Source, open_source

Array = Any  # of NumPy, or of JAX, which is not imported here: processes that only make data stay small
_SHAPE, _ROWS, _ORDER, _KNOWN = 1, 2, 3, 4  # purposes of the random streams of a run


class Truth(NamedTuple):
    """What is known of the datasets of a batch, and what the network is to say of them.

    Attributes:
        graph: [k, d, d] uint8.
        signs: [k, d, d] int8, 1 or -1 where the sign of an effect is known; None if the run has no use for it.
        known: [k, d, d] int8, what is shown of the graph, see `avici_jl.training.knowledge`; None as for signs.
        taught: [k, d, d] float32, edge probabilities of a teacher; None if there is none.
    """

    graph: Array
    signs: Array | None = None
    known: Array | None = None
    taught: Array | None = None


class Batch(NamedTuple):
    """One step's datasets of one shape, or a process's part of them; NumPy's arrays, or JAX's once on the devices.

    Attributes:
        x: [k, n, d] float32.
        interventions: [k, n, d] uint8.
        truth: graphs, signs and knowledge of the datasets.
        total: datasets of the step, over all processes; what is beyond them in the parts is padding.
    """

    x: Array
    interventions: Array
    truth: Truth
    total: int


class Shape(NamedTuple):
    """What is the same for all datasets of a batch."""

    batch: int
    d: int
    n_obs: int
    n_int: int


class Part(NamedTuple):
    """Which part of every batch a process holds: batches are split evenly over the devices of all processes."""

    devices: int = 1
    process: int = 0
    processes: int = 1

    def members(self, count: int) -> np.ndarray:
        """Numbers of a batch's datasets in this part; the last dataset fills up what the devices cannot share."""
        share = -(-count // self.devices) * self.devices // self.processes
        return np.minimum(np.arange(share) + self.process * share, count - 1)


class TrainingData:
    """Random access to the batches of a run of `steps` steps.

    Batches come from one shuffle buffer after the other. Of its `shuffle_buffer` groups of datasets each is used
    `draws_per_dataset` times, in random order, and each use draws other rows of them. A group is made when it is first
    needed and forgotten with its buffer.

    Args:
        config: the settings.
        steps: length of the run.
        source: where datasets come from; by default what `config.domain` names.
        batch_multiplier: what the batches of the settings are multiplied with.
        part: which part of every batch is wanted.
        signs: whether batches have the signs of effects.
        prior: whether batches have what is shown of the graph, to a share `config.prior_fraction` of the datasets.
    """

    def __init__(
        self,
        config: DataConfig,
        steps: int,
        *,
        source: Source | None = None,
        batch_multiplier: int = 1,
        part: Part = Part(),  # noqa: B008
        signs: bool = False,
        prior: bool = False,
    ) -> None:
        self._config = config
        self._steps = steps
        self.source = source or open_source(config.domain)
        self._multiplier = batch_multiplier
        self._part = part
        self._signs, self._prior = signs, prior
        self._buffer = -1
        self._groups: dict[int, Datasets] = {}

    @property
    def buffer_steps(self) -> int:
        """Steps that a shuffle buffer lasts."""
        return self._config.shuffle_buffer * self._config.draws_per_dataset

    def __len__(self) -> int:
        return self._steps

    def shape(self, group: int) -> Shape:
        """Shape of the batches that use the simulated group of that number."""
        config = self._config
        rng = self._rng(_SHAPE, group)
        early = group * config.draws_per_dataset < config.curriculum_fraction * self._steps
        frequency = np.array([size.curriculum_weight if early else size.weight for size in config.sizes])
        size: SizeConfig = config.sizes[int(rng.choice(len(config.sizes), p=frequency / frequency.sum()))]
        n = int(rng.choice(config.rows))
        n_int = round(n * float(rng.choice(config.interventional)))
        return Shape(size.batch * self._multiplier, size.d, n - n_int, n_int)

    def blanks(self) -> list[Batch]:
        """An empty batch of every shape that this part of a run may see."""
        found = []
        for size in self._config.sizes:
            for n in sorted(set(self._config.rows)):
                total = size.batch * self._multiplier
                k = len(self._part.members(total))
                x, graph = np.zeros((k, n, size.d), np.float32), np.zeros((k, size.d, size.d), np.uint8)
                nothing = graph.astype(np.int8)
                more = (nothing if self._signs else None, nothing if self._prior else None)
                found.append(Batch(x, x.astype(np.uint8), Truth(graph, *more), total))
        return found

    def __getitem__(self, step: int) -> Batch:
        """Batch of that step; its rows are in random order and so tell nothing by their position."""
        config = self._config
        buffer, position = divmod(step, self.buffer_steps)
        if buffer != self._buffer:
            self._buffer, self._groups = buffer, {}
        order = self._rng(_ORDER, buffer).permutation(self.buffer_steps)
        group = buffer * config.shuffle_buffer + int(order[position]) % config.shuffle_buffer
        if group not in self._groups:
            self._groups[group] = self._simulate(group)
        return self._draw(self._groups[group], self.shape(group), step)

    def _simulate(self, group: int) -> Datasets:
        """The datasets of a group that this part needs, from the first to the last of them."""
        config, shape, members = self._config, self.shape(group), self._part.members(self.shape(group).batch)
        largest = self._multiplier * max(size.batch for size in config.sizes)
        return self.source.draw(
            int(members[-1] - members[0]) + 1,
            d=shape.d,
            n_obs=round(config.row_pool_factor * shape.n_obs),
            n_int=round(config.row_pool_factor * shape.n_int),
            seed=config.seed,
            first=group * largest + int(members[0]),
            **({"signs": True} if self._signs else {}),
        )

    def _draw(self, group: Datasets, shape: Shape, step: int) -> Batch:
        rng = self._rng(_ROWS, step)
        n, n_obs = group.x.shape[1], round(self._config.row_pool_factor * shape.n_obs)
        rows = np.empty((shape.batch, shape.n_obs + shape.n_int), np.intp)
        for k in range(shape.batch):
            rows[k, : shape.n_obs] = rng.choice(n_obs, shape.n_obs, replace=False)
            rows[k, shape.n_obs :] = n_obs + rng.choice(n - n_obs, shape.n_int, replace=False)
        rng.permuted(rows, axis=1, out=rows)
        flips = rng.choice(np.array([-1.0, 1.0], np.float32), (shape.batch, 1, shape.d))
        members = self._part.members(shape.batch)
        here, rows = members - members[0], rows[members]
        x = np.take_along_axis(group.x[here], rows[:, :, None], axis=1)
        interventions = np.take_along_axis(group.interventions[here], rows[:, :, None], axis=1)
        graph = np.ascontiguousarray(group.graph[here])
        signs = None
        if self._signs:
            signs = np.zeros(graph.shape, np.int8) if group.signs is None else group.signs[here]
        if self._config.flip_signs:
            flip = flips[members]
            x *= flip
            signs = None if signs is None else (signs * flip * flip.swapaxes(1, 2)).astype(np.int8)
        if self._config.heavy_tail_fraction:
            chosen = rng.random((shape.batch, 1, 1)) < self._config.heavy_tail_fraction
            a = rng.uniform(0, 2, (shape.batch, 1, shape.d)).astype(np.float32)
            x = np.where(chosen[members], with_heavy_tails(x, a[members]), x)
        known = None
        if self._prior:
            known = np.stack([self._shown(*one, step) for one in zip(graph, members, strict=True)])
        return Batch(x, interventions, Truth(graph, signs, known), shape.batch)

    def _shown(self, graph: np.ndarray, member: int, step: int) -> np.ndarray:
        """What a step shows of the graph of one of its datasets, whichever part has it."""
        rng = self._rng(_KNOWN, step, int(member))
        return part_of(graph, rng) if rng.random() < self._config.prior_fraction else np.zeros(graph.shape, np.int8)

    def _rng(self, purpose: int, *number: int) -> np.random.Generator:
        return np.random.Generator(np.random.Philox(np.random.SeedSequence([self._config.seed, purpose, *number])))


def with_heavy_tails(x: np.ndarray, a: np.ndarray) -> np.ndarray:
    """sinh(a z) / a for the standardised columns z of x [k, n, d] and a [k, 1, d], with the scale of x; NaN stays."""
    there = ~np.isnan(x)
    count = np.maximum(there.sum(axis=1, keepdims=True), 1)
    mean = np.where(there, x, 0).sum(axis=1, keepdims=True) / count
    scale = np.sqrt((np.where(there, x - mean, 0) ** 2).sum(axis=1, keepdims=True) / count).astype(x.dtype)
    z = (x - mean.astype(x.dtype)) / np.where(scale > 0, scale, 1)
    return scale * np.sinh(np.clip(a * z, -20, 20)) / np.maximum(a, np.float32(1e-3))
