"""Records the transcripts of this folder by running them: `make transcripts`, or single ones by their names.

Each session is a person's first minutes. Lines in Python are typed into an interpreter, lines of the shell into bash;
what they print is written down as it comes, long lines wrapped.
"""

from __future__ import annotations

import code
import contextlib
import io
import os
import subprocess
import sys
import tempfile
import textwrap
import traceback
import warnings
from pathlib import Path

HERE = Path(__file__).parent
WIDTH = 110

BIOLOGIST = (
    "biologist.md",
    "A biologist with an AnnData of a CRISPR screen",
    "Ines has a screen as an AnnData: normalised values in `X`, raw counts in a layer, the guide of each cell in "
    "`obs`. (Here it is simulated, so that the last line can look at the truth.)",
    "python",
    """
import anndata
screen = anndata.read_h5ad("screen.h5ad")
screen
screen.obs["guide"].value_counts().head(4)
# Which model takes counts?
import avici_jl
avici_jl.list_models()
model = avici_jl.Model.load("grn")
model
# The obvious first try
model.predict(screen)
# So it is the layer that is wanted
p = model.predict(screen, layer="counts")
# ... and the guides
p = model.predict(screen, "guide", layer="counts")
p = model.predict(screen, "guide", layer="counts", control="non-targeting")
p.iloc[:5, :5].round(2)
model.predict_edges(screen, "guide", layer="counts", control="non-targeting", threshold=model.threshold).head(8)
# Keep it with the data, and draw it
model.annotate(screen, "guide", layer="counts", control="non-targeting")
screen
found = model.infer(screen, "guide", layer="counts", control="non-targeting")
found
found.plot().savefig("screen.png")
# A page for the others in the lab, with the data behind each edge
found.report("screen.html", question="Which genes regulate which, in this screen?")
# Is the screen like what the model was trained on?
found.shift.probability, found.shift.unusual
# How far can this be believed?
[(e["domain"], e["n_int"], round(e["auprc"]["model"][0], 2)) for e in model.card["evaluation"] if e["d"] == 10]
# The screen was simulated: how many of the edges above the threshold are in the truth?
truth = screen.varp["truth"]
edges = found.adjacency() > 0
print(int((edges & (truth > 0)).sum()), "of", int(edges.sum()), "predicted;", int(truth.sum()), "true edges")
""",
)

DATA_SCIENTIST = (
    "data-scientist.md",
    "A data scientist with a CSV and a DataFrame",
    "Tom has a CSV of sensor readings; some runs had one sensor's quantity set by hand.",
    "python",
    """
import pandas as pd
table = pd.read_csv("sensors.csv")
table.head(3)
from avici_jl import Model
model = Model.load("auto")
model.predict(table)
# The run's name is no measurement; the column "set_by_hand" says what was set. Two readings are missing, which is fine
table = table.set_index("run")
found = model.infer(table, interventions="set_by_hand")
found
found.to_frame().round(2)
found.edges().head(5)
graph = found.graph(acyclic=True)
print(graph)
# Does it hang on a few rows?
model.stability(table, "set_by_hand", resamples=20)
# The heat is that of a controller, which nothing here drives
told = model.infer(table, "set_by_hand", prior={"roots": ["heat"]})
told.compare(found)[lambda change: change["change"] != "stays"]
# Only ten rows: is that enough?
few = model.predict(table.head(10), interventions="set_by_hand")
# What is the threshold here, and which F1 does the model reach?
found.threshold, found.card["evaluation"][1]["f1"]
# For the meeting, and to come back to
found.report("sensors.html")
found.save("sensors.npz")
""",
)

SHELL = (
    "shell.md",
    "A shell user on a cluster",
    "Mei does not write Python. She wants edges in a file, from a job.",
    "sh",
    """
avici-jl --help
avici-jl models
avici-jl predict proteins.csv --model auto
avici-jl predict proteins.csv --model auto --row-names sample --out edges.csv
head -4 edges.csv
avici-jl predict proteins.csv --model scm --row-names sample --out edges.csv
avici-jl predict proteins.csv --model scm --row-names sample --json --threshold 0.9 | head -20
avici-jl predict proteins.csv --model grn --row-names sample; echo "exit code $?"
avici-jl predict proteins.csv --model scm --row-names sample --truth known.csv --top 5 --picture graph.png
avici-jl predict proteins.csv --model scm --row-names sample --top 3 --acyclic --out graph.cyjs
avici-jl suggest proteins.csv --model scm --row-names sample --top 3
avici-jl report proteins.csv --model scm --row-names sample --out proteins.html
avici-jl doctor
""",
)


