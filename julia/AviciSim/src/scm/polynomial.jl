# Polynomials of the causes, and products between causes.

"""
    PolynomialMechanism(degree, coefficient, cross, bound, scale)

A [`ScaledMechanism`](@ref): f(z) = Σ_k Σ_{p ≤ degree} a_kp z_k^p + Σ c_ij z_i z_j. The coefficients are drawn from `coefficient` one by one,
`degree` (1 to 3) per variable; every pair of causes has its product with probability `cross` (at most four products per cause on average).
Where `bound` is given, every cause's polynomial is held within ±bound.
"""
struct PolynomialMechanism <: ScaledMechanism
    degree::Settable
    coefficient::Settable
    cross::Settable
    bound::Settable
    scale::OutputScale
end

MECHANISMS["polynomial"] = (table, location) -> begin
    check_keys(table, location, (), ("degree", "coefficient", "cross", "bound", SCALE_KEYS...))
    PolynomialMechanism(
        whole_parameter(table, "degree", location; least = 1, most = 3, default = [2, 3]),
        parameter(table, "coefficient", location; default = Dict("signed_uniform" => [0.25, 1.0])),
        parameter(table, "cross", location; least = 0, most = 1, default = 0.0),
        parameter(table, "bound", location; above = 0, default = 1.0e6),
        OutputScale(table, location),
    )
end

function evaluate!(y, m::PolynomialMechanism, causes, rng::Stream)
    degree, cross, bound = Int(draw(m.degree, rng)), draw(m.cross, rng), Float32(draw(m.bound, rng))
    fill!(y, 0.0f0)
    count = size(causes, 2)
    for k in 1:count
        a, b, c = ntuple(p -> p <= degree ? Float32(draw(m.coefficient, rng)) : 0.0f0, 3)
        add_cubic!(y, a, b, c, bound, view(causes, :, k))
    end
    cross = min(cross, 8 / max(count - 1, 1))
    for i in 1:count, j in i + 1:count
        uniform(rng) < cross && add_product!(y, Float32(draw(m.coefficient, rng)), view(causes, :, i), view(causes, :, j))
    end
    return y
end

function add_cubic!(y, a::Float32, b::Float32, c::Float32, bound::Float32, cause)
    @inbounds @simd for r in eachindex(y)
        z = cause[r]
        value = ((c * z + b) * z + a) * z
        y[r] += ifelse(value > bound, bound, ifelse(value < -bound, -bound, value))
    end
end

function add_product!(y, weight::Float32, one, other)
    @inbounds @simd for r in eachindex(y)
        y[r] += weight * one[r] * other[r]
    end
end

"""
    ProductMechanism(offset, together, scale)

A [`ScaledMechanism`](@ref): the causes are put into groups of at most `together` at random, and f(z) = Σ_groups Π_{k in group} (o_k + z_k) with an
`offset` o_k drawn per edge and a random sign for each group. With an offset of zero, two causes that are independent have no effect on the mean
by themselves: only their product has.
"""
struct ProductMechanism <: ScaledMechanism
    offset::Settable
    together::Settable
    scale::OutputScale
end

MECHANISMS["product"] = (table, location) -> begin
    check_keys(table, location, (), ("offset", "together", SCALE_KEYS...))
    ProductMechanism(
        parameter(table, "offset", location; default = Dict("uniform" => [-1.0, 1.0])),
        whole_parameter(table, "together", location; least = 1, most = 4, default = 2),
        OutputScale(table, location),
    )
end

function evaluate!(y, m::ProductMechanism, causes, rng::Stream)
    together, count = Int(draw(m.together, rng)), size(causes, 2)
    order = permutation(rng, count)
    fill!(y, 0.0f0)
    with_memory(length(y)) do group
        for first in 1:together:count
            fill!(group, next_word(rng) >> 63 == 0 ? 1.0f0 : -1.0f0)
            for k in view(order, first:min(first + together - 1, count))
                multiply!(group, Float32(draw(m.offset, rng)), view(causes, :, k))
            end
            add_curve!(y, 1.0f0, Val(:linear), group)
        end
    end
    return y
end

function multiply!(group, offset::Float32, cause)
    @inbounds @simd for r in eachindex(group)
        group[r] *= offset + cause[r]
    end
end
