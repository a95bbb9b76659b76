# How variables depend on their causes.

"""
    Mechanism

How a variable depends on its causes. A new one is a type and one method,

    evaluate!(y, mechanism, causes, rng)

which fills `y` (n rows, Float32) with f(causes); `causes` is n × number of causes, and `rng` the variable's own stream, for what is drawn
per variable or edge. What is drawn once per dataset comes from a second, optional method, `settle(mechanism, rng)`, which returns the
mechanism to evaluate.
"""
abstract type Mechanism end

settle(part::Mechanism, ::Stream) = part

"""
    LinearMechanism(weight, bias)

f(x) = bias + Σ weight_i x_i; `weight` is drawn per edge, `bias` per variable.
"""
struct LinearMechanism <: Mechanism
    weight::Settable
    bias::Settable
end

"""
    RFFMechanism(length_scale, output_scale, bias, features)

A random function of the causes, approximately a Gaussian process with squared exponential kernel, of B random Fourier features
(Rahimi and Recht 2007): f(x) = bias + √2 · c · Σ_b w_b cos(ω_b·x + δ_b) / √B with w_b ~ N(0, 1), ω_b ~ N(0, I/ℓ²),
δ_b ~ U[0, 2π]. Length scale ℓ, output scale c and bias are drawn per variable. Without causes, f is the constant that the
formula gives with ω_b·x = 0.
"""
struct RFFMechanism <: Mechanism
    length_scale::Settable
    output_scale::Settable
    bias::Settable
    features::Int
end

const MECHANISMS = Models()

MECHANISMS["linear"] = (table, location) -> begin
    check_keys(table, location, ("weight", "bias"))
    LinearMechanism(parameter(table, "weight", location), parameter(table, "bias", location))
end
MECHANISMS["rff"] = (table, location) -> begin
    check_keys(table, location, ("length_scale", "output_scale", "bias"), ("features",))
    read_rff(table, location)
end

function read_features(table, location; default)
    features = get(table, "features", default)
    features isa Integer && 1 <= features <= 10^6 || refuse("$location: features", "a whole number from 1 to a million is expected")
    return Int(features)
end

function read_rff(table, location)
    features = read_features(table, location; default = 100)
    return RFFMechanism(
        parameter(table, "length_scale", location; above = 0),
        parameter(table, "output_scale", location; least = 0),
        parameter(table, "bias", location; default = 0.0),
        features,
    )
end

settle(m::LinearMechanism, rng::Stream) = LinearMechanism(map(p -> settle(p, rng), (m.weight, m.bias))...)
settle(m::RFFMechanism, rng::Stream) = RFFMechanism(
    map(p -> settle(p, rng), (m.length_scale, m.output_scale, m.bias))...,
    m.features,
)

function evaluate!(y, m::LinearMechanism, causes, rng::Stream)
    bias = Float32(draw(m.bias, rng))
    weights = Float32[draw(m.weight, rng) for _ in axes(causes, 2)]
    return weighted_sum!(y, bias, weights, k -> view(causes, :, k))
end

function evaluate!(y, m::RFFMechanism, causes, rng::Stream)
    ℓ, c, b0 = draw(m.length_scale, rng), draw(m.output_scale, rng), Float32(draw(m.bias, rng))
    amplitude, frequency = Vector{Float32}(undef, m.features), Matrix{Float32}(undef, size(causes, 2), m.features)
    fill_normal!(rng, amplitude)
    fill_normal!(rng, frequency)
    amplitude .*= Float32(sqrt(2 / m.features) * c)
    frequency .*= Float32(1 / (2π * ℓ)) # in turns
    fill!(y, b0)
    memory = borrow(COLUMNS, length(y))
    phase = view(memory, 1:length(y))
    for b in 1:m.features
        fill!(phase, Float32(uniform(rng)))
        for k in axes(causes, 2)
            ω, cause = frequency[k, b], view(causes, :, k)
            @inbounds @simd for r in eachindex(phase)
                phase[r] += ω * cause[r]
            end
        end
        w = amplitude[b]
        @inbounds @simd for r in eachindex(y)
            y[r] += w * cos_turns(phase[r])
        end
    end
    give_back(COLUMNS, memory)
    return y
end
