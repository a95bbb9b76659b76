# Independent cells: each is a trajectory of its own, of all genes together.

const CELLS = 64 # advance side by side

# What a block of cells needs while it advances: cell × gene, or cell × channel of the kinetics.
struct Block
    state::Matrix{Float32}
    activity::Matrix{Float32} # of channels
    basal::Matrix{Float32}    # production before regulation; with that of a sum's repressors at rest
    factor::Matrix{Float32}
    noise::Matrix{Float32}
    production::Vector{Float32}
    scratch::Vector{Float32}
end

Block(cells::Int, d::Int, channels::Int) = Block(
    zeros(Float32, cells, d),
    zeros(Float32, cells, channels),
    (zeros(Float32, cells, d) for _ in 1:3)...,
    (zeros(Float32, cells) for _ in 1:2)...
)

# A cell: its row, and what it is, from a step on and before.
struct Cell
    row::Int
    condition::Int
    type::Int
    before::Tuple{Int, Int} # condition (0: wild type) and type until `switch`
    switch::Int             # steps after which it becomes what it is; -1 if it always was
end

# One experiment of independent cells.
struct Experiment
    problem::GRNProblem
    kinetics::Kinetics
    inverses::Vector{Float32}
    effects::Vector{Effects}        # of the conditions
    starts::Vector{Matrix{Float32}} # of the conditions, gene × cell type
    wild::Matrix{Float32}           # start of the wild type
    programmes::Vector{DrawnProgramme}
    worked::BitMatrix # row × gene: whether what the cell's condition does to a gene is done in this cell
end

# What the cells of an experiment are beyond their conditions; the same for all means the plain case.
struct Design
    lineage::Vector{Int}    # of every cell type, the type that it comes from; 0 for those that were always there
    branch_time::Float64    # cells of a type that comes from another are read up to this time after the change
    saveat::Vector{Float64} # times at which all cells are read, 0 being when the perturbation begins
    programmes::Vector{Programme}
end

Design() = Design(Int[], 0.0, Float64[], Programme[])

# What is known of the cells beside their expression.
struct CellTruth
    types::Vector{Int}
    batches::Vector{Int}
    worked::BitMatrix # rows × genes: whether what was done to a gene in the cell's condition worked
    pseudotime::Vector{Float32}
    programmes::Matrix{Float32}
    path::Array{Float32, 3} # cells × genes × times of `saveat`
    steady::Bool            # whether the wild type has a steady state
end

# Fills the rows of `x`: every cell starts at the deterministic steady state of its condition and type and is read after `burn_in` relaxation
# times (and `design`'s own).
function physical!(
    x,
    rng::Stream,
    problem::GRNProblem,
    algorithm::EulerMaruyama,
    burn_in::Real,
    conditions,
    design::Design = Design(),
)
    n, d = size(x)
    types, worked = ones(Int, n), trues(n, d)
    effects = [condition.effects for condition in conditions]
    kinetics = Kinetics(problem)
    wild, steady = steady_state(problem, kinetics)
    means = inverses(kinetics, means_of_types(wild))
    starts = steady_states(problem, kinetics, effects, wild, means)
    for (k, condition) in enumerate(conditions)
        fail!(worked, split(split(rng, "failing"), k), condition)
    end
    experiment = Experiment(
        problem,
        kinetics,
        means,
        effects,
        starts,
        wild,
        draw_programmes(split(rng, "programmes"), design.programmes, n, d),
        worked,
    )
    relaxing, saved = burn_in_steps(problem, algorithm, burn_in), [steps_within(time, algorithm) for time in design.saveat]
    cells, pseudotime = lay_out(split(rng, "pseudotime"), problem, algorithm, conditions, design, relaxing)
    foreach(cell -> types[cell.row] = cell.type, cells)
    after_burn_in = !isempty(saved) ? saved[end] : isempty(design.lineage) ? 0 : steps_within(design.branch_time, algorithm)
    steps = relaxing + after_burn_in
    path = zeros(Float32, isempty(saved) ? 0 : n, d, length(saved))
    blocks = collect(Iterators.partition(cells, CELLS))
    in_threads(length(blocks)) do b
        block = Block(LANES * cld(length(blocks[b]), LANES), d, length(kinetics.source))
        for (c, cell) in enumerate(blocks[b])
            start!(block, c, cell, experiment)
        end
        first_saved = steps - (isempty(saved) ? 0 : saved[end])
        advance!(block, split(rng, b), experiment, blocks[b], algorithm, steps) do t
            isempty(saved) && return
            for s in findall(==(t - first_saved), saved), (c, cell) in enumerate(blocks[b])
                path[cell.row, :, s] = view(block.state, c, :)
            end
        end
        for (c, cell) in enumerate(blocks[b])
            x[cell.row, :] = view(block.state, c, :)
        end
    end
    scores = Float32[programme.score[row] for row in 1:n, programme in experiment.programmes]
    return CellTruth(types, ones(Int, n), worked, pseudotime, scores, path, steady)
end

