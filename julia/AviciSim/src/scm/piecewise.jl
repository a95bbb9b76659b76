# Functions with kinks and with jumps.

"""
    PiecewiseMechanism(pieces, scale)

A [`ScaledMechanism`](@ref): f(z) = Σ_k g_k(z_k) with continuous functions g_k of `pieces` straight pieces. Slopes are N(0, 1) and the kinks
are N(0, 1), in standard deviations of the cause; all are drawn per edge.
"""
struct PiecewiseMechanism <: ScaledMechanism
    pieces::Settable
    scale::OutputScale
end

"""
    StepMechanism(steps, jump, scale)

A [`ScaledMechanism`](@ref): f(z) = Σ_k Σ_s jump_ks [z_k > t_ks] with `steps` thresholds t ~ N(0, 0.7²) per edge, in standard deviations of the cause, and
a `jump` drawn for each.
"""
struct StepMechanism <: ScaledMechanism
    steps::Settable
    jump::Settable
    scale::OutputScale
end

MECHANISMS["piecewise"] = (table, location) -> begin
    check_keys(table, location, (), ("pieces", SCALE_KEYS...))
    PiecewiseMechanism(
        whole_parameter(table, "pieces", location; least = 1, most = 100, default = [2, 3, 4]),
        OutputScale(table, location),
    )
end

MECHANISMS["steps"] = (table, location) -> begin
    check_keys(table, location, (), ("steps", "jump", SCALE_KEYS...))
    StepMechanism(
        whole_parameter(table, "steps", location; least = 1, most = 100, default = [1, 2, 3]),
        parameter(table, "jump", location; default = Dict("signed_uniform" => [0.5, 1.5])),
        OutputScale(table, location),
    )
end

function evaluate!(y, m::PiecewiseMechanism, causes, rng::Stream)
    fill!(y, 0.0f0)
    for k in axes(causes, 2)
        slope, cause = normal(rng), view(causes, :, k)
        add_curve!(y, Float32(slope), Val(:linear), cause)
        for kink in sort!([normal(rng) for _ in 2:Int(draw(m.pieces, rng))])
            next = normal(rng)
            add_kink!(y, Float32(next - slope), Float32(kink), cause)
            slope = next
        end
    end
    return y
end

# A change of the slope at a kink.
function add_kink!(y, change::Float32, kink::Float32, cause)
    @inbounds @simd for r in eachindex(y)
        beyond = cause[r] - kink
        y[r] += ifelse(beyond > 0.0f0, change * beyond, 0.0f0)
    end
end

function evaluate!(y, m::StepMechanism, causes, rng::Stream)
    fill!(y, 0.0f0)
    for k in axes(causes, 2), _ in 1:Int(draw(m.steps, rng))
        add_step!(y, Float32(draw(m.jump, rng)), Float32(0.7 * normal(rng)), view(causes, :, k))
    end
    return y
end

function add_step!(y, jump::Float32, threshold::Float32, cause)
    @inbounds @simd for r in eachindex(y)
        y[r] += ifelse(cause[r] > threshold, jump, 0.0f0)
    end
end
