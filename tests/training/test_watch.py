"""What a run compiles, shows and records."""

from __future__ import annotations

import csv
import importlib.machinery
import sys
from pathlib import Path
from typing import Any

import jax
import pytest
from typer.testing import CliRunner

from avici_jl.cli import app
from avici_jl.errors import InputError
from avici_jl.plots import plot_training
from avici_jl.simulation import bridge
from avici_jl.training import run, trainer
from avici_jl.training.config import resolve
from avici_jl.training.data import TrainingData
from avici_jl.training.mesh import Devices
from avici_jl.training.sources import open_source
from avici_jl.training.step import compile_run
from avici_jl.training.watch import Clock
from tiny_runs import SETTINGS, simulator


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_nothing_is_compiled_after_every_shape_was_seen_once(tmp_path: Path) -> None:
    shapes = ["data.rows=[10, 12]", "data.sizes=[{d=4, batch=5}, {d=5, batch=3}]"]
    config = resolve("own", kind="values", acyclic=True, preset="smoke", overrides=[*SETTINGS, *shapes, "steps=60"])
    data, devices = TrainingData(config.data, 60, source=open_source(simulator(tmp_path))), Devices()
    compiled, events = compile_run(config, devices), []

    def listen(event: str, duration: float, **_: Any) -> None:
        if event == "/jax/core/compile/backend_compile_duration":
            events.append(duration)

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        state, seen, late = compiled.start(), set(), 0
        for step in range(60):
            placed, before = devices.place(data[step]), len(events)
            state, measured = compiled.step(state, placed)
            if placed.x.shape in seen:
                late += len(events) - before
            seen.add(placed.x.shape)
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)
    assert len(seen) == 4 and len(events) >= 6  # start, update, and a gradient for each shape
    assert late == 0


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder, said = tmp_path_factory.mktemp("watch"), []  # type: ignore[var-annotated]
    settings = [*SETTINGS, "steps=12", "validate_every=6", "objective.dual_every=2", "objective.dual_warmup=1"]
    run(folder / "run", domain=simulator(folder), preset="smoke", overrides=settings, workers=0, say=said.append)
    return folder / "run", said


def test_lines_and_tables_tell_the_same(finished: tuple[Path, list[str]]) -> None:
    workdir, said = finished
    assert any(line.startswith("optimizer") and "name=lamb" in line for line in said)  # the resolved settings
    line = next(line for line in said if line.startswith("step     12/12  loss"))
    for word in ("loss", "λ", "spectral radius", "gradient", "datasets/s", "waited", "time left"):
        assert word in line
    rows = read(workdir / "progress.csv")
    last = rows[-1]
    assert int(last["step"]) == 12 and f"loss {float(last['loss']):.4f}" in line
    assert float(last["multiplier"]) > 0 and float(last["gradient"]) > 0 and 0 <= float(last["waited"]) <= 1
    assert "waited for data for" in said[-1]


def test_held_out_scores_are_for_each_size_and_kind_of_rows(finished: tuple[Path, list[str]]) -> None:
    rows = read(finished[0] / "held_out.csv")
    expected = [
        (step, d, kind) for step in "6 12".split() for d in "45" for kind in ("observational", "interventional")
    ]
    assert sorted((row["step"], row["d"], row["rows"]) for row in rows) == sorted(expected)
    for row in rows:
        assert all(0 <= float(row[name]) <= 1 for name in ("auprc", "f1", "ece", "acyclic"))
    assert list((finished[0] / "tensorboard").iterdir()) if _has_tensorboard() else True


def _has_tensorboard() -> bool:
    try:
        import tensorboardX  # noqa: F401
    except ImportError:
        return False
    return True


class _Started(Exception):
    """Julia would have been started."""


def test_julia_is_started_before_torch_comes_with_tensorboard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*_: Any) -> None:
        raise _Started

    installed = {"torch", "tensorboardX"}
    spec = importlib.machinery.ModuleSpec("installed", None)
    monkeypatch.setattr(bridge, "find_spec", lambda name: spec if name in installed else None)
    monkeypatch.setattr(bridge, "julia", start)
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    with pytest.raises(_Started):
        run(tmp_path / "run", domain="linear", preset="smoke", overrides=SETTINGS, workers=0, say=lambda line: None)
    monkeypatch.setitem(sys.modules, "torch", pytest)  # too late
    bridge.start_before_torch()
    monkeypatch.delitem(sys.modules, "torch")
    installed.remove("torch")
    trainer.start_before_torch()


def test_a_run_is_drawn(finished: tuple[Path, list[str]], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["train", "--workdir", str(finished[0]), "--plot", str(tmp_path / "run.png")])
    assert done.exit_code == 0 and (tmp_path / "run.png").stat().st_size > 20_000
    assert len(plot_training(finished[0]).axes) == 7
    with pytest.raises(InputError, match="holds no run"):
        plot_training(tmp_path)


def test_time_is_counted_once_however_often_it_is_saved() -> None:
    progress = {"seconds": 100.0, "cpu_seconds": 50.0, "datasets": 7}
    clock = Clock(3, progress, None, accelerators=4)
    clock._begin -= 10  # seconds ago
    for _ in range(3):
        progress |= {"seconds": clock.seconds() + 1000, "cpu_seconds": 1000.0, "accelerator_seconds": 1000.0}
    found = clock.progress()
    assert 40 <= found["accelerator_seconds"] == pytest.approx(4 * (found["seconds"] - 100), abs=1e-2)
    assert 100 <= found["seconds"] < 200 and 50 <= found["cpu_seconds"] < 150 and found["datasets"] == 7
