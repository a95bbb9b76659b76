"""AnnData in and out: layers, columns of labels, controls, sparse matrices, files."""

from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from avici_jl import InputError, read_table
from avici_jl.data.inputs import read_input

GENES = ["GATA1", "SPI1", "TAL1", "KLF1"]


def screen(n: int = 12) -> anndata.AnnData:
    """Cells of a knock-out screen: normalised values in X, raw counts in a layer, the target's name in obs."""
    counts = np.random.default_rng(0).poisson(2.0, (n, 4)) + 1
    guides = ["non-targeting", "GATA1", "TAL1"] * (n // 3)
    cells = anndata.AnnData(
        np.log1p(counts).astype(np.float32),
        obs=pd.DataFrame({"guide": pd.Categorical(guides), "batch": 1}, index=[f"cell{k}" for k in range(n)]),
        var=pd.DataFrame(index=GENES),
    )
    cells.layers["counts"] = sparse.csr_matrix(counts)
    return cells


def expected_mask(cells: anndata.AnnData) -> np.ndarray:
    return (cells.obs["guide"].to_numpy()[:, None] == np.array(GENES)).astype(np.uint8)


def test_layer_column_and_control_choose_counts_and_interventions() -> None:
    cells = screen()
    found = read_input(cells, "guide", kind="counts", layer="counts", control="non-targeting")
    np.testing.assert_array_equal(found.x, cells.layers["counts"].toarray())
    np.testing.assert_array_equal(found.interventions, expected_mask(cells))
    assert found.names == GENES and list(found.columns) == GENES
    shuffled = cells.obs["guide"].sample(frac=1, random_state=1)  # a Series finds its rows by their labels
    again = read_input(cells, shuffled, kind="counts", layer="counts", control=["non-targeting"])
    np.testing.assert_array_equal(again.interventions, found.interventions)


def test_a_file_gives_the_same(tmp_path: object) -> None:
    path = f"{tmp_path}/screen.h5ad"
    screen().write_h5ad(path)
    for cells in (read_table(path), anndata.read_h5ad(path, backed="r")):
        found = read_input(cells, "guide", kind="counts", layer="counts", control="non-targeting")
        np.testing.assert_array_equal(found.interventions, expected_mask(screen()))
        np.testing.assert_array_equal(found.x, screen().layers["counts"].toarray())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "not integers.*layer= one of 'counts'"),
        ({"layer": "count"}, "no layer 'count'; it has 'counts'"),
        ({"layer": "counts", "interventions": "guides"}, "'guides' names no column of obs.*Did you mean 'guide'"),
        ({"layer": "counts", "interventions": "batch"}, "'batch' of obs of the AnnData holds numbers"),
        ({"layer": "counts", "interventions": "guide"}, "row 0 names 'non-targeting'.*control="),
        ({"layer": "counts", "interventions": "guide", "control": ["non-targeting", "ctrl"]}, "no row.*'ctrl'"),
    ],
)
def test_what_does_not_fit_is_explained(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_input(screen(), kind="counts", **options)


def test_targets_that_were_not_measured_are_counted() -> None:
    cells = screen()[:, ["GATA1", "SPI1", "KLF1"]]
    with pytest.raises(InputError, match="row 2 names 'TAL1'.*In all, 4 rows.*target is not in X.*unmeasured='drop'"):
        read_input(cells, "guide", kind="counts", layer="counts", control="non-targeting")
    labels = ["GATA1+SPI1"] + [None] * 11
    with pytest.raises(InputError, match="split by separator=.*list of names"):
        read_input(cells, labels, kind="counts", layer="counts")
