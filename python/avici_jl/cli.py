"""The command line, `avici-jl`. Heavy packages are imported by the commands that need them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from avici_jl.errors import AviciError, InputError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from avici_jl.evaluation.compare import Comparison

app = typer.Typer(
    help="Which variable causes which: predict causal graphs from data in one forward pass.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console(highlight=False)

ModelOption = Annotated[str, typer.Option(help="A shipped model (see `avici-jl models`), or a model's folder.")]


@app.command()
def demo(
    model: ModelOption = "grn",
    d: Annotated[int, typer.Option(help="Number of variables.")] = 15,
    n_obs: Annotated[int, typer.Option(help="Observational rows.")] = 500,
    n_int: Annotated[int, typer.Option(help="Interventional rows.")] = 500,
    seed: Annotated[int, typer.Option(help="Seed of the simulated dataset.")] = 1,
    picture: Annotated[Path, typer.Option("--out", help="Where the picture goes.")] = Path("demo.png"),
) -> None:
    """Simulate a network in Julia, infer it from the data, and show truth beside prediction."""
    import time

    import numpy as np

    from avici_jl.model import Model
    from avici_jl.plots import plot_prediction
    from avici_jl.prediction import edge_table
    from avici_jl.simulation import simulate

    trained = Model.load(model)
    out.print("Starting Julia …")
    simulate(trained.domain, d=2, n_obs=10, seed=seed)
    start = time.perf_counter()
    data = simulate(trained.domain, d=d, n_obs=n_obs, n_int=n_int, seed=seed)
    simulated = time.perf_counter()
    p = np.asarray(trained.predict(data))
    predicted = time.perf_counter()
    rows = f"{n_obs} observational and {n_int} interventional rows of {d} variables"
    out.print(f"Julia simulated {rows} of the domain {trained.domain} in {1e3 * (simulated - start):.0f} ms.")
    out.print(f"The model {trained.name} predicted every edge in {predicted - simulated:.1f} s, with compilation.")
    assert data.graph is not None
    table = Table("source", "target", "probability", "in the truth", title="Most probable edges")
    position = {name: k for k, name in enumerate(data.names)}
    for source, target, probability in edge_table(p, data.names).head(10).itertuples(index=False):
        true = data.graph[position[source], position[target]] > 0
        table.add_row(source, target, f"{probability:.3f}", "yes" if true else "no")
    out.print(table)
    out.print(
        f"{int(data.graph.sum())} true edges, {int((p >= trained.threshold).sum())} predicted at the threshold "
        f"{trained.threshold:.2f}: {agreement(p, data.graph, trained.threshold)}"
    )
    title = f"{trained.name}: {rows}"
    plot_prediction(p, data.names, truth=data.graph, threshold=trained.threshold, title=title).savefig(picture, dpi=130)
    out.print(f"Picture: {picture}")


@app.command()
def simulate(
    domain: Annotated[
        str, typer.Argument(help="A shipped domain, as linear or grn (wrong names list them all), or a domain file.")
    ],
    folder: Annotated[Path, typer.Option("--out", help="Folder of the dataset.")],
    d: Annotated[int, typer.Option(help="Number of variables.")] = 30,
    n_obs: Annotated[int, typer.Option(help="Observational rows.")] = 1000,
    n_int: Annotated[int, typer.Option(help="Interventional rows.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed.")] = 0,
) -> None:
    """Simulate a dataset with a known graph, as a folder of .npy files."""
    from avici_jl.simulation import simulate as run

    data = run(domain, d=d, n_obs=n_obs, n_int=n_int, seed=seed)
    out.print(f"{data}\nwritten to {data.save(folder)}")


@app.command()
def predict(
    data: Annotated[Path, typer.Argument(help="A table with a header (.csv, .tsv), or a dataset's folder.")],
    model: ModelOption,
    interventions: Annotated[
        Path | None, typer.Option(help="Table of 0 and 1 with the columns of the data: 1 where a variable was set.")
    ] = None,
    edges: Annotated[Path | None, typer.Option("--out", help="Write all edges: source, target, probability.")] = None,
    truth: Annotated[
        Path | None, typer.Option(help="Table of known edges, cause and effect by name, to compare with.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Write a picture.")] = None,
    top: Annotated[int, typer.Option(help="How many edges to print.")] = 15,
) -> None:
    """Predict the causal graph behind a table."""
    import numpy as np

    from avici_jl.inputs import read_input
    from avici_jl.model import Model
    from avici_jl.prediction import edge_table
    from avici_jl.simulation import Dataset

    trained = Model.load(model)
    x: Any = Dataset.load(data) if data.is_dir() else read_table(data)
    mask = None if interventions is None else read_table(interventions)
    found = read_input(x, mask, kind=trained.kind)
    p = np.asarray(trained.predict(x, mask))
    table = edge_table(p, found.names)
    n, d = found.x.shape
    out.print(f"{data}: {n} rows, {int(found.interventions.any(axis=1).sum())} of them interventional, {d} variables.")
    shown = Table("source", "target", "probability", title=f"Most probable edges, model {trained.name}")
    for source, target, probability in table.head(top).itertuples(index=False):
        shown.add_row(source, target, f"{probability:.3f}")
    out.print(shown)
    count = int((table["probability"] >= trained.threshold).sum())
    out.print(f"{count} edges have at least the model's threshold of {trained.threshold:.2f}.")
    known = None if truth is None else read_edges(truth, found.names)
    if known is not None:
        from avici_jl.evaluation import baselines, metrics

        score = baselines.correlation(found.x, found.interventions, trained.kind)
        out.print(
            f"Against {int(known.sum())} known edges: {agreement(p, known, trained.threshold)}; "
            f"AUPRC of |correlation| {metrics.auprc(score, known):.2f}"
        )
    if edges is not None:
        table.to_csv(edges, index=False)
        out.print(f"All {len(table)} edges: {edges}")
    if picture is not None:
        from avici_jl.plots import plot_prediction

        plot_prediction(p, found.names, truth=known, threshold=trained.threshold).savefig(picture, dpi=130)
        out.print(f"Picture: {picture}")


@app.command()
def evaluate(
    model: Annotated[str, typer.Argument(help="A shipped model, or a model's folder.")],
    domain: Annotated[
        str | None, typer.Option(help="What is simulated; by default what the model was trained on.")
    ] = None,
    d: Annotated[list[int], typer.Option(help="Number of variables; repeatable.")] = [10, 20, 30],  # noqa: B006
    n: Annotated[int, typer.Option(help="Rows: all observational, and half of them interventional.")] = 1000,
    datasets: Annotated[int, typer.Option(help="Datasets of each setting.")] = 30,
    seed: Annotated[int, typer.Option(help="Chooses the datasets.")] = 0,
) -> None:
    """Print the model's AUPRC beside simple scores, on fresh simulated data."""
    from avici_jl.evaluation.compare import compare, settings
    from avici_jl.model import Model

    trained = Model.load(model)
    rows: list[Comparison] = []
    with out.status("Simulating and predicting …"):
        compare(trained, settings(d, n), domain=domain, datasets=datasets, seed=seed, done=rows.append)
    out.print(comparison_table(rows, f"{trained.name} on {domain or trained.domain}, {datasets} datasets each"))


