"""A run from the outside: its settings, its folder, its signals."""

from __future__ import annotations

import contextlib
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
from filelock import FileLock, Timeout
from flax import nnx
from jax.experimental import multihost_utils

from avici_jl._runtime.compilation import keep_compiled
from avici_jl._runtime.threads import start_jax
from avici_jl._runtime.trust import Untrusted, trusted
from avici_jl.checkpoints.files import CHECKPOINTS, CONFIG, PROGRESS, read_config, write_json
from avici_jl.checkpoints.find import find_model
from avici_jl.checkpoints.lineage import begin
from avici_jl.checkpoints.recipe import RECIPE, write_recipe
from avici_jl.checkpoints.run import RunCheckpoints
from avici_jl.errors import CheckpointError, ConfigError
from avici_jl.network import build_network
from avici_jl.training.config import override, resolve
from avici_jl.training.mesh import join
from avici_jl.training.schema import Config
from avici_jl.training.sources import Source, code_of, open_source
from avici_jl.training.trainer import Trainer
from avici_jl.training.watch import RECORDS, print_line

Preset = str | Mapping[str, Any]


def run(
    workdir: str | Path,
    *,
    domain: Any = None,
    trust: bool = False,
    preset: Preset | None = None,
    overrides: Sequence[str] = (),
    minutes: float | None = None,
    until: int | None = None,
    workers: int | None = None,
    distributed: str | None = None,
    say: Callable[[str], None] = print_line,
) -> Path:
    """Train, or go on with a run.

    The settings are fixed when a run starts, and written to `workdir/config.json`; whoever stops it, where and how
    often, it takes the same steps on the same data. Ctrl-C and the termination signal end it with a checkpoint.

    Args:
        workdir: folder of the run, with `config.json`, `recipe.json`, `checkpoints/`, `progress.csv`, `held_out.csv`;
            `Model.load` reads it.
        domain: what is trained on, see `avici_jl.training.sources.open_source`: name or path of a domain, a function, a
            folder or an iterable of labelled datasets. Needed for a new run, and wherever it is an object of Python or
            runs code outside the package: what a run's folder says is not enough for that.
        trust: whether code that the run's folder names may be run, as if `domain` had named it.
        preset: a shipped preset (default "compact"), a TOML file, or a table of settings.
        overrides: single settings, as in `optimizer.peak_lr=4e-3`.
        minutes: stop after this time, with a checkpoint; the schedule is that of all `steps` nevertheless.
        until: stop before this step, likewise.
        workers: processes that make datasets, each with its own Julia; 0 for none. By default one for each core but
            one, at most 16, and none for short runs. The result does not depend on it.
        distributed: how to join the other processes of the run, see `avici_jl.training.mesh.join`.
        say: receives the lines of progress.

    Returns:
        The working folder.

    Raises:
        ConfigError: settings that cannot be, or that differ from those of the run in `workdir`; or it is going on.
        CheckpointError: the run's checkpoint cannot be read or written.
        InputError: labelled datasets cannot be used.
        SimulationError: Julia or the simulator failed.
        TrainingError: the run diverges.
        TrustError: the run in `workdir` needs code that is not named in this call.
    """
    if distributed is not None:
        join(distributed)
    workdir = Path(workdir)
    start_jax()
    try:
        with keep_compiled(), _alone(workdir):
            config, source = open_run(workdir, domain, preset, overrides, say, trust=trust)
            with RunCheckpoints(workdir, keep=config.max_to_keep) as checkpoints, _interruptible() as interrupted:
                Trainer(config, workdir, source, checkpoints, say).train(minutes, interrupted, workers, until)
    except OSError as error:
        raise CheckpointError(f"The run in {workdir} cannot be written: {error}") from error
    return workdir


def open_run(
    workdir: Path,
    domain: Any,
    preset: Preset | None,
    overrides: Sequence[str],
    say: Callable[[str], None],
    *,
    trust: bool = False,
) -> tuple[Config, Source]:
    """Settings and source of the run in `workdir`, checked against those asked for; or of a new run, written there.

    The same arguments always go on with the run that they began.
    """
    path = workdir / CONFIG
    if multihost_utils.broadcast_one_to_all(np.array(path.is_file())):  # the first process may write it any moment
        config = Config.from_dict(read_config(workdir))
        if domain is None:
            domain = trusted(config.data.domain) if trust else config.data.domain
        source = _open(domain, say)
        if source.name != config.data.domain:
            raise ConfigError(
                f"{workdir} holds a run on {config.data.domain}, not {source.name}; choose another folder."
            )
        asked = _asked_again(config, source, preset, overrides)
        if asked != config:
            raise ConfigError(
                f"{workdir} holds a run with other settings: "
                f"{'; '.join(_differences(asked.to_dict(), config.to_dict()))} (see {path}). "
                "Leave preset and overrides out to go on with it, or choose another folder."
            )
        return config, source
    if domain is None:
        raise ConfigError(f"{workdir} holds no run yet, so a domain is needed.")
    source = _open(domain, say)
    config = _asked(source, preset, overrides, partial(_network_of, source=source))
    config = replace(config, batch_multiplier=config.batch_multiplier or jax.device_count())
    nnx.eval_shape(lambda: build_network(config.network, rngs=nnx.Rngs(0)))  # refuses what cannot be built
    if jax.process_index() == 0:
        write_recipe(workdir, begin(workdir.absolute().name, config.to_dict()))
        write_json(path, config.to_dict())
        for line in config.lines():
            say(line)
    multihost_utils.sync_global_devices("the settings are written")
    return config, source


