"""What a report holds, without a browser: safe text, the right edges, points that represent the data, places."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from reports import random_posterior
from scipy.stats import spearmanr

from avici_jl.data.inputs import read_input
from avici_jl.plots.edges import causal_order
from avici_jl.posterior import Posterior
from avici_jl.report.contents import contents
from avici_jl.report.html import inline_json
from avici_jl.report.places import places
from avici_jl.report.points import representative
from avici_jl.report.support import correlation, shift

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "=cmd|' /C calc'!A0",
    'a"b\\c\u2028\ud800',
    "\u202eb\u2066a",
]
SHOWN = [*HOSTILE[:-1], r"\u202eb\u2066a"]  # what would turn round the text about it


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return random_posterior(12, 300)


def test_no_name_can_leave_the_data_of_the_page(tmp_path: Path) -> None:
    found = random_posterior(5, 60, names=HOSTILE)
    page = found.report(tmp_path / "page.html", title="<b>&</b>", question="</script>?").read_text(encoding="utf-8")
    head, data, rest = re.split(r'<script type="application/json" id="contents">|</script>\n<script>', page, maxsplit=2)
    assert json.loads(data)["names"] == SHOWN and json.loads(data)["question"] == "</script>?"
    assert not set("<>&") & set(data) and "<title>&lt;b&gt;&amp;&lt;/b&gt;</title>" in head
    assert page.count("<script") == page.count("</script>") == 3
    assert json.loads(inline_json({"a": HOSTILE})) == {"a": HOSTILE}


def test_the_page_asks_no_network(posterior: Posterior, tmp_path: Path) -> None:
    page = posterior.report(tmp_path / "page.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page and not re.search(r"""(src|href)=["']?(https?:)?//""", page)


def test_edges_are_those_of_the_posterior(posterior: Posterior) -> None:
    shown = contents(posterior, "t", "q")
    table = posterior.edges(0)
    edges = shown["edges"]
    assert len(edges["source"]) == 12 * 11 and shown["cut"] == 0
    assert [shown["names"][k] for k in edges["source"]] == table["source"].tolist()
    np.testing.assert_allclose(edges["probability"], table["probability"], atol=1e-4)
    assert edges["rows"] == [int(posterior.data.interventions[:, k].sum()) for k in edges["source"]]
    matrix = np.frombuffer(base64.b64decode(shown["matrix"]["values"]), np.uint8).reshape(12, 12) / 255
    expected = posterior.effects(graphs=30)
    np.testing.assert_allclose(shown["effects"], expected[["effect", "low", "high", "path"]], rtol=1e-3)
    assert [shown["names"][step["variable"]] for step in shown["next"]] == [
        name
        for name, settles in posterior.suggest_interventions(8)[["variable", "settles"]].to_numpy()
        if settles > 5e-4
    ]
    order = shown["matrix"]["order"]
    np.testing.assert_allclose(matrix, posterior.probabilities[np.ix_(order, order)], atol=1 / 255)
    assert order == causal_order(posterior.probabilities)
    json.dumps(shown, allow_nan=False)


def test_support_is_what_the_definitions_say() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3)) @ rng.normal(size=(3, 3))
    targets = [None] * 40 + [0] * 20
    x[40:, 1] += 3.0
    data = read_input(x, targets, kind="values")
    np.testing.assert_allclose(correlation(data), spearmanr(x[:40])[0], atol=1e-9)
    moved, rows = shift(data, "values")
    assert rows.tolist() == [20, 0, 0] and np.isnan(moved[1:]).all() and np.isnan(moved[0, 0])
    expected = (x[40:].mean(axis=0) - x[:40].mean(axis=0)) / x[:40].std(axis=0)
    np.testing.assert_allclose(moved[0, 1:], expected[1:])
    constant = read_input(np.column_stack([x[:, :2], np.ones(60)]), kind="values")
    assert correlation(constant)[2, 0] == 0
    everywhere = read_input(x, [k % 3 for k in range(60)], kind="values")
    assert np.isnan(shift(everywhere, "values")[0]).all()


def test_points_keep_values_and_gaps(posterior: Posterior) -> None:
    shown = contents(posterior, "t", "q")["points"]
    x = posterior.data.x
    values = np.frombuffer(base64.b64decode(shown["values"]), np.uint8).reshape(x.shape)
    low, high = np.array(shown["low"]), np.array(shown["high"])
    assert (values == 255).tolist() == np.isnan(x).tolist()
    back = low + values / 254 * (high - low)
    inside = (x >= low) & (x <= high)
    assert inside.mean() > 0.9
    assert (np.abs(back - x) <= 0.51 * (high - low) / 254)[inside].all()
    assert shown["set"] == [np.flatnonzero(row).tolist() for row in posterior.data.interventions]


def test_rows_represent_every_kind_and_first_what_matters() -> None:
    u = np.zeros((5000, 100), np.uint8)
    u[np.arange(4000), np.repeat(np.arange(100), 40)] = 1
    chosen = representative(u, 400, np.arange(100)[::-1].astype(float))
    assert len(set(chosen.tolist())) == len(chosen) <= 400
    rows = u[chosen]
    assert (~rows.any(axis=1)).sum() >= 100 and rows[:, 0].sum() == 20 and rows[:, 99].sum() == 0
    assert representative(u[:300], 400, np.zeros(100)).tolist() == list(range(300))


def test_causes_stand_above_effects_and_nothing_on_each_other() -> None:
    for d, part in ((8, 0.3), (40, 0.06), (150, 0.012)):
        graph = np.triu(np.random.default_rng(d).random((d, d)) < part, 1)
        at = places(graph, [60.0] * d)
        apart = np.abs(at[:, None] - at[None]).max(axis=2)[~np.eye(d, dtype=bool)]
        assert np.isfinite(at).all() and apart.min() > 5
        if d < 100:
            assert all(at[i, 1] < at[j, 1] for i, j in np.argwhere(graph))
    assert np.isfinite(places(np.zeros((3, 3), bool), [60.0] * 3)).all()


def test_large_tables_make_small_pages(tmp_path: Path) -> None:
    found = random_posterior(450, 500)
    assert found.report(tmp_path / "page.html").stat().st_size < 1_500_000
    shown = contents(found, "t", "q")
    assert len(shown["edges"]["source"]) == 3000 and shown["matrix"]["side"] == 225
    assert shown["cut"] >= 0 and min(shown["edges"]["probability"]) >= shown["cut"] - 1e-4
    all_edges = contents(replace(found, threshold=0.0), "t", "q")
    assert len(all_edges["edges"]["source"]) == 450 * 449  # what is at the threshold is always there


def test_the_vendored_library_is_the_release_that_the_script_fetches() -> None:
    root = Path(__file__).parents[2]
    release = re.search(r"cytoscape@([\d.]+)", (root / "scripts/fetch_cytoscape.sh").read_text())
    vendor = root / "python/avici_jl/report/vendor"
    library = (vendor / "cytoscape.min.js").read_text(encoding="utf-8")
    assert release and f'version="{release[1]}"' in library and "</script" not in library
    assert "The Cytoscape Consortium" in (vendor / "cytoscape.LICENSE").read_text(encoding="utf-8")


def test_a_card_that_says_less_makes_a_report() -> None:
    found = replace(random_posterior(4, 30), card={"evaluation": [{"d": 4}]})
    assert contents(found, "t", "q")["results"] == []
