# From a problem and an algorithm to cells.

"""
    solve(problem::GRNProblem, algorithm::EulerMaruyama; cells, perturbations=[], cells_each=cells, mode=:physical, burn_in=5.0,
          technology=nothing, batches=nothing, saveat=[], programmes=[], lineage=[], branch_time=5.0, measured=:, seed=0)::GRNSolution

Simulate `cells` wild-type cells and `cells_each` of every perturbation, spread evenly over the cell types, on all threads.

# Arguments
- `cells_each`: a number, or one for each perturbation, as where a perturbation slows growth and fewer cells are left.
- `mode`: [`IndependentCells`](@ref)() or `:physical` is what a biologist means: every cell is a trajectory of its own, read after `burn_in` relaxation
  times 1/λ. [`SergioSampling`](@ref)() or `:compatible` samples as SERGIO and AVICI do, so that results compare with theirs, and needs an acyclic
  network.
- `technology`: a [`TechnicalNoise`](@ref) or the name of one of its profiles.
- `batches`: [`BatchEffects`](@ref) of the technology.
- `measured`: positions or names of the genes in the table. The others act all the same and can be perturbed.
- `seed`: an integer, or a generator to draw it from; the same seed gives the same bytes on any number of threads.

In the mode `:physical` only:

- `saveat`: times, in units of 1/decay = 1, at which all cells are read. At 0 the perturbations begin, after `burn_in` relaxation times as wild
  type. Expression and counts are those at the last time, `path` holds all.
- `programmes`: hidden [`Programme`](@ref)s that move many genes.
- `lineage`: pairs `from => to` of cell types. A cell of the type `to` was one of `from` until a time before it is read that is
  uniform on [0, `branch_time`], so that cells lie along a tree: `[1 => 2, 1 => 3]` is a bifurcation.

Throws an `ArgumentError` if an argument is not valid.

```julia
network = Network(["crp" => "lacZ", "lacI" => "lacZ"]; signs=[1, -1])
problem = GRNProblem(network; basal=Distribution(:uniform, 1, 3), interaction=4.0, cell_types=2, seed=1)
solution = solve(problem, EulerMaruyama(0.01); cells=300, perturbations=[knockout("crp")], technology="10x-chromium-1")
solution.expression     # 600 × 3, wild-type cells first
solution.counts
```
"""
function solve(
    problem::GRNProblem,
    algorithm::EulerMaruyama;
    cells::Integer,
    perturbations::AbstractVector = Perturbation[],
    cells_each = cells,
    mode = IndependentCells(),
    burn_in::Real = 5.0,
    technology = nothing,
    batches::Union{Nothing, BatchEffects} = nothing,
    saveat::AbstractVector{<:Real} = Float64[],
    programmes::AbstractVector = Programme[],
    lineage::AbstractVector = Pair{Int, Int}[],
    branch_time::Real = 5.0,
    measured::Union{Colon, AbstractVector} = Colon(),
    seed::Seed = 0,
)
    all(p -> p isa Perturbation, perturbations) ||
        throw(ArgumentError("perturbations must be a list of knockout(...), crispri(...) and so on, got $(repr(perturbations))"))
    each = cells_each isa Integer ? fill(cells_each, length(perturbations)) : collect(cells_each)
    length(each) == length(perturbations) && all(n -> n isa Integer, each) ||
        throw(ArgumentError("cells_each must be a whole number, or one for each of the $(length(perturbations)) perturbations"))
    all(>=(0), [cells; each]) || throw(ArgumentError("numbers of cells must be at least 0, got $cells and $cells_each"))
    mode = sampling(mode)
    times = collect(Float64, saveat)
    0 < burn_in < Inf ||
        (burn_in == 0 && !isempty(times)) ||
        throw(ArgumentError("burn_in must be positive and finite, got $burn_in"))
    all(t -> 0 <= t < Inf, times) && issorted(times) ||
        throw(ArgumentError("saveat must be times from 0 on that grow, got $saveat"))
    design = Design(parents(lineage, cell_types(problem)), branch_time, times, collect(Programme, programmes))
    0 < branch_time < Inf || throw(ArgumentError("branch_time must be positive, got $branch_time"))
    isempty(times) || isempty(lineage) || throw(ArgumentError("saveat and lineage do not go together"))
    technology isa AbstractString && (technology = profile(technology))
    technology isa Union{Nothing, TechnicalNoise} ||
        throw(ArgumentError("technology must be a TechnicalNoise or the name of a profile, got $(repr(technology))"))
    batches === nothing || technology !== nothing || throw(ArgumentError("batches need a technology"))
    effects = [Effects(length(problem)), (Effects(problem.names, p) for p in perturbations)...]
    conditions = vcat(zeros(Int, cells), (fill(k, each[k]) for k in eachindex(each))...)
    columns = measured_columns(problem, measured)
    expression, counts, truth = solve_conditions(
        Stream(seed, 0, "solve"),
        problem,
        algorithm,
        effects,
        conditions,
        mode,
        burn_in,
        technology,
        batches,
        columns,
        design,
    )
    return GRNSolution(
        problem,
        collect(Perturbation, perturbations),
        problem.names[columns],
        columns == 1:length(problem) ? expression : expression[:, columns],
        technology === nothing ? nothing : counts,
        truth.types,
        conditions,
        truth.batches,
        times,
        isempty(truth.path) ? zeros(Float32, 0, length(columns), 0) : truth.path[:, columns, :],
        truth.pseudotime,
        truth.programmes,
        truth.worked,
        truth.steady,
    )
