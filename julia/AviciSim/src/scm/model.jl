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
    order = topological_order(graph)
    order === nothing && throw(ArgumentError("a structural causal model needs an acyclic graph; this one has a cycle"))
    n, d = size(x)
    fill!(interventions, 0)
    set_rows, target_rng = [Int[] for _ in 1:d], split(rng, :targets)
    targets = assign_targets(target_rng, intervention.targets, intervention.at_once, d, n - n_obs)
    for r in axes(targets, 2), j in view(targets, :, r)
        interventions[n_obs + r, j] = 1
        push!(set_rows[j], n_obs + r)
    end
    value = settle(intervention.value, target_rng)
    f, ε = settle(mechanism, split(rng, :mechanism)), settle(noise, split(rng, :noise))
    variables = split(rng, :variable)
    for j in order
        own = split(variables, j)
        column, causes = view(x, :, j), view(x, :, causes_of(graph, j))
        evaluate!(column, f, causes, own)
        add_noise!(column, ε, causes, own)
        for r in set_rows[j]
            column[r] = Float32(draw(value, own))
        end
        all_finite(column) ||
            throw(ArgumentError("the values of a variable overflow; smaller weights or scales, or fewer variables, are needed"))
    end
    return x, interventions
end

# The same as findall(!iszero, view(graph, :, j)), with one allocation.
function causes_of(graph, j::Int)
    found, last = Vector{Int}(undef, count(!iszero, view(graph, :, j))), 0
    @inbounds for i in axes(graph, 1)
        iszero(graph[i, j]) || (found[last += 1] = i)
    end
    return found
end

# The same as all(isfinite, values), in SIMD code: no exponent has all its bits set.
function all_finite(values)
    beyond = false
    @inbounds @simd for r in eachindex(values)
        beyond |= reinterpret(UInt32, values[r]) & 0x7f800000 == 0x7f800000
    end
    return !beyond
end
