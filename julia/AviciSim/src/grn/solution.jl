# What comes out of `solve`: cells, what was done to them, and what is known of each.

"""
    GRNSolution

Cells of a [`GRNProblem`](@ref).

# Fields
- `problem`, `perturbations`: what was solved.
- `names`: of the genes in the table.
- `expression`: cells × genes in the table, without technical noise.
- `counts`: the same as a technology measures it; `nothing` if none was given.
- `cell_types`: of every cell.
- `conditions`: of every cell, 0 for the wild type, else the position of its perturbation; see [`labels`](@ref).
- `batches`: of every cell, from 1 on.
- `times`, `path`: what `saveat` said, and the expression then, cells × genes in the table × times (empty without `saveat`).
- `pseudotime`: of every cell, with a `lineage`: the time since it left the first cell type, in units of 1/decay = 1 (else 0).
- `programmes`: cells × hidden programmes, the cells' phases (in turns) or scores.
- `worked`: cells × all genes of the problem; false where the perturbation of a gene did nothing in a cell.
- `steady`: whether the wild type has a steady state. Where it oscillates, half-responses are means over time.

```julia
problem = GRNProblem(Network(["crp" => "lacZ"]; signs=[1]); basal=2.0, interaction=4.0)
solution = AviciSim.solve(problem, EulerMaruyama(0.01); cells=10, perturbations=[knockout("crp")])
solution.expression, solution.conditions
```
"""
struct GRNSolution
    problem::GRNProblem
    perturbations::Vector{Perturbation}
    names::Vector{String}
    expression::Matrix{Float32}
    counts::Union{Matrix{Float32}, Nothing}
    cell_types::Vector{Int}
    conditions::Vector{Int}
    batches::Vector{Int}
    times::Vector{Float64}
    path::Array{Float32, 3}
    pseudotime::Vector{Float32}
    programmes::Matrix{Float32}
    worked::BitMatrix
    steady::Bool
end

Base.show(io::IO, solution::GRNSolution) = print(
    io,
    "GRNSolution of $(size(solution.expression, 1)) cells and $(size(solution.expression, 2)) genes, ",
    "$(count(!iszero, solution.conditions)) of the cells perturbed",
)

function Base.show(io::IO, ::MIME"text/plain", solution::GRNSolution)
    show(io, solution)
    print(io, "\n  genes       ", listed(solution.names))
    hidden = length(solution.problem) - length(solution.names)
    hidden > 0 && print(io, "; $hidden more are not in the table")
    for (k, label) in enumerate(unique(labels(solution)))
        k <= 8 || (print(io, "\n  ..."); break)
        print(io, "\n  ", rpad(label, 12), count(==(label), labels(solution)), " cells")
    end
    types = reduce(max, solution.cell_types; init = 1)
    types > 1 && print(io, "\n  cell types  ", types)
    reduce(max, solution.batches; init = 1) > 1 && print(io, "\n  batches     ", maximum(solution.batches))
    isempty(solution.times) || print(io, "\n  path        at the times ", listed(solution.times))
    solution.counts === nothing ||
        print(io, "\n  counts      ", round(Int, ordered_sum(solution.counts) / size(solution.counts, 1)), " per cell")
    solution.steady || print(io, "\n  the wild type oscillates: its half-responses are means over time")
end

"""
    labels(solution)::Vector{String}

What was done to every cell: "control", or the names of its genes as in "crp+lacI", also of genes that are not in the table.

```julia
problem = GRNProblem(Network(["crp" => "lacZ"]; signs=[1]); basal=2.0, interaction=4.0)
labels(AviciSim.solve(problem, EulerMaruyama(0.01); cells=1, perturbations=[knockout("crp")]))      # ["control", "crp"]
```
"""
function labels(solution::GRNSolution)
    names = solution.problem.names
    of_condition = [join((names[position_of(names, e.gene)] for e in p.effects), "+") for p in solution.perturbations]
    return [k == 0 ? "control" : of_condition[k] for k in solution.conditions]
end

"""
    interventions(solution; worked=false)::Matrix{UInt8}

Cells × genes in the table; 1 where a gene was perturbed, as the label says, or, with `worked`, where that did something: not in cells that escaped.

```julia
problem = GRNProblem(Network(["crp" => "lacZ"]; signs=[1]); basal=2.0, interaction=4.0)
interventions(AviciSim.solve(problem, EulerMaruyama(0.01); cells=2, perturbations=[knockout("crp")]))      # 4 × 2
```
"""
function interventions(solution::GRNSolution; worked::Bool = false)
    all_names, columns = solution.problem.names, Dict(name => k for (k, name) in enumerate(solution.names))
    mask = zeros(UInt8, size(solution.expression))
    for (cell, k) in enumerate(solution.conditions)
        k == 0 && continue
        for effect in solution.perturbations[k].effects
            gene = position_of(all_names, effect.gene)
            column = get(columns, all_names[gene], 0)
            column > 0 && (!worked || solution.worked[cell, gene]) && (mask[cell, column] = 1)
        end
    end
    return mask
end
