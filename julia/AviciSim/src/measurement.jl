# Technical noise of single-cell assays: outlier genes, library size, dropout, UMI counts.

"""
    TechnicalNoise(outlier, library, dropout, umi)

Noise of an assay (SERGIO; Dibaeinia and Sinha, Cell Systems 2020), in four steps, of which each may be left out.

# Fields
- `outlier`: probability that a gene is an outlier, mean and standard deviation of the logarithm of its factor; or `nothing`.
- `library`: mean and standard deviation of the logarithm of a cell's total count over the genes in the table; or `nothing`.
- `dropout`: shape and percentile of the logistic curve that decides whether a value is seen; or `nothing`.
- `umi`: whether a value is replaced by a Poisson count.

[`profile`](@ref) gives the values of a technology. In a domain file: `profile`, one of `PROFILES`; or `outlier`, `library`, `dropout` as
lists of numbers; in both cases a step is left out with `outlier = false` and so on, `umi = false` included.

Throws an `ArgumentError` if a number is not finite, a probability not within [0, 1], a percentile not within [0, 100] or a deviation negative.

```julia
TechnicalNoise(nothing, (log(5000), 0.4), nothing, true)     # about 5000 UMIs in a cell, nothing else
```
"""
struct TechnicalNoise
    outlier::Union{Nothing, NTuple{3, Float64}}
    library::Union{Nothing, NTuple{2, Float64}}
    dropout::Union{Nothing, NTuple{2, Float64}}
    umi::Bool

    function TechnicalNoise(outlier, library, dropout, umi::Bool)
        steps = noise_step("outlier", outlier, 3), noise_step("library", library, 2), noise_step("dropout", dropout, 2)
        outlier, library, dropout = steps
        outlier === nothing || 0 <= outlier[1] <= 1 || throw(ArgumentError("outlier: the probability must be within [0, 1]"))
        outlier === nothing || outlier[3] >= 0 || throw(ArgumentError("outlier: the deviation must be at least 0"))
        library === nothing || library[2] >= 0 || throw(ArgumentError("library: the deviation must be at least 0"))
        dropout === nothing || 0 <= dropout[2] <= 100 || throw(ArgumentError("dropout: the percentile must be within [0, 100]"))
        return new(steps..., umi)
    end
end

noise_step(name, ::Nothing, size) = nothing
function noise_step(name, given, size)
    valid = given isa Union{AbstractVector, Tuple} && length(given) == size && all(x -> x isa Real && isfinite(x), given)
    valid || throw(ArgumentError("$name: $size numbers or nothing (false in a domain file) are expected, got $(repr(given))"))
    return Tuple(Float64.(given))
end

# The data sets of SERGIO's paper; six of them carry the name of what they were fitted to.
const DATA_SETS = (
    TechnicalNoise((0.01, 0.8, 1.0), (4.8, 0.3), (20.0, 82.0), true),
    TechnicalNoise((0.01, 0.8, 1.0), (6.0, 0.4), (12.0, 80.0), true),
    TechnicalNoise((0.01, 0.8, 1.0), (7.0, 0.4), (8.0, 80.0), true),
    TechnicalNoise((0.01, 3.0, 1.0), (6.0, 0.3), (8.0, 74.0), true),
    TechnicalNoise((0.01, 3.0, 1.0), (6.0, 0.4), (8.0, 82.0), true),
    TechnicalNoise((0.01, 5.0, 1.0), (4.5, 0.7), (8.0, 45.0), true),
    TechnicalNoise((0.01, 3.0, 1.0), (4.4, 0.8), (8.0, 85.0), true),
    TechnicalNoise((0.01, 4.5, 1.0), (10.8, 0.55), (2.0, 92.0), true),
)

const PROFILES = Dict(
    "10x-chromium-1" => DATA_SETS[4],
    "10x-chromium-2" => DATA_SETS[5],
    "10x-chromium-3" => DATA_SETS[6],
    "illumina" => DATA_SETS[3],
    "drop-seq" => DATA_SETS[7],
    "smart-seq" => DATA_SETS[8],
    ("sergio-ds$k" => DATA_SETS[k] for k in 1:8)...
)

"""
    profile(name; outlier=true, library=true, dropout=true, umi=true, depth=nothing)::TechnicalNoise

The noise of a technology: "10x-chromium-1", "-2", "-3" (three experiments), "illumina", "drop-seq" or "smart-seq"; or of one of the data sets
"sergio-ds1" to "sergio-ds8" of the paper on SERGIO (of which the third to the eighth are illumina, 10x-chromium-1, -2, -3, drop-seq and
smart-seq). `false` leaves out a step. With `umi=false` the values are not counts. `depth` takes the place of the median UMIs of a cell.

```julia
profile("10x-chromium-1"; depth=20_000, dropout=false)
```
"""
function profile(
    name::AbstractString;
    outlier::Bool = true,
    library::Bool = true,
    dropout::Bool = true,
    umi::Bool = true,
    depth::Union{Nothing, Real} = nothing,
)
    haskey(PROFILES, name) ||
        throw(ArgumentError("there is no technology \"$name\"; known are $(join(sort!(collect(keys(PROFILES))), ", "))"))
    full = PROFILES[name]
    noise = TechnicalNoise(
        outlier ? full.outlier : nothing,
        library ? full.library : nothing,
        dropout ? full.dropout : nothing,
        umi,
    )
    return depth === nothing ? noise : with_depth(noise, depth)
