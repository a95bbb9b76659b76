"""The devices of a run: batches are split over all of them, on one host or many; parameters are on each."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from avici_jl.errors import ConfigError
from avici_jl.training.data import Batch, Part

AXIS = "data"
"""Name of the one axis of devices."""

_AGREE_EVERY = 8


class Devices:
    """All devices of all processes in one row."""

    def __init__(self) -> None:
        self.mesh: Mesh = jax.make_mesh((jax.device_count(),), (AXIS,), axis_types=(AxisType.Auto,))
        self.everywhere = NamedSharding(self.mesh, PartitionSpec())
        self._split = NamedSharding(self.mesh, PartitionSpec(AXIS))
        self.part = Part(jax.device_count(), jax.process_index(), jax.process_count())

    @property
    def leads(self) -> bool:
        """Whether this process is the one that speaks and writes."""
        return self.part.process == 0

    def place(self, batch: Batch) -> Batch:
        """Put this process's part of a batch on its devices."""
        x, interventions, truth = jax.tree.map(
            lambda part: jax.make_array_from_process_local_data(self._split, np.ascontiguousarray(part)), batch[:3]
        )
        return Batch(x, interventions, truth, batch.total)

    def agree(self, step: int, *wishes: bool) -> list[bool]:
        """What any process wishes. With several, they ask each other every few steps and do nothing in between."""
        if self.part.processes == 1:
            return list(wishes)
        if step % _AGREE_EVERY:
            return [False] * len(wishes)
        everyone = np.asarray(multihost_utils.process_allgather(np.array(wishes)))
        return [bool(any_wish) for any_wish in everyone.sum(axis=0) > 0]

    def local(self, tree: Any) -> Any:
        """This process's own copy of what is everywhere."""
        return jax.tree.map(lambda leaf: leaf.addressable_data(0), tree)


def join(spec: str) -> None:
    """Join the other processes of a run; before anything else uses a device.

    Args:
        spec: "auto" where the cluster tells (Slurm, Open MPI, TPU pods), or `host:port,processes,index` with the
            address of process 0.

    Raises:
        ConfigError: the processes cannot find each other.
    """
    try:
        if spec == "auto":
            jax.distributed.initialize()
            return
        address, processes, index = spec.split(",")
        jax.distributed.initialize(address, num_processes=int(processes), process_id=int(index))
    except (ValueError, RuntimeError) as error:
        raise ConfigError(
            f'The processes of "{spec}" cannot be joined: {error}. '
            'Expected is "auto" on a cluster that JAX knows, or "host:port,processes,index".'
        ) from error
