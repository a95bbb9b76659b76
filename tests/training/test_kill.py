"""Runs that are killed, damaged or starved of disk: they go on, to the bit, or say what to do."""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from avici_jl.checkpoints.model import load_model
from avici_jl.checkpoints.run import RunCheckpoints
from avici_jl.errors import CheckpointError, TrainingError
from avici_jl.training import run
from tiny_runs import SETTINGS, command, leaves, new_run, simulator, train

EVERY_STEP = "checkpoint_minutes=0.0"


def state(workdir: Path) -> tuple[list[np.ndarray], int]:
    with RunCheckpoints(workdir, read_only=True) as checkpoints:
        found, progress = checkpoints.restore_numpy()
    return leaves(found), progress["step"]


def test_kill_9_at_any_moment_changes_not_a_bit(tmp_path: Path) -> None:
    domain = simulator(tmp_path)
    options = new_run(domain, "steps=60", EVERY_STEP, "max_to_keep=3")
    train(tmp_path / "whole", *options)
    rng, kills = np.random.default_rng(0), []
    for least in (3, 15, 40):
        with subprocess.Popen(command(tmp_path / "killed", *options), stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith("step") and "loss" in line and int(line.split()[1].split("/")[0]) >= least:
                    break
            time.sleep(rng.uniform(0, 0.05))  # somewhere in a step, or in the writing of its checkpoint
            os.kill(process.pid, signal.SIGKILL)
        unfinished = [path.name for path in (tmp_path / "killed" / "checkpoints").iterdir() if not path.name.isdigit()]
        kills.append(f"killed after {line.split()[1]}; unfinished writes: {', '.join(unfinished) or 'none'}")
    said = train(tmp_path / "killed", *options)
    print(*kills, *(line for line in said.splitlines() if "Going on" in line), sep="\n")
    assert "Going on at step" in said
    (expected, last), (found, step) = state(tmp_path / "whole"), state(tmp_path / "killed")
    assert last == step == 60 and len(found) == len(expected) > 20
    for left, right in zip(found, expected, strict=True):
        np.testing.assert_array_equal(left, right)
    print(f"{len(found)} arrays of the state are equal to the bit")
    rows = (tmp_path / "killed" / "progress.csv").read_text().splitlines()
    assert [int(row.split(",")[0]) for row in rows[1:]] == sorted({int(row.split(",")[0]) for row in rows[1:]})


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 12 steps with a checkpoint after each of the last three."""
    folder = tmp_path_factory.mktemp("finished")
    settings = [*SETTINGS, "steps=12", EVERY_STEP, "max_to_keep=3", "validate_every=4"]
    run(folder / "run", domain=simulator(folder), preset="smoke", overrides=settings, workers=0, say=lambda _: None)
    return folder / "run"


def copy(run_: Path, to: Path) -> Path:
    subprocess.run(["cp", "-r", str(run_), str(to)], check=True)
    return to


@pytest.mark.parametrize("damage", ["cut off", "empty", "missing"])
def test_a_damaged_checkpoint_is_put_aside(finished: Path, tmp_path: Path, damage: str) -> None:
    workdir = copy(finished, tmp_path / "run")
    expected, _ = state(workdir)
    files = [path for path in (workdir / "checkpoints" / "12" / "state").rglob("*") if path.is_file()]
    largest = max(files, key=lambda path: path.stat().st_size)
    if damage == "missing":
        largest.unlink()
    else:
        os.truncate(largest, 0 if damage == "empty" else largest.stat().st_size // 2)
    assert load_model(workdir).card["training"]["step"] == 11  # reading puts nothing aside
    said: list[str] = []
    with pytest.warns(RuntimeWarning, match="step 12 cannot be read.*put aside"):
        run(workdir, trust=True, workers=0, say=said.append)
    assert any("Going on at step 11 of 12" in line for line in said) and (workdir / "damaged" / "12").is_dir()
    for left, right in zip(state(workdir)[0], expected, strict=True):
        np.testing.assert_array_equal(left, right)


def test_nothing_readable_is_an_error(finished: Path, tmp_path: Path) -> None:
    workdir = copy(finished, tmp_path / "run")
    for path in (workdir / "checkpoints").rglob("manifest.ocdbt"):
        os.truncate(path, 3)
    with pytest.raises(CheckpointError, match="step 12 .*damaged"):
        run(workdir, trust=True, workers=0, say=lambda _: None)


def test_the_newest_and_the_best_are_kept(finished: Path) -> None:
    with RunCheckpoints(finished, read_only=True) as checkpoints:
        best = checkpoints.best()
    rows = [row.split(",") for row in (finished / "held_out.csv").read_text().splitlines()[1:]]
    scores = {step: np.mean([float(row[3]) for row in rows if row[0] == step]) for step in {row[0] for row in rows}}
    assert best == int(max(scores, key=lambda step: (scores[step], int(step))))
    kept = {path.name for path in (finished / "checkpoints").iterdir() if path.name.isdigit()}
    assert kept == {"10", "11", "12", str(best)}
    assert load_model(finished, best=True).card["training"]["step"] == best


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the writer's own, on its way out
def test_a_full_disk_stops_the_run_and_names_the_last_good_checkpoint(tmp_path: Path) -> None:
    wide = 'network={kind="axial", dim=64, layers=1, heads=2, head_size=4}'
    settings = [*SETTINGS, wide, "steps=200", EVERY_STEP]
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def say(line: str) -> None:
        if line.startswith("step      6/"):
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))  # no file can grow beyond that any more

    try:
        with pytest.raises(CheckpointError, match="cannot be written.*File too large.*command again") as stopped:
            run(tmp_path / "run", domain=simulator(tmp_path), preset="smoke", overrides=settings, workers=0, say=say)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    said: list[str] = []
    run(tmp_path / "run", trust=True, workers=0, minutes=0, say=said.append)
    good = re.search(r"last good checkpoint is that of step (\d+)", str(stopped.value))
    assert good is not None and any(f"Going on at step {good[1]} of 200" in line for line in said)


def test_steps_above_the_limit_are_skipped(tmp_path: Path) -> None:
    settings = [*SETTINGS, "steps=12", "loss_limit=1.0"]
    run(tmp_path / "run", domain=simulator(tmp_path), preset="smoke", overrides=settings, workers=0)
    found, step = state(tmp_path / "run")
    assert step == 12 and all(np.isfinite(leaf).all() for leaf in found)
    assert 1 <= load_model(tmp_path / "run").card["training"]["skipped"] < 12


def test_a_run_that_diverges_ends_and_names_the_last_good_checkpoint(tmp_path: Path) -> None:
    settings = [*SETTINGS, "steps=30", "max_skipped_steps=4", "loss_limit=0.01", EVERY_STEP]
    with pytest.raises(TrainingError, match="4 steps in a row.*loss above 0.01.*last good checkpoint is that of step"):
        run(tmp_path / "run", domain=simulator(tmp_path), preset="smoke", overrides=settings, workers=0)
