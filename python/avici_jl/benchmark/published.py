"""Numbers that the paper printed: Lorch et al., NeurIPS 2022. (mean, standard error)."""

from __future__ import annotations

import numpy as np

from avici_jl.evaluation.significance import mean_and_error

Numbers = dict[str, tuple[float, float]]

TABLE_1_F1: dict[str, dict[str, Numbers]] = {
    "observational": {
        "LINEAR": {
            "GES": (0.548, 0.03),
            "LiNGAM": (0.369, 0.04),
            "PC": (0.338, 0.03),
            "DAG-GNN": (0.154, 0.01),
            "GraN-DAG": (0.200, 0.03),
            "AVICI": (0.672, 0.04),
        },
        "RFF": {
            "GES": (0.285, 0.03),
            "LiNGAM": (0.238, 0.02),
            "PC": (0.421, 0.03),
            "DAG-GNN": (0.221, 0.03),
            "GraN-DAG": (0.476, 0.05),
            "AVICI": (0.618, 0.06),
        },
        "GRN": {
            "GES": (0.058, 0.01),
            "LiNGAM": (0.044, 0.01),
            "PC": (0.061, 0.01),
            "DAG-GNN": (0.078, 0.02),
            "GraN-DAG": (0.073, 0.02),
            "AVICI": (0.000, 0.00),
        },
    },
    "interventional": {
        "LINEAR": {"GIES": (0.736, 0.03), "IGSP": (0.559, 0.02), "DCDI": (0.327, 0.03), "AVICI": (0.819, 0.02)},
        "RFF": {"GIES": (0.338, 0.04), "IGSP": (0.407, 0.04), "DCDI": (0.409, 0.04), "AVICI": (0.707, 0.06)},
        "GRN": {"GIES": (0.092, 0.01), "IGSP": (0.057, 0.01), "DCDI": (0.075, 0.02), "AVICI": (0.338, 0.06)},
    },
}

TABLE_1_SID: dict[str, dict[str, Numbers]] = {
    "observational": {
        "LINEAR": {
            "GES": (215.6, 35.0),
            "LiNGAM": (413.4, 48.4),
            "PC": (400.5, 53.7),
            "DAG-GNN": (474.5, 50.8),
            "GraN-DAG": (466.0, 54.3),
            "AVICI": (145.6, 21.5),
        },
        "RFF": {
            "GES": (346.3, 44.4),
            "LiNGAM": (410.3, 47.6),
            "PC": (370.1, 51.2),
            "DAG-GNN": (425.3, 50.2),
            "GraN-DAG": (328.6, 48.4),
            "AVICI": (255.1, 48.2),
        },
        "GRN": {
            "GES": (573.6, 29.2),
            "LiNGAM": (617.5, 31.7),
            "PC": (594.0, 30.0),
            "DAG-GNN": (588.7, 36.6),
            "GraN-DAG": (582.4, 33.4),
            "AVICI": (641.7, 34.7),
        },
    },
    "interventional": {
        "LINEAR": {"GIES": (120.8, 26.2), "IGSP": (244.0, 34.4), "DCDI": (383.5, 45.1), "AVICI": (110.9, 19.3)},
        "RFF": {"GIES": (304.8, 44.0), "IGSP": (374.1, 45.0), "DCDI": (282.8, 46.3), "AVICI": (192.7, 44.8)},
        "GRN": {"GIES": (545.5, 26.9), "IGSP": (597.4, 31.7), "DCDI": (590.9, 30.6), "AVICI": (416.9, 47.1)},
    },
}

