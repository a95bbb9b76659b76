# A domain: what is simulated, as a TOML file that Julia and Python both read.

"""
    Domain

A class of datasets: graphs, mechanisms, noise, interventions and, for counts, technical noise. Of each list one entry is drawn per
dataset, with probability proportional to its `share`. See [`load_domain`](@ref).
"""
struct Domain
    name::String
    kind::String
    description::String
    acyclic::Bool
    path::String
    graphs::Vector{Pair{Float64,GraphModel}}
    mechanisms::Vector{Pair{Float64,Union{Mechanism,GRNMechanism}}}
    noises::Vector{Pair{Float64,Noise}}
    interventions::Vector{Pair{Float64,Union{DoIntervention,Knockout}}}
    measurements::Vector{Pair{Float64,TechnicalNoise}}
end

Base.show(io::IO, domain::Domain) = print(io, "Domain(\"", domain.name, "\"): ", domain.description)

const DOMAINS = joinpath(dirname(@__DIR__), "domains")

"""
    list_domains()::Vector{String}

Names of the shipped domains.
"""
list_domains() = sort!([first(splitext(file)) for file in readdir(DOMAINS) if endswith(file, ".toml")])

"""
    load_domain(name_or_path)::Domain

A shipped domain by its name, or a domain file by its path (it ends in `.toml`).

Throws an `ArgumentError` that names file, key and reason where a file is missing or wrong.
"""
function load_domain(name_or_path::AbstractString)
    path = endswith(name_or_path, ".toml") ? abspath(name_or_path) : joinpath(DOMAINS, "$name_or_path.toml")
    isfile(path) || throw(ArgumentError(
        "there is no domain \"$name_or_path\"; shipped are $(join(list_domains(), ", ")), and a path ends in .toml",
    ))
    lock(CACHE_LOCK) do
        stamp = mtime(path)
        found = get(CACHE, path, nothing)
        found !== nothing && found[1] == stamp && return found[2]
        domain = parse_domain(path)
        CACHE[path] = (stamp, domain)
        return domain
    end
end
load_domain(domain::Domain) = domain

const CACHE = Dict{String,Tuple{Float64,Domain}}()
const CACHE_LOCK = ReentrantLock()

function parse_domain(path::String)
    table = read_toml(path)
    lists = ("graph", "mechanism", "intervention")
    check_keys(table, path, ("name", "kind", "description", "acyclic", lists...), ("noise", "measurement"))
    for (key, type) in (("name", String), ("description", String), ("acyclic", Bool))
        table[key] isa type || refuse("$path: $key", "expected a $(lowercase(string(type))), got $(repr(table[key]))")
    end
    kind = table["kind"]
    kind in ("values", "counts") || refuse("$path: kind", "must be values or counts, got $(repr(kind))")
    counts = kind == "counts"
    counts && haskey(table, "noise") && refuse("$path: noise", "counts have [[measurement]] noise instead")
    !counts && haskey(table, "measurement") && refuse("$path: measurement", "values have [[noise]] instead")
    return Domain(
        table["name"], kind, table["description"], table["acyclic"], path,
        entries(GraphModel, table, "graph", path),
        entries(counts ? read_grn : read_scm, table, "mechanism", path),
        counts ? [] : entries(Noise, table, "noise", path),
        entries(counts ? Knockout : DoIntervention, table, "intervention", path),
        counts ? entries(TechnicalNoise, table, "measurement", path) : [],
    )
end

function read_toml(path::AbstractString)
    try
        return Pkg.TOML.parsefile(path)
    catch failure
        failure isa InterruptException && rethrow()
        refuse(path, "not a TOML file: $(sprint(showerror, failure))")
    end
end

# The entries of a list of tables with their shares.
function entries(read, table::AbstractDict, key::AbstractString, path::AbstractString)
    list = get(table, key, nothing)
    list isa AbstractVector && !isempty(list) && all(entry -> entry isa AbstractDict, list) ||
        refuse("$path: $key", "at least one [[$key]] is expected")
    return map(enumerate(list)) do (k, entry)
        location = "$path: [[$key]] $k"
        haskey(entry, "model") || key == "measurement" || refuse(location, "the key \"model\" is missing")
        share = get(entry, "share", 1.0)
        share isa Real && share > 0 || refuse("$location: share", "a positive number is expected")
        Float64(share) => read(entry, location)
    end
end

function read_scm(table::AbstractDict, location::AbstractString)
    table["model"] == "linear" && return LinearMechanism(table, location)
    table["model"] == "rff" && return RFFMechanism(table, location)
    refuse("$location: model", "values have the models linear and rff, got $(repr(table["model"]))")
end

function read_grn(table::AbstractDict, location::AbstractString)
    table["model"] == "grn" && return GRNMechanism(table, location)
    refuse("$location: model", "counts have the model grn, got $(repr(table["model"]))")
end

# One entry of a list with shares.
function pick(rng::Stream, list::AbstractVector{<:Pair})
    return list[weighted_index(rng, Float64[first(entry) for entry in list])].second
end
