# A domain and a seed to datasets.

"""
    simulate(domain; d, n_obs, n_int=0, seed=0, index=0, graph=nothing, truth=true)::Dataset

Simulate one dataset.

# Arguments
- `domain`: a [`Domain`](@ref), the name of a shipped one, or the path of a domain file.
- `d`: number of variables; not needed with `graph`.
- `n_obs`, `n_int`: numbers of observational and interventional rows.
- `seed`, `index`: dataset number `index` of the sequence that belongs to `seed`; the same numbers give the same bytes. With a generator (an `AbstractRNG`) as `seed`, one is
  drawn from it, and the dataset says which.
- `graph`: used instead of a random graph: a [`Network`](@ref), a d × d adjacency matrix, pairs `cause => effect`, or the path of an edge list (see
  [`load_network`](@ref)). Of the domain's mechanisms only those are drawn that can simulate it: cycles and self-loops need the mechanism grn in
  the mode physical, or [`acyclic`](@ref). A self-loop acts, but the dataset's graph is without it. Signs are used by genes, and refused by
  other mechanisms.
- `truth`: whether signs and strengths of effects are found, which evaluates a structural causal model again for every edge.

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
    seed::Seed = 0,
    index::Integer = 0,
    graph = nothing,
    truth::Bool = true,
)
    domain = load_domain(domain)
    given = graph === nothing ? nothing : as_network(graph)
    d === nothing && given === nothing && throw(ArgumentError("d, the number of variables, is missing"))
    d = d === nothing ? length(given) : d
    given === nothing || length(given) == d || throw(ArgumentError("graph must be $d × $d, got $(length(given)) variables"))
    check_size(d, n_obs, n_int)
    seed = seed_of(seed)
    check_origin(seed, index)
    x, interventions = Matrix{Float32}(undef, n_obs + n_int, d), Matrix{UInt8}(undef, n_obs + n_int, d)
    graph, known = Base.invokelatest(simulate_one!, x, interventions, domain, Int(n_obs), seed, index, given, truth)
    names = graph isa Network ? graph.names : default_names(domain, d)
    origin = (names = names, kind = domain.kind, domain = domain.name, seed = seed, index = index)
    return Dataset(x, interventions, adjacency(graph); origin..., known...)
end

"""
    simulate_batch(domain, count; d, n_obs, n_int=0, seed=0, first=0, truth=false, into=nothing)

Simulate the datasets `first` to `first + count - 1` of a seed, on all threads of Julia. Each is the one that [`simulate`](@ref) gives.

Returns a `NamedTuple` of `x` (n × d × count, Float32), `interventions` (n × d × count) and `graph` (d × d × count). With `truth=true`
it goes on with what else is known, the fields of [`Dataset`](@ref) from `batch` to `drawn`, each with the dataset as its last dimension:
0 where a batch, cell type or sign is not known, `NaN` where strengths are not, and `true_interventions` that are the recorded ones
where these are true.

With `into`, an earlier batch of the same sizes, its `x`, `interventions` and `graph` are filled again: of quick domains, finding fresh memory takes longer than
the numbers do.

