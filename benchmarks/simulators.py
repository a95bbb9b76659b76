"""Speed of the simulators beside others, side by side in one run. `make bench-simulators` calls it.

One thread, warm, medians with quartiles, as ratios; times are the processor's, so that other work on the machine counts
little:

- gene regulation beside sergio_rs (Rust) at the same genes, cells and steps, and beside the machine's own floor: one
  bulk normal draw and the arithmetic of one Euler-Maruyama step;
- linear and random-Fourier-feature models beside the generators of avici 1.0.7 (NumPy);
- scaling in cells, genes and threads, and a data set of 400 genes and 2700 cells;
- what each imperfection costs beside the dataset without it.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import reference
import sergio_rs
import threadpoolctl

from avici_jl._runtime.resources import julia_package_dir
from avici_jl.simulation import bridge

TYPES, CELLS, EVERY, DT = 5, 120, 15, 0.01
BATCH = 100

HELPERS = """
using AviciSim: ErdosRenyi, EulerMaruyama, Distribution, GRNProblem, Parameter, Stream
using AviciSim: euler_step, fill_normal!, sample_graph

random_graph(genes, seed) = sample_graph(Stream(seed, 0), ErdosRenyi(Parameter(2, "")), genes)
grn(graph) = GRNProblem(
    graph; basal=Distribution(:uniform, 1, 3), interaction=Distribution(:uniform, 1, 5), cell_types=5
)
run_grn(problem, seed, mode) =
    (AviciSim.solve(problem, EulerMaruyama(0.01); cells=600, mode=Symbol(mode), seed=seed); nothing)

# A normal number and one step, per gene: no regulation, no sampling, everything in the cache.
function floor_steps!(x, z, rng, steps)
    for _ in 1:steps
        fill_normal!(rng, z)
        @inbounds @simd ivdep for k in eachindex(x)
            x[k] = euler_step(Val(:dpd), x[k], 1.0f0, 0.8f0, 0.01f0, 0.1f0, z[k])
        end
    end
end
floor_run(steps) = floor_steps!(ones(Float32, 4096), zeros(Float32, 4096), Stream(1, 0), steps)

# With the graphs that the reference is given.
const DOMAINS = Dict(name => AviciSim.Domain(name; graph=ErdosRenyi(Parameter(2, ""))) for name in ("linear", "rff"))

# Into the same memory each time: the reference gives up each dataset before the next, and so gets its memory again.
const BATCHES = Dict{String, Any}()
run_domain(name, count, seed) = (
    BATCHES[name] = AviciSim.simulate_batch(
        DOMAINS[name], count; d=30, n_obs=1000, seed=seed, into=get(BATCHES, name, nothing)
    ); nothing
)
"""


def side_by_side(ours: Callable[[int], object], theirs: Callable[[int], object], repeats: int) -> list[np.ndarray]:
    """Quartiles of both times in ms, measured in turns and warm: each after a run of its own that is not counted."""
    times: tuple[list[float], list[float]] = ([], [])
    for k in range(10):
        ours(k)
    for k in range(1, repeats + 1):
        for f, found in zip((ours, theirs), times, strict=True):
            f(0)
            begin = time.process_time()
            f(k)
            found.append(1e3 * (time.process_time() - begin))
    return [np.quantile(found, [0.5, 0.25, 0.75]) for found in times]


def processor() -> str:
    """The processor's name where the system tells it."""
    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*:\s*(.*)", info.read_text()) if info.is_file() else []
    return f"{names[0] if names else platform.processor()} ({platform.machine()})"


def text(quartiles: np.ndarray) -> str:
    return f"{quartiles[0]:9.3f} ({quartiles[1]:.3f}-{quartiles[2]:.3f})"


def sergio(graph: np.ndarray, seed: int) -> Callable[[int], object]:
    """The same network in sergio_rs: its own half-responses, 120 cells per type, one every 15 steps."""
    rng = np.random.default_rng(seed)
    genes = [sergio_rs.Gene(f"g{j}", 0.8) for j in range(len(graph))]
    grn = sergio_rs.GRN()
    for i, j in np.argwhere(graph):
        k = rng.uniform(1, 5) * rng.choice([-1, 1])
        grn.add_interaction(reg=genes[i], tar=genes[j], k=k, h=None, n=2)
    grn.set_mrs()
    masters = sergio_rs.MrProfile.from_random(
        grn, num_cell_types=TYPES, low_range=(1, 2), high_range=(2.01, 3), seed=seed
    )
    sim = sergio_rs.Sim(grn, num_cells=CELLS, safety_iter=0, scale_iter=EVERY, dt=DT, noise_s=1, seed=seed)
    return lambda k: sim.simulate(masters)


def generator(kind: str) -> Callable[[int], object]:
    """The generators of avici 1.0.7 (NumPy, igraph)."""
    synthetic = reference.module("avici.synthetic")
    common = {
        "bias": synthetic.Uniform(low=-3, high=3),
        "noise": synthetic.Gaussian(),
        "noise_scale": synthetic.Uniform(low=0.2, high=2),
    }
    if kind == "linear":
        mechanism = synthetic.LinearAdditive(param=synthetic.SignedUniform(low=1, high=3), **common)
    else:
        length, scale = synthetic.Uniform(low=7, high=10), synthetic.Uniform(low=10, high=20)
        mechanism = synthetic.RFFAdditive(length_scale=length, output_scale=scale, **common)
    graphs = synthetic.ErdosRenyi(edges_per_var=2)

    def run(k: int) -> object:
        for index in range(BATCH):
            rng = np.random.default_rng([k, index])
            mechanism(rng=rng, g=graphs(rng, 30), n_observations_obs=1000, n_observations_int=0)
        return None

    return run


