# Reproducible streams of random numbers: (seed, dataset index, purpose) names a stream, and the n-th word of a stream
# is a hash of the stream's key and n. Nothing is shared, so the numbers depend neither on threads nor on what else was
# drawn, and nothing comes from the Julia library, so they do not depend on its release.

const GOLDEN = 0x9e3779b97f4a7c15

"""
    Stream(seed::Integer, index::Integer, purpose...)

A counter-based generator of random numbers. The same arguments give the same numbers on every Julia release, processor
and number of threads.

# Arguments
- `seed`: the run's seed, any integer (its low 64 bits count).
- `index`: the dataset's position in the endless sequence of datasets of that seed.
- `purpose...`: integers, symbols or strings that keep apart the streams of one dataset.

See also [`split`](@ref AviciSim.split) for child streams. A stream is an `AbstractRNG`, so that `rand`, `randn`, `shuffle` and whatever
takes a generator draw from it, though with algorithms that change between Julia's releases.

    Stream(rng::AbstractRNG, index::Integer, purpose...)

The same with a seed drawn from another generator.

```julia
rng = AviciSim.Stream(1, 0, "mine")
rand(rng), AviciSim.uniform(rng)        # Julia's algorithm, and one that stays
```

The word at counter n is SplitMix64's finaliser (Steele, Lea and Flood, OOPSLA 2014) of `key + n · golden ratio`, with a
second key mixed in between its rounds.
"""
mutable struct Stream <: Random.AbstractRNG
    key::UInt64
    twist::UInt64
    counter::UInt64
    row_memory::Float32 # see `with_row_memory`

    function Stream(seed::Integer, index::Integer, purpose::Union{Integer, Symbol, AbstractString}...)
        key, twist = absorb(GOLDEN, 0x6a09e667f3bcc909, word_of(seed))
        key, twist = absorb(key, twist, word_of(index))
        for part in purpose
            key, twist = absorb(key, twist, word_of(part))
        end
        return new(key, twist, 0, 0)
    end

    function Stream(parent::Stream, part::Union{Integer, Symbol, AbstractString})
        key, twist = absorb(parent.key, parent.twist, word_of(part))
        return new(key, twist, 0, 0)
    end
end

"What is accepted as a seed: an integer, or a generator, from which one is drawn."
const Seed = Union{Integer, Random.AbstractRNG}

seed_of(seed::Integer) = seed
seed_of(rng::Random.AbstractRNG) = rand(rng, Int64)

Stream(rng::Random.AbstractRNG, index::Integer, first_purpose, purpose...) = Stream(seed_of(rng), index, first_purpose, purpose...)

# What a generator of Julia's has to give; everything else is made of it.
Random.rng_native_52(::Stream) = UInt64
Random.rand(rng::Stream, ::Random.SamplerType{T}) where {T <:
    Union{Bool, Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64}} = next_word(rng) % T
Random.rand(rng::Stream, ::Random.SamplerType{T}) where {T <: Union{Int128, UInt128}} = (
    (next_word(rng) % UInt128) << 64 | next_word(rng)
) %
    T
Random.rand(rng::Stream, ::Random.SamplerTrivial{Random.CloseOpen01{Float64}}) = uniform(rng)
Base.copy(rng::Stream) = copy!(Stream(0, 0), rng)
Base.copy!(to::Stream, from::Stream) = (
    (to.key, to.twist, to.counter, to.row_memory) = (from.key, from.twist, from.counter, from.row_memory);
    to
)

"""
    split(stream::Stream, k)

The `k`-th child of a stream, `k` an integer, a symbol or a string: independent of the stream's own numbers and of how
many of them were drawn.
"""
split(stream::Stream, k::Union{Integer, Symbol, AbstractString}) = Stream(stream, k)

word_of(x::Integer) = x % UInt64
word_of(x::Symbol) = word_of(String(x))
function word_of(text::AbstractString)
    word = 0xcbf29ce484222325 # FNV-1a: `hash` changes between releases
    for byte in codeunits(text)
        word = (word ⊻ byte) * 0x00000100000001b3
    end
    return word
end

