# Functions of a few random projections of the causes.

"""
    IndexMechanism(curve, indices, gain, scale)

A [`ScaledMechanism`](@ref), the multiple-index model f(z) = Σ_m s_m(gain_m · w_m·z / |w_m| + b_m) of `indices` random directions w_m
(every component has a random sign and a size from U[0.5, 2]), with b_m ~ N(0, 1) and curves s_m drawn from the names in `curve`. `gain` is drawn per
direction.
"""
struct IndexMechanism <: ScaledMechanism
    curve::Vector{Symbol}
    indices::Settable
    gain::Settable
    scale::OutputScale
end

MECHANISMS["multiple-index"] = (table, location) -> begin
    check_keys(table, location, (), ("curve", "indices", "gain", SCALE_KEYS...))
    IndexMechanism(
        read_names(table, "curve", location, CURVES; default = ["tanh", "sine", "cosine"]),
        whole_parameter(table, "indices", location; least = 1, most = 100, default = 3),
        parameter(table, "gain", location; least = 0, default = Dict("uniform" => [0.5, 2.0])),
        OutputScale(table, location),
    )
end

function evaluate!(y, m::IndexMechanism, causes, rng::Stream)
    direction = Vector{Float32}(undef, size(causes, 2))
    component = Distribution(:signed_uniform, 0.5, 2.0, Val(:checked))
    fill!(y, 0.0f0)
    with_memory(length(y)) do argument
        for _ in 1:Int(draw(m.indices, rng))
            map!(_ -> Float32(draw(component, rng)), direction, direction)
            gain = Float32(draw(m.gain, rng)) / sqrt(max(ordered_sum(abs2.(direction)), 1.0f-20))
            project!(argument, Float32(normal(rng)), gain .* direction, causes)
            add_curve!(y, 1.0f0, choose(rng, m.curve), argument)
        end
    end
    return y
end
