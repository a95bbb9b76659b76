# Structural causal models with additive noise: x_j = f_j(causes of j) + noise, and interventions that set x_j.

"""
    DoIntervention(targets, value, at_once=1)

Each interventional row sets `at_once` variables to values drawn for that row. A random share `targets` of the variables are targets, and
they take turns.
"""
struct DoIntervention
    targets::Float64
    value::Parameter
    at_once::Int
end
DoIntervention(targets, value) = DoIntervention(targets, value, 1)

const INTERVENTIONS = Models()

INTERVENTIONS["do"] = (table, location) -> begin
    check_keys(table, location, ("targets", "value"), ("at_once",))
    DoIntervention(target_share(table, location), parameter(table, "value", location), read_at_once(table, location))
end

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
    simulate_scm!(x, interventions, rng, mechanism, noise, intervention, graph, n_obs)

Fill x (n × d, Float32) and interventions (n × d) with rows of a structural causal model that has the given acyclic graph, the `n_obs`
observational rows first.

Throws an `ArgumentError` if the graph has a cycle or the values are too large for Float32.
"""
function simulate_scm!(
    x::AbstractMatrix{Float32},
    interventions::AbstractMatrix{UInt8},
    rng::Stream,
    mechanism::Mechanism,
    noise::Noise,
    intervention::DoIntervention,
    graph::AbstractMatrix{UInt8},
    n_obs::Int,
)
    d = size(x, 2)
    size(graph) == (d, d) || throw(ArgumentError("graph must be $d × $d, got $(join(size(graph), " × "))"))
    target_rng = split(rng, "targets")
    assign!(interventions, target_rng, intervention, n_obs)
    fill_rows!(x, interventions, rng, target_rng, mechanism, noise, intervention, graph, n_obs)
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
function fill_rows!(x, interventions, rng::Stream, target_rng::Stream, mechanism, noise, intervention, graph, n_obs::Int)
    order = topological_order(graph)
    order === nothing && throw(ArgumentError("a structural causal model needs an acyclic graph; this one has a cycle"))
    value = settle(intervention.value, target_rng)
    f, ε = settle(mechanism, split(rng, "mechanism")), settle(noise, split(rng, "noise"))
    fill_columns!(x, interventions, split(rng, "variable"), f, ε, value, graph, order, n_obs)
end

# A function of its own, so that it is compiled for the types of mechanism and noise.
function fill_columns!(x, interventions, variables::Stream, f, ε, value, graph, order, n_obs::Int)
    listed, last = causes_of_each(graph)
    for j in order
        check_interrupt()
        own = split(variables, j)
        column, causes = view(x, :, j), view(x, :, view(listed, last[j] + 1:last[j + 1]))
        evaluate!(column, f, causes, own)
        add_noise!(column, ε, causes, own)
        for r in n_obs + 1:size(x, 1)
            iszero(interventions[r, j]) || (column[r] = Float32(draw(value, own)))
        end
        all_finite(column) ||
            throw(ArgumentError("the values of a variable overflow; smaller weights or scales, or fewer variables, are needed"))
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
