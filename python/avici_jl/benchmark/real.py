"""Real measurements, and simulations of others, from a folder of files: where the truth is known at least in part.

The folder holds, each where there is one,

- `sachs/`: `*continuous.txt`, cells × 11 proteins and nine stimuli, and `*graph.txt`, the agreed graph;
- `dream4_size100_1/`: `expression.tsv` (genes × conditions) and `gold_standard.tsv` (effects in rows);
- `light_tunnel/`: `uniform_reference.csv` and `dag.csv` (source, target), of the causal chambers.

Without the last, the package `causalchamber` is asked for it, which needs a network.
"""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from avici_jl.benchmark.cells import KeptModel, ask, kept
from avici_jl.benchmark.measure import Effort, answered, as_many_edges, predicted, usable
from avici_jl.benchmark.methods import Data, Worker
from avici_jl.benchmark.methods.interface import Cost
from avici_jl.benchmark.report import Report, failures, table
from avici_jl.data.batches import remove_batches
from avici_jl.errors import DataWarning, InputError
from avici_jl.simulation import Dataset

_MODELS = ("scm-world", "scm", "linear")
_SIMPLE = ("|correlation|", "partial correlation", "PIDC", "mean difference", "knock-out z-score", "GENIE3")
_OTHERS = (*_SIMPLE, "FLOP", "PC", "DirectLiNGAM")
_TARGETS = {
    "aktinhib": "akt",
    "g0076": "pkc",
    "psitect": "pip2",
    "u0126": "mek",
    "ly": "akt",
    "pma": "pkc",
    "b2camp": "pka",
}
"""What the stimuli of Sachs et al. act on (their Fig. 2); the inhibitor of PI3K on its measured effect Akt."""


_TUNNEL = (
    *("red", "green", "blue", "current", "pol_1", "pol_2", "ir_1", "vis_1", "ir_2", "vis_2", "ir_3", "vis_3"),
    *("angle_1", "angle_2", "l_11", "l_12", "l_21", "l_22", "l_31", "l_32"),
)
"""The variables of the light tunnel that vary in its uniform reference experiment; settings of the sensors do not."""


def real(effort: Effort) -> Report:
    """The models beside the best simple scores on each of them."""
    if effort.data is None:
        raise InputError("This experiment reads real data, which are not part of the package: name a folder by --data.")
    report = Report("Real measurements")
    report.add(
        "Area under the precision-recall curve and, at the model's threshold, F1 and structural Hamming distance, SHD. "
        f"*Best simple score*: the highest AUPRC of {', '.join(_SIMPLE)}; *best method*: of {', '.join(_OTHERS[6:])}, "
        "which take observational rows only. Both are chosen after the fact, which favours them; GENIE3 answers in "
        "`--full` runs only. Bold is the highest of a line. One dataset a line: no standard errors. Where a model is "
        "below the best simple score, it is no help there.",
    )
    lines, results, limits = [], [], []
    models = {name: KeptModel.load(name) for name in _MODELS}
    missing = []
    with Worker() as worker:
        for name, read in _SOURCES.items():
            try:
                datasets = list(read(effort.data))
            except FileNotFoundError as error:
                missing.append(f"{name} ({Path(str(error.filename)).name})")
                continue
            if name in _LIMITS:
                limits.append(_LIMITS[name](datasets[-1][1]))
            for setting, data in datasets:
                rows = _measure(effort, models, worker, data)
                results.append(pd.DataFrame(rows).assign(source=name, setting=setting))
                lines.append([f"{name}: {setting}", f"{len(data.x)} × {len(data.names)}", *_line(rows)])
    if not lines:
        raise InputError(f"{effort.data} holds none of the folders {', '.join(_SOURCES)}; see the documentation.")
    report.results = pd.concat(results, ignore_index=True)
    models_there = (f"`{name}`" for name in _MODELS)
    header = ["data", "rows × variables", *models_there, "F1 / SHD", "best simple score", "best method", "chance"]
    report.add(table(header, lines))
    report.add(f"F1 and SHD are those of `{_MODELS[0]}`.", failures(report.results))
    report.add("## Where models help, and where not", _verdicts(report.results))
    report.add(*limits)
    report.add(f"Not measured, since a file is missing: {', '.join(missing)}." if missing else "")
    return report


def _measure(effort: Effort, models: dict[str, KeptModel], worker: Worker, data: Dataset) -> list[dict[str, Any]]:
    assert data.graph is not None
    rows = []
    for name, model in models.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            rows.append({"method": name, **predicted(model, data).row(data.graph)})
    seen = Data(data.x, data.interventions, data.kind)
    for method in usable(_OTHERS, bool(data.interventions.any())):
        if method.cost is Cost.HIGH and effort.name == "quick":
            continue
        answer = ask(worker, method.name, seen, seconds=effort.seconds[method.cost])
        threshold = as_many_edges(answer.matrix, data.graph)
        rows.append({"method": method.name, **answered(method, answer, data.graph, threshold, False).row(data.graph)})
    return rows