@inline function finalise(z::UInt64, twist::UInt64)
    z = (z ⊻ (z >> 30)) * 0xbf58476d1ce4e5b9 + twist
    z = (z ⊻ (z >> 27)) * 0x94d049bb133111eb
    return z ⊻ (z >> 31)
end

function absorb(key::UInt64, twist::UInt64, word::UInt64)
    key = finalise(key + finalise(word + GOLDEN, twist) * GOLDEN, twist)
    return key, finalise(key + GOLDEN, ~twist)
end

"""
    next_word(rng::Stream)::UInt64

The stream's next 64 random bits.
"""
@inline function next_word(rng::Stream)
    rng.counter += 1
    return finalise(rng.key + rng.counter * GOLDEN, rng.twist)
end

"""
    uniform(rng::Stream)::Float64

Uniform on [0, 1), a multiple of 2⁻⁵³.
"""
@inline uniform(rng::Stream) = (next_word(rng) >> 11) * 0x1p-53

# Uniform on (0, 1): never zero, so that its logarithm is finite.
@inline open_uniform(rng::Stream) = ((next_word(rng) >> 12) + 0.5) * 0x1p-52

"""
    randint(rng::Stream, n::Integer)::Int

Uniform on 1, …, n, without bias (Lemire, ACM TOMACS 2019).
"""
function randint(rng::Stream, n::Integer)
    n >= 1 || throw(ArgumentError("randint needs n >= 1, got $n"))
    range = UInt64(n)
    product = widemul(next_word(rng), range)
    if product % UInt64 < range
        threshold = (-range) % range
        while product % UInt64 < threshold
            product = widemul(next_word(rng), range)
        end
    end
    return Int((product >> 64) % UInt64) + 1
end

"""
    choose(rng::Stream, list::AbstractVector)

One element of a non-empty list, each with equal probability.
"""
choose(rng::Stream, list::AbstractVector) = list[randint(rng, length(list))]

"""
    permutation(rng::Stream, n::Integer)::Vector{Int}

A uniformly random permutation of 1, …, n.
"""
function permutation(rng::Stream, n::Integer)
    order = collect(1:Int(n))
    for i in Int(n):-1:2
        j = randint(rng, i)
        order[i], order[j] = order[j], order[i]
    end
    return order
end

"""
    fill_normal!(rng::Stream, out::AbstractArray{Float32})

Fill `out` with standard normal numbers, two of each word of the stream (Box and Muller 1958), in SIMD code. Tails end at
5.9 standard deviations.
"""
fill_normal!(rng::Stream, out::AbstractArray{Float32}) = each_normal!(store!, out, rng)

@inline store!(out, i, z) = (@inbounds out[i] = z)

# `put(out, i, z)` for every i and its normal number z.
@inline function each_normal!(put, out, rng::Stream)
    rng.row_memory == 0 || return each_following_normal!(put, out, rng)
    key, twist, counter = rng.key, rng.twist, rng.counter
    half = (length(out) + 1) ÷ 2
    whole = length(out) ÷ 2
    state = key + counter * GOLDEN
    @inbounds @simd ivdep for i in 1:whole
        state += GOLDEN # an addition for the multiplication of `next_word`
        radius, turn = polar(finalise(state, twist))
        put(out, i, radius * cos_turns(turn))
        put(out, half + i, radius * sin_turns(turn))
    end
    if half > whole
        radius, turn = polar(finalise(key + (counter + half % UInt64) * GOLDEN, twist))
        put(out, half, radius * cos_turns(turn))
    end
    rng.counter = counter + half
    return out
end

"""
    fill_uniform!(rng::Stream, out::AbstractArray{Float32})

Fill `out` with uniform numbers on (0, 1), the odd multiples of 2⁻²⁴, in SIMD code.
"""
function fill_uniform!(rng::Stream, out::AbstractArray{Float32})
    rng.row_memory == 0 || return fill_following_uniform!(rng, out)
    key, twist, counter = rng.key, rng.twist, rng.counter
    state = key + counter * GOLDEN
    @inbounds @simd ivdep for i in eachindex(out)
        state += GOLDEN
        word = finalise(state, twist)
        out[i] = (Float32((word >> 41) % Int32) + 0.5f0) * 1.1920929f-7
    end
    rng.counter = counter + length(out)
    return out
