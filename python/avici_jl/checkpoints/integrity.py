"""Whether saved arrays are what was saved: a digest, finite numbers, and no more of them than the files can hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import numpy as np

_RATIO, _SLACK = 30, 2**20


def may_be_damage(error: Exception) -> bool:
    """Whether a damaged file can raise this; not what versions of libraries raise that do not go together."""
    missing = isinstance(error, AttributeError) and isinstance(error.obj, ModuleType)
    return not (missing or isinstance(error, (ImportError, NameError)))


def digest(tree: Any) -> str:
    """SHA-256 of all arrays of a tree with their names, shapes and types, whatever the tree is made of.

    An array that is on several devices or hosts is the same everywhere.
    """
    total = hashlib.sha256()
    for name, array in sorted(_named(tree)):
        total.update(f"{name} {array.dtype.name} {array.shape}\n".encode())
        total.update(np.ascontiguousarray(array).tobytes())
    return f"sha256:{total.hexdigest()}"


def check_digest(tree: Any, expected: Any) -> None:
    """Refuse arrays that are not those of which the digest was taken; None, as of old files, is no digest.

    Raises:
        ValueError: they are others.
    """
    if expected is not None and digest(tree) != expected:
        raise ValueError("the arrays are not those that were saved, their digest is another one")


def not_finite(tree: Any) -> str:
    """Which numbers are not finite, in words; empty if all are."""
    wrong = {
        name: int((~np.isfinite(array)).sum())
        for name, array in _named(tree)
        if np.issubdtype(array.dtype, np.inexact) or array.dtype.name == "bfloat16"
    }
    wrong = {name: count for name, count in wrong.items() if count}
    if not wrong:
        return ""
    return f"{sum(wrong.values())} numbers are not finite, the first in {min(wrong)}"


def check_size(declared: Iterable[tuple[tuple[int, ...], Any]], path: Path) -> None:
    """Refuse files that declare far more numbers than they can hold, before memory is taken for them.

    Args:
        declared: shape and type of every array.
        path: the file or folder, perhaps compressed.

    Raises:
        ValueError: they do.
    """
    wanted = sum(int(np.prod([int(k) for k in shape], dtype=object)) * _bytes(dtype) for shape, dtype in declared)
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    held = sum(file.stat().st_size for file in files)
    if wanted > _RATIO * held + _SLACK:
        raise ValueError(f"arrays of {wanted:,} bytes are declared, but the files have {held:,}")


def _bytes(dtype: Any) -> int:
    try:
        return np.dtype(dtype).itemsize
    except TypeError:
        return 8


def _named(tree: Any) -> list[tuple[str, np.ndarray]]:
    """Every array with the path to it; names of fields and keys, and numbers of entries, in words."""
    found = []
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        keys = [getattr(key, "key", getattr(key, "name", getattr(key, "idx", key))) for key in path]
        local = leaf.addressable_data(0) if isinstance(leaf, jax.Array) else leaf
        found.append(("/".join(map(str, keys)), np.asarray(local)))
    return found
