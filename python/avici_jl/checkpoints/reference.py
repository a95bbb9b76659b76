"""Checkpoints of the reference implementation (`avici` on the Python package index) as models of this package."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from avici_jl.checkpoints import pickled
from avici_jl.errors import CheckpointError

_SETTINGS = "kwargs.json"
_PARAMS = "3"  # place of the parameters in its ModelState: step, rng, opt_state, params, …
_SECONDS = 300

Tree = Mapping[str, Mapping[str, np.ndarray]]
"""Parameters as Haiku has them: name of the module, name of the parameter."""


def read_reference(folder: str | Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """The network of the newest checkpoint in a folder of the reference's, as settings and parameters of ours.

    The pickle is read by another process that makes arrays and calls nothing else, see `avici_jl.checkpoints.pickled`.

    Args:
        folder: with the reference's `kwargs.json` and `checkpoint_….pkl`, as it downloads or trains them.

    Returns:
        Settings of the network for `avici_jl.network.build_network`, and its nested dict of parameters.

    Raises:
        CheckpointError: there is no checkpoint, its pickle asks for anything but arrays, or the network is another one.
    """
    folder = Path(folder)
    found = sorted(folder.glob("*.pkl"))
    if not found:
        raise CheckpointError(f"There is no checkpoint (.pkl) of the reference in {folder}.")
    try:
        settings = json.loads((folder / _SETTINGS).read_text())["neural_net_kwargs"]
        settings = settings.get("model_kwargs", settings)
    except (OSError, ValueError, LookupError, AttributeError) as error:
        raise CheckpointError(f"{folder / _SETTINGS} does not describe a network of the reference: {error}") from error
    tree: dict[str, dict[str, np.ndarray]] = {}
    for path, array in read_pickled(found[-1]).items():
        place, *names = path.split(pickled.SEPARATOR)
        if place == _PARAMS and len(names) == 2:
            tree.setdefault(names[0], {})[names[1]] = array
    return convert(tree, settings)


def read_pickled(path: str | Path) -> dict[str, np.ndarray]:
    """All arrays in a pickle, by where they are in it: keys and places of nested dicts and tuples, with | between.

    Raises:
        CheckpointError: it is damaged, or asks for anything but arrays.
    """
    command = [sys.executable, "-I", pickled.__file__, str(Path(path).absolute())]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise CheckpointError(f"{path} was not read within {_SECONDS} s.") from None
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines() or ["the process that reads it ended"]
        raise CheckpointError(f"{path} is not read: {reason[-1]}")
    with np.load(io.BytesIO(done.stdout), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


def convert(tree: Tree, settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings and parameters of our axial network that computes what the reference's computes.

    In its network queries, keys and values have a layer norm each, in ours one together. All have the same mean and
    deviation, so that their scales and offsets go into the linear maps behind them, and those of ours stay 1 and 0.

    Args:
        tree: parameters of its `BaseModel`.
        settings: arguments of its `BaseModel`.

    Raises:
        CheckpointError: the parameters are not those of such a network, or it normalises over other axes than ours.
    """
    if settings.get("ln_axis", -1) not in (-1, [-1]):
        raise CheckpointError(
            f"The reference's network normalises over the axes {settings['ln_axis']}, ours over the last."
        )
    parts = _Parts(tree)
    try:
        layers, rest = divmod(parts.count("multi_head_attention"), 2)
        first = parts.get("multi_head_attention/query", 0)["w"]
        heads = int(settings.get("num_heads", 8))
        dim, inner = first.shape
        config = {
            "kind": "axial",
            "dim": dim,
            "layers": layers,
            "heads": heads,
            "head_size": inner // heads,
            "widening": parts.get("linear", 1)["w"].shape[1] // dim,
            "dropout": float(settings.get("dropout", 0.1)),
        }
        blocks = [_block(parts, number) for number in range(2 * layers)]
        norm, linear = 8 * layers, 4 * layers + 1
        params = {
            "embed": _linear(parts.get("linear", 0)),
            "layers": {
                number: {
                    "over_variables": blocks[2 * number][0],
                    "then": blocks[2 * number][1],
                    "over_observations": blocks[2 * number + 1][0],
                    "last": blocks[2 * number + 1][1],
                }
                for number in range(layers)
            },
            "norm": _norm(parts.get("layer_norm", norm)),
            "head": {
                "norm_cause": _norm(parts.get("layer_norm", norm + 1)),
                "norm_effect": _norm(parts.get("layer_norm", norm + 2)),
                "cause": _linear(parts.get("linear", linear)),
                "effect": _linear(parts.get("linear", linear + 1)),
                "log_scale": parts.alone("learned_temp"),
                "bias": parts.alone("final_matrix_bias"),
            },
        }
    except (LookupError, ValueError, AttributeError, TypeError) as error:
        raise CheckpointError(f"These are not the parameters of a network of the reference: {error}") from error
    if rest or parts.left():
        raise CheckpointError(
            f"The reference's network has parts that ours has not: {', '.join(sorted(parts.left()))}."
        )
    return config, params


class _Parts:
    """Modules of a tree, by kind and in the order in which they were made (`linear`, `linear_1`, …)."""

    def __init__(self, tree: Tree) -> None:
        self._modules: dict[tuple[str, int], Mapping[str, np.ndarray]] = {}
        self._alone: dict[str, np.ndarray] = {}
        for name, module in tree.items():
            _, _, inside = name.partition("/")
            if not inside:
                self._alone |= module
                continue
            found = re.fullmatch(r"(?:~/)?(\w+?)(?:_(\d+))?(/\w+)?", inside)
            if found is None:
                raise CheckpointError(f"The reference's network has a part {name} that ours has not.")
            kind, number, part = found.groups()
            self._modules[kind + (part or ""), int(number or 0)] = module
        self._used: set[tuple[str, int]] = set()

    def count(self, kind: str) -> int:
        return sum(name == f"{kind}/query" for name, _ in self._modules)

    def get(self, kind: str, number: int) -> Mapping[str, np.ndarray]:
        self._used.add((kind, number))
        return self._modules[kind, number]

    def alone(self, name: str) -> np.ndarray:
        return np.asarray(self._alone[name], np.float32).reshape(())

    def left(self) -> set[str]:
        return {f"{name}_{number}" for name, number in self._modules.keys() - self._used}


def _block(parts: _Parts, number: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Attention and perceptron, with the layer norms in front."""
    attention, dim = {}, 0
    for k, name in enumerate(("query", "key", "value")):
        norm, linear = parts.get("layer_norm", 4 * number + k), parts.get(f"multi_head_attention/{name}", number)
        dim = len(norm["scale"])
        attention[name] = {
            "kernel": norm["scale"][:, None] * linear["w"],
            "bias": linear["b"] + norm["offset"] @ linear["w"],
        }
    attention["out"] = _linear(parts.get("multi_head_attention/linear", number))
    unchanged = {"scale": np.ones(dim, np.float32), "bias": np.zeros(dim, np.float32)}
    perceptron = {name: _linear(parts.get("linear", 2 * number + k + 1)) for k, name in enumerate(("wide", "narrow"))}
    return (
        {"norm": unchanged, "block": attention},
        {"norm": _norm(parts.get("layer_norm", 4 * number + 3)), "block": perceptron},
    )


def _linear(module: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {"kernel": module["w"], "bias": module["b"]}


def _norm(module: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {"scale": module["scale"], "bias": module["offset"]}
