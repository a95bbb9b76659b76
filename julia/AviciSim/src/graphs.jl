# Random directed acyclic graphs, as adjacency matrices: graph[i, j] == 1 means i → j.

"""
A random graph model of a domain file. `sample_graph(rng, model, d)` draws from it.
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

function GraphModel(table::AbstractDict, location::AbstractString)
    model = get(table, "model", nothing)
    if model == "erdos-renyi"
        check_keys(table, location, ("model", "edges_per_variable"), ("share",))
        return ErdosRenyi(parameter(table, "edges_per_variable", location; above=0))
    elseif model in ("scale-free", "scale-free-transposed")
        check_keys(table, location, ("model", "edges_per_variable"), ("power", "share"))
        edges = parameter(table, "edges_per_variable", location; least=1)
        all(x -> x isa Float64 && isinteger(x), edges.choices) ||
            refuse("$location: edges_per_variable", "a scale-free graph needs whole numbers")
        power = parameter(merge(Dict("power" => 1.0), table), "power", location; above=0)
        return ScaleFree(edges, power, model == "scale-free-transposed")
    end
    refuse(location, "model must be erdos-renyi, scale-free or scale-free-transposed, got $(repr(model))")
end

"""
    sample_graph(rng::Stream, model::GraphModel, d::Int)::Matrix{UInt8}

A random acyclic graph of `d` variables. Variables are relabelled at random at the end, so that an index tells nothing about
the order.
"""
function sample_graph(rng::Stream, model::GraphModel, d::Int)
    graph = ordered_graph(rng, model, d)
    order = permutation(rng, d)
    return graph[order, order]
end

function ordered_graph(rng::Stream, model::ErdosRenyi, d::Int)
    probability = 2 * draw(settle(model.edges_per_variable, rng), rng) / (d - 1)
    graph = zeros(UInt8, d, d)
    for j in 2:d, i in 1:j-1
        graph[i, j] = uniform(rng) < probability
    end
    return graph
end

function ordered_graph(rng::Stream, model::ScaleFree, d::Int)
    links = Int(draw(settle(model.edges_per_variable, rng), rng))
    power = draw(settle(model.power, rng), rng)
    graph = zeros(UInt8, d, d)
    degree, weight = zeros(Int, d), ones(d)         # degree^power + 1, where 0^power = 0
    free = copy(weight)
    for new in 2:d
        copyto!(free, 1, weight, 1, new - 1)
        for _ in 1:min(links, new - 1)
            chosen = weighted_index(rng, view(free, 1:new-1))
            free[chosen] = 0.0
            degree[chosen] += 1
            weight[chosen] = portable_exp(power * portable_log(Float64(degree[chosen]))) + 1.0
            if model.transposed
                graph[chosen, new] = 1
            else
                graph[new, chosen] = 1
            end
        end
    end
    return graph
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
    missing_causes = [count(!iszero, view(graph, :, j)) for j in 1:d]
    order = [j for j in 1:d if missing_causes[j] == 0]
    done = 0
    while done < length(order)
        done += 1
        for j in 1:d
            graph[order[done], j] == 0 && continue
            missing_causes[j] -= 1
            missing_causes[j] == 0 && push!(order, j)
        end
    end
    return length(order) == d ? order : nothing
end
