"""Attacks and accidents: what comes from someone else runs nothing."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from avici_jl import Dataset, Model, load_domain, simulate
from avici_jl._runtime.trust import Untrusted, trusted
from avici_jl.checkpoints.find import find_model
from avici_jl.checkpoints.model import load_model
from avici_jl.cli import app
from avici_jl.errors import TrustError
from avici_jl.export.export import export
from avici_jl.simulation import simulate_batch
from avici_jl.training import run
from avici_jl.training.config import resolve
from avici_jl.training.data import TrainingData
from avici_jl.training.pipeline import batches
from avici_jl.training.schema import Config
from avici_jl.training.sources import open_source
from tiny_runs import SETTINGS

TINY = Path(__file__).parent / "checkpoints" / "0.1"
QUICK = [*SETTINGS, "steps=2", "data.sizes=[{d=4, batch=2}]", "held_out.datasets=2", "held_out.rows=20"]

pytestmark = pytest.mark.filterwarnings("ignore::avici_jl.DataWarning")


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder from someone else: whatever runs of it leaves the file `ran` behind."""
    folder = tmp_path / "foreign"
    folder.mkdir()
    monkeypatch.chdir(folder)
    ran = tmp_path / "ran"
    (folder / "evil.py").write_text(
        f"open({str(ran)!r}, 'w')\nimport numpy as np\n"
        "def simulate(rng, d, n_obs, n_int):\n"
        "    x = rng.normal(size=(n_obs + n_int, d))\n    return x, 0 * x, np.triu(np.ones((d, d)), 1)\n"
    )
    (folder / "evil.jl").write_text(f'touch("{ran}")\n')
    (folder / "evil.toml").write_text('name = "evil"\nbase = "linear"\ncode = "evil.jl"\n')
    (folder / "behind.toml").write_text('name = "behind"\nbase = "evil.toml"\n')
    (folder / "harmless.toml").write_text('name = "harmless"\nbase = "linear"\n')
    return folder


def ran(foreign: Path) -> bool:
    return (foreign.parent / "ran").exists()


def model(foreign: Path, domain: str, card_domain: str | None = None) -> Path:
    """A tiny model whose settings and card name another domain."""
    folder = foreign / "model"
    shutil.copytree(TINY, folder)
    for name, path in (("config.json", ("data", "domain")), ("card.json", ("domain",))):
        table = json.loads((folder / name).read_text())
        place = table
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = card_domain if name == "card.json" and card_domain else domain
        (folder / name).write_text(json.dumps(table))
    return folder


def foreign_run(foreign: Path, domain: str) -> Path:
    """A run that someone else has begun, as its settings alone."""
    folder = foreign / "run"
    folder.mkdir()
    config = resolve(domain, kind="values", acyclic=True, preset="smoke", overrides=QUICK)
    (folder / "config.json").write_text(json.dumps(config.to_dict()))
    return folder


