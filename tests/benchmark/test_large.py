"""The experiment of larger tables asks every model as a whole and in subsets."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import tiny_models
from avici_jl import Dataset
from avici_jl.benchmark import QUICK, large
from avici_jl.evaluation.compare import Setting


def made(domain: str, setting: Setting, count: int, seed: int = 0) -> Iterator[tuple[int, Dataset, np.ndarray]]:
    d, n = setting.d, setting.n_obs + setting.n_int
    graph = np.diag(np.ones(d - 1, np.uint8), 1)
    for k in range(count):
        x = np.random.default_rng(k).normal(size=(n, d)).cumsum(axis=1).astype(np.float32)
        yield k, Dataset(x, np.zeros((n, d), np.uint8), graph, [f"x{j}" for j in range(d)]), graph


@pytest.mark.filterwarnings("ignore::avici_jl.DataWarning")
def test_each_size_has_its_row_and_subsets_go_on_where_the_whole_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = {
        "_MODELS": {"quick": (str(tiny_models.save(tmp_path / "tiny")),)},
        "_DATASETS": {"quick": 2},
        "_ROWS": (30, 40),
        "_FEW_VARIABLES": {"quick": (4,)},
        "_VARIABLES": {"quick": (5, 6)},
        "_MOST_AS_A_WHOLE": 5,
        "labelled_data": made,
    }
    module = sys.modules[large.__module__]
    for name, value in small.items():
        monkeypatch.setattr(module, name, value)
    report = large(QUICK)
    found = report.results.groupby(["n", "d", "way"])["auprc"].count().to_dict()
    assert found == {
        (30, 4, "whole"): 2,
        (40, 4, "whole"): 2,
        (1000, 5, "whole"): 2,
        (1000, 5, "subsets"): 2,
        (1000, 6, "subsets"): 2,
    }
    assert list(report.figures) == ["large"] and "| 6 | subsets |" in "\n".join(report.body)
    assert "| d | mean | most |\n| --- | --- | --- |\n| 5 | +0.000 | +0.000 |" in "\n".join(report.body)
