"""Tables that are transposed are asked about; those that are not are left alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from avici_jl import read_table
from avici_jl.data.inputs import read_input

GENES = ["GATA1", "KLF1", "SPI1", "TAL1"]


def measurements(n: int = 40) -> np.ndarray:
    """Variables with levels of their own, as temperature and pressure."""
    return np.random.default_rng(0).normal([0, 20, -8, 300], [1, 0.3, 5, 20], (n, 4))


def counts(n: int = 40) -> np.ndarray:
    return np.random.default_rng(0).poisson([1, 3, 2, 1], (n, 4)) * 1.0


def asks(x: object) -> bool:
    return any(reason == "transposed" for reason, _ in read_input(x, kind="values").notes)


def frame(x: np.ndarray, rows: list[object] | None, columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(x, index=rows, columns=columns)


NUMBERS = list(range(40))
SAMPLES = [f"s{k}" for k in range(40)]
BARCODES = [f"{'ACGT'[k % 4]}{'ACGT'[k // 4 % 4]}{'ACGT'[k // 16]}ACGTTGCA-1" for k in range(40)]


@pytest.mark.parametrize("cells", [NUMBERS, SAMPLES, BARCODES])
@pytest.mark.parametrize("make", [measurements, counts])
def test_labels_tell(cells: list[object], make: object) -> None:
    right = frame(make(), cells, GENES)  # type: ignore[operator]
    assert not asks(right) and asks(right.T)
    assert not asks(right.iloc[:3])  # fewer rows than columns are no sign by themselves


def test_levels_tell_where_there_are_no_labels() -> None:
    assert asks(measurements().T) and not asks(measurements())
    wide = np.random.default_rng(0).normal(size=(10, 60)) + np.linspace(0, 5, 60)
    assert not asks(wide)
    common = np.random.default_rng(0).normal(size=(10, 1)) + 0.1 * wide
    assert not asks((common - common.mean(0)) / common.std(0))  # standardised by column


def test_a_file_is_turned(tmp_path: object) -> None:
    right = frame(measurements(), SAMPLES, GENES)
    right.T.to_csv(f"{tmp_path}/x.csv")
    assert asks(read_table(f"{tmp_path}/x.csv")) and asks(pd.read_csv(f"{tmp_path}/x.csv"))
    pd.testing.assert_frame_equal(read_table(f"{tmp_path}/x.csv", transpose=True), right)
    right.T.rename_axis("gene").to_csv(f"{tmp_path}/named.csv")
    pd.testing.assert_frame_equal(read_table(f"{tmp_path}/named.csv", "gene", transpose=True), right)
