# A dataset as a folder: x.npy, interventions.npy, graph.npy (if known), expression.npy (if there is one) and meta.toml. Python reads
# and writes the same.

"""
    save_dataset(folder, data::Dataset)

Write a dataset as a folder, which is made if it is not there; a dataset that the folder holds is replaced.

Throws an `ArgumentError` if the folder cannot be made or written.
"""
function save_dataset(folder::AbstractString, data::Dataset)
    try
        mkpath(folder)
        write_dataset(folder, data)
    catch failure
        failure isa Union{SystemError, Base.IOError} || rethrow()
        throw(ArgumentError("cannot write to the folder $folder: $(sprint(showerror, failure))"))
    end
    return folder
end

function write_dataset(folder::AbstractString, data::Dataset)
    write_npy(joinpath(folder, "x.npy"), data.x)
    write_npy(joinpath(folder, "interventions.npy"), data.interventions)
    for (name, array) in ("graph" => data.graph, "expression" => data.expression)
        file = joinpath(folder, "$name.npy")
        array === nothing ? rm(file; force = true) : write_npy(file, array)
    end
    meta = Dict("names" => data.names, "kind" => data.kind, "domain" => data.domain, "seed" => data.seed, "index" => data.index)
    open(file -> Pkg.TOML.print(file, meta), joinpath(folder, "meta.toml"), "w")
end

"""
    load_dataset(folder)::Dataset

Read a dataset that [`save_dataset`](@ref), or Python, has written.

Throws an `ArgumentError` if something is missing or does not fit together.
"""
function load_dataset(folder::AbstractString)
    path = joinpath(folder, "meta.toml")
    isfile(path) || throw(ArgumentError("$folder holds no dataset: there is no meta.toml"))
    meta = read_toml(path)
    known(key, default) = haskey(meta, key) && !(meta[key] isa typeof(default)) ?
        refuse("$path: $key", "a $(lowercase(string(typeof(default)))) is expected, got $(repr(meta[key]))") :
        get(meta, key, default)
    x, interventions = read_npy(joinpath(folder, "x.npy")), read_mask(joinpath(folder, "interventions.npy"))
    d = size(x, 2)
    graph = isfile(joinpath(folder, "graph.npy")) ? read_mask(joinpath(folder, "graph.npy")) : nothing
    clean = joinpath(folder, "expression.npy")
    expression = isfile(clean) ? Matrix{Float32}(read_npy(clean)) : nothing
    expression === nothing ||
        size(expression) == size(x) ||
        throw(ArgumentError("$folder: x.npy and expression.npy differ in size"))
    size(interventions) == size(x) || throw(ArgumentError("$folder: x.npy and interventions.npy differ in size"))
    graph === nothing || size(graph) == (d, d) || throw(ArgumentError("$folder: graph.npy must be $d × $d"))
    names = get(meta, "names", ["x$j" for j in 1:d])
    valid = names isa AbstractVector && length(names) == d && all(name -> name isa String, names)
    valid || refuse("$path: names", "a list of $d names is expected, one for each variable")
    return Dataset(
        Matrix{Float32}(x),
        interventions,
        graph,
        String.(names),
        known("kind", "values"),
        known("domain", ""),
        known("seed", 0),
        known("index", 0),
        expression,
    )
end

# A matrix of 0 and 1.
function read_mask(path::AbstractString)
    matrix = read_npy(path)
    all(x -> x == 0 || x == 1, matrix) || throw(ArgumentError("$path must hold only 0 and 1"))
    return Matrix{UInt8}(matrix)
end

const NPY_TYPES = Dict("<f4" => Float32, "<f8" => Float64, "|u1" => UInt8, "|b1" => Bool, "<i8" => Int64, "<i4" => Int32)

"""
    write_npy(path, array)

Write a matrix in NumPy's format, version 1.0, columns first.
"""
function write_npy(path::AbstractString, array::Matrix{T}) where {T <: Union{Float32, UInt8}}
    type = T === Float32 ? "<f4" : "|u1"
    header = "{'descr': '$type', 'fortran_order': True, 'shape': ($(size(array, 1)), $(size(array, 2))), }"
    header = rpad(header, 64 * cld(length(header) + 11, 64) - 11) * "\n"
    open(path, "w") do file
        write(file, UInt8[0x93], "NUMPY", UInt8[1, 0], htol(UInt16(length(header))), header)
        write(file, array)
    end
end

"""
    read_npy(path)::Matrix

Read a matrix of numbers in NumPy's format, rows or columns first, with the numbers' own type.

Throws an `ArgumentError` if the file is missing, cut short or holds something else.
"""
function read_npy(path::AbstractString)
    isfile(path) || throw(ArgumentError("there is no $path"))
    try
        return open(file -> read_npy(file, path), path)
    catch failure
        failure isa EOFError || rethrow()
        throw(ArgumentError("$path is cut short"))
    end
end

function read_npy(file::IO, path::AbstractString)
    read(file, 6) == UInt8[0x93, codeunits("NUMPY")...] || throw(ArgumentError("$path is not in NumPy's format"))
    version = read(file, UInt16)
    header = String(read(file, Int(version & 0xff == 1 ? ltoh(read(file, UInt16)) : ltoh(read(file, UInt32)))))
    type = match(r"'descr': *'([^']*)'", header)
    shape = match(r"'shape': *\((\d+), *(\d+)\)", header)
    known = type !== nothing && haskey(NPY_TYPES, type[1]) && shape !== nothing
    known || throw(ArgumentError("$path must be a matrix of numbers, its header is $(strip(header))"))
    rows, columns = parse.(Int, shape.captures)
    by_columns = occursin(r"'fortran_order': *True", header)
    array = read!(file, Matrix{NPY_TYPES[type[1]]}(undef, (by_columns ? (rows, columns) : (columns, rows))...))
    return by_columns ? array : permutedims(array)
end
