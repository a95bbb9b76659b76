# SERGIO's own input files (Dibaeinia and Sinha, Cell Systems 2020), written from the description of their format.

"""
    load_sergio(targets, regulators; hill=nothing, changes...)::GRNProblem

A gene network from the two input files of SERGIO, such as `Interaction_cID_4.txt` and `Regs_cID_4.txt`: numbers separated by commas,

    targets      target gene, number n of its regulators, the n regulators, their n strengths K (negative: represses), their n Hill coefficients
    regulators   master regulator, its production in every cell type

`hill` is one Hill coefficient for all edges, as SERGIO's `shared_coop_state`; the files' own are then not needed. A gene is named by its
number. `changes` are further arguments of [`GRNProblem`](@ref), such as `decay`, `noise_scale` and `noise`.

Throws an `ArgumentError` that names file and line where something is missing or does not fit.

```julia
problem = load_sergio("Interaction_cID_4.txt", "Regs_cID_4.txt"; hill=2.0)
solve(problem, EulerMaruyama(0.01); cells=300, mode=:compatible)
```
"""
function load_sergio(targets::AbstractString, regulators::AbstractString; hill = nothing, changes...)
    edges, strengths, coefficients = Pair{String, String}[], Float64[], Float64[]
    regulated = Set{String}()
    for (where, numbers) in sergio_lines(targets)
        n = length(numbers) >= 2 ? numbers[2] : 0.0
        isinteger(n) && n >= 1 || refuse(where, "a target, the number of its regulators (1 or more) and these are expected")
        n = Int(n)
        least, most = 2 + 2n, 2 + 3n
        length(numbers) == most ||
            (hill !== nothing && length(numbers) == least) ||
            refuse(where, "$most numbers are expected for $n regulators, got $(length(numbers))")
        target = gene_name(numbers[1], where)
        target in regulated && refuse(where, "the target $target is there twice")
        push!(regulated, target)
        for k in 1:n
            push!(edges, gene_name(numbers[2 + k], where) => target)
            push!(strengths, numbers[2 + n + k])
            push!(coefficients, hill === nothing ? numbers[2 + 2n + k] : Float64(hill))
        end
    end
    productions = Dict{String, Vector{Float64}}()
    for (where, numbers) in sergio_lines(regulators)
        gene = gene_name(numbers[1], where)
        length(numbers) >= 2 || refuse(where, "a master regulator and its production in every cell type are expected")
        gene in regulated && refuse(where, "gene $gene is a target in $targets, and cannot be a master regulator")
        haskey(productions, gene) && refuse(where, "gene $gene is there twice")
        types = isempty(productions) ? length(numbers) - 1 : length(first(productions)[2])
        length(numbers) == types + 1 || refuse(where, "the production in $types cell types is expected, got $(length(numbers) - 1)")
        productions[gene] = numbers[2:end]
    end
    names = sort!(unique!([collect(keys(productions)); [name for edge in edges for name in edge]]); by = name -> parse(Int, name))
    missing_ones = [name for name in names if !(name in regulated) && !haskey(productions, name)]
    isempty(missing_ones) || refuse(regulators, "the production of the master regulators $(listed(missing_ones)) is missing")
    position = Dict(name => k for (k, name) in enumerate(names))
    basal = zeros(length(names), length(first(productions)[2]))
    foreach(entry -> basal[position[first(entry)], :] = last(entry), collect(productions))
    pairs = [(position[first(edge)], position[last(edge)]) for edge in edges]
    allunique(pairs) || refuse(targets, "a regulator of gene $(names[last(first_repeated(pairs))]) is there twice")
    network = Network(names, pairs, [k < 0 ? -1 : 1 for k in strengths])
    return GRNProblem(network; basal = basal, interaction = abs.(strengths), hill = coefficients, changes...)
end

gene_name(number::Float64, where) = isinteger(number) && 0 <= number < 1.0e9 ?
    string(Int(number)) :
    refuse(where, "the number of a gene is expected, got $number")

# The numbers of every line that is not empty, with where they are.
function sergio_lines(path::AbstractString)
    isfile(path) || throw(ArgumentError("there is no file $path"))
    found = Pair{String, Vector{Float64}}[]
    for (number, line) in enumerate(eachline(path))
        isempty(strip(line)) && continue
        numbers = [tryparse(Float64, strip(field)) for field in Base.split(line, ','; keepempty = false)]
        where = "$path: line $number"
        any(isnothing, numbers) || !all(isfinite, numbers) ? refuse(where, "numbers separated by commas are expected") : nothing
        push!(found, where => Float64.(numbers))
    end
    isempty(found) && refuse(path, "there is no line in this file")
    return found
end