@app.command()
def train(
    workdir: Annotated[Path, typer.Option(help="Folder of the run; an existing run goes on.")],
    domain: Annotated[
        str | None,
        typer.Option(
            help="What to train on; needed for a new run: a shipped domain, a domain file (.toml), a Python function "
            "(file.py:function), or a folder of labelled datasets."
        ),
    ] = None,
    preset: Annotated[str | None, typer.Option(help="compact (default), paper, smoke, or a .toml file.")] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="One setting, as in optimizer.peak=4e-3; repeatable.")
    ] = None,
    init: Annotated[
        str | None, typer.Option(help="Start from the parameters of this model (a shipped name or a folder).")
    ] = None,
    minutes: Annotated[float | None, typer.Option(help="Stop after this time, with a checkpoint.")] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=0, help="Processes that make datasets, each with a Julia; by default all cores but one."),
    ] = None,
    distributed: Annotated[
        str | None,
        typer.Option(help='Join other hosts: "auto" (Slurm, TPU pods), or "host:port,processes,index".'),
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="Only draw the run's curves into this picture.")] = None,
) -> None:
    """Train a model on simulated or labelled data, or go on with a run that was stopped."""
    if plot is not None:
        from avici_jl.training.plot import plot_run

        plot_run(workdir).savefig(plot, dpi=130)
        out.print(f"Picture: {plot}")
        return
    from avici_jl.training import run

    overrides = [*(setting or ()), *([f'init="{init}"'] if init else ())]
    run(
        workdir,
        domain=domain,
        preset=preset,
        overrides=overrides,
        minutes=minutes,
        workers=workers,
        distributed=distributed,
    )


@app.command()
def export(
    workdir: Annotated[Path, typer.Argument(help="Folder of a run.")],
    folder: Annotated[Path, typer.Option("--out", help="Folder of the model.")],
    datasets: Annotated[int, typer.Option(help="Datasets of each setting that is measured.")] = 30,
) -> None:
    """Make a model of a run: parameters, decision threshold, and a card with what it reaches."""
    from avici_jl.evaluation.export import export as finish

    rows: list[Comparison] = []
    with out.status("Simulating and predicting …"):
        model = finish(workdir, folder, datasets=datasets, done=rows.append)
    out.print(comparison_table(rows, f"{model.name}, threshold {model.threshold:.2f}"))


