"""Several devices and several processes: the same run, and states that move between them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from avici_jl.checkpoints.run import RunCheckpoints
from tiny_runs import command, leaves, new_run, simulator, train

# No dropout, whose masks belong to a device. Batches of 5 and 3 fit neither two nor four devices.
PLAIN = [
    "network.dropout=0.0",
    "objective.dual_warmup=1",
    "objective.dual_every=2",
    "objective.dual_rate=1.0",
    "objective.dual_mean_rate=0.5",
    "checkpoint_minutes=0.0",
]


def state(workdir: Path) -> list[np.ndarray]:
    with RunCheckpoints(workdir, read_only=True) as checkpoints:
        found, progress = checkpoints.restore_numpy()
    assert progress["step"] == 12
    return leaves(found)


def losses(workdir: Path) -> np.ndarray:
    rows = (workdir / "progress.csv").read_text().splitlines()[1:]
    return np.array([row.split(",") for row in rows], float)[:, [2, 3, 4, 5]]  # loss, λ, spectral radius, gradient


def same(one: Path, two: Path) -> None:
    """Whole runs agree to two thousandths.

    On several devices sums over a batch are taken in another order, which changes a gradient by some 1e-7 of its size;
    LAMB divides by the square roots of gradients' second moments, which are tiny at first, and the parameters after
    twelve steps then differ by up to some 1e-4.
    """
    for left, right in zip(state(one), state(two), strict=True):
        np.testing.assert_allclose(left, right, rtol=2e-3, atol=2e-4)


@pytest.fixture(scope="module")
def one_device(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one")
    train(folder / "run", *new_run(simulator(folder), "steps=12", *PLAIN))
    return folder / "run"


def test_all_shapes_can_be_compiled_ahead(tmp_path: Path) -> None:
    code = f"""
import jax
from pathlib import Path
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
from avici_jl.checkpoints.run import RunCheckpoints
from avici_jl.training.runs import open_run
from avici_jl.training.trainer import Trainer

folder, kept = Path({str(tmp_path / "run")!r}), Path({str(tmp_path / "cache")!r})
folder.mkdir()
config, source = open_run(folder, "linear", "smoke", ["steps=16", "data.rows=[30, 40]"], print)
with RunCheckpoints(folder) as checkpoints:
    trainer = Trainer(config, folder, source, checkpoints, print)
    trainer.compile_ahead()
    print(*(len(list(kept.glob(f"jit_{{part}}*-cache"))) for part in ("summarize_here", "differentiate")))
    trainer.train(None, lambda: False, 0)
print(*(len(list(kept.glob(f"jit_{{part}}*-cache"))) for part in ("summarize_here", "differentiate")))
"""
    environment = {**os.environ, "JAX_COMPILATION_CACHE_DIR": str(tmp_path / "cache")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    counts = [line for line in done.stdout.splitlines() if line.replace(" ", "").isdigit()]
    # What the network sees has the same shape for both numbers of rows. The run itself also measures on 20 rows or so.
    assert counts[0] == "2 1", done.stdout
    assert counts[1].endswith(" 1"), done.stdout


def test_four_devices_give_the_losses_of_one(one_device: Path, tmp_path: Path) -> None:
    said = train(tmp_path / "run", *new_run(simulator(tmp_path), "steps=12", *PLAIN), devices=4)
    assert "on 4 devices" in said
    found, expected = losses(tmp_path / "run"), losses(one_device)
    np.testing.assert_allclose(found[:, 0], expected[:, 0], atol=1e-5)  # the loss
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert losses(one_device)[-1, 1] > 0  # the multiplier has moved
    same(tmp_path / "run", one_device)


def interrupted(workdir: Path, *options: object, devices: int, after: int) -> None:
    """A run that is asked to stop after so many steps."""
    with subprocess.Popen(
        command(workdir, *options, devices=devices), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith(f"step {after:>6}/"):
                process.send_signal(signal.SIGTERM)
    assert process.returncode == 0


def test_a_run_moves_to_more_devices(one_device: Path, tmp_path: Path) -> None:
    interrupted(tmp_path / "run", *new_run(simulator(tmp_path, "slowly"), "steps=12", *PLAIN), devices=1, after=2)
    said = train(tmp_path / "run", "--trust", devices=4)
    assert "Going on at step" in said and "on 4 devices" in said
    same(tmp_path / "run", one_device)


def test_two_processes_share_a_run_and_its_checkpoints(one_device: Path, tmp_path: Path) -> None:
    """Over gloo, two devices each; stopped by a signal to one of them, and finished by one process on one device."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    options = new_run(simulator(tmp_path, "slowly"), "steps=12", *PLAIN)
    processes = [
        subprocess.Popen(
            command(tmp_path / "run", *options, "--distributed", f"localhost:{port},2,{index}", devices=2),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=os.environ,
        )
        for index in range(2)
    ]
    assert processes[0].stdout is not None
    said = []
    for line in processes[0].stdout:
        said.append(line)
        if line.startswith("step      2/"):  # long before they agree at step 8, also where the machine is busy
            processes[1].send_signal(signal.SIGTERM)
    quiet = processes[1].communicate(timeout=60)[0]
    assert [process.wait() for process in processes] == [0, 0], "".join(said) + quiet
    assert any("on 4 devices" in line for line in said) and any("stopped at step 8 of 12" in line for line in said)
    assert "step" not in quiet
    train(tmp_path / "run", "--trust")
    same(tmp_path / "run", one_device)
