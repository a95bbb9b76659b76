"""Domains of one's own: each worked example runs, and what cannot be used is refused."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from avici_jl import Dataset, Model
from avici_jl.data.collection import write_collection
from avici_jl.errors import ConfigError, InputError, SimulationError
from avici_jl.training import Function, Labelled, run
from avici_jl.training.drawn import HELD_OUT_SEED
from avici_jl.training.sources import DomainSource, Source, open_source

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "training"
QUICK = ["steps=2", "data.rows=[20]", "held_out.datasets=2", "held_out.rows=20"]


def labelled(count: int = 6, d: int = 5) -> list[Dataset]:
    rng, function = np.random.default_rng(0), runpy.run_path(str(EXAMPLES / "simulator.py"))["simulate"]
    made = [function(rng, d, 30, 30) for _ in range(count)]
    names = [f"x{j}" for j in range(d)]
    return [Dataset(x.astype(np.float32), u.astype(np.uint8), g.astype(np.uint8), names) for x, u, g in made]


@pytest.mark.parametrize(
    "domain", [EXAMPLES / "laplace.toml", ROOT / "julia" / "AviciSim" / "examples" / "own_models" / "threshold.toml"]
)
def test_a_domain_file_and_a_julia_file_with_new_types(tmp_path: Path, domain: Path) -> None:
    run(tmp_path / "run", domain=domain, preset="smoke", overrides=QUICK, workers=0)
    assert Model.load(tmp_path / "run").domain == str(domain)


def test_a_python_function_by_its_file_and_as_an_object(tmp_path: Path) -> None:
    named = f"{EXAMPLES / 'simulator.py'}:simulate"
    run(tmp_path / "file", domain=named, preset="smoke", overrides=QUICK, workers=0)
    run(tmp_path / "file", domain=named, workers=0)
    run(tmp_path / "file", trust=True, workers=0)
    function = open_source(named).function  # type: ignore[attr-defined]
    run(tmp_path / "object", domain=function, preset="smoke", overrides=QUICK, workers=0)
    assert "function" in Model.load(tmp_path / "object").domain
    one, two = (
        source.draw(2, d=4, n_obs=3, n_int=2, seed=1, first=5) for source in map(open_source, (named, function))
    )
    for left, right in zip(one, two, strict=True):
        np.testing.assert_array_equal(left, right)
    assert one.x.shape == (2, 5, 4) and one.interventions[:, :3].sum() == 0 and (one.interventions[:, 3:] == 1).any()


def test_a_shipped_model_is_fine_tuned_on_labelled_datasets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, data in enumerate(labelled()):
        data.save(tmp_path / "data" / str(number))
    options = [*QUICK, "optimizer.name=lamb", "optimizer.peak_lr=1e-5"]
    monkeypatch.setattr(sys, "argv", ["finetune.py", str(tmp_path / "data"), str(tmp_path / "tuned"), *options])
    runpy.run_path(str(EXAMPLES / "finetune.py"), run_name="__main__")
    said = capsys.readouterr().out
    assert said.count("before") == 6 and "dataset 4 (held out)" in said
    tuned, shipped = Model.load(tmp_path / "tuned"), Model.load("linear")
    assert tuned._loaded.config["network"] == shipped._loaded.config["network"]
    before, after = (jax.tree.leaves(model._loaded.params) for model in (shipped, tuned))
    moved = max(np.abs(a - b).max() for a, b in zip(after, before, strict=True))
    assert 0 < moved < 1e-3  # two small steps away
    tuned = Model(tuned._loaded._replace(card=shipped.card), "tuned")  # with the same temperature
    p, q = (model.predict(labelled(1)[0]) for model in (tuned, shipped))
    np.testing.assert_allclose(p, q, atol=0.02)


def test_a_model_for_counts_is_not_tuned_on_values(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="grn takes counts, but labelled datasets gives values"):
        run(tmp_path / "run", domain=labelled(), overrides=["init_from=grn"])


def test_labelled_datasets_are_drawn_by_number_and_some_are_held_out() -> None:
    datasets = labelled(10)
    source = open_source(iter(datasets))
    assert isinstance(source, Source) and source.sizes == [5] and source.acyclic and not source.costly
    one = source.draw(40, d=5, n_obs=6, n_int=4, seed=0, first=0)
    again = source.draw(1, d=5, n_obs=6, n_int=4, seed=0, first=17)
    np.testing.assert_array_equal(one.x[17], again.x[0])
    held_out = source.draw(40, d=5, n_obs=6, n_int=4, seed=HELD_OUT_SEED, first=0)
    graphs = [{graph.tobytes() for graph in part.graph} for part in (one, held_out)]
    assert not graphs[0] & graphs[1] and len(graphs[0]) == 8 and len(graphs[1]) == 2
    assert (one.interventions.any(-1).sum(-1) == 4).all()


def test_of_every_size_there_is_something_to_train_on_and_to_measure_with() -> None:
    for sizes in ((5, 10, 5, 10, 5), (5, 5, 5, 5, 10)):
        source = Labelled([labelled(1, d)[0] for d in sizes])
        for d in (5, 10):
            for seed in (0, HELD_OUT_SEED):
                assert source.draw(2, d=d, n_obs=3, n_int=2, seed=seed, first=0).x.shape == (2, 5, d)
    with pytest.raises(InputError, match=r"7 variables, only with \[5, 10\]"):
        source.draw(1, d=7, n_obs=3, n_int=2, seed=0, first=0)


def test_a_file_of_a_function_may_have_dataclasses_and_neighbours(tmp_path: Path) -> None:
    (tmp_path / "a_neighbour.py").write_text("EDGES = 0\n")
    (tmp_path / "simulator.py").write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\nimport a_neighbour\n"
        "import numpy as np\n@dataclass\nclass Settings:\n    scale: float = 2.0\n"
        "def simulate(rng, d, n_obs, n_int):\n"
        "    x = Settings().scale * rng.normal(size=(n_obs + n_int, d))\n"
        "    return x, np.zeros_like(x), np.zeros((d, d)) + a_neighbour.EDGES\n"
    )
    source = open_source(f"{tmp_path / 'simulator.py'}:simulate")
    assert source.draw(1, d=3, n_obs=2, n_int=1, seed=0, first=0).x.shape == (1, 3, 3)


def test_a_run_that_cannot_start_leaves_its_folder_free(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="do not fit"):
        run(
            tmp_path,
            domain="linear",
            preset="smoke",
            overrides=[*QUICK, "init_from=linear", "network.dim=8"],
            workers=0,
        )
    run(tmp_path, domain="linear", preset="smoke", overrides=QUICK, workers=0)


def test_datasets_without_interventions_give_the_rows_they_have() -> None:
    source = Labelled([(data.x[:30], None, data.graph) for data in labelled(2)])
    drawn = source.draw(3, d=5, n_obs=2, n_int=3, seed=0, first=0)
    assert drawn.x.shape == (3, 5, 5) and not drawn.interventions.any()


@pytest.mark.parametrize(
    ("domain", "error", "message"),
    [
        ("nowhere.py:simulate", ConfigError, "no Python file nowhere.py"),
        (f"{EXAMPLES / 'simulator.py'}:nothing", ConfigError, "no function nothing"),
        ([], InputError, "no dataset"),
        ([(1, 2)], InputError, r"\(x, interventions, graph\)"),
        ([(np.zeros((5, 3)), None, np.zeros((2, 2)))], InputError, r"\(2, 2\)"),
        ([Dataset(np.zeros((3, 2), np.float32), np.zeros((3, 2), np.uint8), None, ["a", "b"])], InputError, "unknown"),
        (3.5, ConfigError, "float"),
        ("no-such", ConfigError, "no domain"),
    ],
)
def test_what_cannot_be_trained_on_is_refused(domain: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        open_source(domain)


def test_a_function_that_gives_other_shapes_is_refused() -> None:
    source = Function(lambda rng, d, n_obs, n_int: (np.zeros((n_obs, d)), None, np.zeros((d, d))))
    with pytest.raises(InputError, match=r"\[n, d\] = \(5, 3\).*\(2, 3\)"):
        source.draw(1, d=3, n_obs=2, n_int=3, seed=0, first=0)
    with pytest.raises(SimulationError, match="ZeroDivisionError"):
        Function(lambda *_: 1 / 0).draw(1, d=3, n_obs=2, n_int=3, seed=0, first=0)


def test_a_domain_knows_what_it_is_based_on() -> None:
    assert DomainSource("linear-ood").lineage[0] == "linear-ood" and "linear" in DomainSource("linear-ood").lineage


def test_a_run_learns_from_a_collection_of_which_it_reads_what_it_draws(tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    sets = labelled(count=10)
    path = tmp_path / "sets.zarr"
    write_collection(sets, path)
    there, here = open_source(str(path)), Labelled(sets)
    size = {"d": 5, "n_obs": 8, "n_int": 30, "first": 3, "signs": True}
    for seed in (1, HELD_OUT_SEED):
        for one, other in zip(there.draw(4, seed=seed, **size), here.draw(4, seed=seed, **size), strict=True):
            np.testing.assert_array_equal(one, other)
    rows = there.draw(1, seed=1, **size).x[0]
    assert len(np.unique(rows, axis=0)) == len(rows), "rows come once where there are enough"
    assert (there.kind, there.acyclic, there.sizes) == (here.kind, here.acyclic, here.sizes)
    run(tmp_path / "run", domain=str(path), preset="smoke", overrides=QUICK, workers=1)
    assert Model.load(tmp_path / "run").domain == str(path)
