# Batches: groups of rows whose variables are shifted and scaled.

"""
    Batches(number; shift=0, scale=0, labelled=1, variables=1)

Rows come in a `number` of batches, drawn per dataset. In each batch a share of the `variables` is shifted by a normal number of `shift` standard
deviations, and its deviation from the mean is multiplied by exp(`scale` · normal number); both are drawn per variable. With probability
`labelled` the dataset says which batch a row is of.

```julia
simulate(Domain("linear"; imperfection=Batches(3; shift=0.5)); d=10, n_obs=200)
```
"""
struct Batches <: Imperfection
    number::Settable
    shift::Settable
    scale::Settable
    labelled::Settable
    variables::Settable

    Batches(number, shift, scale, labelled, variables) = new(
        settable(number, "number"; least = 2, most = 1.0e6),
        settable(shift, "shift"; least = 0),
        settable(scale, "scale"; least = 0),
        settable(labelled, "labelled"; least = 0, most = 1),
        settable(variables, "variables"; least = 0, most = 1),
    )
end
Batches(number; shift = 0, scale = 0, labelled = 1, variables = 1) = Batches(number, shift, scale, labelled, variables)

stage(::Batches) = 10
label(::Batches) = "batches"

IMPERFECTIONS["batches"] = (table, location) -> begin
    check_keys(table, location, ("number",), ("shift", "scale", "labelled", "variables"))
    haskey(table, "shift") || haskey(table, "scale") || refuse(location, "shift or scale is expected")
    Batches(
        parameter(table, "number", location; least = 2, most = 1.0e6),
        parameter(table, "shift", location; least = 0, default = 0.0),
        parameter(table, "scale", location; least = 0, default = 0.0),
        parameter(table, "labelled", location; least = 0, most = 1, default = 1.0),
        share_of_variables(table, location),
    )
end

function apply!(table::Table, b::Batches, rng::Stream)
    rows = split(rng, "rows")
    number = round(Int, draw(b.number, rows))
    batch = assign_batches(rows, number, size(table.x, 1))
    given = uniform(rows) < draw(b.labelled, rows)
    given && (table.batch = batch)
    shifts, scales = Float64[], Float64[]
    factor, constant = Vector{Float32}(undef, number), Vector{Float32}(undef, number)
    each_column(table, b.variables, rng) do column, own
        push!(shifts, draw(b.shift, own))
        push!(scales, draw(b.scale, own))
        centre, spread = centre_and_spread(column, own)
        for k in 1:number
            factor[k] = Float32(portable_exp(scales[end] * normal(own)))
            constant[k] = centre * (1 - factor[k]) + spread * Float32(shifts[end] * normal(own))
        end
        shift_and_scale!(column, batch, factor, constant)
    end
    return (number = number, shift = average(shifts), scale = average(scales), labelled = given, variables = length(shifts))
end

# Batches of unequal size, every row of a random one.
function assign_batches(rng::Stream, number::Int, n::Int)
    weights = [0.25 + uniform(rng) for _ in 1:number]
    return Int32[weighted_index(rng, weights) for _ in 1:n]
end

function shift_and_scale!(column, batch::Vector{Int32}, factor::Vector{Float32}, constant::Vector{Float32})
    @inbounds for r in eachindex(column)
        k = batch[r]
        column[r] = factor[k] * column[r] + constant[k]
    end
end
