"""Versions and files that have to agree."""

from __future__ import annotations

import tomllib
from pathlib import Path

import avici_jl

ROOT = Path(__file__).resolve().parents[1]


def test_versions_agree() -> None:
    python = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    julia = tomllib.loads((ROOT / "julia" / "AviciSim" / "Project.toml").read_text())["version"]
    assert python == julia == avici_jl.__version__
    assert (
        f"## {python}" in (ROOT / "CHANGELOG.md").read_text() or "## Unreleased" in (ROOT / "CHANGELOG.md").read_text()
    )


def test_the_wheel_s_folders_exist() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    for folder in [*wheel["only-include"], *wheel["exclude"]]:
        assert (ROOT / folder).exists(), folder
