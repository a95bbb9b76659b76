# Structural causal models with additive noise: x_j = f_j(causes of j) + noise, and interventions that set x_j.

"""
    Mechanism

How a variable depends on its causes. A new one is a type and one method,

    evaluate!(y, mechanism, causes, rng)

which fills `y` (n rows, Float32) with f(causes); `causes` is n × number of causes, and `rng` the variable's own stream, for what is drawn
per variable or edge. What is drawn once per dataset comes from a second, optional method, `settle(mechanism, rng)`, which returns the
mechanism to evaluate.
"""
abstract type Mechanism end

"""
    Noise

What is added to a mechanism. A new one is a type and one method,

    add_noise!(y, noise, causes, rng)

with the arguments of `evaluate!`; `settle(noise, rng)` is optional as for a [`Mechanism`](@ref).
"""
abstract type Noise end

settle(part::Union{Mechanism, Noise}, ::Stream) = part

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

"""
    DoIntervention(targets, value, at_once=1)

Each interventional row sets `at_once` variables to values drawn for that row. A random share `targets` of the variables are targets, and
they take turns.
"""
struct DoIntervention
    targets::Float64
    value::Parameter
    at_once::Int
end
DoIntervention(targets, value) = DoIntervention(targets, value, 1)

const MECHANISMS, NOISES, INTERVENTIONS = Models(), Models(), Models()

MECHANISMS["linear"] = (table, location) -> begin
    check_keys(table, location, ("weight", "bias"))
    LinearMechanism(parameter(table, "weight", location), parameter(table, "bias", location))
end
MECHANISMS["rff"] = (table, location) -> begin
    check_keys(table, location, ("length_scale", "output_scale", "bias"), ("features",))
    read_rff(table, location)
end
for shape in ("gaussian", "laplace", "cauchy")
    NOISES[shape] = (table, location) -> begin
        check_keys(table, location, (), ("scale", "heteroscedastic"))
        haskey(table, "scale") == haskey(table, "heteroscedastic") &&
            refuse(location, "either scale or heteroscedastic is expected")
        scale = haskey(table, "scale") ? parameter(table, "scale", location; least = 0) : read_heteroscedastic(table, location)
        AdditiveNoise(Symbol(shape), scale)
    end
end
INTERVENTIONS["do"] = (table, location) -> begin
    check_keys(table, location, ("targets", "value"), ("at_once",))
    DoIntervention(target_share(table, location), parameter(table, "value", location), read_at_once(table, location))
end

function read_rff(table, location)
    features = get(table, "features", 100)
    features isa Integer && features >= 1 || refuse("$location: features", "a whole number from 1 on is expected")
    return RFFMechanism(
        parameter(table, "length_scale", location; above = 0),
        parameter(table, "output_scale", location; least = 0),
        parameter(table, "bias", location; default = 0.0),
        Int(features),
    )
end

function read_heteroscedastic(table, location)
    inner = table["heteroscedastic"]
    inside = "$location: heteroscedastic"
    inner isa AbstractDict || refuse(inside, "a table is expected, as in { length_scale = 10.0, output_scale = 2.0 }")
    check_keys(inner, inside, ("length_scale", "output_scale"), ("features", "bias"))
    return Heteroscedastic(read_rff(inner, inside))
end

function target_share(table, location)
    share = table["targets"]
    share isa Real && 0 < share <= 1 || refuse("$location: targets", "a share in (0, 1] is expected")
    return Float64(share)
end

function read_at_once(table, location)
    count = get(table, "at_once", 1)
    count isa Integer && count >= 1 || refuse("$location: at_once", "a whole number from 1 on is expected")
    return Int(count)
end

"""
    assign_targets(rng, share, at_once, d, rows)::Vector{Vector{Int}}

The targets of every interventional row. A random `share` of the variables (at least one) take turns, `at_once` in a row.
"""
function assign_targets(rng::Stream, share::Real, at_once::Int, d::Int, rows::Int)
    targets = permutation(rng, d)[1:clamp(round(Int, share * d), 1, d)]
    m, k = length(targets), min(at_once, length(targets))
    return [targets[mod1.((r - 1) * k + 1:r * k, m)] for r in 1:rows]
end