def cli(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(a) for a in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


SMALL = ["--d", "4", "--datasets", "2"]
JULIA = ["evil.toml", "behind.toml", "../foreign/evil.toml"]
PYTHON = "evil.py:simulate"

ENTRIES: list[tuple[Callable[[Path, str], Any], list[str]]] = [
    (lambda f, domain: cli("evaluate", model(f, domain), *SMALL), JULIA),
    (lambda f, domain: cli("evaluate", model(f, "linear", domain), *SMALL), JULIA),
    (lambda f, domain: cli("evaluate", foreign_run(f, domain), *SMALL), []),
    (lambda f, domain: cli("demo", "--model", model(f, domain), "--d", "4", "--n-obs", "9"), JULIA),
    (lambda f, domain: cli("export", model(f, domain), "--out", f / "out", *SMALL), JULIA),
    (lambda f, domain: export(model(f, domain), f / "out"), JULIA),
    (lambda f, domain: cli("train", "--workdir", foreign_run(f, domain), "--workers", "0"), [*JULIA, PYTHON]),
    (lambda f, domain: cli("train", "--workdir", foreign_run(f, domain), "--workers", "1"), [*JULIA, PYTHON]),
    (lambda f, domain: run(foreign_run(f, domain)), [*JULIA, PYTHON]),
    (lambda f, domain: simulate(Model.load(model(f, domain)).domain, d=3, n_obs=5), JULIA),
    (lambda f, domain: simulate(str(Model.load(model(f, domain)).domain), d=3, n_obs=5), JULIA),
    (lambda f, domain: simulate_batch(load_model(model(f, domain)).config["data"]["domain"], 1, d=3, n_obs=5), JULIA),
    (lambda f, domain: load_domain(Model.load(model(f, domain)).domain), JULIA),
    (lambda f, domain: open_source(Model.load(model(f, domain)).domain), [*JULIA, PYTHON]),
    (lambda f, domain: open_source(pickle.loads(pickle.dumps(Untrusted(domain)))), [*JULIA, PYTHON]),
]


@pytest.mark.parametrize(("entry", "domain"), [(entry, domain) for entry, domains in ENTRIES for domain in domains])
def test_a_folder_runs_no_code(foreign: Path, entry: Callable[[Path, str], Any], domain: str) -> None:
    with pytest.raises(TrustError, match=r"evil\.(jl|py).*name the domain yourself"):
        entry(foreign, domain)
    assert not ran(foreign)


def _predict(foreign: Path, domain: str) -> None:
    (foreign / "x.csv").write_text("a,b,c\n" + "1,2,3\n3,1,0\n0,5,1\n" * 5)
    cli("predict", foreign / "x.csv", "--model", model(foreign, domain))


def _dataset(foreign: Path, domain: str) -> None:
    data = simulate("linear", d=4, n_obs=9)
    data.origin["domain"] = domain
    Dataset.load(data.save(foreign / "data"))
    cli("evaluate", TINY, "--data", foreign / "data")
    cli("predict", foreign / "data", "--model", TINY)
    run(foreign / "new", domain=foreign / "data", preset="smoke", overrides=QUICK, workers=0, say=lambda _: None)


def _init(foreign: Path, domain: str) -> None:
    network = 'network={kind="pair", dim=16, layers=1, statistics=["basic"]}'
    options = [*QUICK, network, f'init_from="{model(foreign, domain)}"']
    run(foreign / "new", domain="linear", preset="smoke", overrides=options, workers=0, say=lambda _: None)


def _hub(foreign: Path, domain: str) -> None:
    folder = model(foreign, domain)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("avici_jl.checkpoints.hub.fetch", lambda address, **options: folder)
        cli("models", "--card", "hf:some/one")
        with pytest.raises(Exception, match="name the domain yourself|no simulated domain"):
            cli("evaluate", "hf:some/one", *SMALL)


@pytest.mark.parametrize("domain", ["behind.toml", PYTHON])
@pytest.mark.parametrize(
    "entry",
    [
        _predict,
        _dataset,
        _init,
        _hub,
        lambda f, domain: Model.load(model(f, domain)).save(f / "copy"),
        lambda f, domain: cli("models", "--card", model(f, domain), "--json"),
        lambda f, domain: cli("evaluate", model(f, domain), "--domain", "linear", *SMALL),
        lambda f, domain: cli("train", "--workdir", foreign_run(f, domain), "--plot", f / "x.png"),
        lambda f, domain: find_model(model(f, domain)),
    ],
)
def test_what_needs_no_domain_runs_none(foreign: Path, entry: Callable[[Path, str], Any], domain: str) -> None:
    try:
        entry(foreign, domain)
    except TrustError:
        pass
    except Exception as error:
        assert "holds no run" in str(error)  # a run without steps has no curves
    assert not ran(foreign)


def test_a_folder_may_name_what_is_shipped_or_has_no_code(foreign: Path) -> None:
    for domain in ("linear", "harmless.toml"):
        folder = model(foreign, domain)
        assert "correlation" in cli("evaluate", folder, *SMALL)
        shutil.rmtree(folder)
    workdir = foreign_run(foreign, "harmless.toml")
    cli("train", "--workdir", workdir, "--workers", "0")
    cli("evaluate", workdir, *SMALL)


@pytest.mark.parametrize(
    ("domain", "options", "ours"),
    [
        ("behind.toml", ["--trust"], "evil.jl"),
        ("behind.toml", ["--domain", "behind.toml"], "evil.jl"),
        (PYTHON, ["--trust"], "evil.py"),
        (PYTHON, ["--domain", PYTHON], "evil.py"),
    ],
)
def test_the_users_own_word_runs_it_and_it_is_said(foreign: Path, domain: str, options: list[str], ours: str) -> None:
    said = cli("train", "--workdir", foreign_run(foreign, domain), "--workers", "0", *options)
    assert f"uses the code of {foreign / ours}" in said and ran(foreign)


@pytest.mark.parametrize("command", ["evaluate", "export", "demo", "simulate"])
def test_it_is_said_by_every_command(foreign: Path, command: str) -> None:
    options = {
        "evaluate": [model(foreign, "evil.toml"), "--trust", *SMALL],
        "export": [foreign / "model", "--out", foreign / "out", "--trust", *SMALL],
        "demo": ["--model", foreign / "model", "--trust", "--d", 4, "--n-obs", 9, "--out", foreign / "demo.png"],
        "simulate": ["evil.toml", "--out", foreign / "data", "--d", 4, "--n-obs", 9],
    }
    said = cli(command, *options[command])
    assert f"runs the code of {foreign / 'evil.jl'}" in "".join(said.split("\n")) and ran(foreign)


def test_other_processes_refuse_too(foreign: Path) -> None:
    config = Config.from_dict(json.loads((foreign_run(foreign, "evil.toml") / "config.json").read_text()))
    source = open_source("harmless.toml")
    source.name = Untrusted("harmless.toml")
    data = TrainingData(config.data, 2, source=source)
    (foreign / "harmless.toml").write_text((foreign / "evil.toml").read_text())
    with pytest.raises(Exception, match="name the domain yourself"), batches(data, 0, 1) as stream:
        next(stream)
    assert not ran(foreign)


def test_only_trusted_makes_a_name_the_users_own() -> None:
    name = Untrusted("linear")
    assert type(str(name)) is Untrusted and type(trusted(name)) is str and name == "linear"
    assert type(trusted("linear")) is str