end

measured_columns(problem::GRNProblem, ::Colon) = collect(1:length(problem))
function measured_columns(problem::GRNProblem, measured)
    columns = [position_of(problem.names, gene isa Integer ? Int(gene) : String(gene)) for gene in measured]
    isempty(columns) && throw(ArgumentError("at least one gene must be measured"))
    allunique(columns) || throw(ArgumentError("measured names the gene \"$(problem.names[first_repeated(columns)])\" twice"))
    return columns
end

# The parent of every cell type, 0 for those that have none; empty without a lineage.
function parents(lineage, types::Int)
    isempty(lineage) && return Int[]
    found = zeros(Int, types)
    for pair in lineage
        pair isa Pair && all(k -> k isa Integer && 1 <= k <= types, pair) ||
            throw(ArgumentError("a lineage is a list of pairs of cell types from 1 to $types, as in [1 => 2]; got $(repr(pair))"))
        found[last(pair)] == 0 || throw(ArgumentError("the cell type $(last(pair)) comes from two others"))
        found[last(pair)] = first(pair)
    end
    for type in 1:types
        above, k = 0, type
        while found[k] > 0 && above <= types
            above, k = above + 1, found[k]
        end
        above <= types || throw(ArgumentError("the cell type $type comes from itself"))
    end
    return found
end

# Rows of one experimental condition and what is done to the genes.
struct Condition
    effects::Effects
    rows::Vector{Int}
end

# Cells of the conditions (0: wild type), in which effects[condition + 1] act: expression of all genes, what the technology makes of
# those in the table (`columns`), and what is known of the cells.
function solve_conditions(
    rng::Stream,
    problem::GRNProblem,
    algorithm,
    effects::Vector{Effects},
    conditions::Vector{Int},
    mode::Sampling,
    burn_in,
    technology::Union{Nothing, TechnicalNoise},
    batches::Union{Nothing, BatchEffects},
    columns::Vector{Int},
    design::Design = Design(),
)
    n, d = length(conditions), length(problem)
    check_step(problem, algorithm)
    expression = zeros(Float32, n, d)
    runs = [Condition(effects[k + 1], findall(==(k), conditions)) for k in 0:length(effects) - 1]
    wild, perturbed = ([run for run in part if !isempty(run.rows)] for part in (runs[1:1], runs[2:end]))
    truth = sample_cells!(expression, rng, mode, problem, algorithm, burn_in, wild, perturbed, design)
    all(isfinite, expression) ||
        throw(ArgumentError(
            "the solver left the finite numbers; a smaller time step, weaker interactions or less noise are needed",
        ))
    technology === nothing && return expression, expression, truth
    counts, depths = columns == 1:d ? copy(expression) : expression[:, columns], nothing
    if batches !== nothing
        drawn = DrawnBatchEffects(split(rng, "batches"), batches, conditions, length(columns))
        counts .*= view(drawn.of_gene, drawn.of_cell, :)
        truth.batches .= drawn.of_cell
        depths = drawn.depth
    end
    measure_cells!(counts, split(rng, "measurement"), mode, technology, depths, runs)
    return expression, counts, truth
end

# Fill the rows of `expression`, and say what is known of the cells.
function sample_cells!(expression, rng, ::IndependentCells, problem, algorithm, burn_in, wild, perturbed, design)
    return physical!(expression, split(rng, "cells"), problem, algorithm, burn_in, [wild; perturbed], design)
end

function sample_cells!(expression, rng, ::SergioSampling, problem, algorithm, burn_in, wild, perturbed, design)
    n, d = size(expression)
    check_compatible(problem, [run.effects for run in [wild; perturbed]], design)
    types = ones(Int, n)
    compatible!(expression, types, problem, algorithm, split(rng, "wild") => wild, split(rng, "perturbed") => perturbed)
    return CellTruth(types, ones(Int, n), trues(n, d), zeros(Float32, n), zeros(Float32, n, 0), zeros(Float32, 0, d, 0), true)
end

