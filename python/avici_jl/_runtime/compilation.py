"""JAX's compilation cache on disk, so that the same shape is compiled once per machine and not once per process."""

from __future__ import annotations

import contextlib
import hashlib
import platform
from pathlib import Path

import jax
import platformdirs


def keep_compiled() -> None:
    """Let JAX keep what it compiles in the user's cache folder, unless it was told another place.

    `JAX_COMPILATION_CACHE_DIR` names another folder, `JAX_ENABLE_COMPILATION_CACHE=false` turns the cache off.
    """
    settings = jax.config.values
    if settings["jax_compilation_cache_dir"] is None and settings["jax_enable_compilation_cache"]:
        folder = cache_folder()
        with contextlib.suppress(OSError):  # a home that cannot be written to: nothing is kept
            folder.mkdir(parents=True, exist_ok=True)
            jax.config.update("jax_compilation_cache_dir", str(folder))


def cache_folder() -> Path:
    """The user's cache folder for this kind of processor: code for one may not run on another that shares the home."""
    kind = platform.machine() + platform.processor()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        kind += next((line for line in lines if line.startswith(("flags", "Features"))), "")
    return (
        Path(platformdirs.user_cache_path("avici-jl", appauthor=False)) / hashlib.sha256(kind.encode()).hexdigest()[:12]
    )
