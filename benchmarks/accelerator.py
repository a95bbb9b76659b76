"""A GPU or TPU beside this machine's CPU. `make bench-accelerator` calls it.

- Agreement: probabilities of the shipped models on the same tables, on both; largest and mean difference.
- Prediction: time of one table after the first, on both.
- Training: a step of the compact and of the paper's network on the accelerator, with compilation apart. The paper's
  batches are whole (about 300 / d datasets, n = 200), so that its 300,000 steps can be reckoned from them.

Each side is a process of its own (JAX_PLATFORMS=cpu for one of them). Medians, smallest and largest in brackets.
Arguments of the command line choose the parts: predict, train; by default both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

TABLES = ((1000, 30), (1000, 100))
LARGE = (1000, 1000)  # on the accelerator alone: minutes on a CPU


def main() -> None:
    if sys.argv[1:] == ["--here"]:
        print(json.dumps(predict()))
        return
    parts = sys.argv[1:] or ["predict", "train"]
    import jax

    device = jax.devices()[0]
    if device.platform == "cpu":
        raise SystemExit("JAX sees no accelerator. Is its package for yours installed (jax[cuda13] or jax[tpu])?")
    print(f"{device.device_kind}, beside {os.cpu_count()} cores; JAX {jax.__version__}", flush=True)
    if "predict" in parts:
        compare_predictions()
    if "train" in parts:
        time_training()


def in_process(**environment: str) -> Any:
    """Probabilities and times of `predict`, in a new process."""
    # Two processes share the accelerator: neither takes all of its memory.
    environment = {**os.environ, "XLA_PYTHON_CLIENT_PREALLOCATE": "false", **environment}
    done = subprocess.run([sys.executable, __file__, "--here"], capture_output=True, text=True, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return json.loads(done.stdout.splitlines()[-1])


def spread(times: list[float]) -> str:
    return f"{1e3 * np.median(times):.1f} ({1e3 * min(times):.1f}-{1e3 * max(times):.1f})"


def clock(call: Callable[[], Any], repeats: int) -> list[float]:
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    return times


def table(n: int, d: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """A linear model, or counts with logarithms from one; half of the rows have an intervention on one variable."""
    rng = np.random.default_rng(d)
    weights = np.triu(rng.random((d, d)) < 3 / d, 1) * rng.uniform(0.5, 1.5, (d, d)) * rng.choice([-1, 1], (d, d))
    mask = np.zeros((n, d), np.uint8)
    mask[np.arange(n // 2, n), rng.integers(0, d, n - n // 2)] = 1
    x = rng.normal(size=(n, d))
    for j in range(d):
        x[:, j] = np.where(mask[:, j], 2 * x[:, j], x[:, j] + x @ weights[:, j])
    if kind == "counts":
        x = rng.poisson(np.exp(np.clip(x / x.std(axis=0), -3, 3)) * (1 - mask))
    return x, mask


def predict() -> dict[str, Any]:
    """Probabilities and times of all models and tables, on what JAX uses here."""
    import jax

    from avici_jl import Model, list_models

    warnings.simplefilter("ignore")
    found: dict[str, Any] = {}
    for name in list_models():
        model = Model.load(name)
        for n, d in TABLES if name != "scm" or jax.default_backend() == "cpu" else (*TABLES, LARGE):
            data = table(n, d, model.kind)
            first = clock(lambda: model.predict(*data), 1)[0]  # noqa: B023
            times = clock(lambda: model.predict(*data), 9 if first < 60 else 1)  # noqa: B023
            p = model.predict(*data).tolist() if (n, d) != LARGE else []
            found[f"{name} {n} {d}"] = {"first": first, "times": times, "p": p}
    return found


def compare_predictions() -> None:
    there, here = in_process(), in_process(JAX_PLATFORMS="cpu")
    print("\nOne prediction after the first, ms\n")
    print("| model | n | d | first, s | accelerator | CPU | ratio | largest difference | mean |")
    print("|---|---|---|---|---|---|---|---|---|")
    for key, found in there.items():
        name, n, d = key.split()
        cells = f"| `{name}` | {n} | {d} | {found['first']:.1f} | {spread(found['times'])} |"
        if key not in here:
            print(f"{cells} | | | |")
            continue
        ratio = np.median(here[key]["times"]) / np.median(found["times"])
        difference = np.abs(np.array(found["p"]) - here[key]["p"])
        print(
            f"{cells} {spread(here[key]['times'])} | {ratio:.1f} | {difference.max():.1g} | {difference.mean():.1g} |",
            flush=True,
        )


def time_training(repeats: int = 30) -> None:
    """Steps on the accelerator, each finished before the next begins, on one batch."""
    import jax

    from avici_jl.network.axial import AxialConfig
    from avici_jl.training.config import resolve
    from avici_jl.training.data import Batch, Truth
    from avici_jl.training.mesh import Devices
    from avici_jl.training.schema import Config
    from avici_jl.training.step import compile_run

    def settings(preset: str, d: int, count: int) -> Config:
        overrides = [f"data.sizes=[{{d={d}, batch={count}}}]", "batch_multiplier=1"]
        return resolve("linear", kind="values", acyclic=True, preset=preset, overrides=overrides, lineage=("linear",))

    def batch(n: int, d: int, count: int) -> Batch:
        tables = [table(n, d, "values") for _ in range(count)]
        x, mask = (np.stack(part) for part in zip(*tables, strict=True))
        graph = np.triu(np.ones((count, d, d), np.uint8), 1)
        return Batch(x.astype(np.float32), mask, Truth(graph), count)

    print("\nOne step of training\n")
    print("| preset | d | n | datasets a step | compilation, s | ms | datasets/s | TFLOP/s of matrix products |")
    print("|---|---|---|---|---|---|---|---|")
    paper: list[tuple[int, float]] = []
    for preset, n, d, count in (
        ("compact", 1000, 30, 4),
        ("compact", 1000, 30, 64),
        ("paper", 200, 10, 30),
        ("paper", 200, 30, 10),
        ("paper", 200, 50, 6),
    ):
        devices = Devices()
        compiled, placed = compile_run(settings(preset, d, count), devices), devices.place(batch(n, d, count))
        state = compiled.start()

        def step() -> None:
            nonlocal state
            state, measured = compiled.step(state, placed)  # noqa: B023
            jax.block_until_ready((state, measured))

        first = clock(step, 1)[0]
        clock(step, 2)
        times = clock(step, repeats)
        median, work = float(np.median(times)), ""
        if preset == "paper":
            paper.append((d, median))
            work = f"{3e-12 * count * AxialConfig().forward_flops(n, d) / median:.1f}"
        print(
            f"| `{preset}` | {d} | {n} | {count} | {first:.0f} | {spread(times)} | {count / median:.0f} | {work} |",
            flush=True,
        )
    # Batches of d variables come in proportion to d, so that every size is equally often seen per dataset.
    mean = sum(d * seconds for d, seconds in paper) / sum(d for d, _ in paper)
    print(f"\n300,000 steps of the paper's network, as of these three sizes: {300_000 * mean / 3600:.1f} hours.")


if __name__ == "__main__":
    main()