# One experiment, or one for each run.
measure_cells!(counts, rng, ::IndependentCells, technology, depths, runs) = measure!(counts, rng, technology, depths)
function measure_cells!(counts, rng, ::SergioSampling, technology, depths, runs)
    for (k, run) in enumerate(runs)
        isempty(run.rows) && continue
        own = depths === nothing ? nothing : depths[run.rows]
        counts[run.rows, :] = measure!(counts[run.rows, :], split(rng, k), technology, own)
    end
end

# With steps above 1/λ expression swings around its mean instead of decaying, and above 2/λ ever further.
function check_step(problem::GRNProblem, algorithm::EulerMaruyama)
    fastest = reduce(max, problem.decay; init = 0.0f0)
    fastest * algorithm.dt <= 1.0f0 ||
        throw(ArgumentError(
            "the time step $(algorithm.dt) is too long for the decay $fastest: at most 1/decay = $(1 / fastest) is expected",
        ))
end

# What only the mode physical can do.
function check_compatible(problem::GRNProblem, effects::Vector{Effects}, design::Design)
    needs(what) = throw(ArgumentError("$what needs the mode \"physical\""))
    regulated = .!isempty.(problem.regulators)
    any(>(0), problem.basal[regulated, :]) && needs("basal production (a leak) of regulated genes")
    all(logic -> logic isa SumLogic, problem.logic) || needs("a logic other than the sum")
    all(values -> all(isnan, values), problem.half_response) || needs("a half-response of one's own")
    all(values -> all(isone, values), problem.half_factor) || needs("a half_factor")
    length(unique!(reduce(vcat, problem.hill; init = Float32[]))) <= 1 || needs("a Hill coefficient that differs between edges")
    any(e -> any(>(0), e.added), effects) && needs("CRISPR activation, which adds to the production,")
    any(e -> any(>(0), e.failing), effects) && needs("a perturbation that fails in some cells")
    isempty(design.saveat) || needs("saveat")
    isempty(design.programmes) || needs("a hidden programme")
    isempty(design.lineage) || needs("a lineage")
end

"""
    trajectory(problem, algorithm; steps, perturbation=Perturbation(), cell_type=1, seed=0)::Matrix{Float32}

Expression of one cell, gene × step, from the deterministic steady state of the wild type on; the perturbation acts from the first step. For several
cells, and times instead of steps, see `saveat` of [`solve`](@ref).

```julia
problem = GRNProblem(Network(["crp" => "lacZ"]; signs=[1]); basal=2.0, interaction=4.0)
trajectory(problem, EulerMaruyama(0.01); steps=1000)       # 2 × 1000
```
"""
function trajectory(
    problem::GRNProblem,
    algorithm::EulerMaruyama;
    steps::Integer,
    perturbation::Perturbation = Perturbation(),
    cell_type::Integer = 1,
    seed::Seed = 0,
)
    1 <= cell_type <= cell_types(problem) ||
        throw(ArgumentError("there is no cell type $cell_type; there are $(cell_types(problem))"))
    steps >= 0 || throw(ArgumentError("steps must be at least 0, got $steps"))
    check_step(problem, algorithm)
    kinetics = Kinetics(problem)
    wild, _ = steady_state(problem, kinetics)
    effects = Effects(problem.names, perturbation)
    worked = BitMatrix(reshape([e == 0 || uniform(Stream(seed, k, "failing")) >= e for (k, e) in enumerate(effects.failing)], 1, :))
    means = inverses(kinetics, means_of_types(wild))
    experiment = Experiment(problem, kinetics, means, [effects], [wild], wild, DrawnProgramme[], worked)
    block, rng = Block(LANES, length(problem), length(kinetics.source)), Stream(seed, 0, "trajectory")
    cell = Cell(1, 1, Int(cell_type), (1, Int(cell_type)), -1)
    start!(block, 1, cell, experiment)
    found = Matrix{Float32}(undef, length(problem), steps)
    advance!(block, rng, experiment, [cell], algorithm, max(steps - 1, 0)) do t
        t < steps && (found[:, t + 1] = view(block.state, 1, :))
    end
    return found
end

# f(1), ..., f(count) on all threads, each of which takes the next number when it is free; the first failure is thrown as it is.
function in_threads(f, count::Int)
    check_interrupt()
    count == 1 && return (f(1); nothing)
    failures, next = Vector{Any}(nothing, count), Threads.Atomic{Int}(1)
    Threads.@threads for _ in 1:min(count, Threads.nthreads())
        while (k = Threads.atomic_add!(next, 1)) <= count
            try
                check_interrupt()
                f(k)
            catch failure
                failures[k] = failure
                failure isa InterruptException && Threads.atomic_xchg!(next, count + 1)
            end
        end
    end
    for failure in failures
        failure === nothing || throw(failure)
    end
end
