"""The reference, avici 1.0.7: single modules of it, without those that need an old JAX or TensorFlow."""

from __future__ import annotations

import importlib
import os
import sys
import types
from pathlib import Path
from typing import Any

PLACE = Path(os.environ.get("AVICI_REFERENCE", Path(sys.prefix) / "reference"))
"""Where the Makefile puts it, and of its requirements those that would not install together with ours."""


def module(name: str) -> Any:
    """A module of it, as "avici.model", or of its requirements; what else its packages import stays out."""
    for package in ("avici", "avici.utils"):
        if package not in sys.modules:
            sys.modules[package] = types.ModuleType(package)
            sys.modules[package].__path__ = [str(PLACE.joinpath(*package.split(".")))]
    if str(PLACE) not in sys.path:
        sys.path.insert(0, str(PLACE))
    return importlib.import_module(name)
