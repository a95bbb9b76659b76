# From a problem and an algorithm to cells.

"""
    GRNSolution

Cells of a [`GRNProblem`](@ref).

# Fields
- `problem`, `perturbations`: what was solved.
- `expression`: cells × genes, without technical noise.
- `counts`: the same as a technology measures it; `nothing` if none was given.
- `cell_types`: of every cell.
- `conditions`: of every cell, 0 for the wild type, else the position of its perturbation.
"""
struct GRNSolution
    problem::GRNProblem
    perturbations::Vector{Perturbation}
    expression::Matrix{Float32}
    counts::Union{Matrix{Float32}, Nothing}
    cell_types::Vector{Int}
    conditions::Vector{Int}
end

Base.show(io::IO, solution::GRNSolution) = print(
    io,
    "GRNSolution of $(size(solution.expression, 1)) cells and $(size(solution.expression, 2)) genes, ",
    "$(count(!iszero, solution.conditions)) of the cells perturbed",
)

"""
    interventions(solution)::Matrix{UInt8}

Cells × genes; 1 where a gene was perturbed.
"""
function interventions(solution::GRNSolution)
    mask = zeros(UInt8, size(solution.expression))
    for (cell, k) in enumerate(solution.conditions)
        k == 0 && continue
        for (gene, _) in solution.perturbations[k].factors
            mask[cell, position_of(solution.problem, gene)] = 1
        end
    end
    return mask
end

"""
    solve(problem::GRNProblem, algorithm::EulerMaruyama; cells, perturbations=[], cells_each=cells, mode=:physical, burn_in=5.0,
          technology=nothing, seed=0)::GRNSolution

Simulate `cells` wild-type cells and `cells_each` of every perturbation, spread evenly over the cell types, on all threads.

# Arguments
- `mode`: `:physical` is what a biologist means: a regulator's half-response is a constant, its mean over the cell types of the wild type
  (in the deterministic steady state); all genes advance together, so feedback is allowed; every cell is a trajectory of its own, read
  after `burn_in` relaxation times 1/λ; the experiment has one technical noise. `:compatible` samples as SERGIO and AVICI do, so that
  results compare with theirs: the half-response is the mean expression in the same run, so a perturbation hides part of its
  own effect; genes are simulated level by level, regulators first, for 15·S + 10·level steps from the deterministic steady state, and the S
  cells of a type are draws, with replacement, from the last 15·S steps of one trajectory; every run has technical noise of its own. It
  needs an acyclic network.
- `technology`: a [`TechnicalNoise`](@ref) or the name of one of its profiles.
- `seed`: the same seed gives the same bytes on any number of threads.

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
    perturbations::AbstractVector{Perturbation} = Perturbation[],
    cells_each::Integer = cells,
    mode::Symbol = :physical,
    burn_in::Real = 5.0,
    technology = nothing,
    seed::Integer = 0,
)
    cells >= 0 && cells_each >= 0 || throw(ArgumentError("numbers of cells must be at least 0, got $cells and $cells_each"))
    mode in (:physical, :compatible) || throw(ArgumentError("mode must be physical or compatible, got $mode"))
    burn_in > 0 || throw(ArgumentError("burn_in must be positive, got $burn_in"))
    technology isa AbstractString && (technology = profile(technology))
    all_factors = [ones(Float32, length(problem)), (factors(problem, p) for p in perturbations)...]
    conditions = vcat(zeros(Int, cells), repeat(1:length(perturbations); inner = cells_each))
    expression, counts, types = solve_conditions(
        Stream(seed, 0, "solve"),
        problem,
        algorithm,
        all_factors,
        conditions,
        mode,
        burn_in,
        technology,
    )
    return GRNSolution(problem, collect(perturbations), expression, technology === nothing ? nothing : counts, types, conditions)
end

# Cells of the conditions (0: wild type), whose factors on production are all_factors[condition + 1].
function solve_conditions(
    rng::Stream,
    problem::GRNProblem,
    algorithm,
    all_factors,
    conditions::Vector{Int},
    mode::Symbol,
    burn_in,
    technology,
)
    n, d = length(conditions), length(problem)
    expression, types = zeros(Float32, n, d), ones(Int, n)
    runs = [Condition(all_factors[k + 1], findall(==(k), conditions)) for k in 0:length(all_factors) - 1]
    wild, perturbed = ([run for run in part if !isempty(run.rows)] for part in (runs[1:1], runs[2:end]))
    if mode === :compatible
        groups = (split(rng, "wild") => wild, split(rng, "perturbed") => perturbed)
        compatible!(expression, types, problem, algorithm, groups...)
    else
        physical!(expression, types, split(rng, "cells"), problem, algorithm, burn_in, [wild; perturbed])
    end
    all(isfinite, expression) ||
        throw(ArgumentError(
            "the solver left the finite numbers; a smaller time step, weaker interactions or less noise are needed",
        ))
    technology === nothing && return expression, expression, types
    if mode === :compatible
        counts = similar(expression)
        for (k, run) in enumerate(runs)
            isempty(run.rows) && continue
            counts[run.rows, :] = measure!(expression[run.rows, :], split(split(rng, "measurement"), k), technology)
        end
    else
        counts = measure!(copy(expression), split(rng, "measurement"), technology)
    end
    return expression, counts, types
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
