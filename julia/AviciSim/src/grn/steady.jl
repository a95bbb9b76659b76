# Deterministic steady states, by damped iteration: of all conditions and cell types side by side.

"""
    steady_state(problem)::Matrix{Float32}

Deterministic steady state of the wild type, gene × cell type, with the half-responses that belong to it: each regulator's mean over the cell
types.
"""
function steady_state(problem::GRNProblem)
    relaxation = Relaxation(problem, [ones(Float32, length(problem))], nothing)
    for _ in 1:most_steps(problem)
        half = half_responses(permutedims(relaxation.state))
        relax!(relaxation, problem, inverse.(half)) || break
    end
    return permutedims(relaxation.state)
end

"""
    steady_states(problem, factors, wild)::Vector{Matrix{Float32}}

Deterministic steady states, gene × cell type, one for each vector of `factors` on the genes' production, with the half-responses of the wild
type, whose steady state is `wild`. With feedback there may be several: found is one that the wild type's leads to.
"""
function steady_states(problem::GRNProblem, factors::Vector{Vector{Float32}}, wild::Matrix{Float32})
    acyclic = topological_order(adjacency(problem)) !== nothing
    relaxation, inverses = Relaxation(problem, factors, acyclic ? nothing : wild), inverse.(half_responses(wild))
    for _ in 1:most_steps(problem)
        relax!(relaxation, problem, inverses) || break
    end
    types = cell_types(problem)
    return [permutedims(relaxation.state[first:first + types - 1, :]) for first in 1:types:types * length(factors)]
end

# Enough for a chain of all genes.
most_steps(problem) = 40 + 4 * length(problem)

# What the iteration works on: lane × gene, where a lane is one cell type in one condition.
struct Relaxation
    state::Matrix{Float32}
    next::Matrix{Float32}
    activity::Matrix{Float32}
    basal::Matrix{Float32}
    factor::Matrix{Float32}
    moves::Vector{Bool} # of every lane: whether its condition is not yet where it stays
end

# The iteration starts at `wild`, or where the genes would be without regulation.
function Relaxation(problem::GRNProblem, factors::Vector{Vector{Float32}}, wild::Union{Nothing, Matrix{Float32}})
    types, d = cell_types(problem), length(problem)
    lanes = types * length(factors)
    basal = Float32[problem.basal[gene, mod1(lane, types)] for lane in 1:lanes, gene in 1:d]
    factor = Float32[factors[cld(lane, types)][gene] for lane in 1:lanes, gene in 1:d]
    state = if wild === nothing
        basal .* factor ./ permutedims(problem.decay)
    else
        Float32[wild[gene, mod1(lane, types)] * factor[lane, gene] for lane in 1:lanes, gene in 1:d]
    end
    return Relaxation(state, similar(state), zeros(Float32, lanes, d), basal, factor, ones(Bool, lanes))
end

# One step of the iteration. A condition in which nothing has moved by 1e-7 stays where it is.
function relax!(relaxation::Relaxation, problem::GRNProblem, inverses::Vector{Float32})
    state, next, moves, types = relaxation.state, relaxation.next, relaxation.moves, cell_types(problem)
    produce_at!(next, relaxation, problem, inverses)
    moved = zeros(Bool, length(moves))
    for gene in axes(state, 2)
        @inbounds @simd ivdep for lane in axes(state, 1)
            old, new = state[lane, gene], next[lane, gene]
            moved[lane] |= !(abs(new - old) / (1 + old) < 1.0f-7)
            state[lane, gene] = ifelse(moves[lane], 0.3f0 * old + 0.7f0 * new, old)
        end
    end
    for first in 1:types:length(moves)
        lanes = first:first + types - 1
        moves[lanes] .&= any(view(moved, lanes))
    end
    return any(moves)
end

# The expression that would balance the production at `state`.
function produce_at!(next, relaxation::Relaxation, problem::GRNProblem, inverses)
    state, activity, basal, factor = relaxation.state, relaxation.activity, relaxation.basal, relaxation.factor
    regulates = falses(length(problem))
    foreach(list -> regulates[list] .= true, problem.regulators)
    for gene in axes(state, 2)
        regulates[gene] || continue
        scale, hill = inverses[gene], problem.hill
        @inbounds @simd ivdep for lane in axes(state, 1)
            activity[lane, gene] = hill_function(state[lane, gene] * scale, hill)
        end
    end
    for gene in axes(state, 2)
        regulators, strengths, λ = problem.regulators[gene], problem.interaction[gene], problem.decay[gene]
        @inbounds @simd ivdep for lane in axes(state, 1)
            next[lane, gene] = isempty(regulators) ? basal[lane, gene] : 0.0f0
        end
        for (i, strength) in zip(regulators, strengths)
            represses = strength <= 0
            @inbounds @simd ivdep for lane in axes(state, 1)
                act = activity[lane, i]
                next[lane, gene] += ifelse(represses, -strength * (1 - act), strength * act)
            end
        end
        @inbounds @simd ivdep for lane in axes(state, 1)
            next[lane, gene] = next[lane, gene] * factor[lane, gene] / λ
        end
    end
    return next
end

# Every regulator's half-response: its mean over the cell types.
half_responses(state::Matrix{Float32}) = Float32[ordered_sum(view(state, gene, :)) / size(state, 2) for gene in axes(state, 1)]

# A gene that is not expressed has an activity of 0.
inverse(half::Float32) = half > 1.0f-6 ? 1 / half : 0.0f0
