"""
Simulators of datasets with known causal graphs: linear and random-Fourier-feature structural causal models, and gene regulation as
stochastic differential equations with knock-outs and the noise of single-cell assays.

[`simulate`](@ref) makes a dataset, [`simulate_batch`](@ref) many on all threads; [`load_domain`](@ref) reads what is simulated.
[`GRNProblem`](@ref) and [`solve`](@ref) simulate one gene network.
"""
module AviciSim

import Pkg # for Pkg.TOML: Julia 1.5 has no other TOML, and on later releases it is the standard library's
import Distributed
import LinearAlgebra
import Random

export Autocorrelation, Batches, Counts, DetectionLimit, HiddenCauses, Imperfection, InterventionErrors, LeftOut, Levels
export MeasurementError, MissingValues, Outliers, Repeats, Rounding, Selection, SoftIntervention
export Dataset, Distribution, Domain, EulerMaruyama, GRNProblem, GRNSolution, Network, Perturbation, TechnicalNoise
export BatchEffects, IndependentCells, Logic, Programme, SergioSampling, acyclic, crispra, crispri, labels, load_sergio
export adjacency, interventions, knockdown, knockout, overexpress, profile, simulate, simulate_batch, solve, trajectory
export list_domains, list_networks, load_dataset, load_domain, load_network, save_dataset, sortability

include("elementary.jl")
include("interrupt.jl")
include("random.jl")
include("distributions.jl")
include("tables.jl")
include("memory.jl")
include("row_memory.jl")
include("sums.jl")
include("networks.jl")
include("graphs.jl")
include("subnetworks.jl")
include("scm/mechanism.jl")
include("scm/scaled.jl")
include("scm/curves.jl")
include("scm/perceptron.jl")
include("scm/polynomial.jl")
include("scm/additive.jl")
include("scm/index.jl")
include("scm/piecewise.jl")
include("scm/noise.jl")
include("scm/shapes.jl")
include("scm/distortion.jl")
include("scm/options.jl")
include("scm/variable.jl")
include("scm/effects.jl")
include("feedback_graphs.jl")
include("scm/interventions.jl")
include("scm/feedback.jl")
include("scm/model.jl")
include("measurement.jl")
include("assay.jl")
include("grn/euler.jl")
include("grn/sampling.jl")
include("grn/logic.jl")
include("grn/perturbation.jl")
include("grn/programme.jl")
include("grn/problem.jl")
include("grn/kinetics.jl")
include("grn/steady.jl")
include("grn/physical.jl")
include("grn/solution.jl")
include("grn/solve.jl")
include("grn/compatible.jl")
include("grn/mechanism.jl")
include("grn/screen.jl")
include("grn/sergio.jl")
include("imperfections/imperfection.jl")
include("imperfections/values.jl")
include("imperfections/missing.jl")
include("imperfections/batches.jl")
include("imperfections/order.jl")
include("imperfections/rows.jl")
include("imperfections/autocorrelation.jl")
include("imperfections/hidden.jl")
include("imperfections/interventions.jl")
include("imperfections/simulate.jl")
include("domain.jl")
include("dataset.jl")
include("simulate.jl")
include("sortability.jl")
include("csv.jl")
include("hdf5.jl")
include("h5ad.jl")
include("io.jl")
include("cli.jl")
include("companions.jl")

end
