# A domain: what is simulated, as a TOML file that Julia and Python both read.

"""
    Domain

A class of datasets: graphs, mechanisms, noise, interventions and, for gene expression, technical noise. Of each list one entry is drawn
per dataset, with probability proportional to its share; of the [`Imperfection`](@ref AviciSim.Imperfection)s, each with its own. See [`load_domain`](@ref).

    Domain(domain; name, description, acyclic, graph, mechanism, noise, intervention, measurement, imperfection)

A domain (or the name or path of one) with other parts, each one object or a list of `share => object`:
`Domain("linear"; graph=MyGraph())`, `Domain("scm"; imperfection=MeasurementError(0.25))`.

```julia
simulate(Domain("linear"; name="mine", graph=AviciSim.ErdosRenyi(AviciSim.Parameter(1, ""))); d=10, n_obs=200)
```
"""
struct Domain
    name::String
    kind::String
    description::String
    acyclic::Bool
    path::String
    graphs::Vector{Pair{Float64, GraphModel}}
    mechanisms::Vector{Pair{Float64, Union{Mechanism, GRNMechanism}}}
    noises::Vector{Pair{Float64, Noise}}
    interventions::Vector{Pair{Float64, Union{DoIntervention, SoftIntervention, GenePerturbation}}}
    measurements::Vector{Pair{Float64, Assay}}
    imperfections::Vector{Possible}
end

Base.show(io::IO, domain::Domain) = print(io, "Domain(\"", domain.name, "\"): ", domain.description)

function Domain(
    base;
    name = nothing,
    description = nothing,
    acyclic = nothing,
    graph = nothing,
    mechanism = nothing,
    noise = nothing,
    intervention = nothing,
    measurement = nothing,
    imperfection = nothing,
)
    base = load_domain(base)
    shares(::Nothing, before, kind = nothing) = before
    function shares(part, before, kind = fieldtype(eltype(before), 2))
        list = part isa AbstractVector ? part : [1.0 => part]
        all(entry -> entry isa Pair{<:Real} && last(entry) isa kind, list) ||
            throw(ArgumentError("one object of type $kind is expected, or a list of share => object; got $part"))
        return [Float64(share) => object for (share, object) in list]
    end
    imperfections = possible(imperfection, base.imperfections)
    measurements = shares(measurement, base.measurements, Union{Assay, TechnicalNoise})
    assays = [share => part isa TechnicalNoise ? Assay(part) : part for (share, part) in measurements]
    found = Domain(
        something(name, base.name),
        base.kind,
        something(description, base.description),
        something(acyclic, base.acyclic),
        base.path,
        shares(graph, base.graphs),
        shares(mechanism, base.mechanisms),
        shares(noise, base.noises),
        shares(intervention, base.interventions),
        assays,
        imperfections,
    )
    check_parts(found)
    return found
end

# Whether the parts of a domain that was put together in code go together.
function check_parts(domain::Domain)
    wrong(reason) = throw(ArgumentError("the parts of the domain \"$(domain.name)\" do not go together: $reason"))
    mechanisms, interventions = map(last, domain.mechanisms), map(last, domain.interventions)
    genes = count(m -> m isa GRNMechanism, mechanisms)
    0 < genes < length(mechanisms) && wrong("grn cannot be mixed with other mechanisms")
    all(i -> (i isa GenePerturbation) == (genes > 0), interventions) ||
        wrong(genes > 0 ? "genes need interventions such as knockout, not do" : "only genes can be knocked out; do is expected")
    genes > 0 &&
        isempty(domain.measurements) &&
        wrong("genes need a measurement; start from a domain of genes, such as grn-physical")
    genes == 0 && isempty(domain.noises) && wrong("values need a noise; start from a domain of values, such as linear")
    for (_, assay) in domain.measurements
        genes > 0 &&
            assay.noise.umi != (domain.kind == "counts") &&
            wrong("umi must be true for the kind counts and false for values")
    end
    genes > 0 &&
        !all(entry -> entry.imperfection isa InterventionErrors, domain.imperfections) &&
        wrong(
            "of imperfections, genes may have intervention errors; the others are for values, and genes have measurements instead",
        )
    unable = filter(needs_physical, [i for i in interventions if i isa GenePerturbation])
    genes > 0 &&
        length(unable) == length(interventions) &&
        !all(allows_feedback, mechanisms) &&
        wrong("failing and crispra need the mode physical")
