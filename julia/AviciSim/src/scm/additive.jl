# Sums of functions of one cause each: smooth functions, and sigmoids.

"""
    AdditiveMechanism(length_scale, features, scale)

A [`ScaledMechanism`](@ref): f(z) = Σ_k g_k(z_k), every g_k a random smooth function as in [`RFFMechanism`](@ref) with a `length_scale` of its own
(drawn per edge, in standard deviations of the cause) and `features` cosines.
"""
struct AdditiveMechanism <: ScaledMechanism
    length_scale::Settable
    features::Int
    scale::OutputScale
end

MECHANISMS["additive"] = (table, location) -> begin
    check_keys(table, location, (), ("length_scale", "features", SCALE_KEYS...))
    AdditiveMechanism(
        parameter(table, "length_scale", location; above = 0, default = 1.0),
        read_features(table, location; default = 25),
        OutputScale(table, location),
    )
end

function evaluate!(y, m::AdditiveMechanism, causes, rng::Stream)
    numbers = Vector{Float32}(undef, 2 * m.features)
    fill!(y, 0.0f0)
    amplitude = sqrt(2.0f0 / m.features)
    for k in axes(causes, 2)
        frequency = Float32(1 / (2π * draw(m.length_scale, rng))) # in turns
        fill_normal!(rng, numbers)
        for b in 1:m.features
            add_wave!(y, amplitude * numbers[b], frequency * numbers[m.features + b], Float32(uniform(rng)), view(causes, :, k))
        end
    end
    return y
end

function add_wave!(y, amplitude::Float32, frequency::Float32, phase::Float32, cause)
    @inbounds @simd for r in eachindex(y)
        y[r] += amplitude * cos_turns(phase + frequency * cause[r])
    end
end

"""
    SigmoidMechanism(curve, weight, slope, threshold, shared, scale)

A [`ScaledMechanism`](@ref): f(z) = Σ_k a_k s(b_k (z_k - c_k)) with an S-shaped curve s (`tanh`, `softsign` or `sigmoid`, drawn per variable), weight a,
slope b and threshold c per edge. With probability `shared` all edges into a variable have the same a, b and c.
"""
struct SigmoidMechanism <: ScaledMechanism
    curve::Vector{Symbol}
    weight::Settable
    slope::Settable
    threshold::Settable
    shared::Settable
    scale::OutputScale
end

MECHANISMS["sigmoids"] = (table, location) -> begin
    check_keys(table, location, (), ("curve", "weight", "slope", "threshold", "shared", SCALE_KEYS...))
    SigmoidMechanism(
        read_names(table, "curve", location, ("tanh", "softsign", "sigmoid"); default = ["tanh", "softsign", "sigmoid"]),
        parameter(table, "weight", location; default = Dict("signed_uniform" => [0.5, 1.5])),
        parameter(table, "slope", location; default = Dict("uniform" => [0.5, 3.0])),
        parameter(table, "threshold", location; default = Dict("uniform" => [-1.5, 1.5])),
        parameter(table, "shared", location; least = 0, most = 1, default = 0.0),
        OutputScale(table, location),
    )
end

function evaluate!(y, m::SigmoidMechanism, causes, rng::Stream)
    name, shared = choose(rng, m.curve), uniform(rng) < draw(m.shared, rng)
    fill!(y, 0.0f0)
    a = b = c = 0.0f0
    with_memory(length(y)) do argument
        for k in axes(causes, 2)
            if k == 1 || !shared
                a, b, c = map(p -> Float32(draw(p, rng)), (m.weight, m.slope, m.threshold))
            end
            project!(argument, -b * c, (b,), view(causes, :, k:k))
            add_curve!(y, a, name, argument)
        end
    end
    return y
end
