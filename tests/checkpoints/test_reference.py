"""Checkpoints of the reference implementation: the same logits here, and pickles that are more than arrays refused."""

from __future__ import annotations

import json
import os
import pickle
import sys
import types
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from typer.testing import CliRunner

from avici_jl import CheckpointError, Model
from avici_jl.checkpoints.reference import convert, read_pickled
from avici_jl.cli import app
from avici_jl.network import build_network

ROOT = Path(__file__).parents[2]
SMALL = {"layers": 2, "dim": 12, "key_size": 5, "num_heads": 3, "widening_factor": 2, "dropout": 0.0}


def random_tree(settings: dict[str, Any]) -> dict[str, dict[str, np.ndarray]]:
    """Parameters with the reference's names and shapes, none of them as they begin."""
    rng, dim = np.random.default_rng(0), settings["dim"]
    inner, wide = settings["key_size"] * settings["num_heads"], settings["widening_factor"] * dim
    tree: dict[str, dict[str, np.ndarray]] = {}

    def name(kind: str, number: int, part: str = "") -> str:
        return f"BaseModel/{kind}{f'_{number}' if number else ''}{part}"

    def linear(where: str, inputs: int, outputs: int) -> None:
        tree[where] = {"w": rng.normal(size=(inputs, outputs)) / np.sqrt(inputs), "b": 0.3 * rng.normal(size=outputs)}

    linear(name("linear", 0), 2, dim)
    blocks = 2 * settings["layers"]
    for k in range(blocks):
        for part in ("query", "key", "value"):
            linear(name("multi_head_attention", k, f"/{part}"), dim, inner)
        linear(name("multi_head_attention", k, "/linear"), inner, dim)
        linear(name("linear", 2 * k + 1), dim, wide)
        linear(name("linear", 2 * k + 2), wide, dim)
    for k in range(2):
        linear(name("linear", 2 * blocks + 1 + k), dim, dim)
    for k in range(4 * blocks + 3):
        tree[name("layer_norm", k)] = {"scale": 1 + 0.3 * rng.normal(size=dim), "offset": 0.3 * rng.normal(size=dim)}
    tree["BaseModel"] = {"learned_temp": np.full((1, 1, 1), 1.7), "final_matrix_bias": np.full((1, 1, 1), -2.3)}
    return {module: {k: v.astype(np.float32) for k, v in values.items()} for module, values in tree.items()}


def by_the_paper(tree: dict[str, dict[str, np.ndarray]], settings: dict[str, Any], x: np.ndarray) -> np.ndarray:
    """Logits of x [n, d, 2] in float64: Sec. 4.2 with the reference's layer norms, written down with NumPy."""
    used = {"linear": 0, "layer_norm": 0, "multi_head_attention": 0}

    def module(kind: str, part: str = "") -> dict[str, np.ndarray]:
        number = used[kind]
        return tree[f"BaseModel/{kind}{f'_{number}' if number else ''}{part}"]

    def norm(z: np.ndarray) -> np.ndarray:
        values = module("layer_norm")
        used["layer_norm"] += 1
        centred = z - z.mean(-1, keepdims=True)
        return values["scale"] * centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5) + values["offset"]

    def linear(z: np.ndarray, values: dict[str, np.ndarray] | None = None) -> np.ndarray:
        if values is None:
            values = module("linear")
            used["linear"] += 1
        return z @ values["w"].astype(float) + values["b"]

    z = linear(x.astype(float))
    for _ in range(2 * settings["layers"]):
        heads = (*z.shape[:-1], settings["num_heads"], settings["key_size"])
        q, k, v = (
            linear(norm(z), module("multi_head_attention", f"/{p}")).reshape(heads) for p in ("query", "key", "value")
        )
        scores = np.einsum("rqhs,rkhs->rhqk", q, k) / np.sqrt(settings["key_size"])
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        mixed = np.einsum("rhqk,rkhs->rqhs", weights, v).reshape(*z.shape[:-1], -1)
        z = z + linear(mixed, module("multi_head_attention", "/linear"))
        used["multi_head_attention"] += 1
        z = z + linear(np.maximum(linear(norm(z)), 0))
        z = np.swapaxes(z, 0, 1)
    z = norm(z).max(0)
    u, v = (linear(norm(z)) for _ in range(2))
    u, v = (part / np.linalg.norm(part, axis=-1, keepdims=True) for part in (u, v))
    return np.exp(tree["BaseModel"]["learned_temp"].item()) * u @ v.T + tree["BaseModel"]["final_matrix_bias"].item()


def table(n: int, d: int) -> np.ndarray:
    rng = np.random.default_rng(3)
    return np.stack([rng.normal(size=(n, d)), rng.random((n, d)) < 0.1], -1).astype(np.float32)


def ours(config: dict[str, Any], params: dict[str, Any], x: np.ndarray) -> np.ndarray:
    graphdef: Any
    graphdef, state = nnx.split(nnx.eval_shape(lambda: build_network(config, rngs=nnx.Rngs(0))))
    nnx.replace_by_pure_dict(state, params)
    return np.asarray(jax.jit(lambda x: nnx.merge(graphdef, state)(x))(jnp.asarray(x)))


def between_variables(logits: np.ndarray) -> np.ndarray:
    return logits[..., ~np.eye(logits.shape[-1], dtype=bool)]