end

const DOMAINS = joinpath(dirname(@__DIR__), "domains")

"""
    list_domains()::Vector{String}

Names of the shipped domains.

```julia
list_domains()
```
"""
list_domains() = sort!([first(splitext(file)) for file in readdir(DOMAINS) if endswith(file, ".toml")])

"""
    load_domain(name_or_path; code=true)::Domain

A shipped domain by its name, or a domain file by its path (it ends in `.toml`). A file that names Julia code, itself or by its base, is
refused with `code=false`: for names that come from elsewhere than the user, such as a model's folder.

Throws an `ArgumentError` that names file, key and reason where a file is missing or wrong.

```julia
load_domain("scm").description
```
"""
function load_domain(name_or_path::AbstractString; code::Bool = true)
    path = domain_path(name_or_path, DOMAINS)
    return cached(() -> parse_domain(path, code), (code ? :domain : :domain_without_code, path))
end
load_domain(domain::Domain; code::Bool = true) = domain

# A path is relative to the working folder, or for `base` to the folder of the file that names it.
function domain_path(
    name_or_path::AbstractString,
    folder::AbstractString;
    relative_to::AbstractString = pwd(),
    prefix::AbstractString = "",
)
    is_path = endswith(name_or_path, ".toml")
    path = is_path ? abspath(joinpath(relative_to, name_or_path)) : joinpath(folder, "$name_or_path.toml")
    isfile(path) ||
        throw(ArgumentError(
            prefix * "there is no domain \"$name_or_path\"; shipped are $(join(list_domains(), ", ")), and a path ends in .toml",
        ))
    return path
end

const LISTS = ("graph", "mechanism", "noise", "intervention", "measurement")

# The tables of a file, on top of those of its base. Each list comes with the file that it is from, for messages and paths.
function read_tables(path::AbstractString, above = String[])
    table = read_toml(path)
    for key in sort!(collect(keys(table)))
        known = ("name", "kind", "description", "acyclic", "base", "code", "imperfection", LISTS...)
        key in known || refuse(path, "unknown key \"$key\"; known are $(join(sort!(collect(known)), ", "))")
    end
    from = Dict{String, String}(key => path for key in keys(table))
    haskey(table, "base") || return table, from
    base = table["base"]
    base isa String || refuse("$path: base", "the name or the path of a domain is expected, got $(repr(base))")
    base_path = domain_path(base, DOMAINS; relative_to = dirname(path), prefix = "$path: base: ")
    base_path in above && refuse("$path: base", "the domains are each other's base")
    inherited, origins = read_tables(base_path, [above; path])
    return merge(inherited, table), merge(origins, from)
end

