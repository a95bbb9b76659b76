# Deterministic steady states of all conditions and cell types side by side: regulators first, or, with feedback, by damped iteration.

# What the iteration works on: lane × gene, where a lane is one cell type in one condition; act is lane × channel of the kinetics.
struct Relaxation
    state::Matrix{Float32}
    next::Matrix{Float32}
    activity::Matrix{Float32}
    basal::Matrix{Float32}
    factor::Matrix{Float32}
    moves::Vector{Bool} # of every lane: whether its condition is not yet where it stays
    scratch::Vector{Float32}
end

# The iteration starts at `wild`, or where every regulator acts half.
function Relaxation(problem::GRNProblem, kinetics::Kinetics, effects::Vector{Effects}, wild::Union{Nothing, Matrix{Float32}})
    types, d = cell_types(problem), length(problem)
    lanes = types * length(effects)
    of(lane) = effects[cld(lane, types)]
    basal = Float32[problem.basal[gene, mod1(lane, types)] + of(lane).added[gene] for lane in 1:lanes, gene in 1:d]
    factor = Float32[of(lane).factor[gene] for lane in 1:lanes, gene in 1:d]
    state = if wild === nothing
        half = Float32[ordered_sum(abs.(problem.interaction[gene])) / 2 for gene in 1:d]
        (basal .+ permutedims(half)) .* factor ./ permutedims(problem.decay)
    else
        Float32[wild[gene, mod1(lane, types)] * factor[lane, gene] for lane in 1:lanes, gene in 1:d]
    end
    activity = zeros(Float32, lanes, length(kinetics.source))
    return Relaxation(state, similar(state), activity, basal, factor, ones(Bool, lanes), zeros(Float32, lanes))
end

"""
    steady_state(problem)

Deterministic steady state of the wild type, gene × cell type (Float32), with the half-responses that belong to it, each regulator's mean over
the cell types; and whether there is one. A network with feedback may oscillate instead; then it is the mean over time.
"""
steady_state(problem::GRNProblem) = steady_state(problem, Kinetics(problem))

function steady_state(problem::GRNProblem, kinetics::Kinetics)
    relaxation = Relaxation(problem, kinetics, [Effects(length(problem))], nothing)
    steady = reach_steady_state!(relaxation, problem, kinetics, wild_inverse(relaxation, kinetics))
    return permutedims(relaxation.state), steady
end

# The inverse of a channel's half-response, where the wild type now is.
wild_inverse(relaxation::Relaxation, kinetics::Kinetics) = channel -> begin
    mean = mean_of_types(view(relaxation.state, :, kinetics.source[channel]))
    # a gene that is not expressed does not act, whatever its half-response
    inverse(kinetics, channel, mean, 1.0f0)
end

"""
    steady_states(problem, kinetics, effects, wild, inverses)::Vector{Matrix{Float32}}

Deterministic steady states, gene × cell type, one for each of the `effects` of conditions, with the half-responses of the wild type, whose
steady state is `wild`. With feedback there may be several: found is one that the wild type's leads to; where there is none, a state on the way.
"""
function steady_states(problem::GRNProblem, kinetics::Kinetics, effects::Vector{Effects}, wild::Matrix{Float32}, inverses)
    isempty(effects) && return Matrix{Float32}[]
    relaxation = Relaxation(problem, kinetics, effects, wild)
    reach_steady_state!(relaxation, problem, kinetics, channel -> inverses[channel])
    types = cell_types(problem)
    return [permutedims(relaxation.state[first:first + types - 1, :]) for first in 1:types:types * length(effects)]
end

# Bring `relaxation` to its steady state, where `scale(channel)` is the inverse of a half-response; whether it got there.
function reach_steady_state!(relaxation::Relaxation, problem::GRNProblem, kinetics::Kinetics, scale)
    order = topological_order(adjacency(problem))
    order === nothing && return iterate!(relaxation, problem, kinetics, scale)
    channels = [Int[] for _ in 1:length(problem)]
    foreach((channel, gene) -> push!(channels[gene], channel), eachindex(kinetics.source), kinetics.source)
    for gene in order
        # regulators first: once is enough
        produce!(relaxation.state, relaxation, problem, kinetics, gene)
        foreach(channel -> act!(relaxation, kinetics, channel, scale(channel)), channels[gene])
    end
    return true