def _open(domain: Any, say: Callable[[str], None]) -> Source:
    """What is trained on; code of the user's that it needs is said before it runs."""
    code = None if isinstance(domain, Untrusted) else code_of(domain)
    if code is not None and jax.process_index() == 0:
        say(f"This run uses the code of {code}.")
    return open_source(domain)


def _asked(
    source: Source, preset: Preset | None, overrides: Sequence[str], network_of: Callable[[str], Mapping[str, Any]]
) -> Config:
    """The settings that someone asks for."""
    return resolve(
        source.name,
        kind=source.kind,
        acyclic=source.acyclic,
        preset=preset or "compact",
        overrides=overrides,
        lineage=source.lineage,
        sizes=source.sizes,
        network_of=network_of,
    )


def _asked_again(config: Config, source: Source, preset: Preset | None, overrides: Sequence[str]) -> Config:
    """The settings that someone asks for who names the run with these settings; what is not said is as it is."""
    if preset is None:
        asked = Config.from_dict(override(config.to_dict(), overrides))
    else:

        def network_of(model: str) -> Mapping[str, Any]:
            return config.network if model == config.init_from else _network_of(model, source)

        asked = _asked(source, preset, overrides, network_of)
    return replace(asked, batch_multiplier=asked.batch_multiplier or config.batch_multiplier)


def _differences(asked: Mapping[str, Any], held: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Where two tables of settings differ, in words."""
    found = []
    for name in sorted({*asked, *held}):
        ours, theirs = asked.get(name), held.get(name)
        if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
            found += _differences(ours, theirs, f"{prefix}{name}.")
        elif ours != theirs:
            found.append(f"{prefix}{name} is {theirs!r}, not {ours!r}")
    return found


def _network_of(model: str, source: Source) -> dict[str, Any]:
    """The network of a model that a run on this source starts from."""
    given = read_config(find_model(model))
    if given["data"]["kind"] != source.kind:
        raise ConfigError(f"The model {model} takes {given['data']['kind']}, but {source.name} gives {source.kind}.")
    network: dict[str, Any] = given["network"]
    return network


@contextlib.contextmanager
def _alone(workdir: Path) -> Iterator[None]:
    """While open, no other run can go on in this folder, which is made; the processes of one run count as one.

    A run that is new and fails before its first checkpoint or line of progress leaves nothing behind.
    """
    leads, taken = jax.process_index() == 0, False
    made = [folder for folder in (workdir, *workdir.parents) if not folder.exists()]
    lock = FileLock(workdir / ".lock", timeout=0)
    if leads:
        workdir.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire()
        except Timeout:
            taken = True
        except NotImplementedError:  # this file system has no locks
            pass
    if multihost_utils.broadcast_one_to_all(np.array(taken)):
        raise ConfigError(f"Another process trains in {workdir}; wait for it, or choose another folder.")
    files = [workdir / name for name in (CONFIG, RECIPE, CHECKPOINTS, *RECORDS)]
    new = [] if (workdir / CONFIG).exists() else [path for path in files if not path.exists()]
    try:
        yield
    except BaseException:
        if leads and new and not _begun(workdir):
            for path in new:
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            if made:
                Path(lock.lock_file).unlink(missing_ok=True)
            with contextlib.suppress(OSError):  # something else is in there by now
                for folder in made:
                    folder.rmdir()
        raise
    finally:
        lock.release()


def _begun(workdir: Path) -> bool:
    """Whether a run has left something: a checkpoint, or a line of progress."""
    progress = workdir / PROGRESS
    steps = (workdir / CHECKPOINTS).glob("[0-9]*")
    return any(steps) or (progress.is_file() and len(progress.read_text().splitlines()) > 1)


@contextlib.contextmanager
def _interruptible() -> Iterator[Callable[[], bool]]:
    """While open, the first Ctrl-C or termination signal only asks to stop; the second has its usual effect."""
    asked: list[int] = []

    def ask(number: int, frame: Any) -> None:
        asked.append(number)
        for s, handler in before.items():
            signal.signal(s, handler)

    try:
        before = {s: signal.signal(s, ask) for s in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # only the main thread may
        yield lambda: False
        return
    try:
        yield lambda: bool(asked)
    finally:
        for s, handler in before.items():
            signal.signal(s, handler)