FIGURE_4_ECE: dict[str, dict[str, Numbers]] = {
    "observational": {
        "LINEAR": {
            "GES": (0.031, 0.00),
            "LiNGAM": (0.066, 0.02),
            "PC": (0.036, 0.00),
            "DAG-GNN": (0.078, 0.01),
            "GraN-DAG": (0.046, 0.01),
            "AVICI": (0.013, 0.00),
        },
        "RFF": {
            "GES": (0.068, 0.02),
            "LiNGAM": (0.054, 0.01),
            "PC": (0.033, 0.01),
            "DAG-GNN": (0.063, 0.01),
            "GraN-DAG": (0.042, 0.01),
            "AVICI": (0.024, 0.01),
        },
        "GRN": {
            "GES": (0.092, 0.01),
            "LiNGAM": (0.053, 0.01),
            "PC": (0.065, 0.01),
            "DAG-GNN": (0.063, 0.01),
            "GraN-DAG": (0.199, 0.05),
            "AVICI": (0.018, 0.00),
        },
    },
    "interventional": {
        "LINEAR": {
            "GIES": (0.027, 0.00),
            "IGSP": (0.042, 0.01),
            "DCDI": (0.068, 0.01),
            "DiBS": (0.056, 0.02),
            "AVICI": (0.011, 0.00),
        },
        "RFF": {
            "GIES": (0.074, 0.02),
            "IGSP": (0.083, 0.01),
            "DCDI": (0.087, 0.02),
            "DiBS": (0.035, 0.01),
            "AVICI": (0.022, 0.01),
        },
        "GRN": {
            "GIES": (0.094, 0.01),
            "IGSP": (0.077, 0.01),
            "DCDI": (0.170, 0.03),
            "DiBS": (0.093, 0.01),
            "AVICI": (0.024, 0.01),
        },
    },
}

TWINS = {"model": "AVICI", "DirectLiNGAM": "LiNGAM", "SDCD": "DCDI"}
"""The method of the paper that stands where ours does, if its name differs."""


def beside(table: dict[str, dict[str, Numbers]], condition: str, domain: str, method: str, ours: np.ndarray) -> str:
    """The published number as text; empty if there is none.

    "=" says that ours agrees with it within two standard errors of the difference, "≠" that it does not; nothing is
    said of a single dataset.

    Args:
        table: one of the tables of this file.
        condition: "observational" or "interventional".
        domain: the domain's name; that of a shifted or broad one stands for LINEAR, RFF or GRN.
        method: the method's name in our tables, "model" for a model.
        ours: our results, one per dataset.
    """
    family = domain.split("-")[0].upper()
    found = table[condition].get(family, {}).get(TWINS.get(method, method))
    if found is None:
        return ""
    mean, error = mean_and_error(ours)
    agrees = abs(mean - found[0]) <= 2 * np.hypot(error, found[1])
    sign = "" if len(ours) < 2 or np.isnan(mean) else " =" if agrees else " ≠"
    return f"{found[0]:g} ({found[1]:g}){sign}"


TABLE_2: dict[str, Numbers] = {
    "★": {
        "rff sid": (65.2, 8.4),
        "rff auprc": (0.972, 0.0),
        "rff-ood sid": (221.5, 24.7),
        "rff-ood auprc": (0.650, 0.03),
    },
    "(a) L = 1": {
        "rff sid": (267.2, 22.0),
        "rff auprc": (0.635, 0.01),
        "rff-ood sid": (394.2, 28.4),
        "rff-ood auprc": (0.242, 0.02),
    },
    "(a) L = 4": {
        "rff sid": (116.6, 13.1),
        "rff auprc": (0.937, 0.01),
        "rff-ood sid": (264.0, 24.8),
        "rff-ood auprc": (0.566, 0.03),
    },
    "(b) axis d": {
        "rff sid": (351.5, 27.9),
        "rff auprc": (0.552, 0.01),
        "rff-ood sid": (414.2, 29.5),
        "rff-ood auprc": (0.209, 0.02),
    },
    "(b) axis n": {
        "rff sid": (416.8, 29.6),
        "rff auprc": (0.256, 0.01),
        "rff-ood sid": (390.2, 27.6),
        "rff-ood auprc": (0.078, 0.01),
    },
    "(c) relational": {
        "rff sid": (72.4, 9.2),
        "rff auprc": (0.971, 0.0),
        "rff-ood sid": (225.7, 25.2),
        "rff-ood auprc": (0.634, 0.03),
    },
    "(d) a third of the steps": {
        "rff sid": (96.9, 11.6),
        "rff auprc": (0.955, 0.0),
        "rff-ood sid": (259.3, 26.6),
        "rff-ood auprc": (0.589, 0.04),
    },
}
"""The paper's ★ has 8 blocks and 300 000 steps, its last row 100 000."""