def write_data() -> None:
    """The files that the sessions read."""
    import anndata
    import numpy as np
    import pandas as pd

    from avici_jl import simulate

    genes = ["GATA1", "SPI1", "TAL1", "KLF1", "LMO2", "RUNX1", "MYB", "FLI1", "ERG", "GFI1"]
    data = simulate("grn", d=10, n_obs=400, n_int=400, seed=11)
    screen = anndata.AnnData(np.log1p(data.x).astype(np.float32), var=pd.DataFrame(index=genes))
    screen.obs["guide"] = [genes[row.argmax()] if row.any() else "non-targeting" for row in data.interventions]
    screen.layers["counts"] = data.x
    screen.varp["truth"] = data.graph
    screen.write_h5ad("screen.h5ad")

    sensors = ["inlet", "valve", "pump", "flow", "heat", "outlet"]
    data = simulate("rff", d=6, n_obs=200, n_int=100, seed=5)
    table = pd.DataFrame(data.x.round(3), columns=sensors)
    table["set_by_hand"] = [sensors[row.argmax()] if row.any() else None for row in data.interventions]
    table.insert(0, "run", [f"run{k:03d}" for k in range(300)])
    table.loc[[17, 120], "flow"] = np.nan
    table.sample(frac=1, random_state=0).to_csv("sensors.csv", index=False)

    proteins = ["raf", "mek", "erk", "akt", "pka", "pkc", "p38", "jnk"]
    data = simulate("rff", d=8, n_obs=500, seed=8)
    table = pd.DataFrame(data.x.round(3), columns=proteins)
    table.insert(0, "sample", [f"s{k}" for k in range(500)])
    table.to_csv("proteins.csv", index=False)
    known = [(proteins[i], proteins[j]) for i, j in np.argwhere(data.graph)]
    pd.DataFrame(known, columns=["cause", "effect"]).to_csv("known.csv", index=False)


def python(lines: list[str]) -> str:
    """What an interpreter shows when these lines are typed."""
    interpreter = code.InteractiveInterpreter({"__name__": "__console__"})
    screen = io.StringIO()

    def show_error() -> None:
        kind, error, _ = sys.exc_info()
        assert kind is not None
        print("Traceback (most recent call last):\n  ...")
        print("".join(traceback.format_exception_only(kind, error)).rstrip())

    interpreter.showtraceback = show_error  # type: ignore[method-assign]
    warnings.showwarning = lambda message, category, *_: print(f"{category.__name__}: {message}")
    with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(screen):
        for line in lines:
            print(f">>> {line}")
            if not line.startswith("#"):
                interpreter.runsource(line)
    return screen.getvalue()


def shell(lines: list[str]) -> str:
    """What a terminal shows when these lines are typed."""
    environment = {
        **os.environ,
        "COLUMNS": str(WIDTH - 10),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    shown = []
    for line in lines:
        done = subprocess.run(["bash", "-c", line], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        shown += [f"$ {line}", done.stdout.decode().rstrip()]
    return "\n".join(shown)


def wrapped(text: str) -> str:
    home = str(Path.home())
    lines = []
    for line in text.replace(home, "~").splitlines():
        long = len(line) > WIDTH and line[:1] not in "│┃╭"
        lines += (
            textwrap.wrap(line, WIDTH, subsequent_indent="    ", break_long_words=False) if long else [line.rstrip()]
        )
    return "\n".join(lines)


def main(wanted: list[str]) -> None:
    import pandas as pd

    pd.set_option("display.width", WIDTH)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        write_data()
        for name, title, who, language, session in (BIOLOGIST, DATA_SCIENTIST, SHELL):
            if wanted and name not in wanted:
                continue
            lines = session.strip().splitlines()
            said = wrapped(python(lines) if language == "python" else shell(lines))
            page = f"# {title}\n\n{who}\n\n```text\n{said}\n```\n"
            (HERE / name).write_text(page, encoding="utf-8")
            print(f"{name} is written.")


if __name__ == "__main__":
    main(sys.argv[1:])