end

# Ever smaller steps; what does not come to rest with the smallest follows the flow of the equation, and is averaged over it.
function iterate!(relaxation::Relaxation, problem::GRNProblem, kinetics::Kinetics, scale)
    for (step, most) in ((0.7f0, 40 + 4 * length(problem)), (0.3f0, 200), (0.1f0, 400))
        for _ in 1:most
            relax!(relaxation, problem, kinetics, scale, step) || return true
        end
        at_rest(relaxation) && return true
    end
    total, count = zeros(size(relaxation.state)), 600
    for _ in 1:count
        relax!(relaxation, problem, kinetics, scale, 0.05f0) || return true
        total .+= relaxation.state
    end
    at_rest(relaxation) && return true
    relaxation.state .= total ./ count
    return false
end

# Whether what is left of the last step is rounding.
at_rest(relaxation::Relaxation) = all(abs(new - now) <= 1.0f-5 * (1 + now) for (new, now) in zip(relaxation.next, relaxation.state))

# One step of the iteration. A condition in which nothing has moved by 1e-7 stays where it is.
function relax!(relaxation::Relaxation, problem::GRNProblem, kinetics::Kinetics, scale, step::Float32)
    state, next, moves, types = relaxation.state, relaxation.next, relaxation.moves, cell_types(problem)
    foreach(channel -> act!(relaxation, kinetics, channel, scale(channel)), eachindex(kinetics.source))
    foreach(gene -> produce!(next, relaxation, problem, kinetics, gene), axes(state, 2))
    check_interrupt()
    moved = zeros(Bool, length(moves))
    for gene in axes(state, 2)
        @inbounds @simd ivdep for lane in axes(state, 1)
            old, new = state[lane, gene], next[lane, gene]
            moved[lane] |= !(abs(new - old) / (1 + old) < 1.0f-7)
            state[lane, gene] = ifelse(moves[lane], (1 - step) * old + step * new, old)
        end
    end
    for first in 1:types:length(moves)
        lanes = first:first + types - 1
        moves[lanes] .&= any(view(moved, lanes))
    end
    return any(moves)
end

# How active a regulator is at its expression, where `scale` is the inverse of its half-response.
function act!(relaxation::Relaxation, kinetics::Kinetics, channel::Int, scale::Float32)
    state, activity, hill, gene = relaxation.state, relaxation.activity, kinetics.hill[channel], kinetics.source[channel]
    @inbounds @simd ivdep for lane in axes(state, 1)
        activity[lane, channel] = hill_function(state[lane, gene] * scale, hill)
    end
end

# The expression of a gene that would balance its production.
function produce!(next, relaxation::Relaxation, problem::GRNProblem, kinetics::Kinetics, gene::Int)
    activity, factor, λ = relaxation.activity, relaxation.factor, problem.decay[gene]
    inputs, strengths = kinetics.inputs[gene], problem.interaction[gene]
    own = view(next, :, gene)
    own .= view(relaxation.basal, :, gene)
    if problem.logic[gene] isa SumLogic
        for (channel, strength) in zip(inputs, strengths)
            represses = strength <= 0
            @inbounds @simd ivdep for lane in axes(next, 1)
                act = activity[lane, channel]
                own[lane] += ifelse(represses, -strength * (1 - act), strength * act)
            end
        end
    elseif !isempty(inputs)
        regulate!(own, problem.logic[gene], activity, inputs, strengths, relaxation.scratch)
    end
    @inbounds @simd ivdep for lane in axes(next, 1)
        own[lane] = own[lane] * factor[lane, gene] / λ
    end
end

# Every gene's mean over the cell types, of a state that is gene × cell type.
means_of_types(state::Matrix{Float32}) = [mean_of_types(view(state, gene, :)) for gene in axes(state, 1)]
mean_of_types(of_types) = Float32(ordered_sum(of_types) / length(of_types))
