"""Importing the package, loading a model and predicting leave the rest of the process as it was."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tiny_models import save

BEFORE = """
import logging, os, sys
import jax, numpy as np
from threadpoolctl import threadpool_info
import absl.logging
np.ones((2, 2)) @ np.ones((2, 2))

def state():
    return {
        "environment": dict(os.environ),
        "loggers": {
            name: (logger.level, logger.handlers[:], logger.filters[:], logger.disabled, logger.propagate)
            for name, logger in [("root", logging.root), *logging.root.manager.loggerDict.items()]
            if isinstance(logger, logging.Logger)
        },
        "jax": dict(jax.config.values),
        "blas": {(i["filepath"], i["num_threads"]) for i in threadpool_info() if i["user_api"] == "blas"},
        "folder": os.getcwd(),
    }

def same(now, before):
    for part, old in before.items():
        if isinstance(old, dict):
            changed = {key for key in old if now[part].get(key) != old[key]}
            assert not changed, f"{part}: {changed}"
            assert part == "loggers" or now[part].keys() == old.keys(), now[part].keys() ^ old.keys()
        elif part == "blas":
            assert now[part] >= old, (now[part], old)
        else:
            assert now[part] == old, part

before = state()
"""


def run(code: str, tmp_path: Path) -> str:
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    for name in ("JAX_COMPILATION_CACHE_DIR", "NPROC"):
        environment.pop(name, None)
    done = subprocess.run([sys.executable, "-c", BEFORE + code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_changes_nothing(tmp_path: Path) -> None:
    run("import avici_jl, avici_jl.model, avici_jl.simulation; same(state(), before)", tmp_path)


def test_loading_and_predicting_change_nothing(tmp_path: Path) -> None:
    old = Path(__file__).parents[1] / "checkpoints" / "0.1"
    code = f"""
from avici_jl import Model
Model.load({str(old)!r})
same(state(), before)
model = Model.load({str(save(tmp_path / "small"))!r})
same(state(), before)
model.predict(np.random.default_rng(0).normal(size=(30, 3)))
same(state(), before)
"""
    run(code, tmp_path)


def test_functions_of_the_user_s_do_not_land_in_our_cache(tmp_path: Path) -> None:
    small = str(save(tmp_path / "small"))
    code = f"""
from avici_jl import Model
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
before = state()
jax.jit(lambda x: x + 1).lower(1.0).compile()
Model.load({small!r}).predict(np.random.default_rng(0).normal(size=(30, 3)))

def users(x):
    return jax.numpy.sin(x) @ x

jax.jit(users)(np.ones((4, 4)))
same(state(), before)
"""
    run(code, tmp_path)
    kept = {path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()}
    assert any(name.startswith("jit_logits") for name in kept), kept
    assert not any("users" in name or "lambda" in name for name in kept)


def test_a_cache_of_the_user_s_stays_the_one_that_is_used(tmp_path: Path) -> None:
    small = str(save(tmp_path / "small"))
    code = f"""
jax.config.update("jax_compilation_cache_dir", {str(tmp_path / "own")!r})
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
before = state()
from avici_jl import Model
Model.load({small!r}).predict(np.random.default_rng(0).normal(size=(30, 3)))
same(state(), before)
"""
    run(code, tmp_path)
    assert list((tmp_path / "own").glob("jit_logits*")) and not (tmp_path / "cache").exists()


def test_a_run_changes_nothing_that_lasts(tmp_path: Path) -> None:
    code = f"""
from avici_jl.training import run
import avici_jl.checkpoints.run
import tensorboardX  # sets a variable of its own
before = state()
settings = ['network={{kind="pair", dim=4, layers=1, channels=2, statistics=["basic"]}}',
            "data.sizes=[{{d=3, batch=2}}]",
            "data.rows=[5]", "held_out.datasets=2", "steps=2"]
def simulate(rng, d, n_obs, n_int):
    return rng.normal(size=(n_obs + n_int, d)), np.zeros((n_obs + n_int, d)), np.triu(np.ones((d, d)), 1)
run({str(tmp_path / "run")!r}, domain=simulate, preset="smoke", overrides=settings, workers=0, say=lambda line: None)
same(state(), before)
"""
    run(code, tmp_path)
