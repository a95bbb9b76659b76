# Noise of many shapes, each with mean 0 and variance 1 before it is scaled.

"""
    ShapedNoise(shape, parameter, scale, mirrored)

Noise of one of these shapes, shifted to mean 0 and scaled to variance 1, times `scale`:

| `shape` | standard distribution | `parameter` |
|---|---|---|
| `:uniform` | U[0, 1] | |
| `:exponential` | density exp(-x) | |
| `:gumbel` | distribution function exp(-exp(-x)) | |
| `:gamma` | density ∝ x^(k-1) exp(-x) | k |
| `:chi2` | sum of ν squared normal variables | ν, degrees of freedom |
| `:student` | Student's t | ν, degrees of freedom, above 2 |
| `:lognormal` | exp(σ z), z normal | σ |
| `:bimodal` | two normal distributions of variance 1 with random shares from 0.2 to 0.8 | distance of their means |
| `:multimodal` | three to five of them, each that far from the one before | the same |

`parameter` and `scale` are drawn per variable; `scale` may be [`Heteroscedastic`](@ref). With probability `mirrored` a variable's noise is that of the
other skew.
"""
struct ShapedNoise <: Noise
    shape::Symbol
    parameter::Settable
    scale::Union{Parameter, Float64, Distribution, Heteroscedastic}
    mirrored::Settable
end

# The keys of the shapes' parameters, what they must be above, and what they are where the file does not say.
const SHAPES = Dict(
    :uniform => nothing,
    :exponential => nothing,
    :gumbel => nothing,
    :gamma => ("shape", 0, Dict("uniform" => [1.0, 5.0])),
    :chi2 => ("degrees_of_freedom", 0, Dict("uniform" => [1.0, 10.0])),
    :student => ("degrees_of_freedom", 2, Dict("uniform" => [3.0, 10.0])),
    :lognormal => ("sigma", 0, Dict("uniform" => [0.3, 1.0])),
    :bimodal => ("separation", 0, Dict("uniform" => [3.0, 8.0])),
    :multimodal => ("separation", 0, Dict("uniform" => [3.0, 8.0])),
)

for (shape, parameters) in SHAPES
    NOISES[String(shape)] = (table, location) -> begin
        own = parameters === nothing ? () : (parameters[1],)
        check_keys(table, location, (), ("scale", "heteroscedastic", "mirrored", own...))
        given = parameters === nothing ?
            Parameter(0.0, location) :
            parameter(table, parameters[1], location; above = parameters[2], most = 1.0e3, default = parameters[3])
        mirrored = parameter(table, "mirrored", location; least = 0, most = 1, default = shape === :student ? 0.0 : 0.5)
        ShapedNoise(shape, given, read_scale(table, location), mirrored)
    end
end

settle(noise::ShapedNoise, rng::Stream) = settle_fields(noise, rng)
settle_field(field::Heteroscedastic, rng::Stream) = settle(field, rng)

function add_noise!(y, noise::ShapedNoise, causes, rng::Stream)
    scale = scales(noise.scale, causes, rng)
    sign = uniform(rng) < draw(noise.mirrored, rng) ? -1.0f0 : 1.0f0
    with_memory(length(y)) do ε
        unit_noise!(ε, Val(noise.shape), draw(noise.parameter, rng), rng)
        add_scaled!(y, ε, sign, scale)
    end
    return y
end

function add_scaled!(y, ε, sign::Float32, scale)
    @inbounds @simd for r in eachindex(y)
        y[r] += sign * scale_of(scale, r) * ε[r]
    end
end

"""
    unit_noise!(ε, Val(shape), parameter, rng)

Fill `ε` with noise of a shape of [`ShapedNoise`](@ref): mean 0, variance 1.
"""
function unit_noise!(ε, ::Val{:uniform}, _, rng::Stream)
    fill_uniform!(rng, ε)
    return scale_shift!(ε, 0.5, sqrt(12.0))
end

# By inversion.
function unit_noise!(ε, ::Val{:exponential}, _, rng::Stream)
    fill_uniform!(rng, ε)
    @inbounds @simd for r in eachindex(ε)
        ε[r] = -portable_log(ε[r]) - 1.0f0
    end
    return ε
end

function unit_noise!(ε, ::Val{:gumbel}, _, rng::Stream)
    fill_uniform!(rng, ε)
    @inbounds @simd for r in eachindex(ε)
        ε[r] = -portable_log(-portable_log(ε[r]))
    end
    return scale_shift!(ε, 0.5772156649015329, sqrt(6.0) / π)
end