def _line(rows: list[dict[str, Any]]) -> list[str]:
    areas = {row["method"]: row["auprc"] for row in rows}
    top = max(areas.values())

    def bold(name: str, said: str = "") -> str:
        text = f"{areas[name]:.2f}"
        return (f"**{text}**" if areas[name] == top else text) + said

    def best(names: tuple[str, ...]) -> str:
        there = [name for name in names if name in areas]
        if not there:
            return "–"
        first = max(there, key=lambda name: areas[name])
        return bold(first, f" ({first})")

    first = rows[0]
    shown = [bold(name) for name in _MODELS]
    others = (best(_SIMPLE), best(_OTHERS[len(_SIMPLE) :]))
    return [*shown, f"{first['f1']:.2f} / {first['shd']}", *others, f"{first['chance']:.2f}"]


def _verdicts(results: pd.DataFrame) -> str:
    """For each source where a model is furthest ahead of all others, where furthest behind, and why."""
    lines = []
    for source, rows in results.groupby("source", sort=False):
        ahead = {}
        for setting, part in rows.groupby("setting", sort=False):
            areas = part.set_index("method")["auprc"]
            models = areas[areas.index.isin(_MODELS)]
            others = areas[~areas.index.isin(_MODELS)]
            said = f"{setting}: `{models.idxmax()}` {models.max():.2f}, {others.idxmax()} {others.max():.2f}"
            ahead[said] = models.max() - others.max()
        best, worst = max(ahead, key=lambda said: ahead[said]), min(ahead, key=lambda said: ahead[said])
        lines.append([str(source), f"{sum(gap > 0 for gap in ahead.values())} of {len(ahead)}", best, worst])
        lines[-1].append(_WHY.get(str(source), ""))
    return table(
        ["data", "settings with a model ahead", "best for a model", "worst for a model", "what is known"], lines
    )


_WHY = {
    "sachs": (
        "The agreed graph is disputed in places; stimuli act on activity, which is not measured, and "
        "shift whole conditions. Pooled, what differs between conditions looks like edges; within conditions it does "
        "not."
    ),
    "dream4_size100_1": (
        "One row for each knock-out and knock-down: a row says what it changed, and there are too few to see "
        "distributions, which the models read. A score that looks at each row alone has all that there is."
    ),
    "light_tunnel": (
        "Sensors follow their causes almost without noise, and settings are uniform and independent: much like simple "
        "simulations."
    ),
}
"""Properties of the data that speak for or against models, as the documentation of the data says them."""


def _sachs(folder: Path) -> Iterator[tuple[str, Dataset]]:
    place = folder / "sachs"
    frame = pd.read_csv(_only(place, "*continuous.txt"), sep="\t")
    names = list(frame.columns[:11])
    truth = np.zeros((len(names),) * 2, np.uint8)
    for cause, effect in re.findall(r"(\w+) --> (\w+)", _only(place, "*graph.txt").read_text()):
        truth[names.index(cause), names.index(effect)] = 1
    stimuli = frame[frame.columns[11:]].round().astype(int)  # noise was added to 0 and 1
    mask = np.zeros((len(frame), len(names)), np.uint8)
    for stimulus, target in _TARGETS.items():
        mask[stimuli[stimulus] > 0, names.index(target)] = 1
    raw = frame[names].to_numpy(float)
    logs = np.log(raw + 1)
    condition = stimuli.groupby(list(stimuli.columns), sort=False).ngroup().to_numpy()
    none = np.zeros_like(mask)
    forms = {
        "as measured": (raw, none),
        "logarithms": (logs, none),
        "logarithms with targets": (logs, mask),
        "ranks with targets": (pd.DataFrame(raw).rank().to_numpy(), mask),
        "logarithms, conditions as `batch`": (remove_batches(logs, none, condition, "values"), none),
        "logarithms with targets, conditions as `batch`": (remove_batches(logs, mask, condition, "values"), mask),
        "standardised per condition": (_per_condition(logs, condition), none),
        "standardised per condition with targets": (_per_condition(logs, condition), mask),
    }
    for said, (x, given) in forms.items():
        yield said, Dataset(x.astype(np.float32), given, truth, names)


def _per_condition(x: np.ndarray, condition: np.ndarray) -> np.ndarray:
    """Each variable with mean 0 and standard deviation 1 in every condition."""
    groups = pd.DataFrame(x).groupby(condition)
    deviation = groups.transform("std").replace(0, 1)
    return ((pd.DataFrame(x) - groups.transform("mean")) / deviation).to_numpy()


def _dream4(folder: Path) -> Iterator[tuple[str, Dataset]]:
    place = folder / "dream4_size100_1"
    expression = pd.read_csv(place / "expression.tsv", sep="\t")
    gold = pd.read_csv(place / "gold_standard.tsv", sep="\t").to_numpy()
    names, conditions = [str(name) for name in expression.index], [str(name) for name in expression.columns]
    x, mask = expression.to_numpy(float).T, np.zeros(expression.shape[::-1], np.uint8)
    for row, condition in enumerate(conditions):
        if found := re.fullmatch(r"(\w+)\(([-+]/-)\)", condition):
            mask[row, names.index(found[1])] = 1
    series = np.array([condition.startswith("TS") for condition in conditions])
    graph = (gold.T > 0).astype(np.uint8)
    for said, rows in {"knock-outs and knock-downs": ~series, "and time series": np.ones(len(x), bool)}.items():
        yield said, Dataset(x[rows].astype(np.float32), mask[rows], graph, names)


