"""A run from the outside: its settings, its folder, its signals."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
from filelock import FileLock, Timeout
from flax import nnx
from jax.experimental import multihost_utils

from avici_jl._runtime.compilation import keep_compiled
from avici_jl._runtime.trust import Untrusted, trusted
from avici_jl.checkpoints.files import read_config, write_json
from avici_jl.checkpoints.find import find_model
from avici_jl.checkpoints.run import RunCheckpoints
from avici_jl.errors import AviciError, CheckpointError, ConfigError
from avici_jl.network import build_network
from avici_jl.training.config import resolve
from avici_jl.training.mesh import join
from avici_jl.training.schema import Config
from avici_jl.training.sources import Source, code_of, open_source
from avici_jl.training.trainer import Trainer
from avici_jl.training.watch import print_line


def run(
    workdir: str | Path,
    *,
    domain: Any = None,
    trust: bool = False,
    preset: str | None = None,
    overrides: Sequence[str] = (),
    minutes: float | None = None,
    workers: int | None = None,
    distributed: str | None = None,
    say: Callable[[str], None] = print_line,
) -> Path:
    """Train, or go on with a run.

    The settings are fixed when a run starts, and written to `workdir/config.json`; whoever stops it, where and how
    often, it takes the same steps on the same data. Ctrl-C and the termination signal end it with a checkpoint.

    Args:
        workdir: folder of the run, with `config.json`, `checkpoints/`, `progress.csv`, `held_out.csv`; `Model.load`
            reads it.
        domain: what is trained on, see `avici_jl.training.sources.open_source`: name or path of a domain, a function, a
            folder or an iterable of labelled datasets. Needed for a new run, and wherever it is an object of Python or
            runs code outside the package: what a run's folder says is not enough for that.
        trust: whether code that the run's folder names may be run, as if `domain` had named it.
        preset: a shipped preset (default "compact") or a TOML file.
        overrides: single settings, as in `optimizer.peak=4e-3`.
        minutes: stop after this time, with a checkpoint; the schedule is that of all `steps` nevertheless.
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
    keep_compiled()
    try:
        config, source = settle(workdir, domain, preset, overrides, say, trust=trust)
        with (
            _alone(workdir),
            RunCheckpoints(workdir, keep=config.keep) as checkpoints,
            _interruptible() as interrupted,
        ):
            try:
                trainer = Trainer(config, workdir, source, checkpoints, say)
            except AviciError:
                if checkpoints.latest() is None and jax.process_index() == 0:
                    (workdir / "config.json").unlink()  # nothing has begun, so other settings may
                raise
            trainer.train(minutes, interrupted, workers)
    except OSError as error:
        raise CheckpointError(f"The run in {workdir} cannot be written: {error}") from error
    return workdir


def settle(
    workdir: Path,
    domain: Any,
    preset: str | None,
    overrides: Sequence[str],
    say: Callable[[str], None],
    *,
    trust: bool = False,
) -> tuple[Config, Source]:
    """Settings and source of the run in `workdir`, checked against those asked for; or of a new run, written there."""
    path = workdir / "config.json"
    if multihost_utils.broadcast_one_to_all(np.array(path.is_file())):  # the first process may write it any moment
        config = Config.from_dict(read_config(workdir))
        if domain is None:
            domain = trusted(config.data.domain) if trust else config.data.domain
        source = _open(domain, say)
        if source.name != config.data.domain:
            raise ConfigError(
                f"{workdir} holds a run on {config.data.domain}, not {source.name}; choose another folder."
            )
        if (preset or overrides) and _asked(source, preset, overrides, config.replicas) != config:
            raise ConfigError(
                f"{workdir} holds a run with other settings (see {path}). "
                "Leave preset and overrides out to go on with it, or choose another folder."
            )
        return config, source
    if domain is None:
        raise ConfigError(f"{workdir} holds no run yet, so a domain is needed.")
    source = _open(domain, say)
    config = _asked(source, preset, overrides, jax.device_count())
    nnx.eval_shape(lambda: build_network(config.network, rngs=nnx.Rngs(0)))  # refuses what cannot be built
    if jax.process_index() == 0:
        workdir.mkdir(parents=True, exist_ok=True)
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


def _asked(source: Source, preset: str | None, overrides: Sequence[str], replicas: int) -> Config:
    """The settings that someone asks for; `replicas` where they say "all devices".

    A run that starts from a model has that model's network, unless an override says otherwise.
    """
    config = resolve(
        source.name,
        kind=source.kind,
        acyclic=source.acyclic,
        preset=preset or "compact",
        overrides=overrides,
        lineage=source.lineage,
        sizes=source.sizes,
    )
    config = replace(config, replicas=config.replicas or replicas)
    if not config.init:
        return config
    given = read_config(find_model(config.init))
    if given["data"]["kind"] != config.data.kind:
        raise ConfigError(
            f"The model {config.init} takes {given['data']['kind']}, but {source.name} gives {config.data.kind}."
        )
    if any(override.startswith("network") for override in overrides):
        return config
    return replace(config, network=given["network"])


@contextlib.contextmanager
def _alone(workdir: Path) -> Iterator[None]:
    """While open, no other run can go on in this folder; the processes of one run count as one."""
    if jax.process_index():
        yield
        return
    lock = FileLock(workdir / ".lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise ConfigError(f"Another process trains in {workdir}; wait for it, or choose another folder.") from error
    except NotImplementedError:  # this file system has no locks
        pass
    try:
        yield
    finally:
        lock.release()


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