def test_logits_are_those_of_the_equations() -> None:
    tree, x = random_tree(SMALL), table(20, 4)
    config, params = convert(tree, SMALL)
    expected = between_variables(by_the_paper(tree, SMALL, x))
    assert expected.std() > 0.1
    np.testing.assert_allclose(between_variables(ours(config, params, x[None])[0]), expected, atol=1e-4)


def test_parts_of_another_network_are_refused() -> None:
    tree = random_tree(SMALL)
    with pytest.raises(CheckpointError, match="gru_1"):
        convert(tree | {"BaseModel/gru_1": tree["BaseModel/linear"]}, SMALL)
    with pytest.raises(CheckpointError, match="parameters of a network"):
        convert({name: tree[name] for name in tree if "layer_norm_3" not in name}, SMALL)
    with pytest.raises(CheckpointError, match="axes"):
        convert(tree, SMALL | {"ln_axis": [-2, -1]})


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Path]:
    """Writes a checkpoint as the reference does, with its own classes in it."""
    backbone = types.ModuleType("avici.backbone")
    names = "step rng opt_state params dual dual_penalty_polyak ave_params"
    backbone.ModelState = namedtuple("ModelState", names, module="avici.backbone")  # type: ignore[attr-defined, misc]
    monkeypatch.setitem(sys.modules, "avici", types.ModuleType("avici"))
    monkeypatch.setitem(sys.modules, "avici.backbone", backbone)

    def write(params: Any, protocol: int | None = None) -> Path:
        other = {"BaseModel/linear": {"w": jnp.zeros(3)}}
        state = backbone.ModelState(7, jax.random.PRNGKey(0), (np.float32(1), other), params, jnp.zeros(()), 0.5, other)
        (tmp_path / "checkpoint_0300000.pkl").write_bytes(pickle.dumps(state, protocol))
        (tmp_path / "kwargs.json").write_text(json.dumps({"neural_net_kwargs": SMALL, "inference_model_kwargs": {}}))
        return tmp_path

    return write


def test_a_checkpoint_becomes_a_model(checkpoint: Callable[..., Path], tmp_path: Path) -> None:
    tree = random_tree(SMALL)
    columns_first = {m: {k: np.asfortranarray(v) for k, v in values.items()} for m, values in tree.items()}
    folder = checkpoint({m: {k: jnp.asarray(v) for k, v in values.items()} for m, values in columns_first.items()})
    done = CliRunner().invoke(app, ["convert", str(folder), "--domain", "linear", "--out", str(tmp_path / "model")])
    assert done.exit_code == 0, done.output
    x = table(30, 4)[..., 0]
    z = np.stack([(x - x.mean(0)) / x.std(0), np.zeros_like(x)], -1)
    expected = between_variables(1 / (1 + np.exp(-by_the_paper(tree, SMALL, z))))
    found = between_variables(np.asarray(Model.load(tmp_path / "model").predict(x)))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("protocol", [2, 4])
def test_arrays_of_every_protocol_are_read(checkpoint: Callable[..., Path], protocol: int) -> None:
    array = np.arange(6, dtype=">f8").reshape(2, 3, order="F")
    folder = checkpoint({"m": {"a": array, "b": jnp.arange(3)}}, protocol)
    found = read_pickled(folder / "checkpoint_0300000.pkl")
    np.testing.assert_array_equal(found["3|m|a"], array)
    np.testing.assert_array_equal(found["3|m|b"], [0, 1, 2])


class Calls:
    """Calls a function when it is unpickled."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize(
    "harmful",
    [
        Calls(os.mkdir, "harm"),
        Calls(eval, "__import__('os').mkdir('harm')"),
        Calls(getattr, "text", "upper"),
        np.array([Calls(os.mkdir, "harm")], dtype=object),
        np.array([(1, 2.0)], dtype="i4,f8"),
        np.array(["text"]),
        Calls(jax.jit, len),
    ],
    ids=["call", "eval", "attribute", "objects", "records", "text", "jax"],
)
def test_whatever_is_no_array_is_refused_and_not_run(
    checkpoint: Callable[..., Path], harmful: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = checkpoint({"BaseModel/linear": {"w": harmful}})
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match="is not read"):
        read_pickled(folder / "checkpoint_0300000.pkl")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("data", [b"", b"nothing", pickle.dumps(np.ones(50))[:-20]], ids=["empty", "text", "cut"])
def test_damaged_pickles_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.pkl").write_bytes(data)
    with pytest.raises(CheckpointError, match="is not read"):
        read_pickled(tmp_path / "a.pkl")


@pytest.mark.slow
def test_logits_are_those_of_the_reference_at_the_size_of_the_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import reference

    if not (reference.PLACE / "haiku").is_dir():
        pytest.skip("The reference is not installed; `make bench-inference` does it.")
    haiku, theirs = reference.module("haiku"), reference.module("avici.model")
    forward = haiku.transform(lambda x: theirs.BaseModel(cosine_temp_init=2.0)(x, False))
    tree = forward.init(jax.random.key(1), np.zeros((1, 4, 3, 2), np.float32))
    rng = np.random.default_rng(5)  # what begins as ones and zeros, too, should be seen to be in its place
    tree = {
        m: {k: v + 0.05 * rng.normal(size=v.shape).astype(np.float32) for k, v in w.items()} for m, w in tree.items()
    }
    x = table(50, 10)[None]
    expected = jax.jit(lambda x: forward.apply(tree, jax.random.key(0), x))(x)
    config, params = convert(jax.tree.map(np.asarray, tree), {})
    np.testing.assert_allclose(
        between_variables(ours(config, params, x)), between_variables(np.asarray(expected)), atol=1e-4
    )