end

# The same noise with another median of UMIs in a cell.
function with_depth(noise::TechnicalNoise, depth::Real)
    0 < depth < Inf || throw(ArgumentError("a depth must be positive, got $depth"))
    spread = noise.library === nothing ? 0.0 : noise.library[2]
    return TechnicalNoise(noise.outlier, (portable_log(Float64(depth)), spread), noise.dropout, noise.umi)
end

function TechnicalNoise(table::AbstractDict, location::AbstractString)
    check_keys(table, location, (), NOISE_KEYS)
    known = join(sort!(collect(keys(PROFILES))), ", ")
    name, umi = get(table, "profile", nothing), get(table, "umi", true)
    name === nothing || haskey(PROFILES, name) || refuse("$location: profile", "must be one of $known; got $(repr(name))")
    umi isa Bool || refuse("$location: umi", "true or false is expected")
    full = name === nothing ? TechnicalNoise(nothing, nothing, nothing, true) : PROFILES[name]
    step(key) = (given = get(table, key, getfield(full, Symbol(key))); given === false ? nothing : given)
    try
        return TechnicalNoise(step("outlier"), step("library"), step("dropout"), umi)
    catch failure
        failure isa ArgumentError || rethrow()
        refuse("$location", failure.msg)
    end
end

const NOISE_KEYS = ("profile", "outlier", "library", "dropout", "umi")

"""
    measure!(x, rng, noise, depths=nothing)

Replace expression (cells × genes) by what the assay sees, in four steps: outlier genes are multiplied by one log-normal factor;
every cell's total is scaled to a log-normal draw; a value x is kept with probability 1 / (1 + exp(-shape·(y - y_q))), y = log(x + 1) and
y_q the percentile of all y; what is kept is replaced by a Poisson count. `nothing` as noise leaves `x` as it is. `depths` multiply the cells' totals.

Throws an `ArgumentError` if a count would be beyond 2^24, from where Float32 has no whole numbers.
"""
function measure!(x::AbstractMatrix{Float32}, rng::Stream, noise::TechnicalNoise, depths = nothing)
    isempty(x) && return x
    outlier_rng, cell_rng, entry_rng = split(rng, "outliers"), split(rng, "cells"), split(rng, "entries")
    noise.outlier === nothing || scale_outliers!(x, outlier_rng, noise.outlier...)
    noise.library === nothing || scale_library!(x, cell_rng, noise.library...)
    depths === nothing || (x .*= depths)
    all(value -> value <= 1.6777216f7, x) ||
        throw(ArgumentError(
            "the technical noise makes values beyond 2^24, where Float32 cannot count; the library or the outliers are too large",
        ))
    noise.dropout === nothing || drop!(x, split(entry_rng, "dropout"), noise.dropout...)
    noise.umi && count_molecules!(x, split(entry_rng, "umi"))
    return x
end

measure!(x::AbstractMatrix{Float32}, ::Stream, ::Nothing, depths = nothing) = x

function scale_outliers!(x, rng::Stream, probability, μ, σ)
    for gene in axes(x, 2)
        uniform(rng) < probability || continue
        x[:, gene] .*= Float32(portable_exp(μ + σ * normal(rng)))
    end
end

function scale_library!(x, rng::Stream, μ, σ)
    for cell in axes(x, 1)
        row, size = view(x, cell, :), portable_exp(μ + σ * normal(rng))
        total = ordered_sum(row)
        total > 0 && (row .*= Float32(size / total))
    end
end

function drop!(x, rng::Stream, shape, percentile)
    memory = borrow(COLUMNS, 2 * length(x))
    y, sorted = view(memory, 1:length(x)), view(memory, length(x) + 1:2 * length(x))
    @inbounds @simd for k in eachindex(x)
        y[k] = sorted[k] = portable_log(x[k] + 1.0f0)
    end
    middle, shape = quantile_of!(sorted, percentile / 100), Float32(shape)
    for k in eachindex(x)
        uniform(rng) * (1.0f0 + portable_exp(-shape * (y[k] - middle))) < 1.0f0 || (x[k] = 0)
    end
    give_back(COLUMNS, memory)
end

function count_molecules!(x, rng::Stream)
    for k in eachindex(x)
        x[k] > 0 && (x[k] = poisson(rng, x[k]))
    end
end

# The quantile with linear interpolation; reorders the values.
function quantile_of!(values::AbstractVector{Float32}, q::Float64)
    position = 1 + (length(values) - 1) * q
    low = floor(Int, position)
    high = min(low + 1, length(values))
    a, b = partialsort!(values, low:high)[[1, end]]
    return a + Float32(position - low) * (b - a)
end
