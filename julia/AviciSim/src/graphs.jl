# Random directed acyclic graphs, as adjacency matrices: graph[i, j] == 1 means i → j.

"""
    GraphModel

A random graph model. A new one is a type and one method, `sample_graph(rng, model, d)`, that returns an adjacency matrix (or a
[`Network`](@ref), if its variables have names or its edges signs).
"""
abstract type GraphModel end

"""
    ErdosRenyi(edges_per_variable)

Every pair of variables is linked with the same probability, which gives the expected number of edges per variable, and
all edges follow one random order.
"""
struct ErdosRenyi <: GraphModel
    edges_per_variable::Parameter
end

"""
    ScaleFree(edges_per_variable, power, transposed)

Barabási–Albert graph with non-linear attachment: each new variable links to `edges_per_variable` earlier ones, with probability
proportional to degree^power + 1, the degree being the number of earlier links received. Edges point from the new to the earlier
variable (few variables have many causes), or the other way if `transposed` (few variables have many effects).
"""
struct ScaleFree <: GraphModel
    edges_per_variable::Parameter
    power::Parameter
    transposed::Bool
end

"""
    WattsStrogatz(dimension, neighbours, rewiring)

Small world (Watts and Strogatz, Nature 1998): variables on a closed lattice of 1, 2 or 3 dimensions are linked to all that are within
`neighbours` steps. Half of its links belong to each variable; with probability `rewiring` such a link goes to a random variable instead. All
edges follow one random order. A lattice that has more places than there are variables loses random ones.
"""
struct WattsStrogatz <: GraphModel
    dimension::Parameter
    neighbours::Parameter
    rewiring::Parameter
end

"""
    StochasticBlock(edges_per_variable, blocks, ratio)

Variables in `blocks` groups of nearly equal size; pairs of one group are linked with a probability p, others with `ratio`·p, such that
the expected number of edges per variable is `edges_per_variable` (p is at most 1); all edges follow one random order.
"""
struct StochasticBlock <: GraphModel
    edges_per_variable::Parameter
    blocks::Parameter
    ratio::Parameter
end

"""
    RandomGeometric(radius, edges_per_variable=nothing)

Variables at random places in the unit square are linked if closer than `radius`; all edges follow one random order. The radius, or else the one that
gives the expected number of edges per variable, whatever the number of variables.
"""
struct RandomGeometric <: GraphModel
    radius::Union{Nothing, Parameter}
    edges_per_variable::Union{Nothing, Parameter}
end

RandomGeometric(radius::Parameter) = RandomGeometric(radius, nothing)

const GRAPHS = Models()

GRAPHS["erdos-renyi"] = (table, location) -> begin
    check_keys(table, location, ("edges_per_variable",))
    ErdosRenyi(parameter(table, "edges_per_variable", location; above = 0))
end
for (name, transposed) in ("scale-free" => false, "scale-free-transposed" => true)
    GRAPHS[name] = (table, location) -> begin
        check_keys(table, location, ("edges_per_variable",), ("power",))
        edges = whole_parameter(table, "edges_per_variable", location; least = 1)
        ScaleFree(edges, parameter(table, "power", location; default = 1.0, above = 0), transposed)
    end
end
GRAPHS["watts-strogatz"] = (table, location) -> begin
    check_keys(table, location, ("dimension", "rewiring"), ("neighbours",))
    dimension = whole_parameter(table, "dimension", location; least = 1, most = 3)
    neighbours = whole_parameter(table, "neighbours", location; default = 1, least = 1)
    WattsStrogatz(dimension, neighbours, parameter(table, "rewiring", location; least = 0, most = 1))
end
GRAPHS["stochastic-block"] = (table, location) -> begin
    check_keys(table, location, ("edges_per_variable", "blocks", "ratio"))
    edges = parameter(table, "edges_per_variable", location; above = 0)
    blocks = whole_parameter(table, "blocks", location; least = 1)
    StochasticBlock(edges, blocks, parameter(table, "ratio", location; least = 0, most = 1))
