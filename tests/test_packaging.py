"""Versions and files that have to agree."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import avici_jl

ROOT = Path(__file__).resolve().parents[1]


def test_versions_agree() -> None:
    python = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    julia = tomllib.loads((ROOT / "julia" / "AviciSim" / "Project.toml").read_text())["version"]
    assert python == julia == avici_jl.__version__
    assert (
        f"## {python}" in (ROOT / "CHANGELOG.md").read_text() or "## Unreleased" in (ROOT / "CHANGELOG.md").read_text()
    )


@pytest.mark.skipif(shutil.which("git") is None or not (ROOT / ".git").exists(), reason="no checkout")
def test_the_wheel_is_whole_and_its_readme_leads_to_the_repository(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    known = {**os.environ, "REPOSITORY": "https://example.org/avici_jl"}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=known)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    check = runpy.run_path(str(ROOT / "ci" / "check_wheel.py"))
    assert check["missing"](wheel) == set()
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        (metadata,) = (name for name in names if name.endswith("METADATA"))
        described = archive.read(metadata).decode()
    assert not [name for name in names if "/test/" in name or name.endswith((".pyc", "Manifest.toml"))]
    version, address = avici_jl.__version__, known["REPOSITORY"]
    assert f"Project-URL: Repository, {address}\n" in described
    assert f"]({address}/raw/v{version}/docs/demo.png)" in described
    assert f"](https://example.org/avici_jl/blob/v{version}/docs/about/evidence.md)" in described
    assert _links_to_files(described) == []


def test_without_an_address_nothing_false_is_said() -> None:
    readme = runpy.run_path(str(ROOT / "hatch_build.py"))["readme"]
    text = readme((ROOT / "README.md").read_text(), "", "1.0")
    assert _links_to_files(text) == [] and "demo.png" not in text and "makes this picture" not in text
    assert "All of the evidence, beside PC" in text and "](https://arxiv.org/abs/2205.12934)" in text
    assert "urls" not in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def _links_to_files(text: str) -> list[str]:
    return [link for link in re.findall(r"\]\(([^)]*)\)", text) if not link.startswith(("https://", "#"))]


def test_the_oldest_versions_are_those_that_are_allowed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [
        each
        for name in ("anndata", "excel", "hub", "loom", "parquet", "tensorboard", "zarr")
        for each in project["optional-dependencies"][name]
        if not each.startswith("avici-jl[")
    ]
    allowed = dict(re.split(">=", each.lower()) for each in [*project["dependencies"], *extras])
    lines = (ROOT / "ci" / "lowest.txt").read_text().splitlines()
    pinned = dict(line.split(" ")[0].split("==") for line in lines if "==" in line)
    for name, version in allowed.items():
        assert pinned[name].startswith(version.removesuffix(".0")), name


def test_type_checkers_find_the_annotations() -> None:
    assert (Path(avici_jl.__file__).parent / "py.typed").is_file()


def test_the_citation_names_this_version() -> None:
    assert f"version: {avici_jl.__version__}\n" in (ROOT / "CITATION.cff").read_text()


@pytest.mark.skipif(shutil.which("git") is None or not (ROOT / ".git").exists(), reason="no checkout")
def test_the_tree_is_small_and_holds_nothing_that_a_build_makes() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    sizes = {name: (ROOT / name).stat().st_size for name in listed.split("\0") if name and (ROOT / name).is_file()}
    assert sum(sizes.values()) <= 30e6
    assert {name: size for name, size in sizes.items() if size > 5e6} == {}
    made = ("build/", "dist/", "docs/models/", ".venv/", ".julia/", "runs/", "training_state/")
    assert [name for name in sizes if name.startswith(made) or name.endswith((".pyc", ".orbax", "Manifest.toml"))] == []
    for model in (ROOT / "python" / "avici_jl" / "pretrained").iterdir():
        names = {path.name for path in model.iterdir()}
        assert {"config.json", "card.json", "card.md", "params.npz"} <= names, model
