# The tables of a domain file: checked keys, parameters, registries of what may be named, and errors that say where.

"""
    refuse(location, reason)

Throw the `ArgumentError` of a domain file: where, and why.
"""
refuse(location::AbstractString, reason::AbstractString) = throw(ArgumentError("$location: $reason"))

# Some of a list, for a message.
listed(names) = join(names[1:min(8, end)], ", ") * (length(names) > 8 ? ", ..." : "")

"""
    Models

What a list of tables in a domain file may name: from the value of its key `model` to a function (table, location) that reads the rest.
"""
const Models = Dict{String, Any}

"What `table`, an entry of `[[list]]`, says."
function read_model(models::Models, table::AbstractDict, location::AbstractString)
    haskey(table, "model") || refuse(location, "the key \"model\" is missing")
    model = table["model"]
    haskey(models, model) ||
        refuse("$location: model", "must be one of $(join(sort!(collect(keys(models))), ", ")); got $(repr(model))")
    return models[model](table, location)
end

"""
    check_keys(table, location, required, optional=())

Check that the keys of a table of a domain file are known and that none is missing. `model` and `share` are always known.

# Arguments
- `required`: keys that must be there.
- `optional`: keys that may be there.
"""
function check_keys(table::AbstractDict, location::AbstractString, required, optional = ())
    known = ("model", "share", required..., optional...)
    for key in sort!(collect(keys(table)))
        key in known || refuse(location, "unknown key \"$key\"; known are $(join(sort!(collect(known)), ", "))")
    end
    for key in required
        haskey(table, key) || refuse(location, "the key \"$key\" is missing")
    end
    return table
end

"""
    parameter(table, key, location; least, most, above, default)

A key's [`Parameter`](@ref); refused if it can be smaller than `least`, greater than `most` or not `above`.
"""
function parameter(
    table::AbstractDict,
    key::AbstractString,
    location::AbstractString;
    least::Real = -Inf,
    most::Real = Inf,
    above::Real = -Inf,
    default = nothing,
)
    where = "$location: $key"
    found = Parameter(default === nothing ? table[key] : get(table, key, default), where)
    lower(found) >= least || refuse(where, "must be at least $least")
    upper(found) <= most || refuse(where, "must be at most $most")
    lower(found) > above || above == -Inf || refuse(where, "must be above $above")
    return found
end

"The same for whole numbers, at most a million."
function whole_parameter(table::AbstractDict, key::AbstractString, location::AbstractString; limits...)
    found = parameter(table, key, location; most = 1.0e6, limits...)
    all(x -> x isa Float64 && isinteger(x), found.choices) || refuse("$location: $key", "whole numbers are expected")
    return found
end

"The file that a location is in."
file_of(location::AbstractString) = String(first(Base.split(location, ": [[")))

function read_toml(path::AbstractString)
    try
        return Pkg.TOML.parsefile(path)
    catch failure
        failure isa InterruptException && rethrow()
        refuse(path, "not a TOML file: $(sprint(showerror, failure))")
    end
end

const CACHE = Dict{Tuple{Symbol, String}, Tuple{Float64, Any}}()
const CACHE_LOCK = ReentrantLock()

# What `read` makes of a file, read once as long as the file does not change.
function cached(read, key::Tuple{Symbol, String})
    lock(CACHE_LOCK) do
        stamp = mtime(key[2])
        found = get(CACHE, key, nothing)
        found !== nothing && found[1] == stamp && return found[2]
        value = read()
        CACHE[key] = (stamp, value)
        return value
    end
end
