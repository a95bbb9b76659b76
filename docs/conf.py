"""Settings of Sphinx; `make docs` builds the documentation into build/docs."""

import os
import shutil
from pathlib import Path

import avici_jl

HERE = Path(__file__).parent
PRETRAINED = HERE.parent / "python" / "avici_jl" / "pretrained"

project = "avici_jl"
author = copyright = "The avici_jl authors"
version = release = avici_jl.__version__

extensions = ["myst_nb", "sphinx_design", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
nb_execution_mode = "off"  # notebooks carry their outputs; the tests run them
html_theme = "furo"
html_title = f"avici_jl {release}"
html_static_path, html_css_files = ["_static"], ["tables.css"]
html_baseurl = os.environ.get("READTHEDOCS_CANONICAL_URL", "")  # there, a menu of versions is added
suppress_warnings = ["myst.header"]
default_role = "literal"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
autodoc_type_aliases = {"np.ndarray": "numpy.ndarray"}
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

INTRODUCTION = """# Models

The shipped models. Each page is the card that was written when the model was trained and measured;
`avici-jl models --card NAME` prints it, and `Model.load(name).card` holds the numbers.

```{toctree}
"""


def write_cards(*_: object) -> None:
    """The card of every shipped model as a page, its pictures beside it, and links to the logs of training."""
    pages = HERE / "models"
    shutil.rmtree(pages, ignore_errors=True)
    pages.mkdir()
    cards = sorted(PRETRAINED.glob("*/card.md"))
    names = [card.parent.name for card in cards]
    logs = [f"../training/{log.stem}" for log in sorted((HERE / "training").glob("*.md"))]
    (pages / "index.md").write_text(INTRODUCTION + "\n".join(names + logs) + "\n```\n", encoding="utf-8")
    for card in cards:
        shutil.copyfile(card, pages / f"{card.parent.name}.md")
        for picture in card.parent.glob("*.png"):
            shutil.copyfile(picture, pages / picture.name)


def setup(app: object) -> None:
    app.connect("builder-inited", write_cards, priority=1)  # type: ignore[attr-defined]
