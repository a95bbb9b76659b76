"""Arrays out of a pickle that nobody vouches for: `python -I pickled.py FILE` writes them to its output, as npz.

This file stands alone, so that it runs as a process without the package and without anything that the pickle names.
Nothing that a pickle asks for is imported: the parts of NumPy and JAX arrays, dicts, and named tuples of the reference
and of Optax have stand-ins below, and any other name is refused before anything is called.
"""

from __future__ import annotations

import io
import pickle
import resource
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

MOST_MEMORY = 8 * 2**30
"""Bytes of address space that the process may take."""
SEPARATOR = "|"

_RECORDS = ("avici", "amortibs", "optax")


class Refused(Exception):
    """The pickle asks for something that is no array."""


class Record(tuple):
    """Stands for a named tuple of whatever class."""

    def __new__(cls, *values: Any) -> Record:  # noqa: D102
        return super().__new__(cls, values)


class Kind:
    """Stands for a NumPy type of numbers, which the state of a pickled one gives its byte order."""

    def __init__(self, name: str, *rest: Any) -> None:
        self.dtype = np.dtype(name)
        if self.dtype.kind not in "biuf":
            raise Refused(f"an array of {self.dtype}")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] in ("<", ">"):
            self.dtype = self.dtype.newbyteorder(state[1])


class Array:
    """Stands for a NumPy array; what its state says is read as numbers and nothing else."""

    array = np.zeros(0)

    def __init__(self, *rest: Any) -> None:
        pass

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, columns_first, data = state
        if not isinstance(kind, Kind) or not isinstance(data, bytes):
            raise Refused("an array of objects")
        self.array = np.frombuffer(data, kind.dtype).reshape(shape, order="F" if columns_first else "C")


def _scalar(kind: Kind, data: bytes) -> Array:
    found = Array()
    found.__setstate__((1, (), kind, False, data))
    return found


def _encode(text: str, encoding: str = "latin1") -> bytes:
    if encoding != "latin1":
        raise Refused(f"the encoding {encoding}")
    return text.encode("latin1")


def _of_jax(make: Any, arguments: Any, state: Any, *more: Any) -> Array:
    found = Array()
    found.__setstate__(state)
    return found


_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "dtype"): Kind,
    ("numpy", "ndarray"): Array,
    ("_codecs", "encode"): _encode,
    ("collections", "OrderedDict"): dict,
    ("builtins", "dict"): dict,
    ("haiku._src.data_structures", "FlatMap"): dict,
    ("haiku._src.data_structures", "FlatMapping"): dict,
    ("jax._src.array", "_reconstruct_array"): _of_jax,
    ("jax._src.device_array", "reconstruct_device_array"): _of_jax,
}
for _core in ("numpy.core.multiarray", "numpy._core.multiarray"):
    _ALLOWED[_core, "_reconstruct"] = Array
    _ALLOWED[_core, "scalar"] = _scalar


class ArraysOnly(pickle.Unpickler):
    """Raises `Refused` for every name that no array needs."""

    def find_class(self, module: str, name: str) -> Any:
        """What takes the place of a name."""
        if (module, name) in _ALLOWED:
            return _ALLOWED[module, name]
        if module.split(".")[0] in _RECORDS and name.isidentifier() and name[0].isupper():
            return Record
        raise Refused(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> Any:
        """Refused: arrays refer to nothing outside the file."""
        raise Refused("a reference to something outside")


def arrays(found: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, np.ndarray]]:
    """All arrays in nested dicts and tuples, by their path: keys, and numbers of places."""
    if isinstance(found, Array):
        yield SEPARATOR.join(path), found.array
    elif isinstance(found, dict):
        for key, value in found.items():
            yield from arrays(value, (*path, str(key)))
    elif isinstance(found, list | tuple):
        for place, value in enumerate(found):
            yield from arrays(value, (*path, str(place)))


def main(path: str) -> None:
    """Write the arrays of a file to the standard output."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    with open(path, "rb") as file:
        try:
            found = dict(arrays(ArraysOnly(file).load()))
        except Refused as error:
            sys.exit(f"it asks for {error}, which is no array")
        except Exception as error:  # whatever a damaged pickle raises
            sys.exit(f"it cannot be read: {type(error).__name__}: {error}")
    made = io.BytesIO()
    np.savez(made, **found)  # type: ignore[arg-type]  # NumPy before 2.2 has no allow_pickle
    sys.stdout.buffer.write(made.getvalue())


if __name__ == "__main__":
    main(sys.argv[1])
