"""The errors that avici_jl raises on purpose. Each message says what was wrong, what was expected and what to do."""

from __future__ import annotations

import warnings


class AviciError(Exception):
    """Base class of every error that avici_jl raises on purpose."""


class InputError(AviciError, ValueError):
    """The caller's data or arguments cannot be used as they are."""


class ConfigError(AviciError, ValueError):
    """A configuration (training preset, network, domain file) is not valid."""


class TrustError(ConfigError):
    """A file asks for code to be run that the user has not named."""


class CheckpointError(AviciError, RuntimeError):
    """A model or training checkpoint is missing, damaged or of another kind."""


class SimulationError(AviciError, RuntimeError):
    """The Julia simulators refused the request, failed, or could not be started."""


class DataWarning(UserWarning):
    """The data can be used, but they are unlike what the model was trained on, or were not plain to understand.

    It is shown for every dataset: Python by itself shows a warning once for each line of a program, which in a loop
    over datasets would be the first only. Filters that a user sets come before this one.
    """


warnings.filterwarnings("always", category=DataWarning, append=True)


class TrainingError(AviciError, RuntimeError):
    """A training run cannot go on: it diverges."""
