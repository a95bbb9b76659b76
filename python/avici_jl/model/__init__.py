"""What a user holds: a trained model, or one that chooses among the shipped ones for each table."""

from avici_jl.checkpoints.find import list_models
from avici_jl.model.model import Model

__all__ = ["Model", "list_models"]
