# A dataset as an AnnData in HDF5 (the form 0.1.0 of anndata), the same as Python's `avici-jl simulate` writes.

"""
    write_h5ad(path, data::Dataset)

Write an AnnData (rows × variables). X holds the observations; the layer `interventions` the mask, and `expression` what is there before technical noise. obs
has `target`, the variable that was set or perturbed, or `control` (several are joined by `+`), and what is known of `batch` and `cell_type`; varp has `graph`,
and what is known of `signs` and `strengths`; uns says where the dataset is from.
"""
function write_h5ad(path::AbstractString, data::Dataset)
    targets = [any(!iszero, row) ? join(data.names[row .!= 0], "+") : "control" for row in eachrow(data.interventions)]
    rows = ["row$(k - 1)" for k in axes(data.x, 1)] # as Python counts
    write_hdf5(path) do file
        members = [
            write_parts(file, "X" => data.x)
            "obs" => write_frame(file, rows, "target" => targets, "batch" => data.batch, "cell_type" => data.cell_types)
            "var" => write_frame(file, data.names)
            "layers" => write_dict(file, "interventions" => data.interventions, "expression" => data.expression)
            "varp" => write_dict(file, "graph" => data.graph, "signs" => data.signs, "strengths" => data.strengths)
            "uns" => write_dict(file, (String(key) => getfield(data, key) for key in (:kind, :domain, :seed, :index))...)
            [name => write_dict(file) for name in ("obsm", "varm", "obsp")]
        ]
        write_group(file, members, encoding("anndata", "0.1.0"))
    end
end

encoding(type, version = "0.2.0") = ["encoding-type" => type, "encoding-version" => version]
encoding_of(::AbstractArray{<:Real}) = encoding("array")
encoding_of(::AbstractArray{<:AbstractString}) = encoding("string-array")
encoding_of(::Real) = encoding("numeric-scalar")
encoding_of(::AbstractString) = encoding("string")

# Names and addresses of those that are known.
write_parts(file, parts...) = Pair[name => write_array(file, part, encoding_of(part)) for (name, part) in parts if part !== nothing]

write_dict(file, parts...) = write_group(file, write_parts(file, parts...), encoding("dict", "0.1.0"))

function write_frame(file, index, columns...)
    order = String[name for (name, column) in columns if column !== nothing]
    attributes = [encoding("dataframe"); "_index" => "_index"; "column-order" => order]
    return write_group(file, write_parts(file, "_index" => index, columns...), attributes)
end
