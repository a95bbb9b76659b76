"""The notebooks of the documentation are those of the script that runs them, with outputs."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[1] / "docs" / "notebooks"


@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.name)
def test_a_notebook_was_run_as_it_is(path: Path) -> None:
    book = json.loads(path.read_text(encoding="utf-8"))
    written = runpy.run_path(str(NOTEBOOKS / "execute.py"))["NOTEBOOKS"][path.stem]
    assert ["".join(cell["source"]) for cell in book["cells"]] == [cell.strip() for cell in written]
    code = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        errors = [output for output in cell["outputs"] if output["output_type"] == "error"]
        assert len(errors) == ("raises-exception" in cell["metadata"].get("tags", ()))
