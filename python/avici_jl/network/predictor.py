"""A network with its parameters as functions that are compiled once for each of a few sizes, and kept on disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from avici_jl._runtime.compilation import keep_compiled, read_kept, write_kept
from avici_jl._runtime.threads import blas_threads, start_jax
from avici_jl.errors import CheckpointError
from avici_jl.network.answer import Answer
from avici_jl.network.shapes import fill_up
from avici_jl.network.statistics import count_statistics
from avici_jl.network.summary import Summary, filled_up, summarize


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
        self._config, self._params = dict(config), params
        leaves, self._structure = jax.tree.flatten(dict(params))
        found, expected = _shapes(dict(params)), _expected(self._config)
        if expected != found:
            odd = min(name for name in expected | found if expected.get(name) != found.get(name))
            raise CheckpointError(
                f"{odd} has the shape {_text(found.get(odd), 'of nothing, it is missing')}, expected is "
                f"{_text(expected.get(odd), 'no such parameter')}."
            )
        self._leaves = tuple(map(jnp.asarray, leaves))

    def __call__(self, seen: np.ndarray | Summary, known: np.ndarray | None = None) -> Answer:
        """What the network says of a table: logits [d, d] float32.

        For the compact network the table is filled up to the next of a few sizes, which changes nothing but rounding.

        Args:
            seen: the table's entries [n, d, channels], see `avici_jl.data.standardize.features`; or what `summarize`
                gives, of some or all of its variables.
            known: [d, d], 1 for a known edge, -1 for a known non-edge, else 0. A network that was trained without
                knowledge does not see it.
        """
        d = seen.statistics.shape[0] if isinstance(seen, Summary) else seen.shape[1]
        with blas_threads(d):
            shown = []
            if self._config.get("kind") != "pair":
                if self._config.get("prior"):
                    shown = [np.zeros((d, d), np.int8) if known is None else np.asarray(known, np.int8)]
                return _said(_run(self._config, self.logits, self._leaves, seen, *shown), d)
            summary = tuple(filled_up(seen)) if isinstance(seen, Summary) else self._summarized(seen)
            if self._config.get("prior"):
                shown = [np.zeros(summary[0].shape[:2], np.int8)]
                shown[0][:d, :d] = 0 if known is None else known
            return _said(_run(self._config, self.from_summary, self._leaves, summary, *shown), d)

    @property
    def statistics(self) -> int:
        """How many statistics of a pair the compact network sees; 0 of a network that sees the table itself."""
        return count_statistics(_groups(self._config)) if self._config.get("kind") == "pair" else 0

    def summarize(self, seen: np.ndarray) -> Summary | None:
        """What the compact network sees of a table [n, d, channels]; None of a network that sees the table itself."""
        if self._config.get("kind") != "pair":
            return None
        d = seen.shape[1]
        with blas_threads(d):
            statistics, size, _ = map(np.asarray, self._summarized(seen))
            return Summary(statistics[:d, :d], size)

    def _summarized(self, seen: np.ndarray) -> tuple[jax.Array, ...]:
        """The fields of a `Summary` of a table, filled up."""
        groups = {"statistics": _groups(self._config), "clip": self._config.get("clip", 0.0)}
        return _run(groups, partial(_summarize, groups), *fill_up(seen))  # type: ignore[no-any-return]

    def __reduce__(self) -> tuple[Any, ...]:
        return Predictor, (self._config, jax.tree.map(np.asarray, dict(self._params)))

    def logits(self, leaves: tuple[jax.Array, ...], seen: jax.Array, *shown: jax.Array) -> tuple[jax.Array, ...]:
        """Logits [d, d] of edges, and of signs where it has them.

        They are made of the parameters, as a flat tuple, what the network sees, and what it is shown of the graph.
        """
        with jax.default_matmul_precision("float32"):  # the same answer on every device
            network = self._network(leaves)
            answer = network.answer(network.summarize(seen[None]), *(known[None] for known in shown))
            return tuple(part[0] for part in answer if part is not None)

    def from_summary(
        self, leaves: tuple[jax.Array, ...], summary: tuple[jax.Array, ...], *shown: jax.Array
    ) -> tuple[jax.Array, ...]:
        """As `logits`, from the fields of a `Summary` of one table."""
        with jax.default_matmul_precision("float32"):
            seen = Summary(*(part[None] for part in summary))
            answer = self._network(leaves).answer(seen, *(known[None] for known in shown))
            return tuple(part[0] for part in answer if part is not None)

    def _network(self, leaves: tuple[jax.Array, ...]) -> Any:
        from flax import nnx

        graphdef, state = _abstract(self._config)
        nnx.replace_by_pure_dict(state, jax.tree.unflatten(self._structure, leaves))
        return nnx.merge(graphdef, state)


def _said(logits: Sequence[jax.Array], d: int) -> Answer:
    return Answer(*(np.array(part)[:d, :d] for part in logits))


def _summarize(groups: Mapping[str, Any], seen: jax.Array, extent: jax.Array) -> tuple[jax.Array, ...]:
    """The fields of a `Summary` of one table [n, d, channels] that was filled up; see `summarize`."""
    with jax.default_matmul_precision("float32"):
        found = summarize(seen[None], **groups, extent=extent[None])
    return tuple(part[0] for part in found if part is not None)


def _groups(config: Mapping[str, Any]) -> Any:
    """The groups of statistics that a compact network sees."""
    if "statistics" in config:
        return config["statistics"]
    from avici_jl.network.pair import PairConfig

    return PairConfig().statistics


_compiling = Lock()
"""Threads that need the same function wait for the first of them to compile it."""
_using = Lock()
"""For the order of the functions."""
_functions: dict[str, Callable[..., Any]] = {}
"""What was compiled, by what decides it, the last used last; models with the same statistics share theirs."""
_MOST_FUNCTIONS = 24
"""So many stay in memory: each is about a thousand mapped pieces of it, of which Linux gives a process 65 530."""


def _run(described: Any, function: Callable[..., Any], *arguments: Any) -> Any:
    """The function of these arguments, compiled once for their shapes by everything that is described, and kept."""
    shapes = [(leaf.shape, str(leaf.dtype)) for leaf in jax.tree.leaves(arguments)]
    context = (shapes, bool(jax.config.values["jax_enable_x64"]), jax.export.default_export_platform())
    key = f"avici-jl-{_digest(described, *context)}.exported"
    found = _functions.get(key)
    if found is None:
        with _compiling, keep_compiled():
            found = _functions.get(key)
            if found is None:
                found = _find(key, function, arguments)
                result = found(*arguments)
                _use(key, found)
                return result
    _use(key, found)
    return found(*arguments)


def _use(key: str, function: Callable[..., Any]) -> None:
    """Note that a function was used last, and let go of those that were not for longest."""
    with _using:
        _functions.pop(key, None)
        _functions[key] = function
        while len(_functions) > _MOST_FUNCTIONS:
            del _functions[next(iter(_functions))]


def _find(key: str, function: Callable[..., Any], arguments: tuple[Any, ...]) -> Callable[..., Any]:
    """The function, exported: as it was kept, or traced now and kept."""
    kept = read_kept(key)
    if kept is not None:
        try:
            return _compiled(jax.export.deserialize(bytearray(kept)))
        except Exception:  # whatever a damaged file raises: it is written again
            pass
    jitted = jax.jit(function)
    try:
        exported = jax.export.export(jitted)(*arguments)
        write_kept(key, bytes(exported.serialize()))
    except ValueError:  # on some devices not every operation is one that JAX promises to keep
        return jitted
    return _compiled(exported)


def _compiled(exported: jax.export.Exported) -> Callable[..., Any]:
    def logits(*arguments: Any) -> Any:  # the name is that of the kept file
        return exported.call(*arguments)

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


def _digest(config: Any, *more: Any) -> str:
    """Of a network and everything that decides what is computed."""
    described = json.dumps([config, *more], sort_keys=True, default=str)
    return hashlib.sha256(f"{_code()} {described}".encode()).hexdigest()[:32]


@cache
def _code() -> str:
    """Digest of the source of the networks, and the versions of the libraries below."""
    source = b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.rglob("*.py")))
    return f"{hashlib.sha256(source).hexdigest()} {version('jax')} {version('jaxlib')} {version('flax')}"
