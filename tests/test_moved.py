"""Modules under the names that they had in 0.1."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest

from avici_jl._moved import MOVED


@pytest.mark.parametrize("old", sorted(MOVED))
def test_an_old_module_gives_what_the_new_ones_hold_and_warns_once(old: str) -> None:
    name = f"avici_jl.{old}"
    sys.modules.pop(name, None)
    with pytest.warns(DeprecationWarning, match=f"{name} is now avici_jl") as caught:
        module = import_module(name)
    assert sum(name in str(warning.message) for warning in caught) == 1
    assert module.__name__ == name and not hasattr(module, "no_such_name")
    for home in MOVED[old].split():
        new = import_module(f"avici_jl.{home}")
        own = [key for key, value in vars(new).items() if getattr(value, "__module__", None) == new.__name__]
        public = [key for key in own if not key.startswith("_")]
        assert public or hasattr(new, "__all__") or old == "evaluation.experiments.published"
        assert all(getattr(module, key) is getattr(new, key) for key in public)


def test_what_0_1_documented_can_be_imported_in_every_way() -> None:
    code = """
import warnings
warnings.simplefilter("error", DeprecationWarning)
import avici_jl.simulation
try:
    import avici_jl.tables
except DeprecationWarning as warning:
    assert "avici_jl.data.files" in str(warning)
else:
    raise SystemExit("no warning")
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("ignore")  # other packages'
    warnings.filterwarnings("always", "avici_jl")
    import avici_jl.evaluation.baselines.worker
    from avici_jl.evaluation.baselines import BASELINES
    from avici_jl.evaluation.baselines.interface import Data as Old
    from avici_jl.simulation.dataset import Dataset
    from avici_jl.training.checkpoint import RunCheckpoints, load_model
    import avici_jl.tables as tables
assert {warning.filename for warning in caught} == {"<string>"}, [w.filename for w in caught]
from avici_jl.benchmark.methods.interface import Data
assert Old is Data and avici_jl.evaluation.baselines.worker.Worker and tables.read_table and Dataset is avici_jl.Dataset
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
