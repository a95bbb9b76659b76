"""Methods that search by gradient under an acyclicity constraint: NOTEARS-LR, DAG-GNN, GraN-DAG and SDCD."""

from __future__ import annotations

import numpy as np

from avici_jl.benchmark.methods.interface import Baseline, Cost, Data, Gives, Takes


def notears_low_rank(data: Data) -> np.ndarray:
    """NOTEARS-LR (Fang et al. 2020) of gcastle, the rank a third of the number of variables."""
    from castle.algorithms import NotearsLowRank

    np.random.seed(data.seed)
    method = NotearsLowRank()
    method.learn(data.standardized, rank=max(2, data.x.shape[1] // 3))
    return np.asarray(method.causal_matrix, float)


def dag_gnn(data: Data) -> np.ndarray:
    """DAG-GNN (Yu et al. 2019) of gcastle."""
    from castle.algorithms import DAG_GNN

    return _learned(DAG_GNN(seed=data.seed), data)


def gran_dag(data: Data) -> np.ndarray:
    """GraN-DAG (Lachapelle et al. 2020) of gcastle."""
    from castle.algorithms import GraNDAG

    return _learned(GraNDAG(input_dim=data.x.shape[1], random_seed=data.seed), data)


def sdcd(data: Data) -> np.ndarray:
    """SDCD (Nazaret et al. 2024), the successor of DCDI, of sdcd, which fixes its own seed."""
    import pandas as pd
    import torch
    from sdcd.models import SDCD
    from sdcd.utils import create_intervention_dataset

    names = [str(j) for j in range(data.x.shape[1])]
    table = pd.DataFrame(data.standardized, columns=names)
    targets = np.full(len(table), "obs", dtype=object)
    for which, rows in data.environments():
        targets[rows] = ",".join(names[j] for j in which) or "obs"
    table["perturbation_label"] = targets
    model = SDCD()
    model.train(
        create_intervention_dataset(table, perturbation_colname="perturbation_label"),
        finetune=True,
        device=torch.device("cpu"),
    )
    return np.asarray(model.get_adjacency_matrix(threshold=True), float)


def _learned(method: object, data: Data) -> np.ndarray:
    import torch

    torch.manual_seed(data.seed)
    method.learn(data.standardized)  # type: ignore[attr-defined]
    return np.asarray(method.causal_matrix, float)  # type: ignore[attr-defined]


CONTINUOUS = (
    Baseline(
        "NOTEARS-LR", notears_low_rank, Takes.OBSERVATIONAL, Gives.GRAPH, Cost.EXTREME, "castle", "Fang et al. 2020"
    ),
    Baseline("DAG-GNN", dag_gnn, Takes.OBSERVATIONAL, Gives.GRAPH, Cost.EXTREME, "castle", "Yu et al. 2019"),
    Baseline("GraN-DAG", gran_dag, Takes.OBSERVATIONAL, Gives.GRAPH, Cost.EXTREME, "castle", "Lachapelle et al. 2020"),
    Baseline("SDCD", sdcd, Takes.INTERVENTIONAL, Gives.GRAPH, Cost.EXTREME, "sdcd", "Nazaret et al. 2024"),
)
