# Whether the order of variances, or of R², gives a graph away.

"""
    sortability(x, graph)
    sortability(data::Dataset)

Var-sortability (Reisach, Seiler and Weichwald, NeurIPS 2021) and R²-sortability (Reisach et al., NeurIPS 2023) as `(variance = ..., r2 = ...)`.

Of all pairs of variables that a directed path leads from one to the other, counted once for every length of such a path, the share in which the
later variable has the larger variance; or the larger R² of a linear regression on all others. Ties count half. At 1 sorting by it gives the causal
order, at 0 the reverse, and at 1/2 it tells nothing.

# Arguments
- `x`: n × d, observational rows; of a dataset those without an intervention and without a missing value are taken.
- `graph`: d × d, acyclic.

`NaN` where there is no edge, where fewer than two rows are left, and for `r2` where there are not more rows than variables.

```julia
data = simulate("linear"; d=20, n_obs=1000, seed=1)
sortability(data).variance    # 0.97: the larger the variance, the later the variable
```
"""
function sortability(x::AbstractMatrix{<:Real}, graph::AbstractMatrix{<:Integer})
    n, d = size(x)
    size(graph) == (d, d) || throw(ArgumentError("graph must be $d × $d, got $(join(size(graph), " × "))"))
    topological_order(graph) === nothing && throw(ArgumentError("sortability needs an acyclic graph; this one has a cycle"))
    n >= 2 || return (variance = NaN, r2 = NaN)
    centred = Float64.(x) .- sum(Float64, x; dims = 1) ./ n
    variance = vec(sum(abs2, centred; dims = 1)) ./ n
    return (variance = share_in_order(variance, graph), r2 = n > d ? share_in_order(explained(centred), graph) : NaN)
end

function sortability(data)
    data.graph === nothing && throw(ArgumentError("the graph of this dataset is not known"))
    rows = [all(iszero, u) && !any(isnan, x) for (u, x) in zip(eachrow(data.interventions), eachrow(data.x))]
    return sortability(data.x[rows, :], data.graph)
end

# R² of every variable given all others: 1 - 1 / (inverse correlation)_jj; of a constant, 0.
function explained(centred)
    spread = sqrt.(vec(sum(abs2, centred; dims = 1)))
    scaled = centred ./ ifelse.(spread .> 0, spread, 1.0)'
    correlation = scaled' * scaled
    for j in axes(correlation, 1)
        correlation[j, j] = 1 + 1.0e-9 # variables that determine each other have an R² just below 1
    end
    return max.(0.0, 1 .- 1 ./ LinearAlgebra.diag(inv(correlation)))
end

# Over all lengths of paths, the pairs from which and to which there is one; ties count half.
function share_in_order(values, graph)
    d = size(graph, 1)
    effects = [findall(!iszero, view(graph, i, :)) for i in 1:d]
    reached = [BitSet(effects[i]) for i in 1:d] # in one step, then two, ...
    pairs, ordered = 0, 0.0
    while !all(isempty, reached)
        for i in 1:d, j in reached[i]
            pairs += 1
            tie = isapprox(values[i], values[j]; rtol = 1.0e-6)
            ordered += tie ? 0.5 : values[i] < values[j]
        end
        reached = [foldl(union!, (reached[k] for k in effects[i]); init = BitSet()) for i in 1:d]
    end
    return pairs == 0 ? NaN : ordered / pairs
end

"""
    print_sortability(io, domains; d=20, n=1000, count=40)

Print a table: the mean [`sortability`](@ref) of `count` datasets of each domain (those whose graphs have edges and no cycles).
"""
function print_sortability(io::IO, domains; d::Integer = 20, n::Integer = 1000, count::Integer = 40)
    foreach(load_domain, domains) # is refused before the table begins
    println(io, "| domain | variance | R² |\n|---|---|---|")
    for domain in domains
        found = Vector{Any}(undef, count)
        in_threads(k -> (found[k] = sortability_of(simulate(domain; d = d, n_obs = n, index = k - 1, truth = false))), count)
        filter!(!isnothing, found)
        println(io, "| `$domain` | $(mean_of(found, :variance)) | $(mean_of(found, :r2)) |")
    end
end

function mean_of(found, key::Symbol)
    values = filter(!isnan, Float64[entry[key] for entry in found])
    isempty(values) && return "-"
    digits = lpad(round(Int, 100 * ordered_sum(values) / length(values)), 3, '0')
    return digits[1:end - 2] * "." * digits[end - 1:end]
end

sortability_of(data) = topological_order(data.graph) === nothing ? nothing : sortability(data)
