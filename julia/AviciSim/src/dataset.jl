# A dataset: observations, interventions, and as much as is known of what made them.

"""
    Dataset

# Fields
- `x`: observations, n × d, Float32; observational rows first. `NaN` where a value is missing.
- `interventions`: n × d; 1 where a variable was set or its production changed, as the experiment's record says.
- `graph`: d × d; `graph[i, j] == 1` means i → j. `nothing` where it is not known, as in a dataset from elsewhere.
- `names`: of the variables.
- `kind`: "values" or "counts".
- `domain`, `seed`, `index`: where it comes from.

Each of the next is `nothing` where it is not known or there is no such thing.

- `expression`: of gene networks, the expression without technical noise, n × d.
- `batch`: of every row, the number of its batch, from 1 on (0: not known).
- `cell_types`: of every row, the number of its cell type, from 1 on.
- `signs`: d × d; 1 where a cause raises its effect, -1 where it lowers it, 0 where there is no edge or the effect is not monotone.
- `strengths`: d × d, Float32; how strong the effect of each edge is, 0 where there is none.
- `confounded`: d × d, symmetric; 1 where a variable outside the table is a common cause of two inside.
- `true_interventions`: n × d; the interventions that took place, where they are not those of the record.
- `drawn`: what the domain drew: a `Dict` from names such as "mechanism", "noise", "mode" or "imperfections" to texts, numbers,
  lists and further `Dict`s.

```julia
data = simulate("grn"; d=10, n_obs=50, n_int=50, seed=1)
data.x, data.graph, data.drawn["mode"]
```
"""
struct Dataset
    x::Matrix{Float32}
    interventions::Matrix{UInt8}
    graph::Union{Matrix{UInt8}, Nothing}
    names::Vector{String}
    kind::String
    domain::String
    seed::Int
    index::Int
    expression::Union{Matrix{Float32}, Nothing}
    batch::Union{Vector{Int32}, Nothing}
    cell_types::Union{Vector{Int32}, Nothing}
    signs::Union{Matrix{Int8}, Nothing}
    strengths::Union{Matrix{Float32}, Nothing}
    confounded::Union{Matrix{UInt8}, Nothing}
    true_interventions::Union{Matrix{UInt8}, Nothing}
    drawn::Dict{String, Any}
end

"What may be known of a dataset beyond its graph: name, type of its numbers, and the letters of its size (n rows, d variables)."
const TRUTH = (
    (:expression, Float32, "nd"),
    (:batch, Int32, "n"),
    (:cell_types, Int32, "n"),
    (:signs, Int8, "dd"),
    (:strengths, Float32, "dd"),
    (:confounded, UInt8, "dd"),
    (:true_interventions, UInt8, "nd"),
)

size_of(letters::AbstractString, n::Int, d::Int) = Tuple(letter == 'n' ? n : d for letter in letters)

"""
    Dataset(x, interventions, graph=nothing; names, kind="values", domain="", seed=0, index=0, drawn=Dict(), truth...)

`truth` are the optional fields by name, as in `batch=[1, 1, 2]`.

Throws an `ArgumentError` if something does not fit together.
"""
function Dataset(
    x::AbstractMatrix,
    interventions::AbstractMatrix,
    graph = nothing;
    names::AbstractVector = ["x$j" for j in 1:size(x, 2)],
    kind::AbstractString = "values",
    domain::AbstractString = "",
    seed::Integer = 0,
    index::Integer = 0,
    drawn::AbstractDict = Dict{String, Any}(),
    truth...,
)
    n, d = size(x)
    size(interventions) == (n, d) || throw(ArgumentError("interventions must be $n × $d like x, got $(by(interventions))"))
    graph === nothing || size(graph) == (d, d) || throw(ArgumentError("graph must be $d × $d, got $(by(graph))"))
    length(names) == d || throw(ArgumentError("$d names are expected, one for each variable; got $(length(names))"))
    for name in keys(truth)
        any(known -> first(known) === name, TRUTH) || throw(ArgumentError("a dataset has no $name"))
    end
    known = map(TRUTH) do (name, type, letters)
        value = get(truth, name, nothing)
        value === nothing && return nothing
        size(value) == size_of(letters, n, d) ||
            throw(ArgumentError("$name must be $(join(size_of(letters, n, d), " × ")), got $(by(value))"))
        return converted(type, value, name)
    end
    return Dataset(x, interventions, graph, names, kind, domain, seed, index, known..., drawn)
end

converted(::Type{T}, value::Array{T}, name) where {T} = value
function converted(::Type{T}, value, name) where {T}
    T <: Integer &&
        !all(v -> isinteger(v) && typemin(T) <= v <= typemax(T), value) &&
        throw(ArgumentError("$name must hold whole numbers from $(typemin(T)) to $(typemax(T))"))
    return Array{T}(value)
end

by(array) = join(size(array), " × ")

function Base.show(io::IO, data::Dataset)
    n, d = size(data.x)
    interventional = count(any(!iszero, row) for row in eachrow(data.interventions))
    print(io, "Dataset of domain $(data.domain): $n rows ($interventional interventional), $d variables, ")
    edges = data.graph === nothing ? "graph unknown" : "$(count(!iszero, data.graph)) edges"
    print(io, "$edges, $(data.kind)")
    for imperfection in get(data.drawn, "imperfections", [])
        print(io, ", ", imperfection["model"])
    end
end
