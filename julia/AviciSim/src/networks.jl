# Networks that are known: who regulates whom, by name and, as far as known, with what sign.

"""
    Network(names, edges, signs)
    Network(adjacency::AbstractMatrix; names=...)
    Network(edges::AbstractVector{<:Pair}; signs=...)

A directed network.

# Fields
- `names`: of its variables.
- `edges`: pairs of positions (i, j), i → j, without repetition.
- `signs`: of every edge, 1 (activates), -1 (represses) or 0 (not known).

An adjacency matrix has `adjacency[i, j] != 0` where i → j; negative entries repress, entries that are neither 0 nor 1 nor negative
are refused. Edges may be given as pairs of names, as in `Network(["lacI" => "lacZ", "crp" => "lacZ"]; signs=[-1, 1])`.

Throws an `ArgumentError` if names repeat, an edge repeats or something does not fit.

```julia
Network(["crp" => "lacZ", "lacI" => "lacZ"]; signs=[1, -1])
Network([0 -1; 0 0]; names=["lacI", "lacZ"])
```
"""
struct Network
    names::Vector{String}
    edges::Vector{Tuple{Int, Int}}
    signs::Vector{Int8}

    function Network(names::AbstractVector, edges::AbstractVector, signs::AbstractVector = zeros(Int8, length(edges)))
        d = length(names)
        allunique(names) || throw(ArgumentError("a network's names must differ; $(first_repeated(names)) is there twice"))
        allunique(edges) || throw(ArgumentError("an edge of the network is there twice: $(first_repeated(edges))"))
        all(edge -> all(k -> 1 <= k <= d, edge), edges) || throw(ArgumentError("an edge leads outside the $d variables"))
        length(signs) == length(edges) || throw(ArgumentError("$(length(signs)) signs were given for $(length(edges)) edges"))
        all(in((-1, 0, 1)), signs) || throw(ArgumentError("a sign is 1 (activates), -1 (represses) or 0 (not known)"))
        return new(string.(names), collect(Tuple{Int, Int}, edges), Int8.(signs))
    end
end

function Network(adjacency::AbstractMatrix{<:Real}; names = ["x$j" for j in 1:size(adjacency, 1)])
    d = length(names)
    size(adjacency) == (d, d) || throw(ArgumentError("graph must be $d × $d, got $(join(size(adjacency), " × "))"))
    all(in((-1, 0, 1)), adjacency) || throw(ArgumentError("graph must hold only 0 and 1 (or -1, for repression)"))
    positions = [(i, j) for j in 1:d for i in 1:d if adjacency[i, j] != 0]
    signed = any(<(0), adjacency)
    return Network(collect(names), positions, Int8[signed ? adjacency[i, j] : 0 for (i, j) in positions])
end

function Network(edges::AbstractVector{<:Pair}; signs = zeros(Int8, length(edges)))
    names = unique!(String[string(name) for edge in edges for name in edge])
    position = Dict(name => k for (k, name) in enumerate(names))
    return Network(names, [(position[string(first(e))], position[string(last(e))]) for e in edges], signs)
end

first_repeated(list) = list[findfirst(k -> list[k] in view(list, 1:k - 1), eachindex(list))]

Base.length(network::Network) = length(network.names)
Base.show(io::IO, network::Network) = print(io, "Network of $(length(network)) variables and $(length(network.edges)) edges")

"""
    adjacency(network)::Matrix{UInt8}

Entry [i, j] is 1 where i → j.

```julia
adjacency(Network(["crp" => "lacZ", "lacI" => "lacZ"]))     # [0 1 0; 0 0 0; 0 1 0]
```
"""
function adjacency(network::Network)
    graph = zeros(UInt8, length(network), length(network))
    for (i, j) in network.edges
        graph[i, j] = 1
    end
    return graph
end

adjacency(graph::Matrix{UInt8}) = graph

# The network without edges from a variable to itself.
function without_loops(network::Network)
    all(edge -> edge[1] != edge[2], network.edges) && return network
    kept = [i != j for (i, j) in network.edges]
    return Network(network.names, network.edges[kept], network.signs[kept])
end

const NETWORKS = joinpath(dirname(@__DIR__), "networks")

"""
    list_networks()::Vector{String}

Names of the shipped networks: "ecoli" (RegulonDB 6.7, with signs; **for academic and non-commercial use only**) and "yeast" (Balaji et al.
2006). They are data of others, with terms of their own, which `networks/LICENSES.md` in the package's folder tells.

```julia
list_networks()         # ["ecoli", "yeast"]
```
"""
list_networks() = sort!([first(splitext(file)) for file in readdir(NETWORKS) if endswith(file, ".tsv")])

