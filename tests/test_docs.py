"""Every code block of the README and of the documentation is run, page by page, from top to bottom in an empty folder.

Blocks in `python`, `sh` and `julia` are run, also those in HTML comments, which readers do not see. The blocks in
Python of a page are one program, and so are those in Julia that follow each other. A block that only shows something (a
command that installs, the output of a program) is `console` or `text`.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import juliapkg
import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted(p for p in (ROOT / "docs").rglob("*.md") if p.parent.name != "models")]
BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SHOWN = {"json", "console", "text", "{toctree}"}


def blocks(page: Path) -> list[tuple[str, str]]:
    return [(language, code) for language, code in BLOCK.findall(page.read_text(encoding="utf-8"))]


def merged(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Neighbouring blocks of the same language as one."""
    groups = groupby(found, key=lambda block: block[0])
    return [(language, "\n".join(code for _, code in group)) for language, group in groups]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_code_block_says_what_it_is(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert {language for language, _ in blocks(page)} <= {"python", "sh", "julia"} | SHOWN
    assert text.count("\n```") == 2 * len(blocks(page)), "a block that is not closed, or indented"


@pytest.mark.filterwarnings("ignore::avici_jl.DataWarning")
@pytest.mark.parametrize(
    "page", [p for p in PAGES if {k for k, _ in blocks(p)} - SHOWN], ids=lambda page: str(page.relative_to(ROOT))
)
def test_the_code_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONWARNINGS": "ignore"}
    names: dict[str, object] = {}
    for language, code in merged(blocks(page)):
        if language == "python":
            exec(compile(code, str(page), "exec"), names)
        elif language == "sh":
            done = subprocess.run(["bash", "-ec", code], env=environment, capture_output=True, text=True)
            assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"
        elif language == "julia":
            command = [
                juliapkg.executable(),
                "--startup-file=no",
                f"--project={ROOT / 'julia' / 'AviciSim'}",
                "-e",
                code,
            ]
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, f"{code}\n{done.stdout}\n{done.stderr}"


def test_every_mechanism_noise_and_imperfection_has_its_picture() -> None:
    """Sphinx refuses pictures that are not there; here, that none is missing."""
    sources = "".join(path.read_text() for path in (ROOT / "julia/AviciSim/src").rglob("*.jl"))
    folder = ROOT / "docs" / "simulators"
    rows = [line.split("|") for line in (folder / "imperfections.md").read_text().splitlines() if line.startswith("|")]
    shown = {row[1].split("`")[1] for row in rows if "`" in row[1] and ".png)" in row[2]}
    assert shown == set(re.findall(r'IMPERFECTIONS\["([\w-]+)"\]', sources)) != set()
    drawn = set(re.findall(r'model = "([\w-]+)', (folder / "mechanisms.py").read_text()))
    registered = set(re.findall(r'(?:MECHANISMS|NOISES)\["([\w-]+)"\]', sources))
    shapes = set(re.findall(r":(\w+) =>", sources.split("const SHAPES = ")[1].split("\n)\n")[0]))
    assert (registered | shapes) - {"mixed", "grn"} <= drawn and len(shapes) == 9


def test_the_documentation_is_built_without_a_warning(tmp_path: Path) -> None:
    options = ["--quiet", "--fail-on-warning", "--keep-going", "-d", str(tmp_path / "doctrees")]
    command = [sys.executable, "-m", "sphinx", *options, str(ROOT / "docs"), str(tmp_path / "html")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    reference = (tmp_path / "html" / "api.html").read_text(encoding="utf-8")
    for name in ("annotate", "predict_edges", "decision_threshold", "read_table", "plot_training", "CheckpointError"):
        assert name in reference
    for card in (ROOT / "python" / "avici_jl" / "pretrained").glob("*/card.md"):
        page = (tmp_path / "html" / "models" / f"{card.parent.name}.html").read_text(encoding="utf-8")
        assert "Decision threshold" in page
