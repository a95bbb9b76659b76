# Subnetworks of a known network: module extraction.

"""
    Subnetwork(network, top, cycles)

A random module of a known network (Marbach et al., Journal of Computational Biology 2009): it starts with a random regulator; then
neighbours (of the network without directions) are added one by one, each drawn from the share `top` of the neighbours that have the
greatest modularity. Where a module has no neighbours left it goes on from another regulator. Self-loops are dropped. With `cycles`
"break" random edges of cycles are dropped until there is none; with "keep" the feedback stays, and the mechanism must allow it. Names
and signs are those of the network.

In a domain file: `model = "subnetwork"`, `network` (a shipped name or a path relative to the domain file), `top` (0.2),
`cycles` ("break").
"""
struct Subnetwork <: GraphModel
    network::Network
    neighbours::Vector{Vector{Int}} # without directions
    regulators::Vector{Int}
    top::Float64
    cycles::Symbol
end

function Subnetwork(network::Network; top::Real = 0.2, cycles::Symbol = :break)
    neighbours = [Int[] for _ in 1:length(network)]
    for (i, j) in network.edges
        i == j && continue
        push!(neighbours[i], j)
        push!(neighbours[j], i)
    end
    foreach(list -> unique!(sort!(list)), neighbours)
    regulators = sort!(unique!([i for (i, j) in network.edges if i != j]))
    return Subnetwork(network, neighbours, regulators, top, cycles)
end

# Variables that a graph of a model can have.
most_variables(::GraphModel) = typemax(Int)
most_variables(model::Subnetwork) = length(model.network)

function sample_graph(rng::Stream, model::Subnetwork, d::Int)
    network = model.network
    d <= length(network) || throw(ArgumentError("a subnetwork of $d variables was asked of a network that has $(length(network))"))
    module_ = extract_module(split(rng, "module"), model, d)
    order = module_[permutation(rng, d)]
    position = Dict(k => p for (p, k) in enumerate(order))
    kept = [k for (k, (i, j)) in enumerate(network.edges) if i != j && haskey(position, i) && haskey(position, j)]
    edges = [(position[i], position[j]) for (i, j) in network.edges[kept]]
    graph = Network(network.names[order], edges, network.signs[kept])
    return model.cycles === :break ? break_cycles(split(rng, "cycles"), graph) : graph
end

# Adding k to the module M changes the modularity of the division into M and the rest by a constant times
# 2 (links of k into M - degree(k) · degrees of M / 2m) - degree(k)² / 2m, m links in all (Newman, PNAS 2006).
function extract_module(rng::Stream, model::Subnetwork, d::Int)
    neighbours = model.neighbours
    degree = length.(neighbours)
    double = Float64(sum(degree))
    chosen, inside = Int[], falses(length(neighbours))
    links, total = zeros(Int, length(neighbours)), 0 # of every variable into the module; degrees of the module
    frontier = Int[]
    add!(k) = begin
        push!(chosen, k)
        inside[k] = true
        total += degree[k]
        for other in neighbours[k]
            links[other] += 1
            links[other] == 1 && !inside[other] && push!(frontier, other)
        end
        filter!(other -> !inside[other], frontier)
    end
    while length(chosen) < d
        if isempty(frontier)
            seeds = [k for k in model.regulators if !inside[k]]
            isempty(seeds) && (seeds = [k for k in eachindex(neighbours) if !inside[k]])
            add!(choose(rng, seeds))
            continue
        end
        gain = [2 * (links[k] - degree[k] * total / double) - degree[k]^2 / double for k in frontier]
        best = sortperm(gain; rev = true, alg = MergeSort)
        add!(frontier[best[randint(rng, max(1, ceil(Int, model.top * length(best))))]])
    end
    return chosen
end

"""
    acyclic(network; seed=0)::Network

The network (or adjacency matrix, or edge list in a file) without self-loops and without a random edge of each of its cycles, for models that allow no feedback.

```julia
simulate("linear"; n_obs=500, graph=acyclic([0 1; 1 0]))
```
"""
acyclic(network; seed::Integer = 0) = break_cycles(Stream(seed, 0, "acyclic"), as_network(network))

"""
    break_cycles(rng, network)::Network

The network without a random edge of each of its cycles.
"""
function break_cycles(rng::Stream, network::Network)
    graph = adjacency(network)
    for k in 1:length(network)
        graph[k, k] = 0
    end
    while (cycle = find_cycle(graph)) !== nothing
        k = randint(rng, length(cycle))
        graph[cycle[k], cycle[mod1(k + 1, length(cycle))]] = 0
    end
    kept = [graph[i, j] != 0 for (i, j) in network.edges]
    return Network(network.names, network.edges[kept], network.signs[kept])
end

# The variables of a cycle, each the cause of the next, or nothing. What has no cause or no effect left is on no cycle.
function find_cycle(graph::AbstractMatrix{UInt8})
    d = size(graph, 1)
    alive, changed = trues(d), true
    while changed
        changed = false
        for j in 1:d
            alive[j] || continue
            if !any(i -> alive[i] && graph[i, j] != 0, 1:d)
                alive[j] = false
                changed = true
            end
        end
    end
    start = findfirst(alive)
    start === nothing && return nothing
    # Everything alive has a cause that is alive: walking back must come round.
    path, seen = [start], Dict(start => 1)
    while true
        cause = findfirst(i -> alive[i] && graph[i, path[end]] != 0, 1:d)
        haskey(seen, cause) && return reverse(path[seen[cause]:end])
        push!(path, cause)
        seen[cause] = length(path)
    end
end
