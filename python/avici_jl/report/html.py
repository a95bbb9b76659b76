"""A report as one self-contained HTML page: styles, scripts and data inside it, and nothing from elsewhere."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from avici_jl.report.contents import Reportable, contents

_HERE = Path(__file__).parent
_SCRIPTS = ("state", "network", "table", "heatmap", "plots", "details", "next", "data", "main")
"""The page's own scripts, in the order in which they need each other."""


def write_report(found: Reportable, path: str | Path, *, title: str | None = None, question: str | None = None) -> Path:
    """Write a report; see `Posterior.report`.

    Raises:
        OSError: the file cannot be written.
    """
    d = len(found.data.names)
    page = render(
        contents(
            found,
            "Causal graph" if title is None else title,
            f"Which of these {d} variables directly causes which other?" if question is None else question,
        )
    )
    Path(path).write_bytes(page.encode("utf-8", "replace"))
    return Path(path)


def render(shown: dict[str, Any]) -> str:
    """The page that shows these contents."""
    page = Template((_HERE / "page" / "page.html").read_text(encoding="utf-8"))
    own = "\n".join((_HERE / "page" / f"{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS)
    return page.substitute(
        title=escape(shown["title"]),
        style=(_HERE / "page" / "style.css").read_text(encoding="utf-8"),
        library=(_HERE / "vendor" / "cytoscape.min.js").read_text(encoding="utf-8"),
        script=f'(() => {{\n"use strict";\n{own}\n}})();',
        data=inline_json(shown),
    )


def inline_json(value: Any) -> str:
    """JSON that is safe inside a `<script>` of HTML: no text in it can end that element or begin another."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
