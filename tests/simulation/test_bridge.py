"""The bridge to Julia: what it returns, how it fails, and that nothing else in the package touches Julia."""

from __future__ import annotations

import gc
import os
import re
import subprocess
import sys
import tomllib
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from avici_jl.errors import SimulationError
from avici_jl.simulation import bridge, startup

ROOT = Path(__file__).resolve().parents[2]
SIZE = {"d": 5, "n_obs": 12, "n_int": 8}


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True
    )


def test_simulate_returns_checked_shapes_and_types() -> None:
    made = bridge.simulate("linear", **SIZE, seed=1, index=2)
    x, interventions, graph, names = made.x, made.interventions, made.graph, made.names
    assert graph is not None
    assert x.shape == (20, 5) and x.dtype == np.float32 and np.isfinite(x).all()
    assert interventions.shape == (20, 5) and interventions.dtype == np.uint8
    assert not interventions[:12].any() and interventions[12:].any(axis=1).all()
    assert graph.shape == (5, 5) and graph.dtype == np.uint8 and not graph.diagonal().any()
    assert len(set(names)) == 5 and all(type(name) is str for name in names)
    assert made.kind == "values" and made.expression is None


def test_same_seed_same_bytes() -> None:
    def draw(**options: int) -> bytes:
        return bridge.simulate("linear", **SIZE, **options).x.tobytes()

    assert draw(seed=3, index=4) == draw(seed=3, index=4)
    assert len({draw(seed=3, index=4), draw(seed=3, index=5), draw(seed=4, index=4)}) == 3


def test_batch_stacks_the_single_datasets() -> None:
    batch = bridge.simulate_batch("linear", 3, **SIZE, seed=3, first=4)
    assert [array.shape for array in batch] == [(3, 20, 5), (3, 20, 5), (3, 5, 5)]
    assert [array.dtype for array in batch] == [np.float32, np.uint8, np.uint8]
    for k in range(3):
        single = bridge.simulate("linear", **SIZE, seed=3, index=4 + k)
        for stacked, alone in zip(batch, (single.x, single.interventions, single.graph), strict=True):
            np.testing.assert_array_equal(stacked[k], alone)


def test_arrays_are_views_that_keep_julia_memory_alive() -> None:
    x, _, _ = bridge.simulate_batch("linear", 3, **SIZE)
    import juliacall

    assert not x.flags.owndata and x[0].flags.f_contiguous
    before = x.tobytes()
    for seed in range(20):
        bridge.simulate_batch("linear", 20, d=20, n_obs=50, seed=seed)
    gc.collect()
    juliacall.Base.GC.gc()
    assert x.tobytes() == before


def test_numpy_integers_are_integers_and_floats_are_not() -> None:
    bridge.simulate("linear", d=np.int32(3), n_obs=np.int64(4))
    with pytest.raises(TypeError, match="float"):
        bridge.simulate("linear", d=3.5, n_obs=4)  # type: ignore[arg-type]


def test_julia_errors_become_readable() -> None:
    for call in (bridge.simulate, partial(bridge.simulate_batch, count=2)):
        with pytest.raises(SimulationError, match="no-such-domain") as caught:
            call("no-such-domain", **SIZE)
        message = str(caught.value)
        assert "Stacktrace" not in message and not message.startswith("ArgumentError")
        with pytest.raises(SimulationError, match="-7"):
            call("linear", d=5, n_obs=-7)


def test_missing_julia_is_explained() -> None:
    code = """
from avici_jl.errors import SimulationError
from avici_jl.simulation import bridge
try:
    bridge.julia()
except SimulationError as error:
    print(error)
"""
    result = run_python(code, PYTHON_JULIAPKG_EXE="/no/such/julia", PYTHON_JULIAPKG_OFFLINE="yes")
    assert "Julia could not be started" in result.stdout and "PYTHON_JULIAPKG_EXE" in result.stdout


def test_importing_the_package_starts_neither_julia_nor_jax() -> None:
    result = run_python("import sys, avici_jl; print({'juliacall', 'jax'} & set(sys.modules))")
    assert result.stdout.strip() == "set()", result.stderr


def test_only_the_bridge_and_its_start_import_juliacall() -> None:
    importing = re.compile(r"(import|from)\s+juliacall|import_module\(.juliacall")
    package = ROOT / "python" / "avici_jl"
    found = [path.relative_to(package) for path in package.rglob("*.py") if importing.search(path.read_text())]
    assert sorted(found) == [Path("simulation/bridge.py"), Path("simulation/startup.py")]


def test_the_julia_project_of_the_checkout_matches_the_package() -> None:
    top = tomllib.loads((ROOT / "Project.toml").read_text())
    package = tomllib.loads((ROOT / "julia" / "AviciSim" / "Project.toml").read_text())
    assert (ROOT / top.pop("path")).is_file()
    assert top.pop("compat").items() <= package["compat"].items()
    assert top == {key: package[key] for key in top}
    assert top["deps"] == package["deps"]


@pytest.mark.parametrize(("session", "expected"), [(None, "no"), (object(), None)])
def test_the_extension_for_ipython_is_for_its_sessions(
    session: object, expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "PYTHON_JULIACALL_AUTOLOAD_IPYTHON_EXTENSION"
    monkeypatch.setenv(name, "yes")  # so that what is set is undone
    monkeypatch.delenv(name)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: session))
    startup._leave_ipython_alone()
    assert os.environ.get(name) == expected
