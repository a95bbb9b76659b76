# A stand-in with some names of the package Distributions.
module Distributions

using Random: AbstractRNG

export Beta, Distribution, LogNormal, Normal, Poisson, Uniform, UnivariateDistribution, params

abstract type Distribution end
abstract type UnivariateDistribution <: Distribution end

for name in (:Beta, :LogNormal, :Normal, :Uniform)
    @eval struct $name <: UnivariateDistribution
        a::Float64
        b::Float64
    end
end

struct Poisson <: UnivariateDistribution
    mean::Float64
end

params(x) = (x.a, x.b)
Base.minimum(x::Uniform) = x.a
Base.maximum(x::Uniform) = x.b
Base.rand(rng::AbstractRNG, x::Uniform) = x.a + (x.b - x.a) * rand(rng)

end
