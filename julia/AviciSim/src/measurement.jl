# Technical noise of single-cell assays: outlier genes, library size, dropout, UMI counts.
#
# Keys of a [[measurement]]:
#     profile    one of the technologies of PROFILES

"""
    TechnicalNoise(table, location)

Noise profile of an assay (SERGIO; Dibaeinia and Sinha, Cell Systems 2020).

# Fields
- `outlier`: probability that a gene is an outlier, mean and standard deviation of the logarithm of its factor.
- `library`: mean and standard deviation of the logarithm of a cell's total count.
- `dropout`: shape and percentile of the logistic curve that decides whether a value is seen.
"""
struct TechnicalNoise
    outlier::NTuple{3,Float64}
    library::NTuple{2,Float64}
    dropout::NTuple{2,Float64}
end

const PROFILES = Dict(
    "10x-chromium-1" => TechnicalNoise((0.01, 3.0, 1.0), (6.0, 0.3), (8.0, 74.0)),
    "10x-chromium-2" => TechnicalNoise((0.01, 3.0, 1.0), (6.0, 0.4), (8.0, 82.0)),
    "10x-chromium-3" => TechnicalNoise((0.01, 5.0, 1.0), (4.5, 0.7), (8.0, 45.0)),
    "illumina" => TechnicalNoise((0.01, 0.8, 1.0), (7.0, 0.4), (8.0, 80.0)),
    "drop-seq" => TechnicalNoise((0.01, 3.0, 1.0), (4.4, 0.8), (8.0, 85.0)),
    "smart-seq" => TechnicalNoise((0.01, 4.5, 1.0), (10.8, 0.55), (2.0, 92.0)),
)

function TechnicalNoise(table::AbstractDict, location::AbstractString)
    check_keys(table, location, ("profile",), ("share",))
    profile = table["profile"]
    known = join(sort!(collect(keys(PROFILES))), ", ")
    haskey(PROFILES, profile) || refuse("$location: profile", "must be one of $known; got $(repr(profile))")
    return PROFILES[profile]
end

"""
    measure!(x, rng, noise)

Replace expression (cells × genes) by what the assay counts, in four steps: outlier genes are multiplied by one log-normal factor;
every cell's total is scaled to a log-normal draw; a value x is kept with probability 1 / (1 + exp(-shape·(y - y_q))), y = log(x + 1) and
y_q the percentile of all y; what is kept is replaced by a Poisson count. `nothing` as noise leaves `x` as it is.
"""
function measure!(x::AbstractMatrix{Float32}, rng::Stream, noise::TechnicalNoise)
    outlier_rng, cell_rng, entry_rng = split(rng, :outliers), split(rng, :cells), split(rng, :entries)
    probability, μ, σ = noise.outlier
    for gene in axes(x, 2)
        uniform(outlier_rng) < probability || continue
        x[:, gene] .*= Float32(portable_exp(μ + σ * normal(outlier_rng)))
    end
    μ, σ = noise.library
    for cell in axes(x, 1)
        total, size = ordered_sum(view(x, cell, :)), portable_exp(μ + σ * normal(cell_rng))
        total > 0 && (x[cell, :] .*= Float32(size / total))
    end
    shape, percentile = noise.dropout
    y = [portable_log(value + 1.0f0) for value in x]
    middle, shape = quantile_of!(vec(copy(y)), percentile / 100), Float32(shape)
    for k in eachindex(x, y)
        kept = uniform(entry_rng) * (1.0f0 + portable_exp(-shape * (y[k] - middle))) < 1.0f0
        x[k] = kept ? poisson(entry_rng, x[k]) : 0
    end
    return x
end

measure!(x::AbstractMatrix{Float32}, ::Stream, ::Nothing) = x

# The quantile with linear interpolation; reorders the values.
function quantile_of!(values::Vector{Float32}, q::Float64)
    position = 1 + (length(values) - 1) * q
    low = floor(Int, position)
    high = min(low + 1, length(values))
    a, b = partialsort!(values, low:high)[[1, end]]
    return a + Float32(position - low) * (b - a)
end