def main() -> None:
    threadpoolctl.threadpool_limits(1)  # NumPy too has one thread
    bridge.julia()
    module = bridge._bridge()
    module.seval("begin\n" + HELPERS + "\nend")
    version = module.seval("string(VERSION)")
    print(f"{processor()}, {os.cpu_count()} cores; Julia {version}, one thread; times in ms: median (quartiles)")

    module.floor_run(10)
    floor = []
    for _ in range(25):
        begin = time.process_time()
        module.floor_run(500)
        floor.append((time.process_time() - begin) / (500 * 4096) * 1e9)
    bound = float(np.median(floor))
    quartiles = text(np.quantile(floor, [0.5, 0.25, 0.75])).strip()
    print(f"floor: {quartiles} ns per gene-step: a normal number and the arithmetic of a step\n")

    print(f"gene regulation, {TYPES} cell types x {CELLS} cells, one every {EVERY} steps, mode compatible (target 20x)")
    print("genes          AviciSim                 sergio_rs             ratio   ns per gene-step")
    for genes in (30, 50, 100):
        graph = np.array(module.random_graph(genes, 1))
        problem = module.grn(graph)
        ours, theirs = side_by_side(
            lambda k, p=problem: module.run_grn(p, k, "compatible"), sergio(graph, 1), repeats=25
        )
        each = 1e6 * ours[0] / (genes * TYPES * CELLS * EVERY)
        ratio = f"{theirs[0] / ours[0]:6.1f}x"
        print(f"{genes:5} {text(ours)}  {text(theirs)}  {ratio}  {each:6.2f} = {each / bound:.1f} floors")
    print("\nthe same cells, each a trajectory of its own (mode physical, 625 steps)")
    for genes in (30, 100):
        problem = module.grn(module.random_graph(genes, 1))
        ours, _ = side_by_side(lambda k, p=problem: module.run_grn(p, k, "physical"), lambda k: None, repeats=7)
        each = 1e6 * ours[0] / (genes * TYPES * CELLS * 625)
        print(f"{genes:5} {text(ours)}  {each:6.2f} ns per gene-step = {each / bound:.1f} floors")

    print(f"\nstructural causal models, d = 30, n = 1000, graph included, batches of {BATCH} datasets (target 20x)")
    print("domain         AviciSim                 avici 1.0.7           ratio")
    for kind in ("linear", "rff"):
        ours, theirs = side_by_side(lambda k, name=kind: module.run_domain(name, BATCH, k), generator(kind), repeats=15)
        print(f"{kind:8} {text(ours)}  {text(theirs)}  {theirs[0] / ours[0]:6.1f}x")

    scaling()
    print("\nimperfections (target 0.1)")
    print(julia("imperfections", threads=1))


def julia(script: str, threads: int) -> str:
    """What a script of `julia/AviciSim/bench` prints."""
    project = julia_package_dir()
    command = ["julia", "--startup-file=no", f"--project={project}", f"--threads={threads}"]
    own_cores = {**os.environ, "JULIA_EXCLUSIVE": "1"}  # a system may put both threads on one core for milliseconds
    script_file = str(project / "bench" / f"{script}.jl")
    return subprocess.run([*command, script_file], check=True, capture_output=True, text=True, env=own_cores).stdout


def scaling() -> None:
    """Growth of time with cells and genes, and with threads: `bench/scaling.jl` with one thread and with two."""
    found: list[dict[str, list[float]]] = []
    for threads in (1, 2):
        lines = julia("scaling", threads).splitlines()
        found.append({name: [float(number) for number in numbers] for name, *numbers in map(str.split, lines)})
    one, two = found
    memory = one.pop("peak-memory")[0], two.pop("peak-memory")[0]

    print("\nthreads (10 knock-outs beside the wild type; batches with d = 30, n = 400; DS2: 400 genes, 9 x 300 cells)")
    print("workload                            1 thread                  2 threads             ratio    (target 1.7x)")
    for name in one:
        serial = name == "compatible-DS2"  # one condition of the mode compatible is one run
        ratio = "     -" if serial else f"{one[name][0] / two[name][0]:6.2f}x"
        print(f"{name:33} {text(np.array(one[name]))}  {text(np.array(two[name]))}  {ratio}")
    print(f"peak memory {memory[0]:.2f} GB with one thread, {memory[1]:.2f} GB with two (target 2 GB)")

    print("\ngrowth, one thread: time per cell and gene beside that of the smallest (linear: 1.0x)")
    for mode in ("compatible", "physical"):
        sizes = [(50, 1200), (50, 2400), (50, 4800), (100, 2400), (200, 2400)]
        each = [one[f"{mode}-{genes}-genes-{cells}-cells"][0] / (genes * cells) for genes, cells in sizes]
        grown = (f"{genes} x {cells}: {cost / each[0]:.2f}x" for (genes, cells), cost in zip(sizes, each, strict=True))
        print(f"{mode:12} genes x cells  {',  '.join(grown)}")


if __name__ == "__main__":
    main()
