# Structural causal models with additive noise: x_j = f_j(causes of j) + noise, and interventions that set x_j.

"""
A functional mechanism of a domain file: how a variable depends on its causes.
"""
abstract type Mechanism end

"""
    LinearMechanism(weight, bias)

f(x) = bias + Σ weight_i x_i; `weight` is drawn per edge, `bias` per variable.
"""
struct LinearMechanism <: Mechanism
    weight::Parameter
    bias::Parameter
end

"""
    RFFMechanism(length_scale, output_scale, bias, features)

A random function of the causes, approximately a Gaussian process with squared exponential kernel, of B random Fourier features
(Rahimi and Recht 2007): f(x) = bias + √2 · c · Σ_b w_b cos(ω_b·x + δ_b) / √B with w_b ~ N(0, 1), ω_b ~ N(0, I/ℓ²),
δ_b ~ U[0, 2π]. Length scale ℓ, output scale c and bias are drawn per variable. Without causes, f is the constant that the
formula gives with ω_b·x = 0.
"""
struct RFFMechanism <: Mechanism
    length_scale::Parameter
    output_scale::Parameter
    bias::Parameter
    features::Int
end

"""
    Noise(scale)

Additive Gaussian noise; its standard deviation `scale` is drawn per variable.
"""
struct Noise
    scale::Parameter
end

"""
    DoIntervention(targets, value)

Each interventional row sets one variable to a value drawn for that row. A random share `targets` of the variables are targets, and
they take turns.
"""
struct DoIntervention
    targets::Float64
    value::Parameter
end

function LinearMechanism(table::AbstractDict, location::AbstractString)
    check_keys(table, location, ("model", "weight", "bias"), ("share",))
    return LinearMechanism(parameter(table, "weight", location), parameter(table, "bias", location))
end

function RFFMechanism(table::AbstractDict, location::AbstractString)
    check_keys(table, location, ("model", "length_scale", "output_scale", "bias"), ("features", "share"))
    features = get(table, "features", 100)
    features isa Integer && features >= 1 || refuse("$location: features", "a whole number from 1 on is expected")
    return RFFMechanism(
        parameter(table, "length_scale", location; above=0),
        parameter(table, "output_scale", location; least=0),
        parameter(table, "bias", location),
        features,
    )
end

function Noise(table::AbstractDict, location::AbstractString)
    check_keys(table, location, ("model", "scale"), ("share",))
    table["model"] == "gaussian" || refuse("$location: model", "must be gaussian, got $(repr(table["model"]))")
    return Noise(parameter(table, "scale", location; least=0))
end

function DoIntervention(table::AbstractDict, location::AbstractString)
    check_keys(table, location, ("model", "targets", "value"), ("share",))
    table["model"] == "do" || refuse("$location: model", "must be do, got $(repr(table["model"]))")
    return DoIntervention(target_share(table, location), parameter(table, "value", location))
end

function target_share(table::AbstractDict, location::AbstractString)
    share = table["targets"]
    share isa Real && 0 < share <= 1 || refuse("$location: targets", "a share in (0, 1] is expected")
    return Float64(share)
end

"""
    sample_targets(rng::Stream, share, d)::Vector{Int}

The variables that may be intervened on, a random `share` of all (at least one), in random order.
"""
sample_targets(rng::Stream, share::Real, d::Int) = permutation(rng, d)[1:clamp(round(Int, share * d), 1, d)]

"""
    simulate_scm(rng, mechanism, noise, intervention, graph, n_obs, n_int)

Rows of a structural causal model with the given acyclic graph: x (n × d, Float32) and interventions (n × d), the `n_obs`
observational rows first.
"""
function simulate_scm(
    rng::Stream,
    mechanism::Mechanism,
    noise::Noise,
    intervention::DoIntervention,
    graph::AbstractMatrix{UInt8},
    n_obs::Int,
    n_int::Int,
)
    order = topological_order(graph)
    order === nothing && throw(ArgumentError("a structural causal model needs an acyclic graph; this one has a cycle"))
    d, n = size(graph, 1), n_obs + n_int
    interventions = zeros(UInt8, n, d)
    target_rng = split(rng, :targets)
    targets = sample_targets(target_rng, intervention.targets, d)
    value, scale = settle(intervention.value, target_rng), settle(noise.scale, split(rng, :noise))
    settled = settle(mechanism, split(rng, :mechanism))
    x, eps, work = Matrix{Float32}(undef, n, d), Vector{Float32}(undef, n), Vector{Float32}(undef, n)
    for j in order
        own = split(split(rng, :variable), j)
        column = view(x, :, j)
        causes = [i for i in 1:d if graph[i, j] != 0]
        evaluate!(column, settled, x, causes, own, work)
        deviation = Float32(draw(scale, own))
        fill_normal!(own, eps)
        @inbounds @simd for r in 1:n
            column[r] += deviation * eps[r]
        end
        k = findfirst(==(j), targets)
        k === nothing && continue
        for r in n_obs+k:length(targets):n
            column[r] = Float32(draw(value, own))
            interventions[r, j] = 1
        end
    end
    return x, interventions
end

# A mechanism whose lists are settled for one dataset.
struct Settled{M<:Mechanism,P}
    mechanism::M
    parameters::P
end

settle(m::LinearMechanism, rng::Stream) = Settled(m, (settle(m.weight, rng), settle(m.bias, rng)))
settle(m::RFFMechanism, rng::Stream) =
    Settled(m, (settle(m.length_scale, rng), settle(m.output_scale, rng), settle(m.bias, rng)))

function evaluate!(column, settled::Settled{LinearMechanism}, x, causes, rng::Stream, work)
    weight, bias = settled.parameters
    fill!(column, Float32(draw(bias, rng)))
    for i in causes
        w, cause = Float32(draw(weight, rng)), view(x, :, i)
        @inbounds @simd for r in eachindex(column)
            column[r] += w * cause[r]
        end
    end
    return column
end

function evaluate!(column, settled::Settled{RFFMechanism}, x, causes, rng::Stream, phase)
    length_scale, output_scale, bias = settled.parameters
    features = settled.mechanism.features
    ℓ, c, b0 = draw(length_scale, rng), draw(output_scale, rng), Float32(draw(bias, rng))
    amplitude, frequency = Vector{Float32}(undef, features), Matrix{Float32}(undef, length(causes), features)
    fill_normal!(rng, amplitude)
    fill_normal!(rng, frequency)
    amplitude .*= Float32(sqrt(2 / features) * c)
    frequency .*= Float32(1 / (2π * ℓ))             # in turns
    fill!(column, b0)
    for b in 1:features
        fill!(phase, Float32(uniform(rng)))
        for (k, i) in enumerate(causes)
            ω, cause = frequency[k, b], view(x, :, i)
            @inbounds @simd for r in eachindex(phase)
                phase[r] += ω * cause[r]
            end
        end
        w = amplitude[b]
        @inbounds @simd for r in eachindex(column)
            column[r] += w * cos_turns(phase[r])
        end
    end
    return column
end
