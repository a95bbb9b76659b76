# Technical noise of single-cell assays: outlier genes, library size, dropout, UMI counts.

"""
    TechnicalNoise(outlier, library, dropout, umi)

Noise of an assay (SERGIO; Dibaeinia and Sinha, Cell Systems 2020), in four steps, of which each may be left out.

# Fields
- `outlier`: probability that a gene is an outlier, mean and standard deviation of the logarithm of its factor; or `nothing`.
- `library`: mean and standard deviation of the logarithm of a cell's total count; or `nothing`.
- `dropout`: shape and percentile of the logistic curve that decides whether a value is seen; or `nothing`.
- `umi`: whether a value is replaced by a Poisson count.

[`profile`](@ref) gives the values of a technology. In a domain file: `profile`, one of `PROFILES`; or `outlier`, `library`, `dropout` as
lists of numbers; in both cases a step is left out with `outlier = false` and so on, `umi = false` included.
"""
struct TechnicalNoise
    outlier::Union{Nothing, NTuple{3, Float64}}
    library::Union{Nothing, NTuple{2, Float64}}
    dropout::Union{Nothing, NTuple{2, Float64}}
    umi::Bool
end

const PROFILES = Dict(
    "10x-chromium-1" => TechnicalNoise((0.01, 3.0, 1.0), (6.0, 0.3), (8.0, 74.0), true),
    "10x-chromium-2" => TechnicalNoise((0.01, 3.0, 1.0), (6.0, 0.4), (8.0, 82.0), true),
    "10x-chromium-3" => TechnicalNoise((0.01, 5.0, 1.0), (4.5, 0.7), (8.0, 45.0), true),
    "illumina" => TechnicalNoise((0.01, 0.8, 1.0), (7.0, 0.4), (8.0, 80.0), true),
    "drop-seq" => TechnicalNoise((0.01, 3.0, 1.0), (4.4, 0.8), (8.0, 85.0), true),
    "smart-seq" => TechnicalNoise((0.01, 4.5, 1.0), (10.8, 0.55), (2.0, 92.0), true),
)

"""
    profile(name; outlier=true, library=true, dropout=true, umi=true)::TechnicalNoise

The noise of a technology: "10x-chromium-1", "-2", "-3" (three experiments), "illumina", "drop-seq" or "smart-seq"; `false` leaves out a
step. With `umi=false` the values are not counts.
"""
function profile(name::AbstractString; outlier::Bool = true, library::Bool = true, dropout::Bool = true, umi::Bool = true)
    haskey(PROFILES, name) ||
        throw(ArgumentError("there is no technology \"$name\"; known are $(join(sort!(collect(keys(PROFILES))), ", "))"))
    full = PROFILES[name]
    return TechnicalNoise(outlier ? full.outlier : nothing, library ? full.library : nothing, dropout ? full.dropout : nothing, umi)
end

function TechnicalNoise(table::AbstractDict, location::AbstractString)
    check_keys(table, location, (), ("profile", "outlier", "library", "dropout", "umi"))
    known = join(sort!(collect(keys(PROFILES))), ", ")
    name, umi = get(table, "profile", nothing), get(table, "umi", true)
    name === nothing || haskey(PROFILES, name) || refuse("$location: profile", "must be one of $known; got $(repr(name))")
    umi isa Bool || refuse("$location: umi", "true or false is expected")
    full = name === nothing ? TechnicalNoise(nothing, nothing, nothing, true) : PROFILES[name]
    step(key, size) = begin
        given = get(table, key, getfield(full, Symbol(key)))
        (given === nothing || given === false) && return nothing
        valid = given isa Union{AbstractVector, Tuple} && length(given) == size && all(x -> x isa Real && isfinite(x), given)
        valid || refuse("$location: $key", "$size numbers or false are expected, got $(repr(given))")
        return Tuple(Float64.(given))
    end
    outlier, library, dropout = step("outlier", 3), step("library", 2), step("dropout", 2)
    outlier === nothing || 0 <= outlier[1] <= 1 || refuse("$location: outlier", "the probability must be within [0, 1]")
    dropout === nothing || 0 <= dropout[2] <= 100 || refuse("$location: dropout", "the percentile must be within [0, 100]")
    return TechnicalNoise(outlier, library, dropout, umi)
end

"""
    measure!(x, rng, noise)

Replace expression (cells × genes) by what the assay sees, in four steps: outlier genes are multiplied by one log-normal factor;
every cell's total is scaled to a log-normal draw; a value x is kept with probability 1 / (1 + exp(-shape·(y - y_q))), y = log(x + 1) and
y_q the percentile of all y; what is kept is replaced by a Poisson count. `nothing` as noise leaves `x` as it is.

Throws an `ArgumentError` if a count would be beyond 2^24, from where Float32 has no whole numbers.
"""
function measure!(x::AbstractMatrix{Float32}, rng::Stream, noise::TechnicalNoise)
    isempty(x) && return x
    outlier_rng, cell_rng, entry_rng = split(rng, "outliers"), split(rng, "cells"), split(rng, "entries")
    noise.outlier === nothing || scale_outliers!(x, outlier_rng, noise.outlier...)
    noise.library === nothing || scale_library!(x, cell_rng, noise.library...)
    all(value -> value <= 1.6777216f7, x) ||
        throw(ArgumentError(
            "the technical noise makes values beyond 2^24, where Float32 cannot count; the library or the outliers are too large",
        ))
    noise.dropout === nothing || drop!(x, split(entry_rng, "dropout"), noise.dropout...)
    noise.umi && count_molecules!(x, split(entry_rng, "umi"))
    return x
end

measure!(x::AbstractMatrix{Float32}, ::Stream, ::Nothing) = x

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
