"""Batches are removed where they are there, and nowhere else; a large table is parted by what is in its rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from avici_jl.data.batches import parts_of_rows, read_batch, remove_batches
from avici_jl.data.inputs import read_input
from avici_jl.errors import InputError


def measured(n: int = 600, d: int = 4, batches: int = 6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """[n, d] correlated values, and which batch each row is of."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, d)) @ (np.eye(d) + 0.7 * np.triu(np.ones((d, d)), 1))
    return x, np.arange(n) % batches


def test_shift_and_scale_of_batches_are_removed() -> None:
    x, batch = measured()
    rng = np.random.default_rng(1)
    shift, scale = rng.normal(0, 3, (6, 4)), np.exp(rng.normal(0, 0.3, (6, 4)))
    seen = remove_batches(x * scale[batch] + shift[batch], np.zeros(x.shape), batch, "values")
    np.testing.assert_allclose(np.corrcoef(seen.T), np.corrcoef(x.T), atol=0.05)
    means = np.stack([seen[batch == b].mean(axis=0) for b in range(6)])
    assert means.std(axis=0).max() < 0.03 * seen.std()


def test_where_batches_do_not_differ_hardly_anything_is_changed() -> None:
    x, batch = measured()
    seen = remove_batches(x, np.zeros(x.shape), batch, "values")
    naive = x - np.stack([x[batch == b].mean(axis=0) for b in range(6)])[batch]
    assert np.abs(seen - x).mean() < 0.5 * np.abs(naive - x + naive.mean() - x.mean()).mean()
    np.testing.assert_array_equal(remove_batches(x, np.zeros(x.shape), 0 * batch, "values"), x)


def test_a_batch_of_one_row_is_not_moved_onto_the_mean() -> None:
    x, batch = measured()
    batch = batch.copy()
    x[7] = 2.0
    batch[7] = 6
    seen = remove_batches(x, np.zeros(x.shape), batch, "values")
    assert np.isfinite(seen).all() and np.abs(seen[7] - 2.0).max() < 1.0


def test_effects_of_interventions_stay() -> None:
    x, batch = measured()
    u = np.zeros(x.shape)
    u[300:, 0] = 1  # in every batch
    x[300:, 0] += 5.0
    x[300:, 1] += 4.0
    shift = np.random.default_rng(2).normal(0, 3, (6, 4))
    seen = remove_batches(x + shift[batch], u, batch, "values")
    difference = seen[300:, :2].mean(axis=0) - seen[:300, :2].mean(axis=0)
    np.testing.assert_allclose(difference, x[300:, :2].mean(axis=0) - x[:300, :2].mean(axis=0), atol=0.3)


def test_counts_keep_their_zeros_and_missing_values_stay_missing() -> None:
    rng = np.random.default_rng(3)
    rate = np.exp(rng.normal(1.5, 0.5, (1, 4)))
    batch = np.arange(900) % 3
    x = rng.poisson(rate * np.array([1.0, 3.0, 0.5])[batch][:, None] ** np.array([1, 0, 0, 0])).astype(float)
    x[0, 2] = np.nan
    seen = remove_batches(x, np.zeros(x.shape), batch, "counts")
    np.testing.assert_array_equal(seen == 0, x == 0)
    assert np.isnan(seen[0, 2]) and np.isnan(seen).sum() == 1
    share = seen / np.nansum(seen, axis=1, keepdims=True)
    before, after = (
        np.ptp([np.nanmean(value[batch == b, 0]) for b in range(3)])
        for value in (x / np.nansum(x, axis=1, keepdims=True), share)
    )
    assert after < 0.4 * before


def test_labels_come_from_arrays_and_columns() -> None:
    x, batch = measured(12)
    frame = pd.DataFrame(x, columns=list("abcd")).assign(plate=[f"p{b}" for b in batch])
    found = read_input(frame, batch="plate", kind="values")
    assert found.names == list("abcd")
    np.testing.assert_array_equal(found.batch, batch)
    np.testing.assert_array_equal(read_batch(["x", None, "x"], 3), [1, 0, 1])
    for wrong, message in ((batch[1:], "11 labels for 12 rows"), (np.arange(12), "a batch of its own"), ("day", "day")):
        with pytest.raises(InputError, match=message):
            read_input(frame.drop(columns="plate"), batch=wrong, kind="values")


def test_parts_hold_all_rows_and_their_share_of_the_interventions_in_any_order() -> None:
    x, _ = measured(1003)
    u = np.zeros(x.shape, np.uint8)
    u[np.arange(200), np.arange(200) % 4] = 1
    parts = parts_of_rows(x, u, 250)
    assert len(parts) == 5 and {len(part) for part in parts} == {201}
    assert set(np.concatenate(parts)) == set(range(1003))
    for part in parts:
        assert np.abs(u[part].sum(axis=0) - 10).max() <= 1
    rng = np.random.default_rng(4)
    rows, variables = rng.permutation(1003), rng.permutation(4)
    moved = parts_of_rows(x[rows][:, variables], u[rows][:, variables], 250)
    for part, other in zip(parts, moved, strict=True):
        overlap = len(set(part) & set(rows[other]))
        assert overlap >= 199  # rows that fill up a part may be others
