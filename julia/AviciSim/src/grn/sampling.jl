# How cells are sampled from a gene network: the modes of `solve`.

"""
    Sampling

How cells are sampled from a gene network, the `mode` of [`solve`](@ref): [`IndependentCells`](@ref) or [`SergioSampling`](@ref).
"""
abstract type Sampling end

"""
    IndependentCells()

The mode `:physical`, what a biologist means. A regulator's half-response is a constant, its mean over the cell types of the wild type (in the
deterministic steady state); all genes advance together, so feedback is allowed; every cell is a trajectory of its own; the experiment has one
technical noise.

```julia
problem = GRNProblem([0 1; 0 0]; basal=2.0, interaction=4.0)
solve(problem, EulerMaruyama(0.01); cells=10, mode=IndependentCells())
```
"""
struct IndependentCells <: Sampling end

"""
    SergioSampling()

The mode `:compatible`, as SERGIO and AVICI sample, so that results compare with theirs. The half-response is the mean expression in the same run, so
a perturbation hides part of its own effect; genes are simulated level by level, regulators first, for 15·S + 10·level steps from the
deterministic steady state, and the S cells of a type are draws, with replacement, from the last 15·S steps of one trajectory; every run
has technical noise of its own. Needs an acyclic network.

```julia
problem = GRNProblem([0 1; 0 0]; basal=2.0, interaction=4.0)
solve(problem, EulerMaruyama(0.01); cells=10, mode=SergioSampling())
```
"""
struct SergioSampling <: Sampling end

const MODES = ("physical" => IndependentCells(), "compatible" => SergioSampling())

"A mode by its name, a text or a symbol, or as it is."
sampling(mode::Sampling) = mode
function sampling(mode)
    for (name, found) in MODES
        mode isa Union{Symbol, AbstractString} && String(mode) == name && return found
    end
    throw(ArgumentError("mode must be physical or compatible, or IndependentCells() or SergioSampling(); got $(repr(mode))"))
end

mode_name(mode::Sampling) = first(MODES[findfirst(entry -> last(entry) === mode, MODES)])

allows_feedback(::IndependentCells) = true
allows_feedback(::SergioSampling) = false
