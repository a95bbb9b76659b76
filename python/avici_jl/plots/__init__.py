"""Pictures of predictions, of how good they are, and of training.

Each function takes Matplotlib axes to draw into, or makes a figure of its own, and returns the figure. Figures are made
without pyplot, so nothing global changes and no display is needed; `figure.savefig("picture.png")` writes one.
"""

from avici_jl.plots.curves import plot_calibration, plot_precision_recall
from avici_jl.plots.edges import plot_matrix, plot_network, plot_prediction
from avici_jl.plots.training import plot_training

__all__ = [
    "plot_calibration",
    "plot_matrix",
    "plot_network",
    "plot_precision_recall",
    "plot_prediction",
    "plot_training",
]
