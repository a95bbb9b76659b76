"""The stream of batches: a function of the settings and the number of the step."""

from __future__ import annotations

import zlib
from dataclasses import replace

import jax
import numpy as np

from avici_jl.training import Function
from avici_jl.training.data import Part, TrainingData
from avici_jl.training.schema import DataConfig, SizeConfig

DATA = DataConfig(
    domain="linear",
    kind="values",
    sizes=[SizeConfig(d=4, batch=3), SizeConfig(d=6, batch=2)],
    rows=[20, 40],
    interventional=[0.0, 0.5],
    row_pool_factor=2.0,
    draws_per_dataset=2,
    shuffle_buffer=4,
    flip_signs=True,
)
STREAM = [4002626315, 1307588547, 204212303]


def test_a_batch_depends_on_its_number_alone() -> None:
    forwards, backwards = TrainingData(DATA, 40), TrainingData(DATA, 40)
    one = [forwards[i] for i in range(12)]
    two = [backwards[i] for i in reversed(range(12))][::-1]
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(two), strict=True):
        np.testing.assert_array_equal(a, b)


def test_batches_of_a_shuffle_buffer_use_each_group_as_often() -> None:
    data = TrainingData(DATA, 40)
    for buffer in range(2):
        graphs = [data[8 * buffer + k].truth.graph.tobytes() for k in range(8)]
        assert sorted(graphs.count(graph) for graph in set(graphs)) == [2, 2, 2, 2]
    uses = [data[k].x for k in range(8) if data[k].truth.graph.tobytes() == data[0].truth.graph.tobytes()]
    assert len(uses) == 2 and not np.array_equal(*uses)


def test_batches_have_the_rows_that_were_asked_for() -> None:
    data, shapes = TrainingData(DATA, 40), set()
    for k in range(40):
        x, interventions, (graph, *_), total = data[k]
        assert total == len(x)
        count, n, d = x.shape
        shapes.add((count, d, n, int(interventions.any(-1).sum(-1)[0])))
        assert interventions.shape == x.shape and graph.shape == (count, d, d)
        assert (interventions.any(-1).sum(-1) == interventions.any(-1).sum(-1)[0]).all()
    assert {(count, d) for count, d, _, _ in shapes} == {(3, 4), (2, 6)}
    assert {(n, m) for _, _, n, m in shapes} == {(20, 0), (20, 10), (40, 0), (40, 20)}


def test_the_first_part_of_a_run_has_its_own_sizes() -> None:
    sizes = [
        SizeConfig(d=4, batch=3, curriculum_weight=1, weight=0),
        SizeConfig(d=6, batch=2, curriculum_weight=0, weight=1),
    ]
    data = TrainingData(replace(DATA, sizes=sizes, curriculum_fraction=0.5, draws_per_dataset=1), 40)
    assert {data.shape(g).d for g in range(20)} == {4} and {data.shape(g).d for g in range(20, 40)} == {6}


def test_stretched_variables_have_heavy_tails_and_the_ranks_they_had() -> None:
    config = replace(DATA, rows=[400])
    plain, stretched = TrainingData(config, 40)[3].x, TrainingData(replace(config, heavy_tail_fraction=1.0), 40)[3].x
    np.testing.assert_array_equal(plain.argsort(axis=1), stretched.argsort(axis=1))

    def kurtosis(x: np.ndarray) -> np.ndarray:
        z = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
        return (z**4).mean(axis=1)

    assert (kurtosis(stretched) >= kurtosis(plain) - 1e-3).all() and kurtosis(stretched).max() > 10
    some = TrainingData(replace(config, heavy_tail_fraction=0.5), 400)
    same = [
        np.allclose(a, b) for k in range(40) for a, b in zip(some[k].x, TrainingData(config, 400)[k].x, strict=True)
    ]
    assert 0.3 < np.mean(same) < 0.7


def test_the_parts_of_several_processes_are_the_batch() -> None:
    whole = TrainingData(DATA, 40, batch_multiplier=2)
    parts = [TrainingData(DATA, 40, batch_multiplier=2, part=Part(4, process, 2)) for process in range(2)]
    for step in (0, 5, 17):
        expected, found = whole[step], [part[step] for part in parts]
        assert expected.total == len(expected.x) == found[0].total and expected.total in (6, 4)
        for whole_array, *arrays in zip(
            *map(jax.tree.leaves, (expected[:3], *(part[:3] for part in found))), strict=True
        ):
            together = np.concatenate(arrays)
            np.testing.assert_array_equal(together[: expected.total], whole_array)
            assert len(together) % 4 == 0  # what four devices cannot share is filled up
            np.testing.assert_array_equal(together[expected.total :], together[expected.total - 1 :][:-1])


def test_the_stream_of_a_run_stays_what_it_was() -> None:
    """A run that was started with an older release goes on with the same batches."""

    def simulate(rng: np.random.Generator, d: int, n_obs: int, n_int: int) -> tuple[np.ndarray, ...]:
        x = rng.integers(0, 100, (n_obs + n_int, d))
        return x, np.arange(n_obs + n_int)[:, None] >= np.full(d, n_obs), rng.integers(0, 2, (d, d))

    data = TrainingData(DATA, 40, source=Function(simulate))
    assert [zlib.crc32(data[step].x.tobytes()) for step in (0, 9, 39)] == STREAM
