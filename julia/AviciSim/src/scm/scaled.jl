# Mechanisms whose arguments and values are brought to a scale, so that no graph is too deep for them.

const ARGUMENT_LIMIT = 6.0 # standard deviations
const REFERENCE_ROWS = 10
const MOST_GAIN = 20.0

"""
    ScaledMechanism

A [`Mechanism`](@ref) given by the shape of its function alone. It sees every cause standardised (its mean and standard deviation over the
reference rows, held within ±$(Int(ARGUMENT_LIMIT))), and its values are brought to the mean and standard deviation of its field `scale`, an
[`OutputScale`](@ref). The reference rows are the observational ones (all, where there are fewer than
$REFERENCE_ROWS), so the function is the same in every row, interventional ones included.

Since arguments and values are bounded, values do not grow along a graph, however deep it is.
"""
abstract type ScaledMechanism <: Mechanism end

"""
    OutputScale(output_scale, bias, growth)

The values of a mechanism with K causes have the mean `bias` and the standard deviation `output_scale` · K^`growth`, all drawn per variable: with a
growth of 0 the share of the noise is the same for any number of causes, with 1/2 it falls as in a sum of independent effects.
"""
struct OutputScale
    output_scale::Settable
    bias::Settable
    growth::Settable
end

const SCALE_KEYS = ("output_scale", "bias", "growth")

OutputScale(table::AbstractDict, location) = OutputScale(
    parameter(table, "output_scale", location; least = 0, default = 1.0),
    parameter(table, "bias", location; default = 0.0),
    parameter(table, "growth", location; least = 0, most = 1, default = 0.0),
)

settle_field(field::OutputScale, rng::Stream) = settle_fields(field, rng)

"Mean and standard deviation of a variable with some number of causes."
function draw(scale::OutputScale, causes::Int, rng::Stream)
    deviation, mean, growth = map(part -> draw(part, rng), (scale.output_scale, scale.bias, scale.growth))
    return mean, deviation * portable_exp(growth * portable_log(Float64(max(causes, 1))))
end

"The rows that tell the scale of a variable."
reference_rows(n_obs::Int, n::Int) = n_obs >= REFERENCE_ROWS ? (1:n_obs) : (1:n)

# Settle every parameter among the fields of a mechanism or noise.
settle_fields(part, rng::Stream) = typeof(part)(map(name -> settle_field(getfield(part, name), rng), fieldnames(typeof(part)))...)
settle_field(field, ::Stream) = field
settle_field(field::Parameter, rng::Stream) = settle(field, rng)

settle(m::ScaledMechanism, rng::Stream) = settle_fields(m, rng)

"""
    Scalings()

The affine maps that one variable's values went through, found on its reference rows. After [`rewind!`](@ref) the variable can be
evaluated again, at other values of its causes, with the same maps.
"""
mutable struct Scalings
    maps::Vector{NTuple{3, Float32}} # subtract, multiply, add
    position::Int
    known::Bool
end

Scalings() = Scalings(NTuple{3, Float32}[], 0, false)

rewind!(scalings::Scalings) = (scalings.position = 0; scalings.known = true; scalings)
forget!(scalings::Scalings) = (empty!(scalings.maps); scalings.position = 0; scalings.known = false; scalings)

"""
    rescale!(y, mean, deviation, rows, scalings; most=Inf)

Bring `y` to a mean and standard deviation over `rows`. A factor is at most `most`, and 1 where `y` is constant and there is no such limit.
"""
function rescale!(y, mean::Real, deviation::Real, rows, scalings::Scalings; most::Real = Inf)
    if !scalings.known
        centre, spread = moments(y, rows)
        factor = spread > 1.0e-30 ? min(deviation / spread, most) : most == Inf ? 1.0 : most
        push!(scalings.maps, (Float32(centre), Float32(factor), Float32(mean)))
    end
    scalings.position += 1
    subtract, multiply, add = scalings.maps[scalings.position]
    @inbounds @simd for r in eachindex(y)
        y[r] = (y[r] - subtract) * multiply + add
    end
    return y
end

"Mean and standard deviation (divided by n) over a range of rows, added up in an order that is the same everywhere."
function moments(values, rows::UnitRange{Int})
    isempty(rows) && return 0.0, 0.0
    centre = lane_sum(identity, values, rows) / length(rows)
    return centre, sqrt(lane_sum(x -> (x - centre)^2, values, rows) / length(rows))
end

# z = (x - centre) / spread, held within the limit.
function standardise_argument!(z, x::AbstractVector, centre::Float32, spread::Float32)
    limit, factor = Float32(ARGUMENT_LIMIT), 1.0f0 / spread
    @inbounds @simd for r in eachindex(z)
        u = (x[r] - centre) * factor
        z[r] = ifelse(u > limit, limit, ifelse(u < -limit, -limit, u))
    end
    return z
end
