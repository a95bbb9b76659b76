"""What is compiled is kept on disk, so that a shape is traced and compiled once per machine, not per process."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import tempfile
from collections.abc import Iterator
from pathlib import Path

import jax
import platformdirs

from avici_jl._runtime.private import private_folder
from avici_jl._runtime.scope import Shared


def cache_folder() -> Path | None:
    """Where compiled networks are kept; None if they are not.

    JAX's own settings come first: `JAX_COMPILATION_CACHE_DIR` (or `jax.config`) names another folder, and
    `JAX_ENABLE_COMPILATION_CACHE=false` turns the cache off. Else it is in the
    user's cache folder, one for each kind of processor: code for one may not run on another that shares the home.
    """
    settings = jax.config.values
    if not settings["jax_enable_compilation_cache"]:
        return None
    chosen = settings["jax_compilation_cache_dir"]
    if chosen is not None:
        return None if "://" in chosen else Path(chosen)
    folder = _user_folder()
    try:
        return folder if private_folder(folder) else None
    except OSError:  # a home that cannot be written to
        return None


def _user_folder() -> Path:
    kind = platform.machine() + platform.processor()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        kind += next((line for line in lines if line.startswith(("flags", "Features"))), "")
    digest = hashlib.sha256(kind.encode()).hexdigest()[:12]
    return Path(platformdirs.user_cache_path("avici-jl", appauthor=False)) / digest


@contextlib.contextmanager
def _jax_cache() -> Iterator[None]:
    if jax.config.values["jax_compilation_cache_dir"] is not None or (folder := cache_folder()) is None:
        yield
        return
    from jax.experimental.compilation_cache.compilation_cache import reset_cache

    jax.config.update("jax_compilation_cache_dir", str(folder))
    reset_cache()  # JAX looks at the setting once
    try:
        yield
    finally:
        jax.config.update("jax_compilation_cache_dir", None)
        reset_cache()


keep_compiled = Shared(_jax_cache)
"""While open, JAX keeps what it compiles in `cache_folder()`; afterwards its settings are those from before."""


def read_kept(key: str) -> bytes | None:
    """What `write_kept` has kept under this name."""
    folder = cache_folder()
    if folder is not None:
        with contextlib.suppress(OSError):
            return (folder / key).read_bytes()
    return None


def write_kept(key: str, content: bytes) -> None:
    """Keep some bytes, in one step: another process never sees half of them."""
    folder = cache_folder()
    if folder is None:
        return
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as partial:
            partial.write(content)
        os.replace(partial.name, folder / key)
