"""Settings shared by all tests: the CPU, compiled code kept for later, and the same examples in every run."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import settings

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# The same networks are compiled in many tests and in the processes that they start: what is compiled is kept between
# runs of the tests, in their own place and not in the user's.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache" / "jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")

settings.register_profile("deterministic", derandomize=True, deadline=None, database=None)
settings.load_profile("deterministic")