burn_in_steps(problem, algorithm, burn_in) = whole_steps(burn_in / (minimum(problem.decay) * algorithm.dt))

# The cells of all conditions, spread evenly over the cell types, and the pseudotime of every row.
function lay_out(rng::Stream, problem::GRNProblem, algorithm, conditions, design::Design, burn_in::Int)
    cells, pseudotime = Cell[], zeros(Float32, sum(Int[length(condition.rows) for condition in conditions]))
    for (k, condition) in enumerate(conditions), (number, row) in enumerate(condition.rows)
        type = mod1(number, cell_types(problem))
        parent = isempty(design.lineage) ? 0 : design.lineage[type]
        if !isempty(design.saveat)
            push!(cells, Cell(row, k, type, (0, type), burn_in))
        elseif parent > 0
            τ = uniform(rng) * design.branch_time
            total = burn_in + steps_within(design.branch_time, algorithm)
            pseudotime[row] = τ + design.branch_time * (generation(design.lineage, type) - 1)
            push!(cells, Cell(row, k, type, (k, parent), total - ceil(Int, τ / algorithm.dt)))
        else
            push!(cells, Cell(row, k, type, (k, type), -1))
        end
    end
    return cells, pseudotime
end

# How many types come before one.
generation(lineage, type) = lineage[type] == 0 ? 0 : 1 + generation(lineage, lineage[type])

# In which cells of a condition nothing is done to a gene.
function fail!(worked::BitMatrix, rng::Stream, condition)
    for gene in findall(>(0), condition.effects.failing), row in condition.rows
        worked[row, gene] = uniform(rng) >= condition.effects.failing[gene]
    end
end

# Put a cell at its start.
function start!(block::Block, c::Int, cell::Cell, experiment::Experiment)
    condition, type = cell.switch < 0 ? (cell.condition, cell.type) : cell.before
    # a cell in which something escapes is not at the steady state of its condition
    own = condition > 0 && all(view(experiment.worked, cell.row, :))
    start = own ? experiment.starts[condition] : experiment.wild
    for gene in axes(block.state, 2)
        block.state[c, gene] = start[gene, type]
    end
    become!(block, c, cell.row, experiment, condition, type)
end

# Make a cell one of a condition (0: wild type) and a type.
function become!(block::Block, c::Int, row::Int, experiment::Experiment, condition::Int, type::Int)
    problem = experiment.problem
    for gene in axes(block.state, 2)
        factor, added = 1.0f0, 0.0f0
        if condition > 0 && experiment.worked[row, gene]
            factor, added = experiment.effects[condition].factor[gene], experiment.effects[condition].added[gene]
        end
        for programme in experiment.programmes
            factor *= programme_factor(programme, row, gene)
        end
        block.factor[c, gene] = factor
        block.basal[c, gene] = (problem.basal[gene, type] + repression(problem, gene)) + added
    end
end

function advance!(after, block::Block, rng::Stream, experiment::Experiment, cells, algorithm::EulerMaruyama, steps::Int)
    problem = experiment.problem
    return advance!(after, block, rng, experiment, cells, algorithm.dt, steps, Val(problem.noise))
end

# `after(t)` is called when `t` steps are done, from 0 on.
function advance!(after, block::Block, rng::Stream, experiment::Experiment, cells, dt::Float32, steps::Int, noise::Val)
    switching = [c for (c, cell) in enumerate(cells) if cell.switch >= 0]
    for t in 0:steps - 1
        for c in switching
            cells[c].switch == t && become!(block, c, cells[c].row, experiment, cells[c].condition, cells[c].type)
        end
        after(t)
        check_interrupt()
        fill_normal!(rng, block.noise)
        step!(block, experiment.problem, experiment.kinetics, experiment.inverses, dt, noise)
    end
    after(steps)
end

# One step of all genes of all cells of a block. Allocates nothing, unless a logic of the user's own does.
function step!(block::Block, problem::GRNProblem, kinetics::Kinetics, inverses, dt::Float32, noise::Val)
    state, production = block.state, block.production
    act!(block.activity, state, kinetics, inverses)
    for gene in axes(state, 2)
        @inbounds @simd for c in axes(state, 1)
            production[c] = block.basal[c, gene]
        end
        isempty(kinetics.inputs[gene]) || regulate!(block, problem, kinetics, gene)
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

# Add to the production what a gene's regulators do.
@inline function regulate!(block::Block, problem::GRNProblem, kinetics::Kinetics, gene::Int)
    inputs, strengths, logic = kinetics.inputs[gene], problem.interaction[gene], problem.logic[gene]
    if logic isa SumLogic
        # by name, so that the compiler knows the method
        regulate!(block.production, logic, block.activity, inputs, strengths, block.scratch)
    elseif logic isa AndLogic
        regulate!(block.production, logic, block.activity, inputs, strengths, block.scratch)
    elseif logic isa OrLogic
        regulate!(block.production, logic, block.activity, inputs, strengths, block.scratch)
    else
        regulate!(block.production, logic, block.activity, inputs, strengths, block.scratch)
    end
end
