"""Speed and memory of a training step at the paper's size, beside the reference. `make bench-training` calls it.

The reference is the network and the acyclicity constraint of avici 1.0.7's own `model.py` (dm-haiku), with its LAMB,
clipping and parameter average, compiled as one function. Both sides start from the same parameters, see the same
batches and have no dropout.

- Speed: the paper's network (4.2 million parameters, d variables, n = 200 rows). A whole batch of the paper, 300 / d
  datasets, takes minutes on a CPU, so that a step has fewer datasets here; both sides take turns, the table has
  medians. Work per second counts the matrix products alone, beside that of a 2048³ product.
- Memory: what the compiled gradient needs beside its arguments, at the paper's whole batch. Compiled, not run.
- Loss: both sides train on for 200 steps, on small datasets.

Arguments of the command line choose the parts: speed, memory, loss; by default all.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import reference

from avici_jl._runtime.memory import keep_freed_memory
from avici_jl.data.standardize import features
from avici_jl.network.axial import AxialConfig
from avici_jl.training import Function
from avici_jl.training.config import resolve
from avici_jl.training.data import Batch, TrainingData
from avici_jl.training.mesh import Devices
from avici_jl.training.optimizer import build_schedule
from avici_jl.training.schema import Config
from avici_jl.training.step import compile_run

LAYERS, HEADS, SIZE, DIM, WIDENING, ROWS = 8, 8, 32, 128, 4, 200


def simulate(rng: np.random.Generator, d: int, n_obs: int, n_int: int) -> tuple[np.ndarray, ...]:
    """A linear model with Gaussian noise on a random acyclic graph; NumPy, so that no Julia is in the way."""
    order, n = rng.permutation(d), n_obs + n_int
    graph = np.triu(rng.random((d, d)) < min(0.5, 4 / d), 1)[np.ix_(order, order)]
    weights = graph * rng.uniform(1, 3, (d, d)) * rng.choice([-1, 1], (d, d))
    x = np.linalg.solve(np.eye(d) - weights.T, rng.normal(0, 1, (d, n))).T
    return x, np.zeros((n, d)), graph


def settings(sizes: list[tuple[int, int]], rows: int, steps: int = 200) -> Config:
    """The paper's settings for LINEAR, with other batches."""
    batches = ", ".join(f"{{d={d}, batch={batch}}}" for d, batch in sizes)
    overrides = [
        f"data.sizes=[{batches}]",
        f"data.rows=[{rows}]",
        f"steps={steps}",
        "batch_multiplier=1",
        "data.row_pool_factor=1.0",
    ]
    overrides += ["data.interventional=[0.0]", "optimizer.decay=wsd", "optimizer.warmup_fraction=0.1"]
    return resolve("linear", kind="values", acyclic=True, preset="paper", overrides=overrides, lineage=("linear",))


def reference_model() -> Any:
    """The classes of avici's model.py."""
    module = reference.module("avici.model")
    arguments = {"layers": LAYERS, "dim": DIM, "num_heads": HEADS, "key_size": SIZE, "widening_factor": WIDENING}
    return module.InferenceModel(
        model_class=module.BaseModel,
        model_kwargs={**arguments, "dropout": 0.0, "cosine_temp_init": 2.0},
        acyclicity=lambda radius, t, dual: radius * dual,
    )


def compile_reference(config: Config) -> tuple[Any, Any]:
    """(gradient, step) of the reference: (params, key, x, interventions, graph, multiplier) and (state, key, …)."""
    model = reference_model()
    rate = build_schedule(config.optimizer, config.steps, config.largest_batch)
    tx = optax.chain(optax.clip_by_global_norm(1.0), optax.lamb(rate))

    def gradient(params: Any, key: jax.Array, x: Any, interventions: Any, graph: Any, multiplier: Any) -> Any:
        def loss(params: Any) -> tuple[jax.Array, jax.Array]:
            logits = model.net.apply(params, key, features(x, interventions, "values"), True)
            log_p, log_q = jax.nn.log_sigmoid(logits), jax.nn.log_sigmoid(-logits)
            d, eye = graph.shape[-1], jnp.eye(graph.shape[-1], dtype=bool)
            entropy = jnp.where(eye, 0.0, -(graph * log_p + (1 - graph) * log_q)).sum((-1, -2)).mean() / (d * (d - 1))
            radius = model.acyclicity_spectral_log(jnp.where(eye, -jnp.inf, log_p), key, 10).mean()
            return entropy + multiplier * radius, entropy

        return jax.grad(loss, has_aux=True)(params)

    @jax.jit
    def step(state: Any, *arguments: Any) -> Any:
        params, optimizer, average = state
        found, loss = gradient(params, *arguments)
        updates, optimizer = tx.update(found, optimizer, params)
        params = optax.apply_updates(params, updates)
        return (params, optimizer, optax.incremental_update(params, average, 1e-3)), loss

    return jax.jit(gradient), (lambda params: (params, tx.init(params), params), step)


