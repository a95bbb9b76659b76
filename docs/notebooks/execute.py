"""Writes the notebooks of this folder by running them: `make notebooks`.

They show what a person's first ten minutes look like; the outputs are those of the run, errors included.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "transcripts"))

FIRST_TEN_MINUTES = [
    """# The first ten minutes: a CRISPR screen

Ines has a screen as an AnnData: normalised values in `X`, raw counts in a layer, the guide of each cell in `obs`. She
wants to know which genes regulate which. (Here the screen is simulated, so that the last cell can look at the truth.)
""",
    """
import anndata

screen = anndata.read_h5ad("screen.h5ad")
screen
""",
    "Models that take counts are listed by `avici-jl models`. The obvious first try says what is wanted instead:",
    """
from avici_jl import Model

model = Model.load("grn")
model.infer(screen)
""",
    "So the layer of raw counts is wanted, the column that names the guides, and the label of cells without one:",
    """
found = model.infer(screen, "guide", layer="counts", control="non-targeting")
found
""",
    "**Can it be believed?** Is the screen like what the model was trained on, and what does the model reach there?",
    """
print("tables of training that are as unusual:", round(found.shift.probability, 2))
print("unusual here:", found.shift.unusual or "nothing", *found.notes, sep="\\n")
[(e["domain"], e["n_int"], round(e["auprc"]["model"][0], 2)) for e in model.card["evaluation"] if e["d"] == 10]
""",
    "**The network**, and the edges around one gene:",
    """
from IPython.display import Image

found.plot().savefig("screen.png", dpi=70)
Image("screen.png")
""",
    """
found.targets("GATA1")
""",
    "**Which gene to knock out next?** Those that would settle most of what is open:",
    """
found.suggest_interventions(top=3)
""",
    "**For the others in the lab**: a page with everything in it, which needs no network; and a file for Cytoscape.",
    """
found.report("screen.html", question="Which genes regulate which, in this screen?")
found.export("screen.cyjs")
""",
    "**The truth.** The screen was simulated, so it is known:",
    """
truth, edges = screen.varp["truth"] > 0, found.adjacency() > 0
print(int((edges & truth).sum()), "of", int(edges.sum()), "predicted edges are true; there are", int(truth.sum()))
""",
]
"""Cells in turn: text begins with a letter, a sign of Markdown or a bracket; code with a line break."""


def main() -> None:
    from record import write_data

    cells = [
        new_code_cell(c.strip()) if c.startswith("\n") else new_markdown_cell(c.strip()) for c in FIRST_TEN_MINUTES
    ]
    for cell in cells:
        if cell.source.endswith("model.infer(screen)"):
            cell.metadata["tags"] = ["raises-exception"]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
    book = new_notebook(
        cells=cells, metadata={"orphan": True, "kernelspec": {"name": "python3", "display_name": "Python 3"}}
    )
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        write_data()
        NotebookClient(book, timeout=600, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    for cell in cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", ()):
            if output.output_type == "error":  # the last line is what a reader needs
                output.traceback = output.traceback[-1:]
    nbformat.write(book, HERE / "first-ten-minutes.ipynb")
    print("first-ten-minutes.ipynb is written.")


if __name__ == "__main__":
    main()
