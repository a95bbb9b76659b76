# Post-nonlinear distortion: a monotone function of a variable, its noise included.

"""
    Distortion(names, share)

Every variable is, with probability `share`, replaced by a random increasing function h of itself, t its standardised value (held within
±$(Int(ARGUMENT_LIMIT))), and brought back to its mean and standard deviation. Each draws one of `names`, and -h(-t) instead of h(t) in half of the
cases:

| name | h(t) | drawn |
|---|---|---|
| `exp` | exp(a t) | a from U[0.3, 1] |
| `log` | sign(t) log(1 + a abs(t)) | a from U[1, 8] |
| `power` | sign(t) abs(t)^a | a or 1/a from U[1.3, 3] |
| `sinh` | sinh(a t) | a from U[0.6, 1.5] |
| `saturation` | tanh(a t) | a from U[0.4, 1.5] |
| `quantile` | a t + Σ_m w_m tanh(s_m (t - c_m)), three terms: the values gather in two to four places | a from U[0.05, 0.3], w from U[0, 1], s from U[2, 8], c from N(0, 1) |
"""
struct Distortion
    names::Vector{Symbol}
    share::Settable
end

const DISTORTIONS = ("exp", "log", "power", "sinh", "saturation", "quantile")

settle(distortion::Distortion, rng::Stream) = Distortion(distortion.names, settle(distortion.share, rng))

function distort!(y, distortion::Distortion, rng::Stream, rows, scalings::Scalings)
    chosen = uniform(rng) < draw(distortion.share, rng)
    chosen || return y
    rescale!(y, 0, 1, rows, scalings)
    centre, factor, _ = scalings.maps[scalings.position]
    limit = Float32(ARGUMENT_LIMIT)
    sign = next_word(rng) >> 63 == 0 ? 1.0f0 : -1.0f0
    @inbounds @simd for r in eachindex(y)
        t = sign * y[r]
        y[r] = ifelse(t > limit, limit, ifelse(t < -limit, -limit, t))
    end
    distort!(y, Val(choose(rng, distortion.names)), rng)
    sign < 0 && (y .*= -1.0f0)
    return rescale!(y, centre, 1 / factor, rows, scalings)
end

between(rng::Stream, a, b) = Float32(a + (b - a) * uniform(rng))

# y = h(y) with the function of every number drawn.
function distort!(y, ::Val{:exp}, rng::Stream)
    a = between(rng, 0.3, 1.0)
    return each!(t -> portable_exp(a * t), y)
end

function distort!(y, ::Val{:log}, rng::Stream)
    a = between(rng, 1.0, 8.0)
    return each!(t -> copysign(portable_log(1.0f0 + a * abs(t)), t), y)
end

function distort!(y, ::Val{:power}, rng::Stream)
    a = between(rng, 1.3, 3.0)
    a = next_word(rng) >> 63 == 0 ? a : 1.0f0 / a
    return each!(t -> copysign(portable_exp(a * portable_log(abs(t) + 1.0f-12)), t), y)
end

function distort!(y, ::Val{:sinh}, rng::Stream)
    a = between(rng, 0.6, 1.5)
    return each!(t -> 0.5f0 * (portable_exp(a * t) - portable_exp(-a * t)), y)
end

function distort!(y, ::Val{:saturation}, rng::Stream)
    a = between(rng, 0.4, 1.5)
    return each!(t -> portable_tanh(a * t), y)
end

function distort!(y, ::Val{:quantile}, rng::Stream)
    a = between(rng, 0.05, 0.3)
    terms = ntuple(_ -> (between(rng, 0.0, 1.0), between(rng, 2.0, 8.0), Float32(normal(rng))), 3)
    return each!(y) do t
        (w1, s1, c1), (w2, s2, c2), (w3, s3, c3) = terms
        a * t + w1 * portable_tanh(s1 * (t - c1)) + w2 * portable_tanh(s2 * (t - c2)) + w3 * portable_tanh(s3 * (t - c3))
    end
end

@inline function each!(h, y)
    @inbounds @simd for r in eachindex(y)
        y[r] = h(y[r])
    end
    return y
end