def _light_tunnel(folder: Path) -> Iterator[tuple[str, Dataset]]:
    place = folder / "light_tunnel"
    if place.is_dir():
        frame, edges = pd.read_csv(place / "uniform_reference.csv"), pd.read_csv(place / "dag.csv")
    else:
        frame, edges = _chamber(place)
    names = [name for name in _TUNNEL if name in {*edges["source"], *edges["target"]}]
    edges = edges[edges["source"].isin(names) & edges["target"].isin(names)]
    graph = np.zeros((len(names),) * 2, np.uint8)
    for cause, effect in zip(edges["source"], edges["target"], strict=True):
        graph[names.index(cause), names.index(effect)] = 1
    x = frame[names].to_numpy(np.float32)
    for rows in (1000, len(x)):
        yield f"{rows} rows", Dataset(x[:rows], np.zeros_like(x[:rows], np.uint8), graph, names)


def _tunnel_limits(data: Dataset) -> str:
    """What the edges without a trace mean for the metrics."""
    assert data.graph is not None
    key = ("edges without trace", inspect.getsource(edges_without_trace), data.x, data.interventions, data.graph)
    without = kept(key, lambda: {"pairs": np.reshape(edges_without_trace(data), (-1, 2))})["pairs"]
    if not len(without):
        return ""
    edges = int(data.graph.sum())
    seen = edges - len(without)
    named = ", ".join(f"{data.names[i]} → {data.names[j]}" for i, j in without)
    return (
        f"Light tunnel: of the {edges} edges {len(without)} leave no trace in these {len(data.x)} rows ({named}): "
        "boosted trees predict the effect from all of its causes no better, by twice the standard error over ten "
        "folds, than without that cause. A method that finds every other edge and no false one has a recall of "
        f"{seen / edges:.2f}, and so an F1 score of {2 * seen / (seen + edges):.2f}; its AUPRC is little more than "
        "that recall."
    )


def edges_without_trace(data: Dataset, folds: int = 10) -> list[tuple[int, int]]:
    """Edges of the true graph of which observations show nothing, given the effect's other causes.

    An edge i → j leaves a trace where boosted trees predict j from all of its causes better than from those without i:
    where the difference of the coefficients of determination, over folds of the same rows, is more than twice its
    standard error.

    Args:
        data: with its graph.
        folds: of cross-validation.

    Returns:
        Pairs (i, j) without a trace.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.model_selection import KFold, cross_val_score

    assert data.graph is not None
    rows = KFold(folds, shuffle=True, random_state=0)

    def explained(causes: np.ndarray, j: int) -> np.ndarray:
        if not len(causes):
            return np.zeros(folds)
        free = data.interventions[:, j] == 0
        trees = HistGradientBoostingRegressor(random_state=0)
        return np.asarray(cross_val_score(trees, data.x[free][:, causes], data.x[free, j], cv=rows, scoring="r2"))

    found = []
    for j in range(len(data.names)):
        causes = np.flatnonzero(data.graph[:, j])
        whole = explained(causes, j)
        for i in causes:
            gain = whole - explained(causes[causes != i], j)
            if gain.mean() <= 2 * gain.std(ddof=1) / np.sqrt(folds):
                found.append((int(i), j))
    return found


def _chamber(place: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same from the package causalchamber.

    Raises:
        FileNotFoundError: it is not installed, or finds no network.
    """
    try:
        from causalchamber.datasets import Dataset as Chamber
        from causalchamber.ground_truth import graph

        place.parent.mkdir(parents=True, exist_ok=True)
        data = Chamber("lt_interventions_standard_v1", root=str(place.parent), download=True)
        truth = graph("lt", "standard")
        frame = data.get_experiment("uniform_reference").as_pandas_dataframe()
    except Exception as error:
        raise FileNotFoundError(2, f"no files, and no causalchamber: {error}", str(place)) from None
    pairs = [(cause, effect) for cause in truth.index for effect in truth.columns if truth.loc[cause, effect]]
    return frame, pd.DataFrame(pairs, columns=["source", "target"])


def _only(place: Path, pattern: str) -> Path:
    found = sorted(place.glob(pattern))
    if not found:
        raise FileNotFoundError(2, "missing", str(place / pattern))
    return found[0]


_SOURCES: dict[str, Callable[[Path], Iterator[tuple[str, Dataset]]]] = {
    "sachs": _sachs,
    "dream4_size100_1": _dream4,
    "light_tunnel": _light_tunnel,
}
_LIMITS: dict[str, Callable[[Dataset], str]] = {"light_tunnel": _tunnel_limits}
"""What of the last setting of a source nothing can find."""
