"""What a characteristic that sets a table apart from those of training means for a reader, and what to do about it."""

from __future__ import annotations

from typing import NamedTuple

from avici_jl.data.typical import Reason


class _Text(NamedTuple):
    """Words for a characteristic: what it is called, and what "the data have" if it is high or low."""

    label: str
    high: str
    low: str = ""
    percent: bool = False


_TEXTS = {
    "gaps": _Text("missing values", "many missing values", percent=True),
    "repeated rows": _Text(
        "rows that repeat another one",
        "many rows that repeat another one; they count as if measured anew, and make the model surer than it should be",
        percent=True,
    ),
    "few values": _Text("variables with few different values", "variables with few different values", percent=True),
    "ties": _Text(
        "values that occur more than once",
        "many values that occur more than once, as after rounding or below a limit of detection",
        percent=True,
    ),
    "piled up": _Text(
        "share of the most frequent value",
        "variables with much of their mass at one value, as at a limit of detection",
        percent=True,
    ),
    "far out": _Text("values far out", "many values far from the rest; look for errors of measurement", percent=True),
    "isolated": _Text(
        "values apart from the rest", "single values far from all others; look for errors of measurement"
    ),
    "step": _Text(
        "step in the tails",
        "single values far out where the rest has light tails; look for errors of measurement",
    ),
    "tails": _Text("weight of the tails", "heavy tails", "light tails"),
    "skewness": _Text("skewness", "skewed variables; a logarithm may help"),
    "skewness of the rest": _Text(
        "skewness of what the other variables do not explain", "variables that are skewed beyond what others explain"
    ),
    "tails of the rest": _Text(
        "tails of what the other variables do not explain",
        "heavy tails beyond what others explain",
        "light tails beyond what others explain, as of uniform noise",
    ),
    "order of rows": _Text(
        "likeness of neighbouring rows",
        "rows that resemble the one before, as in a time series; they tell less than as many independent rows",
    ),
    "groups": _Text(
        "separation of groups of rows",
        "rows in separate groups, as of batches or kinds; name them by batch=, or infer each group by itself",
        percent=True,
    ),
    "level of rows": _Text(
        "differences in the level of rows",
        "rows that differ in level as a whole, as by dose or depth, or in a transposed table",
        percent=True,
    ),
    "dependence": _Text(
        "variance that the other variables explain",
        "variables that determine each other closely; leave out sums and copies",
        "variables that have little to do with each other, as with much error of measurement",
        percent=True,
    ),
    "copies": _Text("closeness of the closest pair", "variables that are almost copies of each other"),
    "interventional": _Text(
        "rows with interventions", "many rows with interventions", "few rows with interventions", percent=True
    ),
    "effect": _Text(
        "what interventions move their target by",
        "interventions that move their variable far",
        "interventions that hardly move their variable; check their labels",
    ),
    "spread": _Text(
        "what interventions do to their target's spread",
        "interventions that leave their variable with a large spread; check their labels",
        "interventions that leave their variable with hardly any spread",
    ),
    "zeros": _Text("zeros", "many zeros", "few zeros", percent=True),
    "depth": _Text("mean count, logarithm", "high counts", "low counts"),
    "depth of rows": _Text("spread of the rows' depth", "rows of very different depth", "rows of very even depth"),
}


def percent(share: float) -> str:
    """A share as text."""
    return "less than 0.1 %" if share < 0.001 else f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def label(reason: Reason) -> str:
    """What a characteristic is called."""
    return _TEXTS[reason.name].label


def shown(reason: Reason, value: float) -> str:
    """A value of a characteristic as text."""
    return f"{100 * value:.3g} %" if _TEXTS[reason.name].percent else f"{value:.3g}"


def sentence(reason: Reason) -> str:
    """What "the data have", with the value, and where most of the tables of training lie."""
    text = _TEXTS[reason.name]
    says = text.low if text.low and reason.value < reason.low else text.high
    beside = f"{shown(reason, reason.low)} to {shown(reason, reason.high)}"
    return f"{says} ({text.label}: {shown(reason, reason.value)}; of the model's training tables most have {beside})."