"""
    simulate_scm!(x, interventions, rng, mechanism, noise, intervention, graph, n_obs)

Fill x (n × d, Float32) and interventions (n × d) with rows of a structural causal model that has the given acyclic graph, the `n_obs`
observational rows first.

Throws an `ArgumentError` if the graph has a cycle or the values are too large for Float32.
"""
function simulate_scm!(
    x::AbstractMatrix{Float32},
    interventions::AbstractMatrix{UInt8},
    rng::Stream,
    mechanism::Mechanism,
    noise::Noise,
    intervention::DoIntervention,
    graph::AbstractMatrix{UInt8},
    n_obs::Int,
)
    order = topological_order(graph)
    order === nothing && throw(ArgumentError("a structural causal model needs an acyclic graph; this one has a cycle"))
    n, d = size(x)
    fill!(interventions, 0)
    set_rows, target_rng = [Int[] for _ in 1:d], split(rng, :targets)
    targets = assign_targets(target_rng, intervention.targets, intervention.at_once, d, n - n_obs)
    for (r, row_targets) in enumerate(targets), j in row_targets
        interventions[n_obs + r, j] = 1
        push!(set_rows[j], n_obs + r)
    end
    value = settle(intervention.value, target_rng)
    f, ε = settle(mechanism, split(rng, :mechanism)), settle(noise, split(rng, :noise))
    variables = split(rng, :variable)
    for j in order
        own = split(variables, j)
        column, causes = view(x, :, j), view(x, :, findall(!iszero, view(graph, :, j)))
        evaluate!(column, f, causes, own)
        add_noise!(column, ε, causes, own)
        for r in set_rows[j]
            column[r] = Float32(draw(value, own))
        end
        all_finite(column) ||
            throw(ArgumentError("the values of a variable overflow; smaller weights or scales, or fewer variables, are needed"))
    end
    return x, interventions
end

# The same as all(isfinite, values), in SIMD code: no exponent has all its bits set.
function all_finite(values)
    beyond = false
    @inbounds @simd for r in eachindex(values)
        beyond |= reinterpret(UInt32, values[r]) & 0x7f800000 == 0x7f800000
    end
    return !beyond
end

settle(m::LinearMechanism, rng::Stream) = LinearMechanism(map(p -> settle(p, rng), (m.weight, m.bias))...)
settle(m::RFFMechanism, rng::Stream) = RFFMechanism(
    map(p -> settle(p, rng), (m.length_scale, m.output_scale, m.bias))...,
    m.features,
)
settle(noise::AdditiveNoise, rng::Stream) = AdditiveNoise(noise.shape, settle(noise.scale, rng))
settle(scale::Heteroscedastic, rng::Stream) = Heteroscedastic(settle(scale.logits, rng))

function evaluate!(y, m::LinearMechanism, causes, rng::Stream)
    fill!(y, Float32(draw(m.bias, rng)))
    for i in axes(causes, 2)
        w, cause = Float32(draw(m.weight, rng)), view(causes, :, i)
        @inbounds @simd for r in eachindex(y)
            y[r] += w * cause[r]
        end
    end
    return y
end

function evaluate!(y, m::RFFMechanism, causes, rng::Stream)
    ℓ, c, b0 = draw(m.length_scale, rng), draw(m.output_scale, rng), Float32(draw(m.bias, rng))
    amplitude, frequency = Vector{Float32}(undef, m.features), Matrix{Float32}(undef, size(causes, 2), m.features)
    fill_normal!(rng, amplitude)
    fill_normal!(rng, frequency)
    amplitude .*= Float32(sqrt(2 / m.features) * c)
    frequency .*= Float32(1 / (2π * ℓ)) # in turns
    fill!(y, b0)
    phase = Vector{Float32}(undef, length(y))
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
    return y
end

function add_noise!(y, noise::AdditiveNoise, causes, rng::Stream)
    scale, ε = scales(noise.scale, causes, rng), Vector{Float32}(undef, length(y))
    standard_noise!(ε, noise.shape, rng)
    @inbounds @simd for r in eachindex(y)
        y[r] += scale_of(scale, r) * ε[r]
    end
    return y
end

# The noise scale: one number, or one for every row.
scales(scale::Union{Float64, Distribution}, causes, rng::Stream) = Float32(draw(scale, rng))
function scales(scale::Heteroscedastic, causes, rng::Stream)
    h = evaluate!(Vector{Float32}(undef, size(causes, 1)), scale.logits, causes, rng)
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
