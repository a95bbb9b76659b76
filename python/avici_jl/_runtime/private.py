"""Folders that only their owner can write to: what is read from them may be code."""

from __future__ import annotations

import os
import stat
import warnings
from pathlib import Path


def private_folder(folder: Path) -> bool:
    """Make a folder that nobody else can write to; whether there is one now.

    One of someone else, or that others can write to, is left alone and warned of.

    Raises:
        OSError: it cannot be made.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not hasattr(os, "geteuid"):  # Windows: a user's folders are the user's
        return True
    found = folder.stat()
    theirs = found.st_uid != os.geteuid()
    if theirs or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        reason = "belongs to another user" if theirs else "can be written to by others"
        warnings.warn(
            f"{folder} {reason}, and is not used: what is compiled and kept there would be run. "
            f"{'Choose another place' if theirs else f'Type chmod go-w {folder}, or choose another place'} by "
            "JAX_COMPILATION_CACHE_DIR.",
            RuntimeWarning,
            stacklevel=3,
        )
        return False
    return True
