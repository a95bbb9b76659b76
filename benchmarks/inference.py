"""Time and memory of predictions, beside the reference's forward pass. `make bench-inference` calls it.

- every size in a process of its own, whose peak memory is that of the whole process: data, JAX, compilation;
- the paper's network at equal size here and in avici 1.0.7 (dm-haiku), in turns in one process, as a ratio;
- the first prediction of a new process, with an empty and with a filled compilation cache;
- growth with rows and variables.

`--first MODEL` measures nothing but where the first prediction of a new machine goes, in seconds of the processor; with
`--xla NAME=VALUE` XLA compiles with this option. `--start` measures nothing but the import and `avici-jl --help`, in
seconds of the processor from the start of Python. `--full` takes the paper's network at its full depth, also at large
sizes: about an hour on two cores. `--genome` measures nothing but counts of 5000 genes in 10 000 cells.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import reference

LARGE = ((32_000, 18), (10_000, 51), (1000, 100), (1000, 1000))
LONG = (1_000_000, 10)
GENOME = ("grn", 10_000, 5000)
REPEATS = 5
STARTS = {
    "python": "pass",
    "import avici_jl": "import avici_jl",
    "avici-jl --help": "import sys; from avici_jl.cli import main; sys.argv = ['avici-jl', '--help']; main()",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="the paper's network at full depth, at every size")
    parser.add_argument("--genome", action="store_true", help="only counts of 5000 genes in 10 000 cells")
    parser.add_argument("--first", metavar="MODEL", help="only where the first prediction of a new machine goes")
    parser.add_argument("--start", action="store_true", help="only the import and the command line's help")
    parser.add_argument("--xla", action="append", default=[], metavar="NAME=VALUE", help="of --first")
    parser.add_argument("--part", help=argparse.SUPPRESS)  # what a process of its own computes
    arguments = parser.parse_args()
    if arguments.part:
        name, *values = arguments.part.split(":")
        print(json.dumps(PARTS[name](*values)))
        return
    if arguments.first:
        for stage, seconds in in_process(":".join(["stages", arguments.first, *arguments.xla])).items():
            print(f"{stage:32}{seconds:8.2f}")
        return
    if arguments.start:
        for what, code in STARTS.items():
            print(f"{what:32}{spread([processor_seconds(code) for _ in range(REPEATS)])}")
        return
    busy = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    print(f"{platform.machine()}, {os.cpu_count()} cores; load before the start {busy} (1, 5, 15 minutes)")
    print("Times in seconds: median (smallest-largest) of the wall clock; CPU is the time of all cores together.\n")
    layers = 8 if arguments.full else 2
    largest = in_process("largest")
    print("Time and peak memory of predict, each in a process of its own; first: with compilation")
    print(f"{'network':24}{'n':>9}{'d':>6}{'first':>9}{'then':>24}{'CPU':>8}{'GB':>7}")
    if arguments.genome:
        name, n, d = GENOME
        row(f"shipped ({name})", n, d, in_process(f"shipped:{name}:{n}:{d}:once"))
        return
    for n, d in (LONG, *LARGE):
        row(f"shipped ({largest})", n, d, in_process(f"shipped:{largest}:{n}:{d}"))
    for n, d in LARGE if arguments.full else LARGE[2:3]:
        row(f"paper, {layers} layers", n, d, in_process(f"paper:{layers}:{n}:{d}"))
    print(f"\nGrowth of time, {largest}: doubling rows, then doubling variables")
    for n, d in ((1000, 30), (2000, 30), (4000, 30), (8000, 30), (1000, 60), (1000, 120), (1000, 240)):
        row(f"shipped ({largest})", n, d, in_process(f"shipped:{largest}:{n}:{d}"))
    print("\nFirst prediction of a process (n = 1000, d = 30), from its start, by compilation cache")
    with tempfile.TemporaryDirectory() as cache:
        for state in ("empty", "filled", "filled"):
            begin = time.perf_counter()
            in_process(f"first:{largest}", JAX_COMPILATION_CACHE_DIR=cache)
            print(f"  {state:8}{time.perf_counter() - begin:8.2f}")
    print(f"\nThe paper's network, {layers} layers, n = 1000, d = 100, in turns in one process")
    found = in_process(f"beside:{layers}")
    for name, times in found.items():
        print(f"  {name:28}{spread(times['wall'])}   CPU {np.median(times['cpu']):8.2f}")
    for name in list(found)[:-1]:
        ratios = [np.median(found["avici 1.0.7"][kind]) / np.median(found[name][kind]) for kind in ("wall", "cpu")]
        print(f"  {name} is {ratios[0]:.1f} times as fast as avici 1.0.7 ({ratios[1]:.1f} times by CPU)")


def processor_seconds(code: str) -> float:
    """What a new Python takes for `code`, its own start included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def in_process(part: str, **environment: str) -> Any:
    """What this program prints for one part, in a new process."""
    command = [sys.executable, __file__, "--part", part]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})
    if done.returncode:
        raise SystemExit(f"{part}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def row(name: str, n: int, d: int, found: dict[str, Any]) -> None:
    cpu = np.median(found["cpu"])
    print(f"{name:24}{n:>9}{d:>6}{found['first']:9.2f}{spread(found['wall']):>24}{cpu:8.2f}{found['gigabytes']:7.2f}")


def spread(times: list[float]) -> str:
    return f"{np.median(times):8.2f} ({min(times):.2f}-{max(times):.2f})"


def measure(call: Callable[[], Any], repeats: int = REPEATS) -> dict[str, Any]:
    """Seconds of the first call and of the next ones, and the peak memory of this process in GB."""
    begin, used = time.perf_counter(), time.process_time()
    call()
    first = time.perf_counter() - begin
    wall, cpu = ([first], [time.process_time() - used]) if repeats == 0 else ([], [])
    # One more is enough of what takes minutes.
    for _ in range(repeats if first < 30 else min(repeats, 1)):
        begin, used = time.perf_counter(), time.process_time()
        call()
        wall.append(time.perf_counter() - begin)
        cpu.append(time.process_time() - used)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {"first": first, "wall": wall, "cpu": cpu, "gigabytes": peak}


def largest() -> str:
    """The shipped model with most parameters."""
    from avici_jl import Model, list_models

    return max(list_models(), key=lambda name: (Model.load(name).card["parameters"], name))


def table(n: int, d: int, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Data of which half of the rows have an intervention on one variable."""
    rng = np.random.default_rng(0)
    x = rng.poisson(2.0, (n, d)) if kind == "counts" else rng.normal(size=(n, d))
    mask = np.zeros((n, d), np.uint8)
    mask[np.arange(n // 2, n), rng.integers(0, d, n - n // 2)] = 1
    return x, mask


def shipped(name: str, n: str, d: str, once: str = "") -> dict[str, Any]:
    from avici_jl import Model

    warnings.simplefilter("ignore")
    os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "false"
    model = Model.load(name)
    x, mask = table(int(n), int(d), model.kind)
    return measure(lambda: model.predict(x, mask), repeats=0 if once else REPEATS)


def first(name: str) -> None:
    from avici_jl import Model

    model = Model.load(name)
    model.predict(*table(1000, 30, model.kind))


def stages(name: str, *options: str) -> dict[str, float]:
    """Seconds of the processor that each stage of a first prediction takes where nothing was kept."""
    found: dict[str, float] = {}

    def note(stage: str) -> None:
        found[stage] = time.process_time() - sum(found.values())

    note("start, this program")
    import jax

    from avici_jl import Model
    from avici_jl.data.standardize import features
    from avici_jl.network import predictor
    from avici_jl.network.shapes import fill_up

    note("import")
    os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "false"
    jax.config.update("jax_enable_compilation_cache", False)
    model = Model.load(name)
    note("load the model")
    network = model._loaded.config["network"]
    x, mask = table(1000, 30, model.kind)
    seen, extent = fill_up(features(x.astype(np.float32), mask, model.kind, gaps=False, same_units=None))
    how = dict(option.split("=") for option in options) or None
    groups = {"statistics": network["statistics"], "clip": network.get("clip", 0.0)}
    lowered = jax.jit(functools.partial(predictor._summarize, groups)).lower(seen, extent)
    note("trace the statistics")
    compiled = lowered.compile(compiler_options=how)
    note("compile the statistics")
    summary = jax.block_until_ready(compiled(seen, extent))
    note("compute the statistics")
    known = [np.zeros((seen.shape[1],) * 2, np.int8)] if network.get("prior") else []
    arguments = (model._predictor._leaves, summary, *known)
    lowered = jax.jit(model._predictor.from_summary).lower(*arguments)
    note("trace the network")
    compiled = lowered.compile(compiler_options=how)
    note("compile the network")
    jax.block_until_ready(compiled(*arguments))
    note("compute the network")
    return found


def paper_network(layers: int) -> Callable[[Any], Any]:
    """The paper's network with random parameters, compiled."""
    import jax
    from flax import nnx

    from avici_jl.network import build_network

    graphdef, state = nnx.split(build_network({"kind": "axial", "layers": layers}, rngs=nnx.Rngs(0)))
    forward = jax.jit(lambda state, x: nnx.merge(graphdef, state)(x))
    return lambda x: np.asarray(forward(state, x))


def paper(layers: str, n: str, d: str) -> dict[str, Any]:
    network = paper_network(int(layers))
    x = np.stack(table(int(n), int(d), "values"), axis=-1)[None].astype(np.float32)
    return measure(lambda: network(x), repeats=1 if int(layers) == 8 else 3)


def reference_network(layers: int) -> Callable[[Any], Any]:
    """The network of avici 1.0.7 with random parameters, compiled."""
    import jax

    haiku, theirs = reference.module("haiku"), reference.module("avici.model")
    network = haiku.transform(lambda x: theirs.BaseModel(layers=layers)(x, False))
    parameters = network.init(jax.random.key(0), np.zeros((1, 4, 3, 2), np.float32))
    forward = jax.jit(lambda parameters, x: network.apply(parameters, jax.random.key(0), x))
    return lambda x: np.asarray(forward(parameters, x))


def beside(layers: str) -> dict[str, Any]:
    """Times of the paper's network here, of the largest shipped model, and of the reference, measured in turns."""
    from avici_jl import Model

    warnings.simplefilter("ignore")
    model = Model.load(largest())
    data = table(1000, 100, model.kind)
    x = np.stack(table(1000, 100, "values"), axis=-1)[None].astype(np.float32)
    ours, theirs = paper_network(int(layers)), reference_network(int(layers))
    calls: dict[str, Callable[[], Any]] = {
        "the paper's network, here": lambda: ours(x),
        f"the shipped model {model.name}": lambda: model.predict(*data),
        "avici 1.0.7": lambda: theirs(x),
    }
    found: dict[str, Any] = {name: {"wall": [], "cpu": []} for name in calls}
    for turn in range(4):
        for name, call in calls.items():
            begin, used = time.perf_counter(), time.process_time()
            call()
            if turn:  # the first is with compilation
                found[name]["wall"].append(time.perf_counter() - begin)
                found[name]["cpu"].append(time.process_time() - used)
    return found


PARTS: dict[str, Callable[..., Any]] = {
    part.__name__: part for part in (largest, shipped, first, stages, paper, beside)
}

if __name__ == "__main__":
    main()