"""
    load_network(name_or_path)::Network

A shipped network by its name, or an edge list by its path (it ends in `.tsv`, `.csv` or `.txt`): regulator, target and, if known,
sign, separated by tabs, commas or spaces. A sign is `+` or `-`, a word such as `activation`, `activator`, `repression` or `inhibits`, or
a number, of which the sign counts; anything else is not known. A first line such as `source,target,sign` names the columns, which may then
be more and in another order. Lines that start with `#` are comments. An edge that is listed twice with two signs has an unknown one.

Throws an `ArgumentError` that names file and line where something is missing.

```julia
load_network("ecoli")           # 1565 genes; names, edges and signs
```
"""
function load_network(name_or_path::AbstractString)
    is_path = any(ending -> endswith(name_or_path, ending), (".tsv", ".csv", ".txt"))
    path = is_path ? abspath(name_or_path) : joinpath(NETWORKS, "$name_or_path.tsv")
    isfile(path) ||
        throw(ArgumentError(
            "there is no network \"$name_or_path\"; shipped are $(join(list_networks(), ", ")), and the path of an edge list " *
                "ends in .tsv, .csv or .txt",
        ))
    path == joinpath(NETWORKS, "ecoli.tsv") &&
        @info "The network ecoli is RegulonDB's, free for academic and non-commercial use only; cite it." maxlog = 1
    cached((:network, path)) do
        parse_network(path)
    end
end
load_network(network::Network) = network

function parse_network(path::AbstractString)
    edges, signs = Pair{String, String}[], Int8[]
    position = Dict{Pair{String, String}, Int}()
    columns = nothing # of regulator, target and sign, 0 where there is none
    for (number, line) in enumerate(eachline(path))
        line = lstrip(rstrip(line), ' ') # a tab at the beginning is an empty field
        (isempty(line) || startswith(line, '#')) && continue
        fields = Base.split(
            line,
            occursin('\t', line) ? '\t' : occursin(',', line) ? ',' : ' ';
            keepempty = occursin(r"[\t,]", line),
        )
        fields = [strip(field, [' ', '"']) for field in fields]
        if columns === nothing
            columns = header_columns(fields)
            columns === nothing ? (columns = (1, 2, 3)) : continue
            length(fields) <= 3 || refuse("$path: line $number", EDGE * "; with more columns the first line must name them")
        end
        source, target, third = columns
        length(fields) >= max(source, target) && !isempty(fields[source]) && !isempty(fields[target]) ||
            refuse("$path: line $number", EDGE)
        edge = String(fields[source]) => String(fields[target])
        sign = 1 <= third <= length(fields) ? sign_of(fields[third]) : 0
        if haskey(position, edge)
            signs[position[edge]] == sign || (signs[position[edge]] = 0)
        else
            push!(edges, edge)
            push!(signs, sign)
            position[edge] = length(edges)
        end
    end
    isempty(edges) && refuse(path, "there is no edge in this file")
    return Network(edges; signs = signs)
end

const EDGE = "regulator, target and perhaps a sign are expected"

# What the columns of an edge list may be called, in small letters and without what is neither letter nor digit.
const SOURCE_COLUMNS = ("source", "regulator", "tf", "tfname", "from", "cause", "parent", "gene1", "node1")
const TARGET_COLUMNS = ("target", "targetgene", "gene", "to", "effect", "child", "gene2", "node2", "tg")
const SIGN_COLUMNS = (
    "sign",
    "mode",
    "modeofregulation",
    "mor",
    "regulation",
    "type",
    "interaction",
    "weight",
    "effect",
    "direction",
)

# The positions of regulator, target and sign if a line is a header, else nothing.
function header_columns(fields)
    plain = [replace(lowercase(field), r"[^a-z0-9]" => "") for field in fields]
    source, target = (findfirst(in(names), plain) for names in (SOURCE_COLUMNS, TARGET_COLUMNS))
    (source === nothing || target === nothing || source == target) && return nothing
    sign = findfirst(k -> !(k in (source, target)) && plain[k] in SIGN_COLUMNS, eachindex(plain))
    return source, target, something(sign, 0)
end

# 1 activates, -1 represses, 0 is not known.
function sign_of(field::AbstractString)
    word = lowercase(field)
    number = tryparse(Float64, word)
    number === nothing || return isfinite(number) ? Int(sign(number)) : 0
    word in ("+", "up", "positive", "stimulation", "stimulates", "induction", "induces", "enhances") && return 1
    word in ("-", "−", "down", "negative") && return -1
    startswith(word, "activat") && return 1
    return any(part -> startswith(word, part), ("repress", "inhibit", "suppress")) ? -1 : 0
end

# A network in any of the forms that a user may give it.
as_network(network::Network) = network
as_network(path::AbstractString) = load_network(path)
as_network(adjacency::AbstractMatrix{<:Real}) = Network(adjacency)
as_network(edges::AbstractVector{<:Pair}) = Network(edges)
as_network(other) = throw(ArgumentError(
    "a graph is a Network, an adjacency matrix, a list of pairs cause => effect or the path of an edge list, got $(typeof(other))",
))
