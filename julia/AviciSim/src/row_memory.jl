# Random numbers of rows that follow each other.

"""
    with_row_memory(f, rng::Stream, correlation)

`f(rng)` with a stream whose [`fill_normal!`](@ref), [`each_normal!`](@ref) and [`fill_uniform!`](@ref) give stationary series: normal numbers that are
autoregressive of order 1, and their distribution function. Single numbers and children of the stream are as always.
"""
function with_row_memory(f, rng::Stream, correlation::Real)
    before, rng.row_memory = rng.row_memory, Float32(correlation)
    found = f(rng)
    rng.row_memory = before
    return found
end

# What `each_normal!` and `fill_uniform!` do with a stream that has a memory.
function each_following_normal!(put, out, rng::Stream)
    memory = borrow(COLUMNS, length(out))
    z = view(memory, 1:length(out))
    with_row_memory(own -> fill_normal!(own, z), rng, 0)
    follow!(z, rng.row_memory)
    @inbounds @simd for i in eachindex(z)
        put(out, i, z[i])
    end
    give_back(COLUMNS, memory)
    return out
end

function fill_following_uniform!(rng::Stream, out)
    fill_normal!(rng, out)
    @inbounds @simd for i in eachindex(out)
        out[i] = normal_probability(out[i])
    end
    return out
end

const PARTS = 8 # of a series, side by side: each number waits for the one before

"""
    follow!(z, correlation::Float32)

Independent normal numbers become an autoregressive series of order 1 with the same variance: z_r = ρ z_{r-1} + √(1 - ρ²) ε_r.
"""
function follow!(z, correlation::Float32)
    fresh = sqrt(1.0f0 - correlation * correlation)
    m = length(z) ÷ PARTS
    if m > 1
        # The parts as if nothing came before them,
        before = ntuple(k -> 0.0f0, Val(PARTS))
        z[1] /= fresh # so that it stays
        for r in 1:m
            before = step_of_parts!(z, before, r, m, correlation, fresh)
        end
        # and what came before, which fades.
        for start in m:m:(PARTS - 1) * m
            weight, r = correlation * z[start], start + 1
            while r <= start + m && abs(weight) > 1.0f-9
                @inbounds z[r] += weight
                weight *= correlation
                r += 1
            end
        end
    end
    for r in (m > 1 ? PARTS * m + 1 : 2):length(z)
        z[r] = correlation * z[r - 1] + fresh * z[r]
    end
    return z
end

@inline function step_of_parts!(z, before, r::Int, m::Int, correlation::Float32, fresh::Float32)
    found = ntuple(k -> correlation * before[k] + fresh * (@inbounds z[(k - 1) * m + r]), Val(PARTS))
    @inbounds for k in 1:PARTS
        z[(k - 1) * m + r] = found[k]
    end
    return found
end

"""
    normal_probability(z::Float32)

The standard normal distribution function, inside (0, 1), in SIMD code inside a loop; relative error about 1e-6 in the lower tail (the
approximation of erfc in Numerical Recipes, section 6.2).
"""
@inline function normal_probability(z::Float32)
    x = 0.70710678f0 * abs(z)
    t = 1.0f0 / (1.0f0 + 0.5f0 * x)
    p = 0.17087277f0
    p = p * t - 0.82215223f0
    p = p * t + 1.48851587f0
    p = p * t - 1.13520398f0
    p = p * t + 0.27886807f0
    p = p * t - 0.18628806f0
    p = p * t + 0.09678418f0
    p = p * t + 0.37409196f0
    p = p * t + 1.00002368f0
    p = p * t - 1.26551223f0
    tail = 0.5f0 * t * portable_exp(p - x * x)
    return ifelse(z < 0.0f0, tail, 1.0f0 - ifelse(tail > 5.9604645f-8, tail, 5.9604645f-8))
end