function parse_domain(path::String, code::Bool = true)
    table, from = read_tables(path)
    for (key, type) in (("name", String), ("description", String), ("acyclic", Bool), ("kind", String))
        haskey(table, key) || refuse(path, "the key \"$key\" is missing")
        table[key] isa type || refuse("$(from[key]): $key", "expected a $(lowercase(string(type))), got $(repr(table[key]))")
    end
    if haskey(table, "code")
        code || refuse("$(from["code"]): code", "no code may be run here (code=false), but $(repr(table["code"])) is named")
        load_code(table["code"], from["code"])
    end
    kind = table["kind"]
    kind in ("values", "counts") || refuse("$path: kind", "must be values or counts, got $(repr(kind))")
    list(key, read) = entries(read, get(table, key, nothing), key, get(from, key, path))
    graphs = list("graph", read_graph)
    mechanisms = list("mechanism", read_mechanism)
    interventions = list("intervention", (t, l) -> read_model(INTERVENTIONS, t, l))
    genes = count(m -> last(m) isa GRNMechanism, mechanisms)
    0 < genes < length(mechanisms) && refuse("$path: mechanism", "grn cannot be mixed with other mechanisms")
    grn = genes > 0
    kind == "counts" && !grn && refuse("$path: kind", "counts need the mechanism grn")
    for (k, (_, entry)) in enumerate(interventions)
        (entry isa GenePerturbation) == grn ||
            refuse(
                "$(from["intervention"]): [[intervention]] $k: model",
                grn ? "genes have knockout, knockdown and overexpression" : "structural causal models have do and soft",
            )
    end
    grn && haskey(table, "noise") && refuse("$(from["noise"]): noise", "genes have [[measurement]] noise instead")
    !grn && haskey(table, "measurement") && refuse("$(from["measurement"]): measurement", "values have [[noise]] instead")
    grn &&
        all(entry -> needs_physical(last(entry)), interventions) &&
        !all(entry -> allows_feedback(last(entry)), mechanisms) &&
        refuse(
            "$(from["intervention"]): intervention",
            "failing and crispra need the mode physical, or another intervention beside them",
        )
    measurements = grn ? list("measurement", Assay) : []
    for (k, (_, entry)) in enumerate(measurements)
        entry.noise.umi == (kind == "counts") ||
            refuse("$(from["measurement"]): [[measurement]] $k: umi", "must be true for the kind counts and false for values")
    end
    imperfections = read_imperfections(get(table, "imperfection", []), get(from, "imperfection", path))
    grn &&
        !all(entry -> entry.imperfection isa InterventionErrors, imperfections) &&
        refuse(
            "$(from["imperfection"]): imperfection",
            "genes may have intervention-errors; for the rest they have [[measurement]]",
        )
    if any(entry -> has_cycles(last(entry)), graphs)
        grn &&
            !any(entry -> allows_feedback(last(entry)), mechanisms) &&
            refuse("$(from["graph"]): [[graph]]: cycles", "of genes only the mode physical can have cycles")
        table["acyclic"] && refuse("$(from["acyclic"]): acyclic", "must be false where graphs have cycles")
    end
    return Domain(
        table["name"],
        kind,
        table["description"],
        table["acyclic"],
        path,
        graphs,
        mechanisms,
        grn ? [] : list("noise", read_noise),
        interventions,
        measurements,
        imperfections,
    )
end

# The Julia file that a domain file names.
function code_file(code, path::AbstractString)
    code isa String || refuse("$path: code", "the path of a Julia file is expected, got $(repr(code))")
    file = abspath(joinpath(dirname(path), code))
    isfile(file) || refuse("$path: code", "there is no file $file")
    return file
end

# Types and methods of the user's own.
function load_code(code, path::AbstractString)
    file = code_file(code, path)
    cached((:code, file)) do
        space = Module(:DomainCode)
        try
            Core.eval(space, :(import AviciSim))
            Core.eval(space, :(eval(x) = Core.eval($space, x)))
            Base.include(space, file)
        catch failure
            failure isa InterruptException && rethrow()
            refuse("$path: code", sprint(showerror, failure))
        end
        space
    end
end

# The entries of a list of tables with their shares.
function entries(read, list, key::AbstractString, path::AbstractString)
    list isa AbstractVector && !isempty(list) && all(entry -> entry isa AbstractDict, list) ||
        refuse("$path: $key", "at least one [[$key]] is expected")
    return map(enumerate(list)) do (k, entry)
        location = "$path: [[$key]] $k"
        share = get(entry, "share", 1.0)
        share isa Real && 0 < share < Inf || refuse("$location: share", "a positive number is expected")
        Float64(share) => Base.invokelatest(read, entry, location)
    end
end

# One entry of a list with shares.
function pick(rng::Stream, list::AbstractVector{<:Pair})
    return list[weighted_index(rng, Float64[first(entry) for entry in list])].second
end
