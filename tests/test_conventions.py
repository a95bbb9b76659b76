"""What other libraries expect: pickles, copies, processes, and the estimator's contract."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import shutil
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from avici_jl import AviciError, CausalGraph, InputError, Model, Posterior
from tiny_models import save

NAMES = ["raf", "mek", "erk"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "small"
    save(path)
    return path


def frame() -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3)), columns=NAMES)


def test_pickles_and_copies_of_a_model_need_no_file(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "gone")
    model = Model.load(tmp_path / "gone")
    expected = model.predict(frame())
    shutil.rmtree(tmp_path / "gone")
    joblib.dump(model, tmp_path / "model.joblib")
    for again in (
        pickle.loads(pickle.dumps(model)),
        copy.copy(model),
        copy.deepcopy(model),
        joblib.load(tmp_path / "model.joblib"),
    ):
        pd.testing.assert_frame_equal(again.predict(frame()), expected)
        assert again.name == "gone" and again.threshold == model.threshold and again.card == model.card


def test_pickles_and_copies_of_a_posterior(folder: Path) -> None:
    found = Model.load(folder).infer(frame())
    for again in (pickle.loads(pickle.dumps(found)), copy.copy(found), copy.deepcopy(found)):
        assert isinstance(again, Posterior) and repr(again) == repr(found)
        pd.testing.assert_frame_equal(again.edges(0), found.edges(0))


def _predict(model: Model) -> Any:
    return model.predict(frame())


def test_a_spawned_process_takes_a_model(folder: Path) -> None:
    model = Model.load(folder)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        pd.testing.assert_frame_equal(pool.apply(_predict, (model,)), model.predict(frame()))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork.*")
def test_a_fork_after_a_prediction_is_refused(folder: Path) -> None:
    model = Model.load(folder)
    model.predict(frame())
    for use in (lambda: model.predict(frame()), lambda: Model.load(folder)):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                with pytest.raises(AviciError, match="forked"):
                    use()
                os.write(writing, b"refused")
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            assert pipe.read() == "refused"
        os.waitpid(child, 0)


def test_the_estimator_has_the_attributes_of_scikit_learn(folder: Path) -> None:
    found = CausalGraph(folder, threshold=0.0, acyclic=True).fit(frame(), interventions=[None] * 20 + ["mek"] * 10)
    assert found.causal_matrix_.shape == (3, 3) and found.causal_matrix_.sum() == 3 and found.n_features_in_ == 3
    assert found.feature_names_in_.tolist() == NAMES and found.posterior_.data.interventions.sum() == 10
    again = clone(found)
    assert again.get_params() == {"model": folder, "threshold": 0.0, "acyclic": True} and not hasattr(
        again, "n_features_in_"
    )
    assert not hasattr(found.fit(frame().to_numpy()), "feature_names_in_")
    held = CausalGraph(Model.load(folder)).fit(frame())
    np.testing.assert_array_equal(clone(held).fit(frame()).probabilities_, held.probabilities_)
    with pytest.raises(InputError, match="between 0 and 1"):
        CausalGraph(folder, threshold=7).fit(frame())
