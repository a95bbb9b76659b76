"""Which room may know which: imports point one way, on the graph of folders."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.util import resolve_name
from pathlib import Path

import pytest

import avici_jl

PACKAGE = Path(avici_jl.__file__).parent
ROOMS = """
errors _runtime data network checkpoints subsets plots report posterior model estimator
simulation evaluation training export benchmark cli
""".split()
"""From the ground up: a room imports only those before it."""


def imports(path: Path) -> set[str]:
    """Modules of the package that a file imports anywhere, as dotted names."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            inside = ".".join(("avici_jl", *path.relative_to(PACKAGE).parent.parts))
            module = resolve_name("." * node.level + (node.module or ""), inside) if node.level else node.module or ""
            found |= {f"{module}.{alias.name}" for alias in node.names} if module == "avici_jl" else {module}
    return {name for name in found if name.startswith("avici_jl.")}


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_no_room_imports_a_higher_one() -> None:
    files = [path for path in PACKAGE.rglob("*.py") if room(path) not in ("__init__", "_moved")]
    assert {room(path) for path in files} == set(ROOMS)
    upward = {
        (str(path.relative_to(PACKAGE)), name)
        for path in files
        for name in imports(path)
        if ROOMS.index(name.split(".")[1]) > ROOMS.index(room(path))
    }
    assert not upward


@pytest.mark.parametrize("module", ["avici_jl.model", "avici_jl.data.files", "avici_jl.checkpoints.lineage"])
def test_predicting_loads_neither_training_nor_evaluation_nor_julia(module: str) -> None:
    code = f"import sys, {module}; print([name for name in sys.modules if name.startswith('avici_jl.')])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    rooms = {name.split(".")[1] for name in ast.literal_eval(loaded)}
    assert module.split(".")[1] in rooms and not {"training", "evaluation", "simulation", "plots"} & rooms