end
GRAPHS["random-geometric"] = (table, location) -> begin
    check_keys(table, location, (), ("radius", "edges_per_variable"))
    haskey(table, "radius") == haskey(table, "edges_per_variable") &&
        refuse(location, "either radius or edges_per_variable is expected")
    read(key) = haskey(table, key) ? parameter(table, key, location; above = 0) : nothing
    RandomGeometric(read("radius"), read("edges_per_variable"))
end
GRAPHS["subnetwork"] = (table, location) -> begin
    check_keys(table, location, ("network",), ("top", "cycles"))
    network, cycles, top = table["network"], get(table, "cycles", "break"), get(table, "top", 0.2)
    network isa String || refuse("$location: network", "a name or a path is expected, got $(repr(network))")
    cycles in ("break", "keep") || refuse("$location: cycles", "must be break or keep, got $(repr(cycles))")
    top isa Real && 0 < top <= 1 || refuse("$location: top", "a share in (0, 1] is expected, got $(repr(top))")
    path = joinpath(dirname(file_of(location)), network)
    known = try
        load_network(isfile(path) ? path : network)
    catch failure
        failure isa ArgumentError || rethrow()
        refuse("$location: network", failure.msg)
    end
    Subnetwork(known; top = top, cycles = Symbol(cycles))
end

"""
    sample_graph(rng::Stream, model::GraphModel, d::Int)

A random graph of `d` variables, as an adjacency matrix of `UInt8` or a [`Network`](@ref). The models of this package relabel the variables
at random at the end, so that an index tells nothing about the order.
"""
function sample_graph(rng, model::GraphModel, d)
    graph = ordered_graph(rng, model, d)
    order, relabelled = permutation(rng, d), similar(graph)
    @inbounds for j in 1:d, i in 1:d
        relabelled[i, j] = graph[order[i], order[j]]
    end
    return relabelled
end

# The graph of a model, every edge from a smaller to a greater index or all the other way.
function ordered_graph(rng::Stream, model::ErdosRenyi, d::Int)
    probability = 2 * draw(settle(model.edges_per_variable, rng), rng) / (d - 1)
    graph = zeros(UInt8, d, d)
    @inbounds for j in 2:d, i in 1:j - 1
        graph[i, j] = uniform(rng) < probability
    end
    return graph
end

function ordered_graph(rng::Stream, model::ScaleFree, d::Int)
    links = Int(draw(settle(model.edges_per_variable, rng), rng))
    power = draw(settle(model.power, rng), rng)
    graph = zeros(UInt8, d, d)
    degree, weight = zeros(Int, d), ones(d) # degree^power + 1, where 0^power = 0
    free = copy(weight)
    for new in 2:d
        copyto!(free, 1, weight, 1, new - 1)
        for _ in 1:min(links, new - 1)
            chosen = weighted_index(rng, view(free, 1:new - 1))
            free[chosen] = 0.0
            degree[chosen] += 1
            weight[chosen] = raised(degree[chosen], power) + 1.0
            if model.transposed
                graph[chosen, new] = 1
            else
                graph[new, chosen] = 1
            end
        end
    end
    return graph
end

raised(degree::Int, power::Float64) = power == 1 ? Float64(degree) : portable_exp(power * portable_log(Float64(degree)))