def as_reference(params: Any) -> dict[str, dict[str, jax.Array]]:
    """Our parameters under haiku's names. The reference has a layer norm each for q, k and v; they start equal."""
    out: dict[str, dict[str, jax.Array]] = {}
    counts = {"layer_norm": 0, "linear": 0}

    def add(kind: str, part: Any) -> None:
        suffix = f"_{counts[kind]}" if counts[kind] else ""
        counts[kind] += 1
        names = ("scale", "bias", "scale", "offset") if kind == "layer_norm" else ("kernel", "bias", "w", "b")
        out[f"BaseModel/{kind}{suffix}"] = {new: part[old] for old, new in zip(names[:2], names[2:], strict=True)}

    add("linear", params["embed"])
    for number in range(LAYERS):
        layer = params["layers"][number]
        for k, (attention, perceptron) in enumerate((("over_variables", "then"), ("over_observations", "last"))):
            for _ in range(3):
                add("layer_norm", layer[attention]["norm"])
            index = 2 * number + k
            name = f"BaseModel/multi_head_attention{f'_{index}' if index else ''}"
            names = {"query": "query", "key": "key", "value": "value", "out": "linear"}
            for old, new in names.items():
                part = layer[attention]["block"][old]
                out[f"{name}/{new}"] = {"w": part["kernel"], "b": part["bias"]}
            add("layer_norm", layer[perceptron]["norm"])
            add("linear", layer[perceptron]["block"]["wide"])
            add("linear", layer[perceptron]["block"]["narrow"])
    add("layer_norm", params["norm"])
    for side in ("cause", "effect"):
        add("layer_norm", params["head"][f"norm_{side}"])
        add("linear", params["head"][side])
    one = (1, 1, 1)
    out["BaseModel"] = {
        "learned_temp": jnp.reshape(params["head"]["log_scale"], one),
        "final_matrix_bias": jnp.reshape(params["head"]["bias"], one),
    }
    return jax.tree.map(jnp.copy, out)


def matmul_gflops(size: int = 2048, repeats: int = 5) -> float:
    """Of a large float32 product, the median."""
    a = jnp.ones((size, size))
    product = jax.jit(jnp.matmul)
    times = [seconds(lambda: jax.block_until_ready(product(a, a))) for _ in range(repeats + 1)][1:]
    return 2e-9 * size**3 / float(np.median(times))


