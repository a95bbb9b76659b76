"""Table 1: all methods on the fully o.o.d. sets, and the same in-distribution and for 100 variables."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from avici_jl.benchmark import published
from avici_jl.benchmark.cells import KeptModel
from avici_jl.benchmark.measure import FAMILIES, FULL, Effort, by_name, measure
from avici_jl.benchmark.methods import BASELINES
from avici_jl.benchmark.methods.interface import Cost
from avici_jl.benchmark.report import Report, failures, methods_table, rows_text
from avici_jl.evaluation.compare import Setting, settings

_METRICS = ("auprc", "f1", "sid", "shd", "acyclic")
_HOW = (
    "Mean ± standard error over datasets; bold is the best and what an unequal-variances t-test does not tell from it "
    "at level 0.05. AUPRC of a method that answers with a graph is that of its edges. Scores without a threshold of "
    "their own (|correlation|, mean difference, sort-n-regress, DirectLiNGAM) get the one that is best on five other "
    "datasets of the same kind; edges that PC, GES and GIES leave without a direction get the true one. sort-n-regress "
    "reads the causal order off the variances of the simulated variables, which the models do not see: they "
    "standardise. Of a graph with cycles the least certain edges stay out for the SID. A failure or time-out is the "
    "empty graph. s: seconds of processor time for a dataset."
)
_AGREEMENT = (
    "Beside our numbers stand those that the paper printed for the method, of LiNGAM for DirectLiNGAM, of DCDI for "
    "SDCD, and of AVICI for every model: = if the two agree within two standard errors of their difference, ≠ if not. "
    "The paper's AVICI had not seen the shifts; `scm` and `grn` are trained on ranges that include them, so that only "
    "`linear`, `rff` and `grn-paper` compare with it. The paper tuned its baselines on other datasets, here they run "
    "as they come. A bold result of two datasets says little."
)


def table1(effort: Effort) -> Report:
    """Table 1: fully o.o.d., 30 variables, 1000 rows."""
    shifted = {f"{family}-ood": models for family, models in FAMILIES.items()}
    title = "Table 1: shifted data, 30 variables"
    return _tables(title, _enough(effort), shifted, 30, list(BASELINES), compared=True)


def in_distribution(effort: Effort) -> Report:
    """The same in-distribution."""
    cheap = effort.affordable(Cost.LOW, Cost.MEDIUM)
    return _tables("Table 1, in-distribution", _enough(effort), FAMILIES, 30, cheap, compared=False)


def d100(effort: Effort) -> Report:
    """The same for 100 variables."""
    broad = {f"{family}-ood": models[-1:] for family, models in FAMILIES.items()}
    return _tables("Table 1 for 100 variables", effort, broad, 100, effort.affordable(Cost.LOW), compared=False)


def _enough(effort: Effort) -> Effort:
    """What takes less than a second is measured on as many datasets as the paper has, in a quick run as well."""
    return effort._replace(datasets={**effort.datasets, Cost.LOW: FULL.datasets[Cost.LOW]})


def _tables(
    title: str,
    effort: Effort,
    domains: Mapping[str, tuple[str, ...]],
    d: int,
    baselines: list[str],
    *,
    compared: bool,
) -> Report:
    everything = [
        _of_one(effort, domain, models, setting, [b for b in baselines if _affordable(effort, b, domain)])
        for domain, models in domains.items()
        for setting in settings([d], 1000)
    ]
    report = page(title, pd.concat(everything, ignore_index=True), compared=compared)
    missing = [name for name in baselines if BASELINES[name].missing]
    if missing:
        report.add(f"Not installed here, so not measured: {', '.join(missing)}.")
    return report


def page(title: str, results: pd.DataFrame, *, compared: bool) -> Report:
    """The report of results, as the CSV beside it holds them.

    Args:
        title: heading.
        results: rows of `measure`, models under their own names.
        compared: whether the paper printed the same table.
    """
    report = Report(title, results=results)
    report.add(_HOW, _AGREEMENT if compared else "The paper has this table in its appendix, which is not at hand.")
    for (domain, n_obs, n_int), rows in results.groupby(["domain", "n_obs", "n_int"], sort=False):
        condition = "interventional" if n_int else "observational"
        extra = {}
        if compared:
            for heading, metric, numbers in (
                ("the paper's F1", "f1", published.TABLE_1_F1),
                ("the paper's SID", "sid", published.TABLE_1_SID),
            ):
                extra[heading] = {
                    str(name): published.beside(
                        numbers,
                        condition,
                        str(domain),
                        str(name) if name in BASELINES else "model",
                        group[metric].to_numpy(float),
                    )
                    for name, group in rows.groupby("method")
                }
        report.add(
            f"## `{domain}`, {rows_text(Setting(0, n_obs, n_int))} rows",
            methods_table(rows, _METRICS, extra),
            f"Chance AUPRC {rows['chance'].mean():.3f}. {failures(rows)}",
        )
    return report


def _affordable(effort: Effort, baseline: str, domain: str) -> bool:
    """What takes minutes is tried once, on linear data, in a quick run."""
    return effort.name == "full" or BASELINES[baseline].cost is not Cost.EXTREME or domain == "linear-ood"


def _of_one(
    effort: Effort, domain: str, models: tuple[str, ...], setting: Setting, baselines: list[str]
) -> pd.DataFrame:
    rows = []
    for name in models:
        rows += measure(effort, KeptModel.load(name), domain, setting, baselines if name == models[-1] else ())
    return pd.DataFrame(by_name(rows))
