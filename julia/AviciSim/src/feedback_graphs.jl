# Random graphs with cycles.

"""
    FeedbackGraph(model, feedback)

A graph of another model with further edges that lead back: from variables to such as they are effects of. Their number is `feedback` times that of the
edges (at least one, where there is an edge), drawn per dataset.
"""
struct FeedbackGraph{M <: GraphModel} <: GraphModel
    model::M
    feedback::Settable

    FeedbackGraph(model::M, feedback) where {M <: GraphModel} = new{M}(model, settable(feedback, "feedback"; above = 0, most = 10))
end

"An entry of `[[graph]]`, with the option that every model may have."
function read_graph(table::AbstractDict, location::AbstractString)
    model = read_model(GRAPHS, without(table, ("feedback",)), location)
    haskey(table, "feedback") || return model
    return FeedbackGraph(model, parameter(table, "feedback", location; above = 0, most = 10))
end

has_cycles(::GraphModel) = false
has_cycles(::FeedbackGraph) = true
has_cycles(model::Subnetwork) = model.cycles === :keep
most_variables(model::FeedbackGraph) = most_variables(model.model)

function sample_graph(rng, model::FeedbackGraph, d)
    drawn = sample_graph(rng, model.model, d)
    graph, own = copy(adjacency(drawn)), split(rng, "feedback")
    back = [(j, i) for i in 1:d for j in findall(effects_of_one(graph, i)) if i != j && iszero(graph[j, i])]
    edges = count(!iszero, graph)
    number = edges == 0 ? 0 : max(1, round(Int, edges * draw(settle(model.feedback, own), own)))
    chosen = back[permutation(own, length(back))[1:min(number, end)]]
    drawn isa Network && return Network(drawn.names, [drawn.edges; chosen], [drawn.signs; zeros(Int8, length(chosen))])
    for (i, j) in chosen
        graph[i, j] = 1
    end
    return graph
end

# Of every variable: whether a directed path from `i` leads there.
function effects_of_one(graph::AbstractMatrix{UInt8}, i::Int)
    reached, ahead = falses(size(graph, 1)), [i]
    while !isempty(ahead)
        for j in findall(!iszero, graph[pop!(ahead), :])
            reached[j] && continue
            reached[j] = true
            push!(ahead, j)
        end
    end
    return reached
end
