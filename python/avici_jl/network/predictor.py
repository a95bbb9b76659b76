"""A network with its parameters as a function that is compiled once for each shape, and kept on disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from avici_jl._runtime.compilation import keep_compiled, read_kept, write_kept
from avici_jl._runtime.threads import blas_threads, start_jax
from avici_jl.errors import CheckpointError


class Predictor:
    """What a network says of what it sees: logits of edges, and of signs if it says them.

    What has to be computed is kept as an exported function of JAX, and its machine code by JAX's own cache, so that a
    later process neither traces nor compiles; it does not even load Flax.

    Args:
        config: settings of the network, see `build_network`.
        params: nested dict of arrays.

    Raises:
        ConfigError: the settings describe no network.
        CheckpointError: the parameters are not those of this network.
    """

    def __init__(self, config: Mapping[str, Any], params: Mapping[str, Any]) -> None:
        start_jax()
        self._config = dict(config)
        leaves, self._structure = jax.tree.flatten(dict(params))
        found, expected = _shapes(dict(params)), _expected(self._config)
        if expected != found:
            odd = min(name for name in expected | found if expected.get(name) != found.get(name))
            raise CheckpointError(
                f"{odd} has the shape {_text(found.get(odd), 'of nothing, it is missing')}, expected is "
                f"{_text(expected.get(odd), 'no such parameter')}."
            )
        self._leaves = tuple(map(jnp.asarray, leaves))
        self._functions: dict[tuple[Any, ...], Callable[..., tuple[jax.Array, ...]]] = {}

    def __call__(self, seen: np.ndarray, known: np.ndarray | None = None) -> Said:
        """What the network says of a table.

        Args:
            seen: the table's entries [n, d, channels], see `avici_jl.data.standardize.features`.
            known: [d, d], 1 for a known edge, -1 for a known non-edge, else 0. A network that was trained without
                knowledge does not see it.
        """
        context = (seen.shape, bool(jax.config.values["jax_enable_x64"]), jax.export.default_export_platform())
        d = seen.shape[1]
        shown = []
        if self._config.get("prior"):
            shown = [np.zeros((d, d), np.int8) if known is None else np.asarray(known, np.int8)]
        with blas_threads(d):
            if context in self._functions:
                return _said(self._functions[context](self._leaves, seen, *shown))
            with keep_compiled():
                function = self._functions.setdefault(context, self._function(context, seen, *shown))
                return _said(function(self._leaves, seen, *shown))

    def logits(self, leaves: tuple[jax.Array, ...], seen: jax.Array, *shown: jax.Array) -> tuple[jax.Array, ...]:
        """What is compiled: logits [d, d] of edges, and of signs where it has them.

        They are made of the parameters, as a flat tuple, what the network sees, and what it is shown of the graph.
        """
        from flax import nnx

        with jax.default_matmul_precision("float32"):  # the same answer on every device
            graphdef, state = _abstract(self._config)
            nnx.replace_by_pure_dict(state, jax.tree.unflatten(self._structure, leaves))
            network = nnx.merge(graphdef, state)
            answer = network.answer(network.summarize(seen[None]), *(known[None] for known in shown))
            return tuple(part[0] for part in answer if part is not None)

    def _function(self, context: tuple[Any, ...], *shown: np.ndarray) -> Callable[..., tuple[jax.Array, ...]]:
        key = f"avici-jl-{_digest(self._config, *context)}.exported"
        kept = read_kept(key)
        if kept is not None:
            try:
                return _compiled(jax.export.deserialize(bytearray(kept)))
            except Exception:  # whatever a damaged file raises: it is written again
                pass
        function = jax.jit(self.logits)
        try:
            exported = jax.export.export(function)(self._leaves, *shown)
            write_kept(key, bytes(exported.serialize()))
        except ValueError:  # on some devices not every operation is one that JAX promises to keep
            return function
        return _compiled(exported)


class Said(NamedTuple):
    """Logits [d, d] float32 of edges, and of signs: None if the network says none."""

    edges: np.ndarray
    signs: np.ndarray | None = None


def _said(logits: Sequence[jax.Array]) -> Said:
    return Said(*map(np.array, logits))


def _compiled(exported: jax.export.Exported) -> Callable[..., tuple[jax.Array, ...]]:
    def logits(leaves: tuple[jax.Array, ...], *shown: jax.Array) -> Any:  # the name is that of the kept file
        return exported.call(leaves, *shown)

    return jax.jit(logits)


def _abstract(config: dict[str, Any]) -> tuple[Any, Any]:
    """Structure of a network, and the shapes of its parameters."""
    from flax import nnx

    from avici_jl.network.build import build_network

    return nnx.split(nnx.eval_shape(lambda: build_network(config, rngs=nnx.Rngs(0))))


def _expected(config: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a network's parameters."""
    key = f"avici-jl-{_digest(config)}.json"
    kept = read_kept(key)
    if kept is not None:
        try:
            return {name: tuple(shape) for name, shape in json.loads(kept).items()}
        except (ValueError, TypeError, AttributeError):  # damaged: it is written again
            pass
    from flax import nnx

    shapes = _shapes(nnx.to_pure_dict(_abstract(config)[1]))
    write_kept(key, json.dumps(shapes).encode())
    return shapes


def _shapes(params: Any) -> dict[str, tuple[int, ...]]:
    return {jax.tree_util.keystr(path): leaf.shape for path, leaf in jax.tree_util.tree_leaves_with_path(params)}


def _text(shape: tuple[int, ...] | None, absent: str) -> str:
    return absent if shape is None else str(shape)


def _digest(config: dict[str, Any], *more: Any) -> str:
    """Of a network and everything that decides what is computed."""
    described = json.dumps([config, *more], sort_keys=True, default=str)
    return hashlib.sha256(f"{_code()} {described}".encode()).hexdigest()[:32]


@cache
def _code() -> str:
    """Digest of the source of the networks, and the versions of the libraries below."""
    source = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.rglob("*.py")))
    return f"{hashlib.sha256(source).hexdigest()} {version('jax')} {version('jaxlib')} {version('flax')}"