function ordered_graph(rng::Stream, model::WattsStrogatz, d::Int)
    dimension = Int(draw(settle(model.dimension, rng), rng))
    reach = Int(draw(settle(model.neighbours, rng), rng))
    rewiring = draw(settle(model.rewiring, rng), rng)
    side = 1
    while side^dimension < d
        side += 1
    end
    places, reach = side^dimension, min(reach, dimension * side)
    linked = zeros(Bool, places, places) # symmetric
    links = Tuple{Int, Int}[]
    link!(a, b) = a == b || linked[a, b] || (linked[a, b] = linked[b, a] = true; push!(links, (a, b)))
    coordinates(a) = [(a - 1) ÷ side^(k - 1) % side for k in 1:dimension]
    place(c) = 1 + sum(mod(c[k], side) * side^(k - 1) for k in 1:dimension)
    ahead = [s for s in Iterators.product(ntuple(_ -> -reach:reach, dimension)...) if s > zero.(s) && sum(abs, s) <= reach]
    for a in 1:places, shift in ahead
        # half of its links belong to each place
        link!(a, place(coordinates(a) .+ shift))
    end
    for (a, b) in links
        uniform(rng) < rewiring || continue
        free = [c for c in 1:places if c != a && !linked[a, c]]
        isempty(free) && continue
        c = choose(rng, free)
        linked[a, b] = linked[b, a] = false
        linked[a, c] = linked[c, a] = true
    end
    kept = permutation(rng, places)[1:d] # in random order, which the edges follow
    return UInt8[i < j && linked[kept[i], kept[j]] for i in 1:d, j in 1:d]
end

function ordered_graph(rng::Stream, model::StochasticBlock, d::Int)
    edges = d * draw(settle(model.edges_per_variable, rng), rng)
    blocks, ratio = Int(draw(settle(model.blocks, rng), rng)), draw(settle(model.ratio, rng), rng)
    block = [mod1(k, blocks) for k in permutation(rng, d)]
    same = count(block[i] == block[j] for j in 2:d for i in 1:j - 1)
    different = d * (d - 1) ÷ 2 - same
    within = same + ratio * different > 0 ? edges / (same + ratio * different) : 0.0
    return UInt8[i < j && uniform(rng) < (block[i] == block[j] ? within : ratio * within) for i in 1:d, j in 1:d]
end

function ordered_graph(rng::Stream, model::RandomGeometric, d::Int)
    radius = model.radius === nothing ?
        radius_of(draw(settle(model.edges_per_variable, rng), rng), d) :
        draw(settle(model.radius, rng), rng)
    place = [(uniform(rng), uniform(rng)) for _ in 1:d]
    near(a, b) = (a[1] - b[1])^2 + (a[2] - b[2])^2 < radius^2
    return UInt8[i < j && near(place[i], place[j]) for i in 1:d, j in 1:d]
end

# Two places in the unit square are closer than r <= 1 with probability πr² - 8r³/3 + r⁴/2.
function radius_of(edges_per_variable::Float64, d::Int)
    wanted = 2 * edges_per_variable / max(d - 1, 1)
    wanted < π - 8 / 3 + 1 / 2 || return 2.0 # all pairs
    low, high = 0.0, 1.0
    for _ in 1:40
        r = (low + high) / 2
        π * r^2 - 8 / 3 * r^3 + r^4 / 2 < wanted ? (low = r) : (high = r)
    end
    return high
end

# Position with probability proportional to its weight; never one of weight zero.
function weighted_index(rng::Stream, weights::AbstractVector{Float64})
    left, last = uniform(rng) * ordered_sum(weights), 0
    for (i, weight) in enumerate(weights)
        weight > 0.0 || continue
        last = i
        left -= weight
        left < 0.0 && return i
    end
    return last
end

"""
    topological_order(graph)::Union{Vector{Int},Nothing}

The variables with every cause before its effects, `nothing` if the graph has a cycle.
"""
function topological_order(graph::AbstractMatrix{<:Integer})
    d = size(graph, 1)
    missing_causes, order, found, done = zeros(Int, d), Vector{Int}(undef, d), 0, 0
    @inbounds for j in 1:d
        for i in 1:d
            missing_causes[j] += !iszero(graph[i, j])
        end
        iszero(missing_causes[j]) && (order[found += 1] = j)
    end
    @inbounds while done < found
        cause = order[done += 1]
        for j in 1:d
            iszero(graph[cause, j]) && continue
            missing_causes[j] -= 1
            iszero(missing_causes[j]) && (order[found += 1] = j)
        end
    end
    return found == d ? order : nothing
end
