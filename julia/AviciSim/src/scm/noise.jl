# What is added to a mechanism.

"""
    Noise

What is added to a mechanism. A new one is a type and one method,

    add_noise!(y, noise, causes, rng)

with the arguments of `evaluate!`; `settle(noise, rng)` is optional as for a [`Mechanism`](@ref).
"""
abstract type Noise end

settle(part::Noise, ::Stream) = part

"""
    AdditiveNoise(shape, scale)

Noise of a `shape` `:gaussian`, `:laplace` or `:cauchy`: `scale` times a variable of the standard distribution (standard deviation 1;
density exp(-|x|)/2; density 1/(π(1 + x²))). `scale` is drawn per variable, or [`Heteroscedastic`](@ref).
"""
struct AdditiveNoise{S} <: Noise
    shape::Symbol
    scale::S
end

"""
    Heteroscedastic(function)

Noise scale √log(1 + exp(h(causes))) with a random function h of the causes.
"""
struct Heteroscedastic{M <: Mechanism}
    logits::M
end

const NOISES = Models()

for shape in ("gaussian", "laplace", "cauchy")
    NOISES[shape] = (table, location) -> begin
        check_keys(table, location, (), ("scale", "heteroscedastic"))
        AdditiveNoise(Symbol(shape), read_scale(table, location))
    end
end

function read_scale(table, location)
    haskey(table, "scale") == haskey(table, "heteroscedastic") && refuse(location, "either scale or heteroscedastic is expected")
    return haskey(table, "scale") ? parameter(table, "scale", location; least = 0) : read_heteroscedastic(table, location)
end

function read_heteroscedastic(table, location)
    inner = table["heteroscedastic"]
    inside = "$location: heteroscedastic"
    inner isa AbstractDict || refuse(inside, "a table is expected, as in { length_scale = 10.0, output_scale = 2.0 }")
    check_keys(inner, inside, ("length_scale", "output_scale"), ("features", "bias"))
    return Heteroscedastic(read_rff(inner, inside))
end

settle(noise::AdditiveNoise, rng::Stream) = AdditiveNoise(noise.shape, settle(noise.scale, rng))
settle(scale::Heteroscedastic, rng::Stream) = Heteroscedastic(settle(scale.logits, rng))

function add_noise!(y, noise::AdditiveNoise, causes, rng::Stream)
    scale = scales(noise.scale, causes, rng)
    if noise.shape === :gaussian
        # without a pass over memory in between
        return each_normal!((y, r, ε) -> (@inbounds y[r] += scale_of(scale, r) * ε), y, rng)
    end
    memory = borrow(COLUMNS, length(y))
    ε = view(memory, 1:length(y))
    standard_noise!(ε, noise.shape, rng)
    @inbounds @simd for r in eachindex(y)
        y[r] += scale_of(scale, r) * ε[r]
    end
    give_back(COLUMNS, memory)
    return y
end

# The noise scale: one number, or one for every row.
scales(scale::Union{Float64, Distribution}, causes, rng::Stream) = Float32(draw(scale, rng))
function scales(scale::Heteroscedastic, causes, rng::Stream)
    h = Vector{Float32}(undef, size(causes, 1))
    with_row_memory(own -> evaluate!(h, scale.logits, causes, own), rng, 0) # a function is drawn here, not rows
    @inbounds @simd for r in eachindex(h)
        # log(1 + exp(h)) without overflow, and never below 1e-30
        h[r] = sqrt(abs(max(h[r], 0.0f0) + portable_log(1.0f0 + portable_exp(-abs(h[r])))))
    end
    return h
end

@inline scale_of(scale::Float32, r) = scale
@inline scale_of(scale::Vector{Float32}, r) = scale[r]

function standard_noise!(ε, shape::Symbol, rng::Stream)
    shape === :gaussian && return fill_normal!(rng, ε)
    return shape === :laplace ? standard_laplace!(ε, rng) : standard_cauchy!(ε, rng)
end

# By inversion.
function standard_laplace!(ε, rng::Stream)
    fill_uniform!(rng, ε)
    @inbounds @simd for r in eachindex(ε)
        u = 2.0f0 * ε[r] - 1.0f0
        ε[r] = copysign(portable_log(1.0f0 - abs(u)), -u)
    end
    return ε
end

# The tangent of a random angle.
function standard_cauchy!(ε, rng::Stream)
    fill_uniform!(rng, ε)
    @inbounds @simd for r in eachindex(ε)
        turn = 0.5f0 * (ε[r] - 0.5f0) # within (-1/4, 1/4)
        ε[r] = quarter_sine(turn) / quarter_sine(0.25f0 - abs(turn))
    end
    return ε
end
