"""The compiled functions of a run: first state, one optimisation step, prediction."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax.sharding import PartitionSpec

from avici_jl.data.standardize import features
from avici_jl.network import build_network, sees_spreads
from avici_jl.network.answer import Answer
from avici_jl.training.data import Batch, Truth
from avici_jl.training.mesh import AXIS, Devices
from avici_jl.training.objective import Dual, dual_ascent, objective
from avici_jl.training.optimizer import build_optimizer
from avici_jl.training.schema import Config
from avici_jl.training.teacher import load_teacher


class TrainState(NamedTuple):
    """Everything that a run's future depends on, with its settings.

    Attributes:
        step: number of steps done, int32; the position in the data, too, and with the seed the random keys.
        params: parameters of the network, a nested dict.
        optimizer: state of the optimiser.
        average: debiased moving average of the parameters, which is what a finished model uses.
        dual: state of the acyclicity constraint.
    """

    step: jax.Array
    params: Any
    optimizer: Any
    average: Any
    dual: Dual


class Measured(NamedTuple):
    """What a step saw, before it changed anything.

    Attributes:
        loss: cross-entropy.
        cyclicity: mean spectral radius.
        gradient: global norm of the gradient.
        multiplier: λ.
        accepted: whether the step was taken; not where the gradient is not finite or the loss above the limit.
    """

    loss: jax.Array
    cyclicity: jax.Array
    gradient: jax.Array
    multiplier: jax.Array
    accepted: jax.Array


class Compiled(NamedTuple):
    """Pure functions.

    Attributes:
        step: (state, placed batch) -> (state, measured); gives its state away.
        start: () -> state, on every device.
        predict: (params, x, interventions) -> what the network says, when nothing is known of the graph.
        summarize: (x, interventions) -> what the network sees, without gradients; compiled for every shape of batch.
        gradient: the part of `step` that is compiled for every shape of summary.
        truth: placed batch -> what its answers are compared with, which is where a teacher is asked.
    """

    step: Callable[[TrainState, Batch], tuple[TrainState, Measured]]
    start: Callable[[], TrainState]
    predict: Callable[..., Answer]
    summarize: Any
    gradient: Any
    truth: Callable[[Batch], Truth]


def compile_run(config: Config, devices: Devices) -> Compiled:
    """The functions of a run.

    A step has three compiled parts: the summary of the data, compiled for every shape of batch; the gradient, compiled
    for every shape of summary, which does not depend on the number of rows for the pair network; and the update, which
    is the same for all. In one part everything would be compiled with every shape, of which Muon's iteration over
    matrices costs a CPU more time than the network.
    """
    kind, key = config.data.kind, jax.random.key(config.seed)
    graphdef: Any
    graphdef, initial = nnx.split(nnx.eval_shape(lambda: build_network(config.network, rngs=nnx.Rngs(0))))
    tx = build_optimizer(config.optimizer, config.steps, config.largest_batch)
    everywhere = devices.everywhere

    def network(params: Any) -> Any:
        state = jax.tree.map(lambda leaf: leaf, initial)
        nnx.replace_by_pure_dict(state, params)
        return nnx.merge(graphdef, state)

    @partial(jax.jit, out_shardings=everywhere)
    def start() -> TrainState:
        params = nnx.to_pure_dict(nnx.state(build_network(config.network, rngs=nnx.Rngs(key)), nnx.Param))
        average = jax.tree.map(jnp.copy, params)
        return TrainState(jnp.zeros((), jnp.int32), params, tx.init(params), average, Dual.start())

    # Every device runs the network on its own datasets; the small logits of all are gathered, so that the objective is
    # that of the whole batch on each of them.
    def differentiate_here(
        params: Any,
        step: jax.Array,
        multiplier: jax.Array,
        summary: Any,
        truth: Truth,
        total: int,
    ) -> tuple[Any, tuple[jax.Array, jax.Array]]:
        dropout_key, power_key = jax.random.split(jax.random.fold_in(key, step))
        dropout_key = jax.random.fold_in(dropout_key, jax.lax.axis_index(AXIS))

        def of_all(part: Any) -> Any:
            return jax.tree.map(lambda leaf: jax.lax.all_gather(leaf, AXIS, tiled=True)[:total], part)

        everyones_truth = of_all(truth._replace(known=None))

        def loss(params: Any) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
            rngs = nnx.Rngs(dropout=dropout_key)
            answer = network(params).answer(summary, truth.known, deterministic=False, rngs=rngs)
            return objective(of_all(answer), everyones_truth, multiplier, power_key, config.objective)

        # Each device has the whole objective, whose gradients come back to the logits from all of them: hence the mean.
        gradient, losses = jax.grad(loss, has_aux=True)(params)
        return jax.lax.pmean(gradient, AXIS), losses

    replicated, split = PartitionSpec(), PartitionSpec(AXIS)

    spreads = sees_spreads(config.network)

    def summarize_here(x: jax.Array, interventions: jax.Array) -> Any:
        x, common = hide_units(x, key) if spreads else (x, None)
        return nnx.merge(graphdef, initial).summarize(features(x, interventions, kind, gaps=True, same_units=common))

    summarize = jax.jit(
        jax.shard_map(summarize_here, mesh=devices.mesh, in_specs=split, out_specs=split, check_vma=False)
    )

    @partial(jax.jit, static_argnames="total")
    def differentiate(*arguments: Any, total: int) -> tuple[Any, tuple[jax.Array, jax.Array]]:
        return jax.shard_map(
            partial(differentiate_here, total=total),
            mesh=devices.mesh,
            in_specs=(replicated, replicated, replicated, split, split),
            out_specs=replicated,
            check_vma=False,
        )(*arguments)

    @partial(jax.jit, donate_argnums=0, out_shardings=everywhere)
    def update(state: TrainState, gradient: Any, loss: jax.Array, cyclicity: jax.Array) -> tuple[TrainState, Measured]:
        norm = optax.tree.norm(gradient)
        updates, optimizer = tx.update(gradient, state.optimizer, state.params)
        params = optax.apply_updates(state.params, updates)
        finite = jnp.isfinite(norm) & jnp.isfinite(optax.tree.norm(params))  # a large rate can overflow
        accepted = finite & (loss <= config.loss_limit)
        # The debiased exponential average after t steps, as a recursion on itself.
        weight = (1 - config.ema_decay) / (1 - config.ema_decay ** (state.step + 1.0))
        average = optax.incremental_update(params, state.average, weight)
        dual = dual_ascent(state.dual, cyclicity, state.step, config.objective)
        new = TrainState(state.step, params, optimizer, average, dual)
        kept = jax.tree.map(partial(jnp.where, accepted), new, state)
        return kept._replace(step=state.step + 1), Measured(loss, cyclicity, norm, state.dual.multiplier, accepted)

    teach = None
    if config.objective.teacher and config.objective.teacher_weight > 0:
        teach = load_teacher(config.objective.teacher, kind)
        teach = jax.jit(jax.shard_map(teach, mesh=devices.mesh, in_specs=split, out_specs=split, check_vma=False))

    def truth(batch: Batch) -> Truth:
        return batch.truth if teach is None else batch.truth._replace(taught=teach(batch.x, batch.interventions))

    def step(state: TrainState, batch: Batch) -> tuple[TrainState, Measured]:
        summary = summarize(batch.x, batch.interventions)
        gradient, losses = differentiate(
            state.params, state.step, state.dual.multiplier, summary, truth(batch), total=batch.total
        )
        return update(state, gradient, *losses)

    @jax.jit
    def from_summary(params: Any, summary: Any) -> Answer:
        return network(params).answer(summary, deterministic=True)

    summarize_alone = jax.jit(summarize_here)

    def predict(params: Any, x: jax.Array, interventions: jax.Array) -> Answer:
        return from_summary(params, summarize_alone(x, interventions))

    return Compiled(step, start, predict, summarize, differentiate, truth)


def hide_units(x: jax.Array, key: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Half of the datasets as if their units were unknown, and a tenth in other units than is said.

    So a network that sees spreads learns to do without them, and not to trust them blindly. What happens to a dataset
    follows from its own first value, so that it is the same whenever the dataset is used.

    Returns:
        The data [batch, n, d], and [batch] whether the spreads are shown.
    """

    def one(values: jax.Array) -> tuple[jax.Array, jax.Array]:
        first = jax.lax.bitcast_convert_type(jnp.nan_to_num(values[0, 0]).astype(jnp.float32), jnp.uint32)
        shown, mixed, scale = jax.random.split(jax.random.fold_in(key, first), 3)
        factor = jnp.exp(1.5 * jax.random.normal(scale, values.shape[-1:]))
        factor = jnp.where(jax.random.bernoulli(mixed, 0.2), factor, 1.0)
        return values * factor, jax.random.bernoulli(shown, 0.5)

    return jax.vmap(one)(x)
