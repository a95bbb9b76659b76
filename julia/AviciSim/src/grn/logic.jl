# How a gene's regulators act together.

"""
    Logic

How a gene's production follows from its regulators. `SumLogic()`, `AndLogic()` and `OrLogic()` are there; a new one is a type and one method,

    AviciSim.combine(logic, activity, strength)::Real

where `activity[k]`, within [0, 1], is how far regulator k lets the gene be produced (act of an activator, 1 - act of a repressor) and
`strength[k]` its |K|. It may not be negative. A plain function `(activity, strength) -> ...` will do as well. The gene's leak is added afterwards.

| logic | production |
|---|---|
| sum | Σ \\|K_k\\| a_k |
| and | Σ \\|K_k\\| · Π a_k: every regulator is needed |
| or | Σ \\|K_k\\| · (1 - Π (1 - a_k)): one is enough |

```julia
GRNProblem([0 1; 0 0]; basal=2.0, interaction=4.0, logic=AviciSim.AndLogic()).logic
```
"""
abstract type Logic end

"Contributions are added; the default."
struct SumLogic <: Logic end
"All regulators are needed."
struct AndLogic <: Logic end
"One regulator is enough."
struct OrLogic <: Logic end

# A function of the user's own.
struct FunctionLogic{F} <: Logic
    f::F
end

combine(logic::FunctionLogic, activity, strength) = logic.f(activity, strength)

const LOGICS = Dict{String, Any}("sum" => SumLogic(), "and" => AndLogic(), "or" => OrLogic())

as_logic(logic::Logic) = logic
as_logic(f::Function) = FunctionLogic(f)
function as_logic(name::Union{Symbol, AbstractString})
    haskey(LOGICS, String(name)) ||
        throw(ArgumentError("there is no logic \"$name\"; known are $(join(sort!(collect(keys(LOGICS))), ", "))"))
    return LOGICS[String(name)]
end
as_logic(other) = throw(ArgumentError("a logic is sum, and, or, a function (activity, strength) or a Logic; got $(repr(other))"))

# Add to `production` (one gene in many cells) what its regulators do: `activity` is act, cell × channel, `inputs` are the channels of the
# regulators and `strengths` their signed K. Of a sum, `production` holds Σ |K| of the repressors already (`repression`). `scratch` is room for one
# number per cell.
@inline function regulate!(production, ::SumLogic, activity, inputs, strengths, _)
    for k in eachindex(strengths)
        strength, channel = strengths[k], inputs[k]
        @inbounds @simd ivdep for c in eachindex(production)
            production[c] += strength * activity[c, channel]
        end
    end
end

function regulate!(production, logic::Union{AndLogic, OrLogic}, activity, inputs, strengths, scratch)
    most = 0.0f0
    fill!(scratch, 1.0f0)
    for k in eachindex(strengths)
        most += abs(strengths[k])
        # what lets the gene be produced (and), or keeps it from it (or)
        channel, direct = inputs[k], (strengths[k] > 0) == (logic isa AndLogic)
        if direct
            @inbounds @simd ivdep for c in eachindex(scratch)
                scratch[c] *= activity[c, channel]
            end
        else
            @inbounds @simd ivdep for c in eachindex(scratch)
                scratch[c] *= 1.0f0 - activity[c, channel]
            end
        end
    end
    if logic isa AndLogic
        @inbounds @simd ivdep for c in eachindex(scratch)
            production[c] += most * scratch[c]
        end
    else
        @inbounds @simd ivdep for c in eachindex(scratch)
            production[c] += most * (1.0f0 - scratch[c])
        end
    end
end

function regulate!(production, logic::Logic, activity, inputs, strengths, _)
    allowed, magnitude = zeros(Float32, length(strengths)), abs.(strengths)
    for c in eachindex(production)
        for k in eachindex(strengths)
            act = activity[c, inputs[k]]
            allowed[k] = strengths[k] > 0 ? act : 1 - act
        end
        made = combine(logic, allowed, magnitude)
        made isa Real && made >= 0 ||
            throw(ArgumentError("a production must be a number of at least 0; the logic $logic gave $(repr(made))"))
        production[c] += Float32(made)
    end
end
