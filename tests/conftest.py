"""Settings shared by all tests: the CPU, compiled code kept for later, the same examples in every run, and markers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Some tests start JAX themselves, before the package can give XLA's pool the threads that it needs (see
# avici_jl._runtime.threads.start_jax): with as few as there are cores, predictions may wait for themselves for ever.
os.environ.setdefault("NPROC", "16")
# The same networks are compiled in many tests and in the processes that they start: what is compiled is kept between
# runs of the tests, in their own place and not in the user's.
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(__file__).parents[1] / ".pytest_cache" / "jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.1")

settings.register_profile("deterministic", derandomize=True, deadline=None, database=None)
settings.load_profile("deterministic")

SLOW = (
    "benchmark/test_benchmark.py::test_methods_find_a_chain",
    "benchmark/test_benchmark.py::test_the_command_names_experiments_and_writes_a_page",
    "benchmark/test_generators.py",
    "cli/test_cli.py::test_the_demo",
    "data/test_large_tables.py",
    "network/test_bounded_memory.py",
    "runtime/test_guest.py::test_a_run_changes_nothing_that_lasts",
    "report/test_page.py",
    "simulation/test_julia_process.py",
    "test_accidents.py::test_two_thousand",
    "test_damaged_files.py::test_a_run_that_overflows",
    "test_docs.py",
    "test_model.py::test_shipped_models_have_cards_and_beat_chance",
    "test_trust.py::test_a_folder_may_name",
    "test_trust.py::test_it_is_said",
    "test_trust.py::test_the_users_own",
    "test_trust.py::test_what_needs_no_domain",
    "training/test_kill.py",
    "training/test_pipeline.py",
    "training/test_scale.py",
    "training/test_settle.py::test_of_two_starts",
    "training/test_settle.py::test_the_script",
)
"""Tests that take more than a few seconds: files of a room, or single tests."""

JULIA = (
    "benchmark/",
    "cli/",
    "data/test_bad_input.py",
    "evaluation/",
    "simulation/",
    "test_docs.py",
    "test_model.py::test_shipped_models_have_cards_and_beat_chance",
    "test_trust.py",
    "training/test_data.py",
    "training/test_pipeline.py::test_each_process_has_a_julia_of_its_own",
    "training/test_scale.py",
    "training/test_sources.py",
    "training/test_training.py",
)
"""Tests of which some simulate with Julia."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        name = f"{item.path.relative_to(here).as_posix()}::{item.name}"
        for marker, places in ((pytest.mark.slow, SLOW), (pytest.mark.julia, JULIA)):
            if name.startswith(places):
                item.add_marker(marker)
