"""The page in headless Chromium, as a person uses it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import CHROMIUM, Page, browser
from reports import random_posterior

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on PATH (apt-get install chromium)")

NAMES = [
    "</script><script>document.title='broken'</script>",
    "=1+1",
    "<img src=x onerror=alert(1)>",
    "a name of words" + 40 * " and words",
]
COUNT = "document.querySelector('#count').textContent"
ROWS = "document.querySelectorAll('#edges tbody tr').length"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


def move(page: Page, threshold: float) -> None:
    """Move the slider."""
    page.value(
        f"(() => {{ const s = document.querySelector('#threshold'); s.value = {threshold}; "
        "s.dispatchEvent(new Event('input')); return new Promise(done => setTimeout(done, 150)); })()"
    )


@pytest.mark.parametrize("d", [10, 100, 1000])
def test_a_person_explores_a_report(page: Page, tmp_path: Path, d: int) -> None:
    names = [*NAMES, *[f"GENE{k}" for k in range(4, d)]]
    found = random_posterior(d, 600, names)
    file = found.report(tmp_path / "report.html", title=f"Causal graph of {d}.csv")
    assert file.stat().st_size < 2_000_000
    page.open(file, dark=d == 100)
    assert page.value("document.title") == f"Causal graph of {d}.csv"
    edges = int(found.adjacency().sum())
    assert page.value(COUNT) == f"{edges} edges" and page.value(ROWS) == min(edges, 100)
    assert page.value("document.querySelector('#warnings').innerText") == found.notes[0]
    assert "Neural Information Processing Systems" in page.value("document.querySelector('#cite').textContent")
    assert page.value("document.querySelectorAll('#results tbody tr').length") == 1
    move(page, 0.95)
    fewer = int((found.probabilities >= 0.95).sum())
    assert 0 < fewer < edges and page.value(COUNT) == f"{fewer} edge{'s' * (fewer > 1)}"
    page.value("document.querySelector('#reset').click()")
    assert page.value(COUNT) == f"{edges} edges"

    # The keyboard: / searches, what is typed filters the table and finds the variable.
    page.press("/")
    assert page.value("document.activeElement.id") == "search"
    cause = found.edges()["source"][0]
    page.send("Input.insertText", text=cause)
    around = int((found.edges()[["source", "target"]] == cause).any(axis=1).sum())
    assert page.value("document.querySelector('#found').textContent").endswith(("match", "matches"))
    assert page.value(ROWS) >= around and page.value("document.querySelector('#details h3').textContent") == cause
    page.press("Escape")
    assert page.value("document.querySelector('#search').value") == "" and page.value(ROWS) == min(edges, 100)

    # The table sorts, and the keys walk through it: the data behind each edge are drawn.
    page.value("document.querySelector('th[data-key=source] button').click()")
    first = sorted(found.edges()["source"], key=str.lower)[0]
    assert page.value("document.querySelector('#edges tbody td').textContent")[:1].lower() == first[:1].lower()
    page.value("document.querySelector('#edges tbody tr').focus()")
    page.press("Enter")
    page.press("ArrowDown")
    assert (
        page.value("[...document.querySelectorAll('#edges tbody tr')].findIndex(r => r.ariaSelected === 'true')") == 1
    )
    assert page.value("document.querySelectorAll('#details circle').length") > 30
    assert page.value("document.querySelectorAll('#details polyline').length") == 2
    assert page.value("document.querySelector('#effect').textContent").startswith("Raising" if d <= 150 else "Expected")
    told = page.value("document.querySelector('#effect + .hint')?.textContent ?? ''")
    assert ("no better where they are curved" in told) == (d <= 150)

    # What to do next: the first row's variable is shown.
    first = found.suggest_interventions(1)
    assert page.value("document.querySelector('#next tbody button').textContent") == first["variable"][0]
    assert " → " in page.value("document.querySelector('#next tbody tr').lastChild.textContent")
    page.value("document.querySelector('#next tbody button').click()")
    assert page.value("document.querySelector('#details h3').textContent") == first["variable"][0]

    # The heat map by keys; the network by the mouse.
    page.value("document.querySelector('#matrix').focus()")
    page.press("ArrowRight")
    assert not page.value("document.querySelector('#tip').hidden")
    page.value("document.querySelector('#network').scrollIntoView()")
    box = page.value(
        "(({x, y, width, height}) => [x, y, width, height])(document.querySelector('#network').getBoundingClientRect())"
    )
    page.mouse("mouseMoved", box[0] + box[2] / 2, box[1] + box[3] / 2)
    page.mouse("mousePressed", box[0] + 3, box[1] + box[3] - 60)
    page.mouse("mouseReleased", box[0] + 3, box[1] + box[3] - 60)
    assert page.value("document.querySelectorAll('#network canvas').length") == 3
    assert page.value("typeof document.querySelector('img')") == "object" and not page.value(
        "!!document.querySelector('img')"
    )
    assert page.value("document.documentElement.scrollWidth <= innerWidth")
    assert not page.problems


def test_cytoscape_itself_reads_what_is_exported_for_it(page: Page, tmp_path: Path) -> None:
    found = random_posterior(8, 60, [*NAMES, *[f"GENE{k}" for k in range(4, 8)]])
    page.open(found.report(tmp_path / "report.html"))  # has Cytoscape.js in it
    found.export(tmp_path / "graph.cyjs")
    elements = json.dumps(json.loads((tmp_path / "graph.cyjs").read_text(encoding="utf-8"))["elements"])
    edges = page.value(
        f"cytoscape({{ headless: true, elements: {elements} }}).edges()"
        ".map(edge => [edge.source().id(), edge.target().id(), edge.data('probability')])"
    )
    graph = found.graph()
    assert {(cause, effect): p for cause, effect, p in edges} == {
        (cause, effect): pytest.approx(float(p)) for cause, effect, p in graph.edges(data="probability")
    }


def test_narrow_screens_have_no_sideways_scrolling(page: Page, tmp_path: Path) -> None:
    page.open(random_posterior(12, 60).report(tmp_path / "report.html"), width=390, height=800)
    assert page.value("document.documentElement.scrollWidth <= innerWidth") and not page.problems
