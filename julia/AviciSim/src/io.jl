# A dataset as a folder: x.npy, interventions.npy, meta.toml and, as far as known, graph.npy and a file for every other array. Python reads and
# writes the same.

"""
    save_dataset(path, data::Dataset)

Write a dataset as a folder, which is made if it is not there; a dataset that the folder holds is replaced. A path that ends in `.csv` gets
three tables instead: the observations, and beside them `…-interventions.csv` and `…-graph.csv`, a list of edges. One that ends in `.h5ad` is an AnnData.

Throws an `ArgumentError` if the folder cannot be made or written.

```julia
data = simulate("linear"; d=4, n_obs=10, n_int=5)
save_dataset("my-data", data)
save_dataset("table.csv", data)
save_dataset("cells.h5ad", data)
```
"""
function save_dataset(path::AbstractString, data::Dataset)
    write_file = endswith(path, ".csv") ? write_csv : endswith(path, ".h5ad") ? write_h5ad : nothing
    try
        if write_file !== nothing
            mkpath(dirname(abspath(path)))
            write_file(path, data)
        else
            mkpath(path)
            write_dataset(path, data)
        end
    catch failure
        failure isa Union{SystemError, Base.IOError} || rethrow()
        throw(ArgumentError("cannot write to $path: $(sprint(showerror, failure))"))
    end
    return path
end

function write_dataset(folder::AbstractString, data::Dataset)
    write_npy(joinpath(folder, "x.npy"), data.x)
    write_npy(joinpath(folder, "interventions.npy"), data.interventions)
    for name in (:graph, map(first, TRUTH)...)
        file, array = joinpath(folder, "$name.npy"), getfield(data, name)
        array === nothing ? rm(file; force = true) : write_npy(file, array)
    end
    meta = Dict{String, Any}(String(key) => getfield(data, key) for key in (:names, :kind, :domain, :seed, :index))
    isempty(data.drawn) || (meta["drawn"] = data.drawn)
    open(file -> Pkg.TOML.print(file, meta), joinpath(folder, "meta.toml"), "w")
end

"""
    load_dataset(folder)::Dataset

Read a dataset that [`save_dataset`](@ref), or Python, has written.

Throws an `ArgumentError` if something is missing or does not fit together.

```julia
load_dataset(save_dataset("my-data", simulate("linear"; d=4, n_obs=10))).x
```
"""
function load_dataset(folder::AbstractString)
    path = joinpath(folder, "meta.toml")
    isfile(path) || throw(ArgumentError("$folder holds no dataset: there is no meta.toml"))
    meta = read_toml(path)
    known(key, default) = haskey(meta, key) && !(meta[key] isa typeof(default)) ?
        refuse("$path: $key", "a $(lowercase(string(typeof(default)))) is expected, got $(repr(meta[key]))") :
        get(meta, key, default)
    x, interventions = read_npy(joinpath(folder, "x.npy")), read_mask(joinpath(folder, "interventions.npy"))
    ndims(x) == 2 || throw(ArgumentError("$folder: x.npy must be a matrix"))
    there = Dict(name => joinpath(folder, "$name.npy") for name in (:graph, map(first, TRUTH)...))
    filter!(entry -> isfile(last(entry)), there)
    graph = haskey(there, :graph) ? read_mask(pop!(there, :graph)) : nothing
    truth = Dict(name => name in (:confounded, :true_interventions) ? read_mask(file) : read_npy(file) for (name, file) in there)
    names = get(meta, "names", ["x$j" for j in 1:size(x, 2)])
    valid = names isa AbstractVector && length(names) == size(x, 2) && all(name -> name isa String, names)
    valid || refuse("$path: names", "a list of $(size(x, 2)) names is expected, one for each variable")
    try
        return Dataset(
            x,
            interventions,
            graph;
            names = String.(names),
            kind = known("kind", "values"),
            domain = known("domain", ""),
            seed = known("seed", 0),
            index = known("index", 0),
            drawn = known("drawn", Dict{String, Any}()),
            truth...,
        )
    catch failure
        failure isa ArgumentError && !startswith(failure.msg, path) || rethrow()
        refuse(folder, failure.msg)
    end
end

# A matrix of 0 and 1.
function read_mask(path::AbstractString)
    matrix = read_npy(path)
    all(x -> x == 0 || x == 1, matrix) || throw(ArgumentError("$path must hold only 0 and 1"))
    return Matrix{UInt8}(matrix)
end

const NPY_TYPES = Dict(
    "<f4" => Float32,
    "<f8" => Float64,
    "|u1" => UInt8,
    "|b1" => Bool,
    "|i1" => Int8,
    "<i8" => Int64,
    "<i4" => Int32,
)

"""
    write_npy(path, array)

Write a matrix (columns first) or a vector in NumPy's format, version 1.0.
"""
function write_npy(path::AbstractString, array::VecOrMat{T}) where {T <: Union{Float32, UInt8, Int8, Int32}}
    type = first(key for (key, of) in NPY_TYPES if of === T)
    shape = array isa Vector ? "($(length(array)),)" : "($(size(array, 1)), $(size(array, 2)))"
    header = "{'descr': '$type', 'fortran_order': True, 'shape': $shape, }"
    header = rpad(header, 64 * cld(length(header) + 11, 64) - 11) * "\n"
    open(path, "w") do file
        write(file, UInt8[0x93], "NUMPY", UInt8[1, 0], htol(UInt16(length(header))), header)
        write(file, array)
    end
end

"""
    read_npy(path)::VecOrMat

Read a matrix (rows or columns first) or a vector of numbers in NumPy's format, with the numbers' own type.

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
    shape = match(r"'shape': *\((\d+), *(\d*)\)", header)
    known = type !== nothing && haskey(NPY_TYPES, type[1]) && shape !== nothing
    known || throw(ArgumentError("$path must be a matrix or vector of numbers, its header is $(strip(header))"))
    sizes = Tuple(something(tryparse(Int, size), typemax(Int)) for size in shape.captures if !isempty(size))
    declared = prod(big, sizes) * sizeof(NPY_TYPES[type[1]])
    declared <= filesize(path) || # before memory is taken for it
        throw(ArgumentError("$path is cut short: it declares $declared bytes of numbers"))
    by_columns = length(sizes) == 1 || occursin(r"'fortran_order': *True", header)
    array = read!(file, Array{NPY_TYPES[type[1]]}(undef, (by_columns ? sizes : reverse(sizes))...))
    return by_columns ? array : permutedims(array)
end
