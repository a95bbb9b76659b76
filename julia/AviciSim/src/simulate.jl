# A domain and a seed to datasets.

"""
    Dataset

# Fields
- `x`: observations, n × d, Float32; observational rows first.
- `interventions`: n × d; 1 where a variable was set or knocked out.
- `graph`: d × d; `graph[i, j] == 1` means i → j. `nothing` where it is not known, as in a dataset from elsewhere.
- `names`: of the variables.
- `kind`: "values" or "counts".
- `domain`, `seed`, `index`: where it comes from.
"""
struct Dataset
    x::Matrix{Float32}
    interventions::Matrix{UInt8}
    graph::Union{Matrix{UInt8},Nothing}
    names::Vector{String}
    kind::String
    domain::String
    seed::Int
    index::Int
end

function Base.show(io::IO, data::Dataset)
    n, d = size(data.x)
    interventional = count(any(!iszero, row) for row in eachrow(data.interventions))
    print(io, "Dataset of domain $(data.domain): $n rows ($interventional interventional), $d variables, ")
    edges = data.graph === nothing ? "graph unknown" : "$(count(!iszero, data.graph)) edges"
    print(io, "$edges, $(data.kind)")
end

"""
    simulate(domain; d, n_obs, n_int=0, seed=0, index=0, graph=nothing)::Dataset

Simulate one dataset.

# Arguments
- `domain`: a [`Domain`](@ref), the name of a shipped one, or the path of a domain file.
- `d`: number of variables.
- `n_obs`, `n_int`: numbers of observational and interventional rows.
- `seed`, `index`: dataset number `index` of the sequence that belongs to `seed`; the same numbers give the same bytes.
- `graph`: a d × d matrix of 0 and 1 to use instead of a random graph.

Throws an `ArgumentError` if an argument or the domain is not valid.

```julia
data = simulate("grn"; d=30, n_obs=500, n_int=500, seed=1)
```
"""
function simulate(
    domain;
    d::Integer,
    n_obs::Integer,
    n_int::Integer=0,
    seed::Integer=0,
    index::Integer=0,
    graph::Union{Nothing,AbstractMatrix}=nothing,
)
    domain = load_domain(domain)
    check_size(d, n_obs, n_int)
    check_origin(seed, index)
    given = graph === nothing ? nothing : check_graph(graph, d)
    x, interventions, truth = simulate_one(domain, Int(d), Int(n_obs), Int(n_int), seed, index, given)
    prefix = domain.kind == "counts" ? "gene" : "x"
    return Dataset(x, interventions, truth, ["$prefix$j" for j in 1:d], domain.kind, domain.name, seed, index)
end

"""
    simulate_batch(domain, count; d, n_obs, n_int=0, seed=0, first=0)

Simulate the datasets `first` to `first + count - 1` of a seed, on all threads of Julia. Each is the one that [`simulate`](@ref) gives.

Returns x (n × d × count, Float32), interventions (n × d × count) and graph (d × d × count).
"""
function simulate_batch(
    domain,
    count::Integer;
    d::Integer,
    n_obs::Integer,
    n_int::Integer=0,
    seed::Integer=0,
    first::Integer=0,
)
    domain = load_domain(domain)
    check_size(d, n_obs, n_int)
    check_origin(seed, first)
    count >= 1 || throw(ArgumentError("count must be at least 1, got $count"))
    n = Int(n_obs + n_int)
    x = Array{Float32,3}(undef, n, d, count)
    interventions, graph = Array{UInt8,3}(undef, n, d, count), Array{UInt8,3}(undef, d, d, count)
    failures = Vector{Any}(nothing, count)
    Threads.@threads for k in 1:count
        try
            x[:, :, k], interventions[:, :, k], graph[:, :, k] =
                simulate_one(domain, Int(d), Int(n_obs), Int(n_int), seed, first + k - 1, nothing)
        catch failure
            failures[k] = failure
        end
    end
    for failure in failures
        failure === nothing || throw(failure)
    end
    return x, interventions, graph
end

# A dataset's rows, interventions and graph: the same function of its arguments in a batch and alone.
function simulate_one(domain::Domain, d::Int, n_obs::Int, n_int::Int, seed::Integer, index::Integer, given)
    choice = Stream(seed, index, :choice)
    graph_model, mechanism = pick(choice, domain.graphs), pick(choice, domain.mechanisms)
    intervention = pick(choice, domain.interventions)
    graph = given === nothing ? sample_graph(Stream(seed, index, :graph), graph_model, d) : given
    rng = Stream(seed, index, :rows)
    if mechanism isa GRNMechanism
        measurement = pick(choice, domain.measurements)
        targets = sample_targets(split(rng, :targets), intervention.targets, d)
        x, interventions = simulate_grn(rng, mechanism, graph, n_obs, n_int, targets, measurement)
    else
        noise = pick(choice, domain.noises)
        x, interventions = simulate_scm(rng, mechanism, noise, intervention, graph, n_obs, n_int)
    end
    return x, interventions, graph
end

function check_size(d::Integer, n_obs::Integer, n_int::Integer)
    d >= 2 || throw(ArgumentError("d must be at least 2, got $d"))
    n_obs >= 0 || throw(ArgumentError("n_obs must be at least 0, got $n_obs"))
    n_int >= 0 || throw(ArgumentError("n_int must be at least 0, got $n_int"))
    n_obs + n_int >= 1 || throw(ArgumentError("at least one row is needed: n_obs and n_int are both 0"))
end

function check_origin(seed::Integer, index::Integer)
    typemin(Int) <= seed <= typemax(Int) || throw(ArgumentError("seed must be a 64-bit integer, got $seed"))
    0 <= index < typemax(Int) ÷ 2 || throw(ArgumentError("the index of a dataset must be at least 0 and below 2^62, got $index"))
end

function check_graph(graph::AbstractMatrix, d::Integer)
    size(graph) == (d, d) || throw(ArgumentError("graph must be $d × $d, got $(join(size(graph), " × "))"))
    all(x -> x == 0 || x == 1, graph) || throw(ArgumentError("graph must hold only 0 and 1"))
    any(j -> graph[j, j] != 0, 1:d) && throw(ArgumentError("graph has a variable that causes itself"))
    return Matrix{UInt8}(graph)
end