@app.command()
def models() -> None:
    """List the shipped models."""
    from avici_jl.model import Model, list_models

    table = Table("name", "takes", "trained on", "threshold")
    for name in list_models():
        model = Model.load(name)
        takes = "raw counts" if model.kind == "counts" else "real values"
        table.add_row(name, takes, f"domain {model.domain}", f"{model.threshold:.2f}")
    out.print(table)


@app.command()
def doctor() -> None:
    """Check the installation: versions, devices, Julia."""
    import platform
    from importlib.metadata import version

    import jax

    from avici_jl.errors import SimulationError
    from avici_jl.model import list_models
    from avici_jl.simulation import bridge

    for name in ("avici-jl", "jax", "flax", "optax", "orbax-checkpoint", "juliacall"):
        out.print(f"{name:18} {version(name)}")
    out.print(f"{'python':18} {platform.python_version()}")
    out.print(f"{'devices':18} {', '.join(str(device) for device in jax.devices())}")
    out.print(f"{'models':18} {', '.join(list_models()) or 'none'}")
    try:
        julia = bridge.julia()
    except SimulationError as error:
        out.print(f"{'julia':18} cannot be started. Predicting works without it.\n{error}")
        raise typer.Exit(1) from None
    out.print(f"{'julia':18} {julia.seval('VERSION')}, {julia.seval('Threads.nthreads()')} threads")


def read_table(path: Path) -> pd.DataFrame:
    """A table from a text file; the separator is found out, and an unnamed first column holds names of rows.

    Raises:
        InputError: the file cannot be read as a table.
    """
    import pandas as pd

    try:
        table = pd.read_csv(path, sep=None, engine="python")
    except FileNotFoundError:
        raise InputError(f"There is no file {path}.") from None
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as a table with a header: {error}") from None
    first = table.columns[0] if len(table.columns) else ""
    if str(first).startswith("Unnamed:"):
        table = table.set_index(first)
    if all(_is_number(name) for name in table.columns):
        raise InputError(f"{path} has numbers in its first line; the names of the variables are expected there.")
    return table


def read_edges(path: Path, names: list[str]) -> np.ndarray:
    """A table of edges, whose first two columns are the names of cause and effect, as a graph [d, d].

    Raises:
        InputError: the file cannot be read, or names something else.
    """
    import numpy as np

    table = read_table(path)
    if table.shape[1] < 2:
        raise InputError(f"{path} must have two columns: the names of cause and effect.")
    graph = np.zeros((len(names), len(names)), np.uint8)
    position = {name: k for k, name in enumerate(names)}
    for cause, effect in table.iloc[:, :2].astype(str).itertuples(index=False):
        for name in (cause, effect):
            if name not in position:
                raise InputError(f"{path} names {name!r}, which is no variable of the data.")
        graph[position[cause], position[effect]] = 1
    return graph


def agreement(p: np.ndarray, truth: np.ndarray, threshold: float) -> str:
    """How well probabilities [d, d] agree with the true graph, in words."""
    from avici_jl.evaluation import metrics

    edges, d = p >= threshold, len(p)
    precision, recall, _ = metrics.precision_recall_f1(edges, truth)
    return (
        f"precision {precision:.2f}, recall {recall:.2f}, AUPRC {metrics.auprc(p, truth):.2f} "
        f"(chance {truth.sum() / (d * (d - 1)):.2f}), SHD {metrics.shd(edges, truth)}"
    )


def comparison_table(rows: list[Comparison], title: str) -> Table:
    """AUPRC of the model and of simple scores, side by side."""
    from avici_jl.evaluation.compare import mean_and_error

    methods = ("model", "correlation", "mean difference")
    table = Table("d", "obs.", "int.", *methods, "chance", "F1", title=f"AUPRC ± standard error: {title}")
    for row in rows:
        cells = []
        for method in methods:
            mean, error = mean_and_error(row.auprc[method]) if len(row.auprc[method]) else (None, None)
            cells.append("–" if mean is None else f"{mean:.3f} ± {error:.3f}")
        size = [str(value) for value in row.setting]
        table.add_row(*size, *cells, f"{row.chance:.2f}", f"{row.f1.mean():.2f}")
    return table


def _is_number(text: Any) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def main() -> None:
    """Entry point: errors that are the user's to mend are one line, without a traceback."""
    try:
        app()
    except AviciError as error:
        print(f"avici-jl: {error}", file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