unit_noise!(ε, ::Val{:gamma}, k, rng::Stream) = scale_shift!(fill_gamma!(ε, k, rng), k, 1 / sqrt(k))
unit_noise!(ε, ::Val{:chi2}, ν, rng::Stream) = unit_noise!(ε, Val(:gamma), ν / 2, rng)

# Bailey's polar method (Mathematics of Computation 1994): √(ν (u^(-2/ν) - 1)) · cos(2πv) has Student's distribution.
function unit_noise!(ε, ::Val{:student}, ν, rng::Stream)
    with_memory(length(ε)) do turn
        fill_uniform!(rng, ε)
        fill_uniform!(rng, turn)
        rng.row_memory == 0 || (turn .*= 0.5f0)         # half a turn has the same cosines, and neighbours have near ones
        power, spread = Float32(-2 / ν), Float32(ν - 2) # times √((ν - 2) / ν), for variance 1
        @inbounds @simd for r in eachindex(ε)
            ε[r] = sqrt(abs(spread * (portable_exp(power * portable_log(ε[r])) - 1.0f0))) * cos_turns(turn[r])
        end
    end
    return ε
end

function unit_noise!(ε, ::Val{:lognormal}, σ, rng::Stream)
    fill_normal!(rng, ε)
    s = Float32(σ)
    @inbounds @simd for r in eachindex(ε)
        ε[r] = portable_exp(s * ε[r])
    end
    mean = portable_exp(σ^2 / 2)
    return scale_shift!(ε, mean, 1 / (mean * sqrt(portable_exp(σ^2) - 1)))
end

function unit_noise!(ε, ::Val{:bimodal}, separation, rng::Stream)
    share = 0.2 + 0.6 * uniform(rng)
    return normal_mixture!(ε, [share, 1 - share], separation, rng)
end

function unit_noise!(ε, ::Val{:multimodal}, separation, rng::Stream)
    shares = [0.25 + uniform(rng) for _ in 1:2 + randint(rng, 3)]
    return normal_mixture!(ε, shares ./ ordered_sum(shares), separation, rng)
end

# Normal distributions of variance 1 with means 0, separation, 2·separation, ...
function normal_mixture!(ε, shares::Vector{Float64}, separation::Float64, rng::Stream)
    fill_normal!(rng, ε)
    with_memory(length(ε)) do u
        fill_uniform!(rng, u)
        above, distance = 0.0, Float32(separation)
        for share in view(shares, 1:length(shares) - 1)
            above += share
            limit = Float32(above)
            @inbounds @simd for r in eachindex(ε)
                ε[r] += ifelse(u[r] > limit, distance, 0.0f0)
            end
        end
    end
    positions = (0:length(shares) - 1) .* separation
    mean = ordered_sum(shares .* positions)
    return scale_shift!(ε, mean, 1 / sqrt(1 + ordered_sum(shares .* abs2.(positions .- mean))))
end

function scale_shift!(ε, mean::Real, factor::Real)
    m, f = Float32(mean), Float32(factor)
    @inbounds @simd for r in eachindex(ε)
        ε[r] = (ε[r] - m) * f
    end
    return ε
end

# Gamma(k, 1) variables by the method of Marsaglia and Tsang (ACM TOMS 2000): candidates side by side, and those that are rejected one by one.
function fill_gamma!(ε, k::Float64, rng::Stream)
    shape = k < 1 ? k + 1 : k
    d = Float32(shape - 1 / 3)
    c = 1.0f0 / sqrt(9.0f0 * d)
    with_memory(2 * length(ε)) do memory
        x, u = view(memory, 1:length(ε)), view(memory, length(ε) + 1:2 * length(ε))
        fill_normal!(rng, x)
        fill_uniform!(rng, u)
        @inbounds @simd for r in eachindex(ε)
            root = 1.0f0 + c * x[r]
            v = root * root * root
            log_v = portable_log(ifelse(v > 1.0f-30, v, 1.0f-30))
            kept = (v > 1.0f-30) & (portable_log(u[r]) < 0.5f0 * x[r] * x[r] + d - d * v + d * log_v)
            ε[r] = ifelse(kept, d * v, -1.0f0)
        end
        for r in eachindex(ε)
            ε[r] < 0.0f0 && (ε[r] = Float32(portable_exp(log_gamma_variate(rng, shape))))
        end
        if k < 1
            # times u^(1/k)
            fill_uniform!(rng, u)
            power = Float32(1 / k)
            @inbounds @simd for r in eachindex(ε)
                ε[r] *= portable_exp(power * portable_log(u[r]))
            end
        end
    end
    return ε
end
