# Structural causal models with additive noise: x_j = f_j(causes of j) + noise, and interventions that set x_j.

function target_share(table, location)
    share = table["targets"]
    share isa Real && 0 < share <= 1 || refuse("$location: targets", "a share in (0, 1] is expected")
    return Float64(share)
end

function read_at_once(table, location)
    count = get(table, "at_once", 1)
    count isa Integer && count >= 1 || refuse("$location: at_once", "a whole number from 1 on is expected")
    return Int(count)
end

"""
    assign_targets(rng, share, at_once, d, rows)::Matrix{Int}

The targets of every interventional row, one column for each. A random `share` of the variables (at least one) take turns, `at_once` in a row.
"""
function assign_targets(rng::Stream, share::Real, at_once::Int, d::Int, rows::Int)
    targets = permutation(rng, d)[1:clamp(round(Int, share * d), 1, d)]
    m, k = length(targets), min(at_once, length(targets))
    return [targets[mod1((r - 1) * k + a, m)] for a in 1:k, r in 1:rows]
end

"""
    simulate_scm!(x, interventions, rng, mechanism, noise, intervention, graph, n_obs; effects=nothing, feedback=false)

Fill x (n × d, Float32) and interventions (n × d) with rows of a structural causal model that has the given graph, the `n_obs`
observational rows first; and [`EdgeEffects`](@ref), where given, with the sign and the strength of every edge.

Throws an `ArgumentError` if the graph has a cycle and there is no `feedback`, if feedback does not settle, or if the values are too large for Float32.
"""
function simulate_scm!(
    x::AbstractMatrix{Float32},
    interventions::AbstractMatrix{UInt8},
    rng::Stream,
    @nospecialize(mechanism::Mechanism),
    @nospecialize(noise::Noise),
    intervention::Union{DoIntervention, SoftIntervention},
    graph::AbstractMatrix{UInt8},
    n_obs::Int;
    effects::Union{Nothing, EdgeEffects} = nothing,
    feedback::Bool = false,
)
    d = size(x, 2)
    size(graph) == (d, d) || throw(ArgumentError("graph must be $d × $d, got $(join(size(graph), " × "))"))
    target_rng = split(rng, "targets")
    assign!(interventions, target_rng, intervention, n_obs)
    fill_rows!(x, interventions, rng, target_rng, mechanism, noise, intervention, graph, n_obs, effects, feedback)
    return x, interventions
end

"Fill interventions (n × d): none in the `n_obs` observational rows, which come first."
function assign!(interventions::AbstractMatrix{UInt8}, rng::Stream, intervention, n_obs::Int)
    n, d = size(interventions)
    fill!(interventions, 0)
    n_obs < n || return interventions
    targets = assign_targets(rng, intervention.targets, intervention.at_once, d, n - n_obs)
    for r in axes(targets, 2), j in view(targets, :, r)
        interventions[n_obs + r, j] = 1
    end
    return interventions
end

# The rows of a model under given interventions; `target_rng` is the stream that assigned them.
function fill_rows!(
    x,
    interventions,
    rng::Stream,
    target_rng::Stream,
    @nospecialize(mechanism),
    @nospecialize(noise),
    intervention,
    graph,
    n_obs::Int,
    effects = nothing,
    feedback::Bool = false,
)
    order = topological_order(graph)
    order === nothing &&
        !feedback &&
        throw(ArgumentError(
            "a structural causal model needs an acyclic graph, or a domain with acyclic = false; this one has a cycle",
        ))
    any(j -> !iszero(graph[j, j]), axes(graph, 1)) &&
        throw(ArgumentError("a variable of a structural causal model cannot cause itself"))
    intervention = settle(intervention, target_rng)
    f, ε = settle(mechanism, split(rng, "mechanism")), settle(noise, split(rng, "noise"))
    variables = split(rng, "variable")
    if order === nothing
        fill_loops!(x, interventions, variables, f, ε, intervention, graph, n_obs, effects)
    else
        fill_columns!(x, interventions, variables, f, ε, intervention, graph, order, n_obs, effects)
    end
end

# Not compiled for each pair of a mechanism and a noise: what takes time is inside of them.
function fill_columns!(
    x,
    interventions,
    variables::Stream,
    @nospecialize(f),
    @nospecialize(ε),
    intervention,
    graph,
    order,
    n_obs::Int,
    effects,
)
    listed, last = causes_of_each(graph)
    rows = reference_rows(n_obs, size(x, 1))
    arguments = sees_arguments(f) ? Arguments(size(x)...) : nothing
    scalings = Scalings()
    for j in order
        check_interrupt()
        own = split(variables, j)
        column, parents = view(x, :, j), view(listed, last[j] + 1:last[j + 1])
        mask = view(interventions, :, j)
        causes = damped(causes_in(x, arguments, parents), mask, intervention, rows, own)
        fill_variable!(column, f, ε, causes, own, rows, forget!(scalings))
        intervene!(column, mask, intervention, rows, n_obs, own)
        all_finite(column) ||
            throw(ArgumentError("the values of a variable overflow; smaller weights or scales, or fewer variables, are needed"))
        arguments === nothing || standardise_argument!(arguments, j, column, rows)
        effects === nothing || edge_effects!(effects, j, parents, f, ε, x, arguments, variables, rows, scalings)
    end
end

# The causes of the variables, one after another, and how many of them come before those of each.
function causes_of_each(graph)
    d, number = size(graph, 1), 0
    listed, last = Vector{Int}(undef, count(!iszero, graph)), Vector{Int}(undef, d + 1)
    @inbounds for j in 1:d
        last[j] = number
        for i in 1:d
            iszero(graph[i, j]) || (listed[number += 1] = i)
        end
    end
    last[d + 1] = number
    return listed, last
end

# The same as all(isfinite, values), in SIMD code: no exponent has all its bits set.
function all_finite(values)
    beyond = false
    @inbounds @simd for r in eachindex(values)
        beyond |= reinterpret(UInt32, values[r]) & 0x7f800000 == 0x7f800000
    end
    return !beyond
end
