# Distributions of Distributions.jl as parameters, as in `GRNProblem(network; basal=Uniform(1, 3), interaction=4.0)`. They become
# AviciSim's own, whose numbers are the same on every release.
module AviciSimDistributionsExt

import AviciSim
import Distributions

own(x::Distributions.Uniform) = (:uniform, minimum(x), maximum(x))
own(x::Distributions.Normal) = (:normal, Distributions.params(x)...)
own(x::Distributions.LogNormal) = (:lognormal, Distributions.params(x)...)
own(x::Distributions.Beta) = (:beta, Distributions.params(x)...)
own(x) = throw(ArgumentError("a Uniform, Normal, LogNormal or Beta is expected, or numbers drawn from the distribution, got $x"))

AviciSim.Distribution(x::Distributions.UnivariateDistribution) = AviciSim.Distribution(own(x)...)
AviciSim.own_distribution(x::Distributions.UnivariateDistribution) = AviciSim.Distribution(x)
AviciSim.single(x::Distributions.UnivariateDistribution, ::Any) = AviciSim.Distribution(x)

end
