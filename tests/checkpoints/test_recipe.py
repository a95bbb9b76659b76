"""The recipe of a model: every stage of its training is there, and takes the same steps again."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest

from avici_jl.checkpoints.files import CONFIG
from avici_jl.checkpoints.find import find_model, list_models
from avici_jl.checkpoints.integrity import digest
from avici_jl.checkpoints.lineage import begun, end
from avici_jl.checkpoints.model import load_model, save_model
from avici_jl.checkpoints.recipe import RECIPE, UNKNOWN, read_recipe, write_recipe
from avici_jl.errors import CheckpointError, ConfigError, InputError, TrustError
from avici_jl.export.card import card_text
from avici_jl.training import run, train_again
from avici_jl.training.schema import Config
from tiny_runs import SETTINGS, simulator

TINY = [*SETTINGS, "validate_every=100"]


def said(recorded: Any, whole: Any) -> bool:
    """Whether all that a recipe says holds; settings that came later are not in it."""
    if isinstance(recorded, dict):
        return all(key in whole and said(value, whole[key]) for key, value in recorded.items())
    if isinstance(recorded, list):
        return len(recorded) == len(whole) and all(map(said, recorded, whole))
    return bool(recorded == whole)


def quiet(line: str) -> None:
    pass


@pytest.mark.parametrize("name", list_models())
def test_every_shipped_model_says_how_it_was_trained(name: str) -> None:
    stages, model = read_recipe(find_model(name)), load_model(find_model(name))
    assert stages and stages[0]["parent"] is None
    assert stages[-1]["digest"] == model.card["digest"] == digest(model.params)
    assert stages[-1]["steps"] == model.card["training"]["step"]
    for earlier, later in itertools.pairwise(stages):
        assert later["parent"] in (earlier["digest"], UNKNOWN)
        assert later["config"]["init_from"] == earlier["name"]
    for stage in stages:
        config = Config.from_dict(stage["config"])
        assert said(stage["config"], config.to_dict()) and 0 < stage["steps"] <= config.steps
        assert stage["revision"] and stage["digest"]
    own = Config.from_dict(model.config).to_dict()
    assert said({**stages[-1]["config"], "init_from": ""}, {**own, "init_from": ""})
    before = model.card["training"].get("before")
    if before is not None:
        assert sum(stage["steps"] for stage in stages[:-1]) == before["step"]
    card = (find_model(name) / "card.md").read_text()
    assert card == card_text(name, model.config, model.card, stages)
    assert f"avici-jl train --again {name} " in card


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two stages; the first was stopped before its end, and the second has another network."""
    folder = tmp_path_factory.mktemp("trained")
    domain, options = simulator(folder), {"preset": "smoke", "workers": 0, "say": quiet}
    network = [text for text in TINY if not text.startswith("network")]
    run(folder / "first", domain=domain, overrides=[*network, "steps=9"], until=3, **options)
    more = ["steps=4", f"init_from={json.dumps(str(folder / 'first'))}", "network.layers=2", "data.seed=5"]
    run(folder / "second", domain=domain, overrides=[*network, *more], **options)
    return folder


def test_a_run_writes_what_it_starts_from(trained: Path) -> None:
    first, second = read_recipe(trained / "second")
    parent = digest(load_model(trained / "first").params)
    assert (first["name"], first["steps"], first["parent"]) == ("first", 3, None)
    assert first["digest"] == second["parent"] == parent
    assert first["revision"] == second["revision"] != UNKNOWN
    assert second["config"]["init_from"] == "first" and "digest" not in second
    assert second["config"]["network"]["layers"] == 1 + first["config"]["network"]["layers"]


def test_training_again_takes_the_same_steps(trained: Path, tmp_path: Path) -> None:
    loaded = load_model(trained / "second")
    save_model(tmp_path / "m", config=loaded.config, params=loaded.params, card={}, recipe=end(loaded.recipe, loaded))
    with pytest.raises(TrustError):
        train_again(tmp_path / "m", tmp_path / "again", workers=0, say=quiet)
    last = train_again(tmp_path / "m", tmp_path / "again", trust=True, workers=0, say=quiet)
    assert last == tmp_path / "again" / "2-second"
    for left, right in zip(*(jax.tree.leaves(load_model(p).params) for p in (last, tmp_path / "m")), strict=True):
        np.testing.assert_array_equal(left, right)
    assert train_again(tmp_path / "m", tmp_path / "again", trust=True, workers=0, say=quiet) == last  # goes on


def test_what_nobody_wrote_down_is_unknown(trained: Path, tmp_path: Path) -> None:
    loaded = load_model(trained / "second")._replace(recipe=())
    (first, own) = begun("second", loaded)
    assert own["revision"] == UNKNOWN and "earlier release" in own["note"]
    assert own["config"] == {**loaded.config, "init_from": first["name"]} and first["name"] == "first"
    lost = loaded._replace(config={**loaded.config, "init_from": str(tmp_path / "nowhere")})
    (own,) = begun("second", lost)
    assert own["parent"] == UNKNOWN
    save_model(tmp_path / "m", config=lost.config, params=lost.params, card={"training": {}})
    with pytest.raises(ConfigError, match="has no recipe"):
        train_again(tmp_path / "m", tmp_path / "again")
    write_recipe(tmp_path / "m", [{**own, "config": UNKNOWN}])
    with pytest.raises(ConfigError, match="nobody wrote down the settings of second"):
        train_again(tmp_path / "m", tmp_path / "again")


@pytest.mark.parametrize("text", ["[]", "{}", '{"stages": []}', '{"stages": [{"name": 1}]}'])
def test_a_damaged_recipe_is_one_error(tmp_path: Path, text: str) -> None:
    (tmp_path / RECIPE).write_text(text)
    with pytest.raises(CheckpointError, match=RECIPE):
        read_recipe(tmp_path)


def test_again_goes_with_nothing_else(tmp_path: Path) -> None:
    from avici_jl.cli.train import train

    with pytest.raises(InputError, match="--again takes all"):
        train(tmp_path, again="linear", domain="rff")
    assert not (tmp_path / CONFIG).exists()
