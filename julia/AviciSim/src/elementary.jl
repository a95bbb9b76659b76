# Elementary functions from additions, multiplications, divisions and square roots alone.
#
# The library versions of log, exp, sin and cos change in their last bit between Julia releases, and none of them is
# compiled into SIMD code. These do neither, so that a dataset has the same bytes on every release.

"""
    portable_log(x::Float64)

Natural logarithm of a positive finite normal number; relative error about 1e-16.
"""
@inline function portable_log(x::Float64)
    bits = reinterpret(UInt64, x)
    exponent = Int64(bits >> 52) - 1023
    mantissa = reinterpret(Float64, (bits & 0x000fffffffffffff) | 0x3ff0000000000000)
    upper = mantissa > 1.4142135623730951
    mantissa = ifelse(upper, 0.5 * mantissa, mantissa)
    exponent = ifelse(upper, exponent + 1, exponent)
    # log m = 2 artanh((m - 1) / (m + 1)), |s| <= 0.172
    s = (mantissa - 1.0) / (mantissa + 1.0)
    z = s * s
    p = 1 / 23
    p = p * z + 1 / 21
    p = p * z + 1 / 19
    p = p * z + 1 / 17
    p = p * z + 1 / 15
    p = p * z + 1 / 13
    p = p * z + 1 / 11
    p = p * z + 1 / 9
    p = p * z + 1 / 7
    p = p * z + 1 / 5
    p = p * z + 1 / 3
    p = p * z + 1.0
    return exponent * 0.6931471805599453 + 2.0 * s * p
end

"""
    portable_exp(x::Float64)

Exponential of a number, held within [-708, 709] so that the result is finite and normal; relative error about 1e-16.
"""
@inline function portable_exp(x::Float64)
    x = min(max(x, -708.0), 709.0)
    k = floor(x * 1.4426950408889634 + 0.5)
    r = (x - k * 0.6931471803691238) - k * 1.9082149292705877e-10
    p = 1 / 6227020800
    p = p * r + 1 / 479001600
    p = p * r + 1 / 39916800
    p = p * r + 1 / 3628800
    p = p * r + 1 / 362880
    p = p * r + 1 / 40320
    p = p * r + 1 / 5040
    p = p * r + 1 / 720
    p = p * r + 1 / 120
    p = p * r + 1 / 24
    p = p * r + 1 / 6
    p = p * r + 0.5
    p = p * r + 1.0
    p = p * r + 1.0
    return p * reinterpret(Float64, UInt64(unsafe_trunc(Int64, k) + 1023) << 52)
end

"""
    portable_log(x::Float32)

Natural logarithm of a positive finite normal number, in SIMD code inside a loop; relative error about 1e-7.
"""
@inline function portable_log(x::Float32)
    # The polynomial is that of Cephes' logf (S. Moshier), on [sqrt(1/2), sqrt(2)].
    shifted = reinterpret(Int32, x) - Int32(0x3f3504f3)
    exponent = Float32(shifted >> 23)
    f = reinterpret(Float32, (shifted & Int32(0x007fffff)) + Int32(0x3f3504f3)) - 1.0f0
    z = f * f
    p = 7.0376836292f-2
    p = p * f - 1.151461031f-1
    p = p * f + 1.167699874f-1
    p = p * f - 1.2420140846f-1
    p = p * f + 1.4249322787f-1
    p = p * f - 1.6668057665f-1
    p = p * f + 2.0000714765f-1
    p = p * f - 2.4999993993f-1
    p = p * f + 3.3333331174f-1
    tail = f * z * p - 2.1219444f-4 * exponent - 0.5f0 * z
    return f + tail + 0.693359375f0 * exponent
end

"""
    portable_exp(x::Float32)

Exponential of a number, held within [-87, 88], in SIMD code inside a loop; relative error about 1e-7.
"""
@inline function portable_exp(x::Float32)
    x = ifelse(x < -87.0f0, -87.0f0, ifelse(x > 88.0f0, 88.0f0, x))
    k = floor(x * 1.44269504f0 + 0.5f0)
    r = (x - k * 0.693359375f0) + k * 2.1219444f-4
    p = 1.98756915f-4
    p = p * r + 1.3981999507f-3
    p = p * r + 8.3334519073f-3
    p = p * r + 4.1665795894f-2
    p = p * r + 1.6666665459f-1
    p = p * r + 5.0000001201f-1
    p = p * (r * r) + r + 1.0f0
    return p * reinterpret(Float32, (unsafe_trunc(Int32, k) + Int32(127)) << 23)
end

# sin(2πg) for |g| <= 1/4: the odd polynomial of least largest error, 3.4e-9 before rounding.
@inline function quarter_sine(g::Float32)
    z = g * g
    p = 39.536707f0
    p = p * z - 76.549782f0
    p = p * z + 81.601004f0
    p = p * z - 41.341655f0
    p = p * z + 6.2831852f0
    return p * g
end

"""
    cos_turns(t::Float32)

cos(2πt), t in turns. In SIMD code inside a loop, within [-1, 1] up to rounding for every finite `t`, however large;
error about 4e-7 · max(1, |t|).
"""
@inline function cos_turns(t::Float32)
    f = t - floor(t) # exact, in [0, 1]
    return quarter_sine(abs(f - 0.5f0) - 0.25f0)
end

"""
    sin_turns(t::Float32)

sin(2πt), t in turns, with the properties of [`cos_turns`](@ref).
"""
@inline sin_turns(t::Float32) = cos_turns(t - 0.25f0)

"""
    ordered_sum(values)

The sum from first to last, in this order on every processor; `sum` adds in an order that depends on the processor.
"""
ordered_sum(values) = foldl(+, values; init = zero(eltype(values)))
