"""The parameters of a model in one file, `params.npz`, that NumPy reads: no code is in it, and damage is noticed."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from avici_jl.checkpoints.integrity import check_size

_SEPARATOR = "/"


def write_params(path: Path, params: Mapping[Any, Any]) -> None:
    """Write a nested dict of arrays; the same parameters give the same bytes.

    An array's name is the path of keys to it, as `layers/0/norm/scale`. Keys are words, or integers for lists.

    Raises:
        ValueError: something is no array of numbers.
    """
    arrays = {name: np.asarray(array) for name, array in sorted(_flat(params))}
    for name, array in arrays.items():
        if array.dtype.hasobject:  # NumPy would pickle it
            raise ValueError(f"{name} is no array of numbers")
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)  # where it is a link, what it points to stays as it is
    with partial.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]  # NumPy before 2.2 has no allow_pickle
    partial.replace(path)


def read_params(path: Path) -> dict[Any, Any]:
    """Read what `write_params` has written.

    Raises:
        ValueError: it is no such file, damaged, or declares more than it can hold.
    """
    params: dict[Any, Any] = {}
    try:
        with zipfile.ZipFile(path) as members:
            check_size([((member.file_size,), np.uint8) for member in members.infolist()], path)
        with np.load(path, allow_pickle=False) as arrays:
            for name in arrays.files:
                *parents, last = (int(key) if key.isdecimal() else key for key in name.split(_SEPARATOR))
                inner = params
                for key in parents:
                    inner = inner.setdefault(key, {})
                inner[last] = arrays[name]
    except (zipfile.BadZipFile, EOFError, LookupError, AttributeError, TypeError) as error:
        raise ValueError(str(error)) from error
    return params


def _flat(params: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in params.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _flat(value, name + _SEPARATOR)
        else:
            yield name, value
