"""One run, one configuration: what a call says, what the folder holds, and what a call that fails leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from avici_jl.errors import AviciError, ConfigError, InputError, SimulationError
from avici_jl.training import run
from avici_jl.training.config import override
from tiny_runs import SETTINGS, simulator

TINY = [*SETTINGS, "steps=2", "validate_every=2"]


def start(workdir: Path, domain: Any = None, *settings: str, preset: str | None = "smoke") -> None:
    run(workdir, domain=domain, preset=preset, overrides=settings, workers=0, say=lambda _: None)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("finished")
    start(folder / "run", simulator(folder), *TINY)
    return folder / "run", simulator(folder)


def test_the_same_words_and_fewer_of_them_go_on(finished: tuple[Path, str]) -> None:
    workdir, domain = finished
    before = (workdir / "config.json").read_text()
    start(workdir, domain, *TINY)
    start(workdir, domain, "steps=2", preset=None)
    start(workdir, domain, "batch_multiplier=0", 'optimizer={name="lamb", peak_lr=1e-2}', preset=None)
    start(workdir, domain, preset=None)
    assert (workdir / "config.json").read_text() == before


def test_a_run_of_one_step_has_a_loss(tmp_path: Path) -> None:
    start(tmp_path / "run", simulator(tmp_path), *TINY, "steps=1")
    header, row = ((tmp_path / "run" / "progress.csv").read_text()).splitlines()
    found = dict(zip(header.split(","), map(float, row.split(",")), strict=True))
    assert found["step"] == 1 and 0 < found["loss"] < 5 and found["gradient"] > 0


@pytest.mark.parametrize(
    ("settings", "preset", "message"),
    [
        (["steps=3"], None, "steps is 2, not 3"),
        ([*TINY, "steps=3"], "smoke", "steps is 2, not 3"),
        (["data.domain=linear"], None, "data.domain is .*own.py.* cannot be 'linear'"),
        (["optimizer.peak_lr=0.02", "seed=1"], None, "optimizer.peak_lr is 0.01, not 0.02; seed is 0, not 1"),
        ([], "paper", "optimizer.decay is 'cosine', not 'step'"),
    ],
)
def test_other_words_are_refused_and_change_nothing(
    finished: tuple[Path, str], settings: list[str], preset: str | None, message: str
) -> None:
    workdir, domain = finished
    before = (workdir / "config.json").read_text()
    with pytest.raises(ConfigError, match=message):
        start(workdir, domain, *settings, preset=preset)
    assert (workdir / "config.json").read_text() == before


FAILURES: list[tuple[dict[str, Any], type[AviciError], str]] = [
    ({"domain": "linear", "settings": ["data.domain=rff"]}, ConfigError, "data.domain is 'linear'.* cannot be 'rff'"),
    ({"domain": "linear", "settings": ["data.kind=counts"]}, ConfigError, "data.kind is 'values'.* cannot be 'counts'"),
    ({"domain": "linear", "settings": ["data=3"]}, ConfigError, "data"),
    ({"domain": "linear", "settings": ["optimizer.peak_lr=nan"]}, ConfigError, "optimizer.peak_lr must be above 0"),
    ({"domain": "linear", "settings": ["network.layers=0"]}, ConfigError, "network.layers"),
    ({"domain": None, "settings": []}, ConfigError, "a domain is needed"),
    ({"domain": "no-such", "settings": []}, ConfigError, "no domain"),
    ({"domain": [], "settings": []}, InputError, "no dataset"),
    ({"domain": "linear", "settings": ["init_from=linear", "network.dim=8"]}, ConfigError, "do not fit"),
    ({"domain": lambda rng, d, n_obs, n_int: 1 / 0, "settings": TINY}, SimulationError, "ZeroDivisionError"),
]


@pytest.mark.parametrize(("call", "error", "message"), FAILURES)
def test_a_start_that_fails_leaves_nothing(
    call: dict[str, Any], error: type[AviciError], message: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        start(tmp_path / "new" / "run", call["domain"], *call["settings"])
    assert not (tmp_path / "new").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").touch()
    with pytest.raises(error):
        start(tmp_path / "mine", call["domain"], *call["settings"])
    assert {path.name for path in (tmp_path / "mine").iterdir()} <= {"notes.txt", ".lock"}


def test_of_two_starts_at_the_same_moment_one_trains_with_its_settings(tmp_path: Path) -> None:
    code = (
        "import sys, time; from avici_jl.training import run; from avici_jl.training.data import TrainingData\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "seed, domain, *settings = sys.argv[1:]\n"
        f"run({str(tmp_path / 'run')!r}, domain=domain, preset='smoke', "
        "overrides=[*settings, f'seed={seed}'], workers=0)"
    )
    settings = [simulator(tmp_path, "slowly"), *SETTINGS, "steps=12", "validate_every=12"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    both = [subprocess.Popen([sys.executable, "-c", code, seed, *settings], **pipes) for seed in "12"]  # type: ignore[call-overload]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    for process in both:
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate() for process in both]
    codes = [process.returncode for process in both]
    assert sorted(codes) == [0, 1], said
    winner = codes.index(0)
    assert "Another process trains in" in said[1 - winner][1]
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["seed"] == winner + 1 and f"seed={winner + 1}" in said[winner][0]


def test_a_preset_that_is_its_own_base_is_refused(tmp_path: Path) -> None:
    for name, base in (("one", "two"), ("two", "one")):
        (tmp_path / f"{name}.toml").write_text(f'base = "{tmp_path / base}.toml"\n')
    with pytest.raises(ConfigError, match="base must name another preset"):
        start(tmp_path / "run", "linear", preset=str(tmp_path / "one.toml"))


def test_settings_that_are_nested_without_end_are_refused() -> None:
    with pytest.raises(ConfigError, match="nested too deeply"):
        override({"data": {}}, ["network=" + "[" * 100_000])


ROOT = Path(__file__).parents[2]
SRUN = """#!/usr/bin/env bash
# Two hosts of a cluster that are this one.
for k in 0 1; do SLURM_PROCID=$k SLURM_LOCALID=$k "$@" & pids+=" $!"; done
for pid in $pids; do wait "$pid" || exit 1; done
"""


def script(name: str, folder: Path, *options: str, **environment: str) -> str:
    command = ["bash", ROOT / "scripts" / name, simulator(folder), folder / "run", *options]
    path = os.pathsep.join([str(folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(command, env={**os.environ, "PATH": path, **environment}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


SMALL = [setting for setting in TINY if not setting.startswith(("network", "optimizer"))]
SMALL += ["network.dim=8", "network.layers=1", "network.heads=2", "network.head_size=4"]
OPTIONS = [part for setting in SMALL for part in ("--set", setting)]


def test_the_script_for_a_host_goes_on_when_it_is_called_again(tmp_path: Path) -> None:
    assert "The run is complete" in script("train_gpu.sh", tmp_path, *OPTIONS)
    assert "This run is complete" in script("train_gpu.sh", tmp_path, *OPTIONS)


def stage(folder: Path, minutes: str, *options: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = ["bash", ROOT / "scripts" / "train_stage.sh", minutes, folder / "state", *options]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return subprocess.run(command, env={**os.environ, "PATH": path, **environment}, capture_output=True, text=True)


@pytest.mark.slow
def test_a_stage_goes_on_from_the_state_of_another_machine(tmp_path: Path) -> None:
    domain = ["--domain", simulator(tmp_path), "--preset", "paper", *OPTIONS]
    said = []
    for minutes, machine in (("0", "one"), ("5", "two"), ("5", "three")):
        done = stage(tmp_path, minutes, tmp_path / machine, *domain)
        assert done.returncode == 0, done.stdout + done.stderr
        said.append(done.stdout)
        assert all(part.stat().st_size <= 15 * 2**20 for part in (tmp_path / "state").iterdir())
    assert "stopped at step 0" in said[0] and "The run is complete" in said[1] and "This run is complete" in said[2]
    one, two = ((tmp_path / machine / "config.json").read_bytes() for machine in ("one", "two"))
    assert one == two


@pytest.mark.slow
def test_a_state_that_is_too_large_leaves_the_one_before(tmp_path: Path) -> None:
    domain = ["--domain", simulator(tmp_path), "--preset", "paper", *OPTIONS]
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "note").write_text("before")
    done = stage(tmp_path, "0", tmp_path / "run", *domain, MOST_MB="0")
    assert done.returncode == 1 and "set MOST_MB" in done.stderr
    assert [path.name for path in tmp_path.glob("state*/*")] == ["note"]


def test_the_script_for_a_cluster_goes_on_when_it_is_called_again(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "srun").write_text(SRUN)
    (tmp_path / "bin" / "srun").chmod(0o755)
    cluster = {"SLURM_JOB_ID": str(os.getpid()), "SLURM_STEP_NODELIST": "127.0.0.1", "SLURM_NTASKS": "2"}
    options = [*OPTIONS, "--workers", "0"]
    assert "The run is complete" in script("train_multihost.slurm", tmp_path, *options, **cluster)
    assert "This run is complete" in script("train_multihost.slurm", tmp_path, *options, **cluster)
