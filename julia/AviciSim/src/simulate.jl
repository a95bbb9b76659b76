# A domain and a seed to datasets.

"""
    simulate(domain; d, n_obs, n_int=0, seed=0, index=0, graph=nothing)::Dataset

Simulate one dataset.

# Arguments
- `domain`: a [`Domain`](@ref), the name of a shipped one, or the path of a domain file.
- `d`: number of variables; not needed with `graph`.
- `n_obs`, `n_int`: numbers of observational and interventional rows.
- `seed`, `index`: dataset number `index` of the sequence that belongs to `seed`; the same numbers give the same bytes.
- `graph`: used instead of a random graph: a [`Network`](@ref), a d × d adjacency matrix, or the path of an edge list (see
  [`load_network`](@ref)).

Throws an `ArgumentError` if an argument or the domain is not valid, or if the simulation overflows.

```julia
data = simulate("grn"; d=30, n_obs=500, n_int=500, seed=1)
```
"""
function simulate(
    domain;
    d::Union{Nothing, Integer} = nothing,
    n_obs::Integer,
    n_int::Integer = 0,
    seed::Integer = 0,
    index::Integer = 0,
    graph::Union{Nothing, AbstractMatrix, Network, AbstractString} = nothing,
)
    domain = load_domain(domain)
    given = graph === nothing ? nothing : check_graph(graph)
    d === nothing && given === nothing && throw(ArgumentError("d, the number of variables, is missing"))
    d = d === nothing ? length(given) : d
    given === nothing || length(given) == d || throw(ArgumentError("graph must be $d × $d, got $(length(given)) variables"))
    check_size(d, n_obs, n_int)
    check_origin(seed, index)
    x, interventions = Matrix{Float32}(undef, n_obs + n_int, d), Matrix{UInt8}(undef, n_obs + n_int, d)
    graph, truth = Base.invokelatest(simulate_one!, x, interventions, domain, Int(n_obs), seed, index, given)
    names = graph isa Network ? graph.names : default_names(domain, d)
    origin = (names = names, kind = domain.kind, domain = domain.name, seed = seed, index = index)
    return Dataset(x, interventions, adjacency(graph); origin..., truth...)
end

"""
    simulate_batch(domain, count; d, n_obs, n_int=0, seed=0, first=0, truth=false)

Simulate the datasets `first` to `first + count - 1` of a seed, on all threads of Julia. Each is the one that [`simulate`](@ref) gives.

Returns a `NamedTuple` of `x` (n × d × count, Float32), `interventions` (n × d × count) and `graph` (d × d × count). With `truth=true`
it goes on with what else is known, the fields of [`Dataset`](@ref) from `batch` to `drawn`, each with the dataset as its last dimension:
0 where a batch, cell type or sign is not known, `NaN` where strengths are not, and `true_interventions` that are the recorded ones
where these are true.

```julia
x, interventions, graph = simulate_batch("linear", 64; d=50, n_obs=200, seed=1)
simulate_batch("linear", 64; d=50, n_obs=200, seed=1, truth=true).signs
```
"""
function simulate_batch(
    domain,
    count::Integer;
    d::Integer,
    n_obs::Integer,
    n_int::Integer = 0,
    seed::Integer = 0,
    first::Integer = 0,
    truth::Bool = false,
)
    domain = load_domain(domain)
    check_size(d, n_obs, n_int)
    check_origin(seed, first)
    count >= 1 || throw(ArgumentError("count must be at least 1, got $count"))
    rows, sizes = Int(n_obs + n_int), (Int(d), Int(count))
    x, interventions, graph = fresh(Float32, rows, sizes...), fresh(UInt8, rows, sizes...), fresh(UInt8, Int(d), sizes...)
    known = Vector{Any}(undef, count)
    in_threads(Int(count)) do k
        drawn, known[k] = Base.invokelatest(
            simulate_one!,
            view(x, :, :, k),
            view(interventions, :, :, k),
            domain,
            Int(n_obs),
            seed,
            first + k - 1,
            nothing,
        )
        graph[:, :, k] = adjacency(drawn)
    end
    made = (x = x, interventions = interventions, graph = graph)
    return truth ? merge(made, stacked(known, interventions)) : made
