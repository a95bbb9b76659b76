"""
Simulators of datasets with known causal graphs: linear and random-Fourier-feature structural causal models, and gene regulation as
stochastic differential equations with knock-outs and the noise of single-cell assays.

[`simulate`](@ref) makes a dataset, [`simulate_batch`](@ref) many on all threads; [`load_domain`](@ref) reads what is simulated.
"""
module AviciSim

import Pkg     # for Pkg.TOML: Julia 1.5 has no other TOML, and on later releases it is the standard library's

export Dataset, Domain, list_domains, load_dataset, load_domain, save_dataset, simulate, simulate_batch

include("elementary.jl")
include("random.jl")
include("distributions.jl")
include("graphs.jl")
include("scm.jl")
include("measurement.jl")
include("grn.jl")
include("domain.jl")
include("simulate.jl")
include("io.jl")
include("cli.jl")

end
