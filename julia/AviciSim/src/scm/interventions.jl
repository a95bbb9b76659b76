# Interventions on the variables of a structural causal model.

"""
    DoIntervention(targets, value, at_once=1)

Each interventional row sets `at_once` variables to values drawn for that row. A random share `targets` of the variables are targets, and
they take turns.
"""
struct DoIntervention
    targets::Float64
    value::Settable
    at_once::Int
end
DoIntervention(targets, value) = DoIntervention(targets, value, 1)

"""
    SoftIntervention(targets; factor=1, shift=0, at_once=1)

An intervention that does not cut a variable off from its causes: in the rows with the variable as a target, its causes act with `factor` times their distance
from their means, and `shift` standard deviations of the variable are added to its value. `factor` is drawn per variable, `shift` per row; `targets` and `at_once`
are those of [`DoIntervention`](@ref).

```julia
damped = Domain("linear"; intervention=SoftIntervention(1.0; factor=0.2, shift=2.0))
simulate(damped; d=4, n_obs=50, n_int=20)
```
"""
struct SoftIntervention
    targets::Float64
    factor::Settable
    shift::Settable
    at_once::Int
end
SoftIntervention(targets; factor = 1, shift = 0, at_once = 1) = SoftIntervention(
    targets,
    settable(factor, "factor"),
    settable(shift, "shift"),
    at_once,
)

const INTERVENTIONS = Models()

INTERVENTIONS["do"] = (table, location) -> begin
    check_keys(table, location, ("targets", "value"), ("at_once",))
    DoIntervention(target_share(table, location), parameter(table, "value", location), read_at_once(table, location))
end
INTERVENTIONS["soft"] = (table, location) -> begin
    check_keys(table, location, ("targets",), ("factor", "shift", "at_once"))
    haskey(table, "factor") || haskey(table, "shift") || refuse(location, "factor or shift is expected")
    SoftIntervention(
        target_share(table, location),
        parameter(table, "factor", location; default = 1.0),
        parameter(table, "shift", location; default = 0.0),
        read_at_once(table, location),
    )
end

settle(i::DoIntervention, rng::Stream) = DoIntervention(i.targets, settle(i.value, rng), i.at_once)
settle(i::SoftIntervention, rng::Stream) = SoftIntervention(i.targets, settle(i.factor, rng), settle(i.shift, rng), i.at_once)

# The causes as they act on a variable, whose targeted rows are 1 in `mask`.
damped(causes, mask, ::DoIntervention, rows, ::Stream) = causes
function damped(causes::Causes, mask, intervention::SoftIntervention, rows, rng::Stream)
    any(!iszero, mask) || return causes
    factor = Float32(draw(intervention.factor, split(rng, "factor")))
    factor == 1 && return causes
    damp(::Nothing) = nothing
    damp(values) = begin
        acting = Matrix{Float32}(values)
        for column in eachcol(acting)
            centre = Float32(first(moments(column, rows)))
            for r in eachindex(column)
                iszero(mask[r]) || (column[r] = centre + factor * (column[r] - centre))
            end
        end
        acting
    end
    return Causes(damp(causes.x), damp(causes.z))
end

# What an intervention does to the values of a variable, in rows after the first `n_obs` alone.
function intervene!(column, mask, intervention::DoIntervention, rows, n_obs::Int, rng::Stream)
    @inbounds for r in n_obs + 1:length(column)
        iszero(mask[r]) || (column[r] = Float32(draw(intervention.value, rng)))
    end
end

function intervene!(column, mask, intervention::SoftIntervention, rows, n_obs::Int, rng::Stream)
    any(!iszero, mask) || return nothing
    _, spread = moments(column, rows)
    @inbounds for r in n_obs + 1:length(column)
        iszero(mask[r]) || (column[r] += Float32(spread * draw(intervention.shift, rng)))
    end
end
