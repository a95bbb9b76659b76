# Deterministic steady states of all conditions and cell types side by side: regulators first, or, with feedback, by damped iteration.

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

"""
    steady_state(problem)::Matrix{Float32}

Deterministic steady state of the wild type, gene × cell type, with the half-responses that belong to it: each regulator's mean over the cell
types.
"""
function steady_state(problem::GRNProblem)
    relaxation = Relaxation(problem, [ones(Float32, length(problem))], nothing)
    settle!(relaxation, problem, gene -> inverse(half_response(view(relaxation.state, :, gene))))
    return permutedims(relaxation.state)
end

"""
    steady_states(problem, factors, wild)::Vector{Matrix{Float32}}

Deterministic steady states, gene × cell type, one for each vector of `factors` on the genes' production, with the half-responses of the wild
type, whose steady state is `wild`. With feedback there may be several: found is one that the wild type's leads to.
"""
function steady_states(problem::GRNProblem, factors::Vector{Vector{Float32}}, wild::Matrix{Float32})
    relaxation, inverses = Relaxation(problem, factors, wild), inverse.(half_responses(wild))
    settle!(relaxation, problem, gene -> inverses[gene])
    types = cell_types(problem)
    return [permutedims(relaxation.state[first:first + types - 1, :]) for first in 1:types:types * length(factors)]
end

# Bring `relaxation` to its steady state, where `scale(gene)` is the inverse of a regulator's half-response.
function settle!(relaxation::Relaxation, problem::GRNProblem, scale)
    regulates, order = are_regulators(problem), topological_order(adjacency(problem))
    if order === nothing
        for _ in 1:40 + 4 * length(problem)
            check_interrupt()
            relax!(relaxation, problem, regulates, scale) || break
        end
    else
        # regulators first: once is enough
        for gene in order
            produce!(relaxation.state, relaxation, problem, gene)
            regulates[gene] && act!(relaxation, problem, gene, scale(gene))
        end
    end
end

# One step of the iteration. A condition in which nothing has moved by 1e-7 stays where it is.
function relax!(relaxation::Relaxation, problem::GRNProblem, regulates, scale)
    state, next, moves, types = relaxation.state, relaxation.next, relaxation.moves, cell_types(problem)
    foreach(gene -> act!(relaxation, problem, gene, scale(gene)), findall(regulates))
    foreach(gene -> produce!(next, relaxation, problem, gene), axes(state, 2))
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

# How active a regulator is at its expression, where `scale` is the inverse of its half-response.
function act!(relaxation::Relaxation, problem::GRNProblem, gene::Int, scale::Float32)
    state, activity, hill = relaxation.state, relaxation.activity, problem.hill
    @inbounds @simd ivdep for lane in axes(state, 1)
        activity[lane, gene] = hill_function(state[lane, gene] * scale, hill)
    end
end

# The expression of a gene that would balance its production.
function produce!(next, relaxation::Relaxation, problem::GRNProblem, gene::Int)
    activity, basal, factor = relaxation.activity, relaxation.basal, relaxation.factor
    regulators, strengths, λ = problem.regulators[gene], problem.interaction[gene], problem.decay[gene]
    @inbounds @simd ivdep for lane in axes(next, 1)
        next[lane, gene] = isempty(regulators) ? basal[lane, gene] : 0.0f0
    end
    for (i, strength) in zip(regulators, strengths)
        represses = strength <= 0
        @inbounds @simd ivdep for lane in axes(next, 1)
            act = activity[lane, i]
            next[lane, gene] += ifelse(represses, -strength * (1 - act), strength * act)
        end
    end
    @inbounds @simd ivdep for lane in axes(next, 1)
        next[lane, gene] = next[lane, gene] * factor[lane, gene] / λ
    end
end

# Every regulator's half-response: its mean over the cell types.
half_responses(state::Matrix{Float32}) = [half_response(view(state, gene, :)) for gene in axes(state, 1)]
half_response(of_types) = Float32(ordered_sum(of_types) / length(of_types))

# A gene that is not expressed has an activity of 0.
inverse(half::Float32) = half > 1.0f-6 ? 1 / half : 0.0f0