end

# Radius and angle (in turns) of a pair of normals, of the upper and the lower 24 bits of a word. `abs` stands for the sign of
# the logarithm: Julia's check for the root of a negative number would keep the loop around it from becoming SIMD code.
@inline function polar(word::UInt64)
    u = (Float32((word >> 40) % Int32) + 0.5f0) * 5.9604645f-8
    return sqrt(abs(2.0f0 * portable_log(u))), Float32((word & 0x0000000000ffffff) % Int32) * 5.9604645f-8
end

"""
    normal(rng::Stream)::Float64

Standard normal, in double precision (polar method of Marsaglia and Bray 1964). [`fill_normal!`](@ref) is far faster
for many.
"""
function normal(rng::Stream)
    while true
        u = 2.0 * open_uniform(rng) - 1.0
        v = 2.0 * open_uniform(rng) - 1.0
        s = u * u + v * v
        0.0 < s < 1.0 && return u * sqrt(-2.0 * portable_log(s) / s)
    end
end

"""
    poisson(rng::Stream, mean)::Int

Poisson distributed: by inversion for means below 10, else by transformed rejection (PTRS, Hörmann 1993).

Throws an `ArgumentError` unless `mean` is within [0, 1e15], where counts are exact.
"""
function poisson(rng::Stream, mean::Real)
    mean = Float64(mean)
    0.0 <= mean <= 1.0e15 || throw(ArgumentError("poisson needs a mean within [0, 1e15], got $mean"))
    mean < 10.0 || return poisson_rejection(rng, mean)
    k, p = 0, portable_exp(-mean)
    left = uniform(rng) - p
    while left >= 0.0 && k < 200
        k += 1
        p *= mean / k
        left -= p
    end
    return k
end

function poisson_rejection(rng::Stream, mean::Float64)
    b = 0.931 + 2.53 * sqrt(mean)
    a = -0.059 + 0.02483 * b
    log_alpha = portable_log(1.1239 + 1.1328 / (b - 3.4))
    accepted = 0.9277 - 3.6224 / (b - 2.0)
    log_mean = portable_log(mean)
    while true
        u, v = uniform(rng) - 0.5, open_uniform(rng)
        us = 0.5 - abs(u)
        us > 0.0 || continue
        k = floor((2.0 * a / us + b) * u + mean + 0.43)
        us >= 0.07 && v <= accepted && return Int(k)
        (k < 0.0 || (us < 0.013 && v > us)) && continue
        ratio = portable_log(v) + log_alpha - portable_log(a / (us * us) + b)
        ratio <= k * log_mean - mean - log_factorial(k) && return Int(k)
    end
end

# Stirling's series after a shift to arguments where it is exact to 1e-13.
function log_factorial(k::Float64)
    x, shift = k + 1.0, 1.0
    while x < 10.0
        shift *= x
        x += 1.0
    end
    z = 1.0 / (x * x)
    series = (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z / 1680))) / x
    return (x - 0.5) * portable_log(x) - x + 0.9189385332046727 + series - portable_log(shift)
end

"""
    beta(rng::Stream, a, b)::Float64

Beta(a, b) distributed, as a ratio of two gamma variables; their logarithms keep it exact for small `a` and `b`.
"""
function beta(rng::Stream, a::Real, b::Real)
    return 1.0 / (1.0 + portable_exp(log_gamma_variate(rng, Float64(b)) - log_gamma_variate(rng, Float64(a))))
end

# Logarithm of a Gamma(shape, 1) variable (Marsaglia and Tsang 2000).
function log_gamma_variate(rng::Stream, shape::Float64)
    boost = 0.0
    if shape < 1.0
        boost = portable_log(open_uniform(rng)) / shape
        shape += 1.0
    end
    d = shape - 1 / 3
    c = 1.0 / sqrt(9.0 * d)
    while true
        x = normal(rng)
        v = (1.0 + c * x)^3
        v > 0.0 || continue
        portable_log(open_uniform(rng)) < 0.5 * x * x + d - d * v + d * portable_log(v) || continue
        return portable_log(d * v) + boost
    end
end
