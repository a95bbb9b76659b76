"""A network with its parameters as a function that is compiled once for each shape, and kept on disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from avici_jl._runtime.compilation import keep_compiled, read_kept, write_kept
from avici_jl._runtime.threads import blas_threads, start_jax
from avici_jl.errors import CheckpointError


class Predictor:
    """Edge logits of what a network sees.

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
        self._functions: dict[tuple[Any, ...], Callable[..., jax.Array]] = {}

    def __call__(self, seen: np.ndarray) -> np.ndarray:
        """Logits [d, d] float32 of a table's entries [n, d, channels], see `avici_jl.data.standardize.features`."""
        context = (seen.shape, bool(jax.config.values["jax_enable_x64"]), jax.export.default_export_platform())
        with blas_threads(seen.shape[1]):
            if context in self._functions:
                return np.array(self._functions[context](self._leaves, seen))
            with keep_compiled():
                function = self._functions.setdefault(context, self._function(seen, context))
                return np.array(function(self._leaves, seen))

    def logits(self, leaves: tuple[jax.Array, ...], seen: jax.Array) -> jax.Array:
        """What is compiled: logits [d, d] of the parameters, as a flat tuple, and what the network sees."""
        from flax import nnx

        with jax.default_matmul_precision("float32"):  # the same answer on every device
            graphdef, state = _abstract(self._config)
            nnx.replace_by_pure_dict(state, jax.tree.unflatten(self._structure, leaves))
            return nnx.merge(graphdef, state)(seen[None])[0]

    def _function(self, seen: np.ndarray, context: tuple[Any, ...]) -> Callable[..., jax.Array]:
        key = f"avici-jl-{_digest(self._config, *context)}.exported"
        kept = read_kept(key)
        if kept is not None:
            try:
                return _compiled(jax.export.deserialize(bytearray(kept)))
            except Exception:  # whatever a damaged file raises: it is written again
                pass
        function = jax.jit(self.logits)
        try:
            exported = jax.export.export(function)(self._leaves, seen)
            write_kept(key, bytes(exported.serialize()))
        except ValueError:  # on some devices not every operation is one that JAX promises to keep
            return function
        return _compiled(exported)


def _compiled(exported: jax.export.Exported) -> Callable[..., jax.Array]:
    def logits(leaves: tuple[jax.Array, ...], seen: jax.Array) -> jax.Array:  # the name is that of the kept file
        return exported.call(leaves, seen)

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
