"""Runs of seconds for the tests of training: a simulator in Python, a tiny network, and processes that train."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np

SIMULATOR = '''
"""A chain of causes with Gaussian noise."""
import time

import numpy as np

def simulate(rng, d, n_obs, n_int):
    order, n = rng.permutation(d), n_obs + n_int
    graph = np.zeros((d, d), int)
    graph[order[:-1], order[1:]] = 1
    set_ = np.zeros((n, d), bool)
    set_[np.arange(n_obs, n), rng.integers(d, size=n_int)] = True
    x = rng.normal(size=(n, d))
    for cause, effect in zip(order[:-1], order[1:]):
        x[:, effect] += np.where(set_[:, effect], 0, 2 * x[:, cause])
    return x, set_, graph

def slowly(rng, d, n_obs, n_int):
    time.sleep(0.05)  # a signal arrives in time
    return simulate(rng, d, n_obs, n_int)
'''

SETTINGS = [
    'network={kind="axial", dim=8, layers=1, heads=2, head_size=4, dropout=0.1}',
    "optimizer.name=lamb",
    "optimizer.peak_lr=1e-2",
    "data.sizes=[{d=4, batch=5}, {d=5, batch=3}]",
    "data.rows=[10]",
    "data.shuffle_buffer=4",
    "held_out.datasets=3",
    "log_seconds=0.0",
]


def simulator(folder: Path, function: str = "simulate") -> str:
    """Name of a function of the simulator, which is written to the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "own.py").write_text(SIMULATOR)
    return f"{folder / 'own.py'}:{function}"


def command(workdir: Path, *options: object, devices: int = 1) -> list[str]:
    """The command that trains, on so many pretended devices."""
    code = (
        f"import jax, sys; jax.config.update('jax_num_cpu_devices', {devices}); "
        "from avici_jl.cli import main; sys.argv[0] = 'avici-jl'; main()"
    )
    arguments = ["train", "--workdir", workdir, "--workers", 0, *options]
    return [sys.executable, "-W", "always", "-c", code, *map(str, arguments)]


def new_run(domain: str, *settings: str) -> list[str]:
    """Options of a new run with the tiny network."""
    overrides = [part for setting in (*SETTINGS, *settings) for part in ("--set", setting)]
    return ["--domain", domain, "--preset", "smoke", *overrides]


def train(workdir: Path, *options: object, devices: int = 1) -> str:
    """Train in a process of its own; what it printed."""
    done = subprocess.run(command(workdir, *options, devices=devices), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def train_fails(workdir: Path, *options: object) -> tuple[int, str]:
    """The exit code of a training that fails in a process of its own, and what it printed."""
    done = subprocess.run(command(workdir, *options), capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def leaves(tree: Any) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]
