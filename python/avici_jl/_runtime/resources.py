"""Where the files that travel with the package are: the Julia simulators, their domains, the shipped models."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def julia_package_dir() -> Path:
    """Folder of the Julia package AviciSim: inside an installed wheel, or in the source checkout."""
    installed = _PACKAGE / "julia" / "AviciSim"
    return installed if installed.is_dir() else _PACKAGE.parents[1] / "julia" / "AviciSim"


def domains_dir() -> Path:
    """Folder of the domain files (`*.toml`) that Julia and Python both read."""
    return julia_package_dir() / "domains"


def pretrained_dir() -> Path:
    """Folder of the shipped models, one sub-folder each."""
    return _PACKAGE / "pretrained"