def seconds(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def batch_of(d: int, count: int, rows: int) -> Batch:
    return TrainingData(settings([(d, count)], rows).data, 200, source=Function(simulate))[0]


def compare_speed(repeats: int = 5) -> None:
    """Datasets per second of both sides in turns."""
    peak = matmul_gflops()
    print(
        f"\nSpeed: one step, n = {ROWS}; medians (and quartiles) of {repeats}. A 2048³ product: {peak:.0f} GFLOP/s.\n"
    )
    print(
        "|  d | datasets a step | ours, s | reference, s | ratio | ours, datasets/s | ours, GFLOP/s | of the product |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for d, count in ((10, 6), (20, 3), (30, 2), (50, 2)):
        config, devices = settings([(d, count)], ROWS), Devices()
        compiled, batch = compile_run(config, devices), batch_of(d, count, ROWS)
        state, placed = compiled.start(), devices.place(batch)
        (start, step), key = compile_reference(config)[1], jax.random.key(0)
        other = start(as_reference(state.params))
        arguments = (key, *batch[:3], jnp.zeros(()))
        times: dict[str, list[float]] = {"ours": [], "reference": []}
        for _ in range(repeats + 2):  # the first two of each compile and are not counted
            begin = time.perf_counter()
            state, measured = compiled.step(state, placed)
            jax.block_until_ready((state, measured))
            middle = time.perf_counter()
            other, loss = step(other, *arguments)
            jax.block_until_ready((other, loss))
            times["ours"].append(middle - begin)
            times["reference"].append(time.perf_counter() - middle)
        ours, theirs = (np.percentile(values[2:], [25, 50, 75]) for values in times.values())
        work = 3e-9 * count * AxialConfig().forward_flops(ROWS, d) / ours[1]
        cells = [f"{q[1]:.2f} ({q[0]:.2f}–{q[2]:.2f})" for q in (ours, theirs)]
        print(
            f"| {d} | {count} | {cells[0]} | {cells[1]} | {theirs[1] / ours[1]:.2f} | {count / ours[1]:.2f} | "
            f"{work:.0f} | {work / peak:.0%} |",
            flush=True,
        )


def compare_memory() -> None:
    """What the compiled gradients need, at the paper's batches."""
    print("\nMemory of the compiled gradient beside its arguments, at the paper's batches, GB.\n")
    print("|  d | datasets | ours | reference | ratio |\n|---|---|---|---|---|")
    for d, count in ((10, 30), (30, 10), (50, 6)):
        config, devices = settings([(d, count)], ROWS), Devices()
        compiled, batch = compile_run(config, devices), batch_of(d, count, ROWS)
        state = jax.eval_shape(compiled.start)
        key = jax.ShapeDtypeStruct((), jax.random.key(0).dtype)
        ours = compiled.gradient.lower(
            state.params, state.step, state.dual.multiplier, *batch[:3], total=count
        ).compile()
        gradient = jax.jit(compile_reference(config)[0])
        theirs = gradient.lower(jax.eval_shape(as_reference, state.params), key, *batch[:3], 0.0).compile()
        sizes = [part.memory_analysis().temp_size_in_bytes / 1e9 for part in (ours, theirs)]
        print(f"| {d} | {count} | {sizes[0]:.2f} | {sizes[1]:.2f} | {sizes[0] / sizes[1]:.2f} |", flush=True)


def compare_loss(steps: int = 200, d: int = 5, count: int = 4, rows: int = 30) -> None:
    """Both sides train from the same parameters on the same batches."""
    config, devices = settings([(d, count)], rows, steps), Devices()
    data, compiled = TrainingData(config.data, steps, source=Function(simulate)), compile_run(config, devices)
    state = compiled.start()
    (start, step), key = compile_reference(config)[1], jax.random.key(0)
    other, losses = start(as_reference(state.params)), []
    for k in range(steps):
        batch = data[k]
        state, measured = compiled.step(state, devices.place(batch))
        other, loss = step(other, jax.random.fold_in(key, k), *batch[:3], jnp.zeros(()))
        losses.append((float(measured.loss), float(loss)))
    print(
        f"\nLoss over {steps} steps of {count} datasets with d = {d}, n = {rows}: means of 25 steps ± standard error.\n"
    )
    print("| steps | ours | reference | difference ± standard error |\n|---|---|---|---|")
    for k in range(0, steps, 25):
        part = np.array(losses[k : k + 25])
        error = part.std(axis=0, ddof=1) / 5
        difference = part[:, 0] - part[:, 1]
        print(
            f"| {k}–{k + 25} | {part[:, 0].mean():.4f} ± {error[0]:.4f} | {part[:, 1].mean():.4f} ± {error[1]:.4f} | "
            f"{difference.mean():+.4f} ± {difference.std(ddof=1) / 5:.4f} |"
        )


def main() -> None:
    keep_freed_memory()  # as `avici-jl train` does; here for both sides
    parts = {"speed": compare_speed, "memory": compare_memory, "loss": compare_loss}
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, JAX {jax.__version__}, CPU")
    for name in sys.argv[1:] or parts:
        parts[name]()


if __name__ == "__main__":
    main()