```julia
batch = simulate_batch("linear", 64; d=50, n_obs=200, seed=1)
x, interventions, graph = batch
simulate_batch("linear", 64; d=50, n_obs=200, seed=2, into=batch).x === x
simulate_batch("linear", 64; d=50, n_obs=200, seed=1, truth=true).signs
```
"""
function simulate_batch(
    domain,
    count::Integer;
    d::Integer,
    n_obs::Integer,
    n_int::Integer = 0,
    seed::Seed = 0,
    first::Integer = 0,
    truth::Bool = false,
    into::Union{Nothing, NamedTuple} = nothing,
)
    domain = load_domain(domain)
    check_size(d, n_obs, n_int)
    seed = seed_of(seed)
    check_origin(seed, first)
    count >= 1 || throw(ArgumentError("count must be at least 1, got $count"))
    rows, sizes = Int(n_obs + n_int), (Int(d), Int(count))
    x, interventions, graph = into === nothing ?
        (fresh(Float32, rows, sizes...), fresh(UInt8, rows, sizes...), fresh(UInt8, Int(d), sizes...)) :
        filled_again(into, rows, sizes)
    known = Vector{Any}(undef, count)
    in_threads(Int(count)) do k
        drawn, known[k] = GC.@preserve x interventions Base.invokelatest(
            simulate_one!,
            page(x, k),
            page(interventions, k),
            domain,
            Int(n_obs),
            seed,
            first + k - 1,
            nothing,
            truth,
        )
        graph[:, :, k] = adjacency(drawn)
    end
    made = (x = x, interventions = interventions, graph = graph)
    return truth ? merge(made, stacked(known, interventions)) : made
end

function filled_again(batch::NamedTuple, rows::Int, (d, count)::Tuple{Int, Int})
    found = Tuple(get(batch, name, nothing) for name in (:x, :interventions, :graph))
    found isa Tuple{Array{Float32, 3}, Array{UInt8, 3}, Array{UInt8, 3}} &&
        map(size, found) == ((rows, d, count), (rows, d, count), (d, d, count)) ||
        throw(ArgumentError("into must be a batch of $count datasets with $rows rows and $d variables"))
    return found
end

# Matrix number k of an array, as a matrix and not a view: everything is compiled once for datasets alone and in batches. The array must be preserved.
# fatou-ignore discouraged-function: a view is a type of its own, for which everything would be compiled again
page(array::Array{<:Any, 3}, k::Int) = unsafe_wrap(Array, pointer(array, 1 + (k - 1) * stride(array, 3)), size(array)[1:2])

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
function simulate_one!(x, interventions, domain::Domain, n_obs::Int, seed::Integer, index::Integer, given, truth::Bool)
    d, choice = size(x, 2), Stream(seed, index, "choice")
    graph_model, mechanism = pick(choice, domain.graphs), pick(choice, domain.mechanisms)
    intervention = pick(choice, domain.interventions)
    rng, applied = Stream(seed, index, "rows"), draw_imperfections(domain.imperfections, seed, index)
    parts = Dict{String, Any}(
        "graph" => given === nothing ? type_name(graph_model) : "given",
        "intervention" => type_name(intervention),
    )
    graph_of(d) = given === nothing ? as_graph(sample_graph(Stream(seed, index, "graph"), graph_model, d), d) : given
    again = Stream(seed, index, "choice again")
    if mechanism isa GRNMechanism
        hidden = given === nothing ? unmeasured_genes(Stream(seed, index, "unmeasured"), intervention, d) : 0
        genes = d + min(hidden, max(0, most_variables(graph_model) - d))
        graph = graph_of(genes)
        mechanism, intervention = able(again, domain, graph, mechanism, intervention)
        parts["mechanism"] = type_name(mechanism)
        assay = pick(choice, domain.measurements)
        network = graph isa Network ? graph : Network(graph; names = ["gene$j" for j in 1:genes])
        errors = isempty(applied) ? nothing : first(applied)
        counts, mask, known = simulate_grn(rng, mechanism, network, n_obs, size(x, 1) - n_obs, intervention, assay, d, errors)
        x .= counts
        interventions .= mask
        known = merge(known, (drawn = merge(parts, known.drawn),))
        genes > d && return marginal(network, d, known)
        return graph isa Network ? without_loops(graph) : graph, known
    end
    if given !== nothing
        mechanism, _ = able(again, domain, given, mechanism, intervention)
        any(!iszero, given.signs) &&
            throw(ArgumentError(
                "the graph has signs, which the domain $(domain.name) cannot use: only genes can. Leave them out, as in abs.(matrix) or " *
                    "Network(network.names, network.edges)",
            ))
    end
    noise = pick(choice, domain.noises)
    parts["mechanism"], parts["noise"] = type_name(mechanism), type_name(noise)
    if isempty(applied)
        graph, effects = graph_of(d), truth ? EdgeEffects(d) : nothing
        options = (effects = effects, feedback = !domain.acyclic)
        simulate_scm!(x, interventions, rng, mechanism, noise, intervention, adjacency(graph), n_obs; options...)
        return graph, merge(known_effects(effects), (drawn = parts,))
    end
    given === nothing || filter!(entry -> !(last(entry) isa LeftOut), applied)
    model = (mechanism, noise, intervention)
    graph, known, strengths = simulate_imperfect!(x, interventions, rng, model, graph_of, n_obs, applied, truth, !domain.acyclic)
    parts["imperfections"] = strengths
    return graph, merge(known, (drawn = parts,))
end

# What was drawn, or, where it cannot simulate the graph, or not together, something else of the domain that can.
function able(rng::Stream, domain::Domain, graph, mechanism, intervention)
    can_do(m) = allows_feedback(m) ||
        (m isa Mechanism && !domain.acyclic && !any(k -> adjacency(graph)[k, k] != 0, 1:length(graph)))
    if topological_order(adjacency(graph)) === nothing && !can_do(mechanism)
        can = [entry for entry in domain.mechanisms if can_do(last(entry))]
        isempty(can) && throw(ArgumentError(cyclic_message(domain, adjacency(graph))))
        mechanism = pick(rng, can)
    end
    if mechanism isa GRNMechanism && mechanism.mode isa SergioSampling && needs_physical(intervention)
        intervention = pick(rng, [entry for entry in domain.interventions if !needs_physical(last(entry))])
    end
    return mechanism, intervention
end

function cyclic_message(domain::Domain, graph)
    loops = count(k -> graph[k, k] != 0, axes(graph, 1))
    what = loops == 0 ? "a cycle" : loops == 1 ? "a variable that causes itself" : "$loops variables that cause themselves"
    return "the graph has $what, which the domain $(domain.name) cannot simulate; the mechanism grn in the mode \"physical\" (as in the " *
        "domain grn-physical) can, so can a domain with acyclic = false if no variable causes itself, and acyclic(graph) is the graph without cycles"
end

# Whether a mechanism can simulate a graph with cycles.
allows_feedback(::Mechanism) = false

# What a graph model has returned, as a matrix of UInt8 or a network of `d` variables.
function as_graph(graph, d::Int)
    graph isa Union{Network, AbstractMatrix{<:Real}} ||
        throw(ArgumentError("a graph model must return an adjacency matrix or a Network, got $(typeof(graph))"))
    n = graph isa Network ? (length(graph), length(graph)) : size(graph)
    n == (d, d) || throw(ArgumentError("graph must be $d × $d, got $(join(n, " × "))"))
    graph isa Union{Network, Matrix{UInt8}} && return graph
    return any(<(0), graph) ? Network(graph) : adjacency(Network(graph))
end

known_effects(::Nothing) = NamedTuple()
known_effects(effects::EdgeEffects) = (signs = effects.signs, strengths = effects.strengths)

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
