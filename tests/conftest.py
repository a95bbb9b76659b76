"""Settings shared by all tests: the CPU, compiled code kept for later, the same examples in every run, and markers."""

from __future__ import annotations

import os
import signal
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

# Tables are as wide in every process of the tests, whatever terminal they have.
os.environ["COLUMNS"] = "200"
# A shell lets what it starts in the background ignore Ctrl-C, which some tests send.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("deterministic", derandomize=True, deadline=None, database=None)
settings.load_profile("deterministic")

SLOW = (
    "benchmark/test_benchmark.py::test_failures_and_time_outs_are_answers",
    "benchmark/test_benchmark.py::test_methods_find_a_chain",
    "benchmark/test_benchmark.py::test_the_command_names_experiments_and_writes_a_page",
    "benchmark/test_generators.py",
    "cli/test_cli.py::test_a_run_goes_on_and_becomes_a_model",
    "cli/test_cli.py::test_the_demo",
    "data/test_large_tables.py",
    "evaluation/test_evaluation.py::test_the_comparison_scores_all_methods_on_the_same_data",
    "network/test_bounded_memory.py",
    "network/test_network.py::test_attention_in_blocks",
    "network/test_network.py::test_bfloat16_keeps",
    "network/test_network.py::test_degenerate_tables_give_finite_logits[pair-x1]",
    "network/test_network.py::test_degenerate_tables_give_finite_logits[pair-x2]",
    "network/test_network.py::test_degenerate_tables_give_finite_logits[pair-x3]",
    "network/test_network.py::test_dropout_changes_training_only[pair]",
    "network/test_network.py::test_gradients_are_finite_and_reach_every_parameter[pair]",
    "network/test_network.py::test_pairs_that_rows_enter",
    "network/test_network.py::test_recomputation_changes_nothing_and_keeps_less",
    "network/test_statistics.py::test_a_small_ridge",
    "network/test_statistics.py::test_all_groups_are_finite_where_the_data_are_degenerate",
    "network/test_statistics.py::test_effects_do_not_grow",
    "network/test_statistics.py::test_mutual_information_of_levels",
    "network/test_statistics.py::test_several_variables_taken_out",
    "network/test_statistics.py::test_statistics_of_ranks_ignore",
    "network/test_statistics.py::test_the_order_of_a_linear_model",
    "network/test_statistics.py::test_two_variables_are_directed",
    "network/test_statistics.py::test_where_nothing_is_missing",
    "network/test_shapes.py::test_rows_and_variables_that_fill_up_change_no_statistic",
    "network/test_shapes.py::test_the_answers_of_shipped_models",
    "runtime/test_guest.py::test_a_run_changes_nothing_that_lasts",
    "report/test_page.py",
    "report/test_contents.py::test_large_tables",
    "runtime/test_threads.py::test_a_pool_of_one",
    "simulation/test_julia_process.py",
    "simulation/test_simulation.py::test_a_collection_from_a_cluster",
    "simulation/test_simulation.py::test_a_collection_and_batches_on_an_executor",
    "subsets/test_executors.py::test_a_cluster",
    "subsets/test_executors.py::test_what_is_no_executor",
    "test_accidents.py::test_two_thousand",
    "test_damaged_files.py::test_a_run_that_overflows",
    "test_docs.py",
    "test_estimator_checks.py",
    "test_model.py::test_compiled_models_are_kept_on_disk",
    "test_model.py::test_shipped_models_have_cards_and_beat_chance",
    "test_trust.py::test_a_folder_may_name",
    "test_trust.py::test_it_is_said",
    "test_trust.py::test_the_users_own",
    "test_trust.py::test_what_needs_no_domain",
    "training/test_kill.py",
    "training/test_objective.py::test_training_with_a_teacher_alone",
    "training/test_pipeline.py",
    "training/test_scale.py",
    "training/test_sources.py::test_a_domain_file_and_a_julia_file_with_new_types",
    "training/test_sources.py::test_a_shipped_model_is_fine_tuned_on_labelled_datasets",
    "training/test_settings_of_runs.py::test_of_two_starts",
    "training/test_signs_and_knowledge.py::test_they_are_learned",
    "training/test_settings_of_runs.py::test_the_script",
    "training/test_training.py::test_a_run_starts_from_another_model",
    "training/test_training.py::test_new_layers_add_nothing_at_first",
    "training/test_training.py::test_new_statistics_start_with_weight_zero",
    "training/test_training.py::test_what_a_network_sees_besides_changes_nothing_at_first",
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