end

# What is known of several datasets, as arrays with the dataset as their last dimension.
function stacked(known::AbstractVector, interventions::AbstractArray{UInt8, 3})
    n, d, count = size(interventions)
    parts = [spec for spec in TRUTH if spec[1] !== :expression]
    arrays = map(parts) do (name, type, letters)
        unknown = type(name === :strengths ? NaN : 0)
        array = name === :true_interventions ? copy(interventions) : fill(unknown, size_of(letters, n, d)..., count)
        for k in 1:count
            value = get(known[k], name, nothing)
            value === nothing || (selectdim(array, ndims(array), k) .= value)
        end
        array
    end
    return merge(NamedTuple{Tuple(map(Base.first, parts))}(Tuple(arrays)), (drawn = [truth.drawn for truth in known],))
end

default_names(domain::Domain, d) = [(any(m -> last(m) isa GRNMechanism, domain.mechanisms) ? "gene" : "x") * string(j) for j in 1:d]

# Fills a dataset's rows and interventions and returns its graph (a matrix or a network) and, as a NamedTuple of fields of `Dataset`, what
# else is known: the same in a batch and alone.
function simulate_one!(x, interventions, domain::Domain, n_obs::Int, seed::Integer, index::Integer, given)
    d, choice = size(x, 2), Stream(seed, index, "choice")
    graph_model, mechanism = pick(choice, domain.graphs), pick(choice, domain.mechanisms)
    intervention = pick(choice, domain.interventions)
    rng, applied = Stream(seed, index, "rows"), draw_imperfections(domain.imperfections, seed, index)
    parts = Dict{String, Any}("graph" => given === nothing ? type_name(graph_model) : "given", "mechanism" => type_name(mechanism))
    parts["intervention"] = type_name(intervention)
    graph_of(d) = given === nothing ? sample_graph(Stream(seed, index, "graph"), graph_model, d) : given
    if mechanism isa GRNMechanism
        technology, graph = pick(choice, domain.measurements), graph_of(d)
        network = graph isa Network ? graph : Network(graph)
        counts, mask, truth = simulate_grn(rng, mechanism, network, n_obs, size(x, 1) - n_obs, intervention, technology)
        x .= counts
        interventions .= mask
        return graph, merge(truth, (drawn = merge(parts, truth.drawn),))
    end
    noise = pick(choice, domain.noises)
    parts["noise"] = type_name(noise)
    if isempty(applied)
        graph = graph_of(d)
        simulate_scm!(x, interventions, rng, mechanism, noise, intervention, adjacency(graph), n_obs)
        return graph, (drawn = parts,)
    end
    given === nothing || filter!(entry -> !(last(entry) isa LeftOut), applied)
    graph, truth, strengths = simulate_imperfect!(x, interventions, rng, mechanism, noise, intervention, graph_of, n_obs, applied)
    parts["imperfections"] = strengths
    return graph, merge(truth, (drawn = parts,))
end

type_name(part) = string(nameof(typeof(part)))

function check_size(d::Integer, n_obs::Integer, n_int::Integer)
    d >= 1 || throw(ArgumentError("d must be at least 1, got $d"))
    n_obs >= 0 || throw(ArgumentError("n_obs must be at least 0, got $n_obs"))
    n_int >= 0 || throw(ArgumentError("n_int must be at least 0, got $n_int"))
    n_obs + n_int >= 1 || throw(ArgumentError("at least one row is needed: n_obs and n_int are both 0"))
end

function check_origin(seed::Integer, index::Integer)
    typemin(Int) <= seed <= typemax(Int) || throw(ArgumentError("seed must be a 64-bit integer, got $seed"))
    0 <= index < typemax(Int) ÷ 2 || throw(ArgumentError("the index of a dataset must be at least 0 and below 2^62, got $index"))
end

function check_graph(graph)
    network = graph isa AbstractString ? load_network(graph) : graph isa Network ? graph : Network(graph)
    any(edge -> edge[1] == edge[2], network.edges) && throw(ArgumentError("graph has a variable that causes itself"))
    return network
end
