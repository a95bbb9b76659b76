"""Writes the notebooks of this folder by running them: `make notebooks`, or single ones by their names.

They show what a person's first ten minutes look like; the outputs are those of the run, errors included.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
EXAMPLE = HERE.parents[1] / "examples" / "training" / "simulator.py"


def example() -> str:
    """The function of the example, as a cell."""
    text = EXAMPLE.read_text(encoding="utf-8")
    return "\nimport numpy as np\n\n\n" + text[text.index("def simulate") : text.index("simulate.kind")].strip()


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

TABLE = [
    """# A table of sensors

Tom has a CSV of readings of six sensors; in some runs one quantity was set by hand. He wants to know what drives what.
""",
    """
import pandas as pd

table = pd.read_csv("sensors.csv").set_index("run")
table.head(3)
""",
    "The column `set_by_hand` says which variable was set in a row; it is not a measurement. Two readings are missing, "
    "which the model `scm-world` has learned to see:",
    """
from avici_jl import Model

model = Model.load("scm-world")
found = model.infer(table, interventions="set_by_hand")
found
""",
    "**How sure is it?** The probability of each edge: the row is the cause, the column the effect.",
    """
found.to_frame().round(2)
""",
    "**Signs and effects**: whether a cause raises or lowers its effect, and by how much the others move if it is set.",
    """
found.edges().head()
""",
    """
best = found.edges().iloc[0]
found.effect(best["source"], best["target"])
""",
    "**What is known** beforehand is obeyed: the heat is that of a controller, which nothing here drives.",
    """
told = model.infer(table, "set_by_hand", prior={"roots": ["heat"]})
told.edges().head()
""",
    "**One graph** without cycles, the most probable, and the picture:",
    """
from IPython.display import Image

print(sorted(told.graph(acyclic=True).edges))
told.plot().savefig("sensors.png", dpi=70)
Image("sensors.png")
""",
]

SIMULATOR = [
    """# A simulator of one's own

Ada's system saturates: effects grow until they stop growing. She has a simulator of it in Python, and asks whether a
shipped model is good enough on such data, or one has to be trained.
""",
    example(),
    "All randomness comes from `rng`, so a dataset is a function of a seed and its number. **Is a shipped model good "
    "enough?** The area under the precision-recall curve on ten datasets of hers, beside that of guessing:",
    """
from avici_jl import Model
from avici_jl.evaluation import metrics


def score(model, count=10, d=10):
    datasets = [simulate(np.random.default_rng([2, k]), d, 150, 50) for k in range(count)]
    return np.mean([metrics.auprc(np.asarray(model.predict(x, u)), graph) for x, u, graph in datasets])


chance = np.mean([simulate(np.random.default_rng([2, k]), 10, 1, 1)[2].mean() / 0.9 for k in range(10)])
print(f"scm {score(Model.load('scm')):.2f}, guessing {chance:.2f}")
""",
    "**Training** takes the function as it is. The preset `smoke` is over in seconds and only shows that all is well; "
    "`compact`, the default, takes hours.",
    """
from avici_jl.training import run

run("runs/saturating", domain=simulate, preset="smoke", workers=0, say=lambda line: print(line.split("  ")[0]))
print(f"after 30 steps {score(Model.load('runs/saturating')):.2f}")
""",
    "**From a shipped model** less is needed: `scm` goes on with these data at a low rate. Four steps are shown; a few "
    "hundred are worth having.",
    """
settings = ["init_from=scm", "steps=4", "optimizer.peak_lr=1e-4", "data.rows=[200]", "data.sizes=[{d=10, batch=4}]"]
settings += ["held_out.datasets=2"]
run("runs/tuned", domain=simulate, preset="smoke", overrides=settings, workers=0, say=lambda line: None)
print(f"scm after four steps {score(Model.load('runs/tuned')):.2f}")
""",
    "How a model was trained stands in its folder: settings, seeds, revisions, and what it started from.",
    """
import json

stages = json.load(open("runs/tuned/recipe.json"))["stages"]
[(stage["name"], stage.get("steps")) for stage in stages]
""",
]

NOTEBOOKS = {"first-ten-minutes": FIRST_TEN_MINUTES, "my-table": TABLE, "my-own-simulator": SIMULATOR}
"""Cells in turn: text begins with a letter, a sign of Markdown or a bracket; code with a line break."""


def main() -> None:
    sys.path.insert(0, str(HERE.parent / "transcripts"))
    from record import write_data

    for name in sys.argv[1:] or NOTEBOOKS:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            write_data()
            write(name, folder)


def write(name: str, folder: str) -> None:
    """Run a notebook in a folder, and write it with its outputs."""
    import nbformat
    from nbclient import NotebookClient
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    cells = [new_code_cell(c.strip()) if c.startswith("\n") else new_markdown_cell(c.strip()) for c in NOTEBOOKS[name]]
    for number, cell in enumerate(cells):
        cell.id = f"cell-{number}"
        if cell.source.endswith("model.infer(screen)"):
            cell.metadata["tags"] = ["raises-exception"]
    kernel = {"name": "python3", "display_name": "Python 3"}
    book = new_notebook(cells=cells, metadata={"orphan": True, "kernelspec": kernel})
    NotebookClient(book, timeout=3600, kernel_name="python3", resources={"metadata": {"path": folder}}).execute()
    for cell in cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", ()):
            if output.output_type == "error":  # the last line is what a reader needs
                output.traceback = output.traceback[-1:]
    nbformat.write(book, HERE / f"{name}.ipynb")
    print(f"{name}.ipynb is written.")


if __name__ == "__main__":
    main()
