# Independent cells: each is a trajectory of its own, of all genes together.

const CELLS = 64 # advance side by side

# What a block of cells needs while it advances: cell × gene.
struct Block
    state::Matrix{Float32}
    activity::Matrix{Float32} # of regulators
    basal::Matrix{Float32}    # production before regulation; for a regulated gene |K| of its repressors
    factor::Matrix{Float32}
    noise::Matrix{Float32}
    production::Vector{Float32}
end

Block(cells::Int, d::Int) = Block((zeros(Float32, cells, d) for _ in 1:5)..., zeros(Float32, cells))

# Fills the rows of `x` and `types`: every cell starts at the deterministic steady state of its condition and type and is read after
# `burn_in` relaxation times.
function physical!(x, types, rng::Stream, problem::GRNProblem, algorithm::EulerMaruyama, burn_in::Real, conditions)
    isempty(conditions) && return
    wild = steady_state(problem)
    half, starts = half_responses(wild), steady_states(problem, [condition.factor for condition in conditions], wild)
    cells = [
        (k, row, mod1(number, cell_types(problem)))
        for (k, condition) in enumerate(conditions)
        for (number, row) in enumerate(condition.rows)
    ]
    blocks = collect(Iterators.partition(cells, CELLS))
    steps = burn_in_steps(problem, algorithm, burn_in)
    in_threads(length(blocks)) do b
        block = Block(LANES * cld(length(blocks[b]), LANES), length(problem))
        for (c, (k, row, type)) in enumerate(blocks[b])
            place!(block, c, problem, starts[k], conditions[k].factor, type)
            types[row] = type
        end
        advance!(block, split(rng, b), problem, inverse.(half), algorithm, steps)
        for (c, (_, row, _)) in enumerate(blocks[b])
            x[row, :] = view(block.state, c, :)
        end
    end
end

burn_in_steps(problem, algorithm, burn_in) = ceil(Int, burn_in / (minimum(problem.decay) * algorithm.dt))

# Put a cell at its start.
function place!(block::Block, c::Int, problem::GRNProblem, start, factor, type::Int)
    for gene in 1:length(problem)
        block.state[c, gene] = start[gene, type]
        block.factor[c, gene] = factor[gene]
        block.basal[c, gene] = isempty(problem.regulators[gene]) ? problem.basal[gene, type] : repression(problem, gene)
    end
end

advance!(block::Block, rng::Stream, problem::GRNProblem, inverses, algorithm::EulerMaruyama, steps::Int) = advance!(
    block,
    rng,
    problem,
    inverses,
    algorithm.dt,
    steps,
    Val(problem.noise),
)

function advance!(block::Block, rng::Stream, problem::GRNProblem, inverses, dt::Float32, steps::Int, noise::Val)
    is_regulator = are_regulators(problem)
    for _ in 1:steps
        check_interrupt()
        fill_normal!(rng, block.noise)
        step!(block, problem, is_regulator, inverses, dt, noise)
    end
end

# One step of all genes of all cells of a block. Allocates nothing.
function step!(block::Block, problem::GRNProblem, is_regulator, inverses, dt::Float32, noise::Val)
    state, activity, production = block.state, block.activity, block.production
    for gene in axes(state, 2)
        is_regulator[gene] || continue
        scale = inverses[gene]
        if problem.hill == 2.0f0
            @inbounds @simd ivdep for c in axes(state, 1)
                activity[c, gene] = square_hill(state[c, gene] * scale)
            end
        else
            @inbounds @simd ivdep for c in axes(state, 1)
                activity[c, gene] = hill_function(state[c, gene] * scale, problem.hill)
            end
        end
    end
    for gene in axes(state, 2)
        regulators, strengths = problem.regulators[gene], problem.interaction[gene]
        @inbounds @simd for c in axes(state, 1)
            production[c] = block.basal[c, gene]
        end
        for k in eachindex(regulators)
            i, strength = regulators[k], strengths[k]
            @inbounds @simd ivdep for c in axes(state, 1)
                production[c] += strength * activity[c, i]
            end
        end
        λ, q = problem.decay[gene], problem.noise_scale[gene] * sqrt(dt)
        @inbounds @simd ivdep for c in axes(state, 1)
            state[c, gene] = euler_step(
                noise,
                state[c, gene],
                production[c] * block.factor[c, gene],
                λ,
                dt,
                q,
                block.noise[c, gene],
            )
        end
    end
    return state
end

"""
    trajectory(problem, algorithm; steps, perturbation=Perturbation(), cell_type=1, seed=0)::Matrix{Float32}

Expression of one cell, gene × step, from the deterministic steady state of the wild type on; the perturbation acts from the first step.
"""
function trajectory(
    problem::GRNProblem,
    algorithm::EulerMaruyama;
    steps::Integer,
    perturbation::Perturbation = Perturbation(),
    cell_type::Integer = 1,
    seed::Integer = 0,
)
    1 <= cell_type <= cell_types(problem) ||
        throw(ArgumentError("there is no cell type $cell_type; there are $(cell_types(problem))"))
    wild = steady_state(problem)
    block, rng = Block(LANES, length(problem)), Stream(seed, 0, "trajectory")
    place!(block, 1, problem, wild, factors(problem, perturbation), Int(cell_type))
    found = Matrix{Float32}(undef, length(problem), steps)
    for t in 1:steps
        found[:, t] = view(block.state, 1, :)
        advance!(block, rng, problem, inverse.(half_responses(wild)), algorithm, 1)
    end
    return found
end
