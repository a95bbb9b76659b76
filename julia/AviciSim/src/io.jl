# A dataset as a folder: x.npy, interventions.npy, graph.npy and meta.toml. Python reads and writes the same.

"""
    save_dataset(folder, data::Dataset)

Write a dataset as a folder, which is made if it is not there.
"""
function save_dataset(folder::AbstractString, data::Dataset)
    mkpath(folder)
    write_npy(joinpath(folder, "x.npy"), data.x)
    write_npy(joinpath(folder, "interventions.npy"), data.interventions)
    write_npy(joinpath(folder, "graph.npy"), data.graph)
    meta = Dict(
        "names" => data.names, "kind" => data.kind, "domain" => data.domain, "seed" => data.seed, "index" => data.index,
    )
    open(file -> Pkg.TOML.print(file, meta), joinpath(folder, "meta.toml"), "w")
    return folder
end

"""
    load_dataset(folder)::Dataset

Read a dataset that [`save_dataset`](@ref), or Python, has written.

Throws an `ArgumentError` if something is missing or does not fit together.
"""
function load_dataset(folder::AbstractString)
    path = joinpath(folder, "meta.toml")
    isfile(path) || throw(ArgumentError("$folder holds no dataset: there is no meta.toml"))
    meta = Pkg.TOML.parsefile(path)
    x = read_npy(joinpath(folder, "x.npy"))
    interventions, graph = read_npy(joinpath(folder, "interventions.npy")), joinpath(folder, "graph.npy")
    d = size(x, 2)
    truth = isfile(graph) ? read_npy(graph) : zeros(UInt8, d, d)
    size(interventions) == size(x) || throw(ArgumentError("$folder: x.npy and interventions.npy differ in size"))
    size(truth) == (d, d) || throw(ArgumentError("$folder: graph.npy must be $d × $d"))
    names = String.(get(meta, "names", ["x$j" for j in 1:d]))
    length(names) == d || throw(ArgumentError("$path: $(length(names)) names for $d variables"))
    return Dataset(
        x, interventions, truth, names, get(meta, "kind", "values"), get(meta, "domain", ""),
        get(meta, "seed", 0), get(meta, "index", 0),
    )
end

const NPY_TYPES = Dict("<f4" => Float32, "<f8" => Float64, "|u1" => UInt8, "|b1" => Bool, "<i8" => Int64, "<i4" => Int32)

"""
    write_npy(path, array)

Write a matrix in NumPy's format, version 1.0, columns first.
"""
function write_npy(path::AbstractString, array::Matrix{T}) where {T<:Union{Float32,UInt8}}
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

Read a matrix in NumPy's format; floating-point numbers become Float32, all others UInt8.
"""
function read_npy(path::AbstractString)
    isfile(path) || throw(ArgumentError("there is no $path"))
    return open(path) do file
        read(file, 6) == UInt8[0x93, codeunits("NUMPY")...] || throw(ArgumentError("$path is not in NumPy's format"))
        version = read(file, 2)[1]
        header = String(read(file, Int(version == 1 ? ltoh(read(file, UInt16)) : ltoh(read(file, UInt32)))))
        type = match(r"'descr': *'([^']*)'", header)
        shape = match(r"'shape': *\((\d+), *(\d+)\)", header)
        known = type !== nothing && haskey(NPY_TYPES, type[1]) && shape !== nothing
        known || throw(ArgumentError("$path must be a matrix of numbers, its header is $(strip(header))"))
        rows, columns = parse.(Int, shape.captures)
        by_columns = occursin(r"'fortran_order': *True", header)
        array = Matrix{NPY_TYPES[type[1]]}(undef, (by_columns ? (rows, columns) : (columns, rows))...)
        read!(file, array)
        matrix = by_columns ? array : permutedims(array)
        return eltype(matrix) <: AbstractFloat ? Matrix{Float32}(matrix) : Matrix{UInt8}(matrix)
    end
end
