# What a domain file may write for a number.
#
#     Parameter(value, location)   check what the file says; `location` names file and key in error messages
#     settle(parameter, rng)       draw an element of a list: once per dataset
#     draw(settled, rng)           draw a Float64: once per edge, variable or row, as the parameter's own nature says

"""
A distribution that a domain file may name, as in `{ uniform = [1.0, 3.0] }`:
`uniform` on [a, b]; `signed_uniform`, the same with a random sign; `beta` (a, b > 0); `normal` (mean, standard
deviation); `lognormal` (mean and standard deviation of the logarithm).
"""
struct Distribution
    name::Symbol
    a::Float64
    b::Float64

    Distribution(name::Symbol, a::Float64, b::Float64, ::Val{:checked}) = new(name, a, b)
end

"""
    Distribution(name, a, b)

For code what `{ name = [a, b] }` is in a domain file, as in `Distribution(:uniform, 1, 3)`.

```julia
Distribution(:lognormal, 0, 0.5)
```
"""
Distribution(name::Symbol, a::Real, b::Real) = distribution(String(name), [a, b], "Distribution")

const DISTRIBUTIONS = ("uniform", "signed_uniform", "beta", "normal", "lognormal")

"""
    Parameter(value, location)

A number, a distribution, or a list of these, of which each dataset uses one.

Throws an `ArgumentError` that names `location` if `value` is none of them.
"""
struct Parameter
    choices::Vector{Union{Float64, Distribution}}
end

function Parameter(value, location::AbstractString)
    if value isa AbstractVector
        isempty(value) && refuse(location, "the list is empty")
        return Parameter(Union{Float64, Distribution}[single(v, location) for v in value])
    end
    return Parameter(Union{Float64, Distribution}[single(value, location)])
end

function Base.show(io::IO, p::Parameter)
    choices = map(repr, p.choices)
    print(io, length(choices) == 1 ? choices[1] : "[$(join(choices, ", "))]")
end

single(value::Bool, location) = refuse(location, "a number, list or distribution is expected, got $value")
single(value::Real, location) = isfinite(value) ? Float64(value) : refuse(location, "a finite number is expected, got $value")
function single(table::AbstractDict, location)
    length(table) == 1 || refuse(location, "a distribution has exactly one name of $(join(DISTRIBUTIONS, ", "))")
    return distribution(first(table)..., location)
end

function distribution(name, bounds, location)
    name in DISTRIBUTIONS || refuse(location, "unknown distribution \"$name\"; known are $(join(DISTRIBUTIONS, ", "))")
    valid = bounds isa AbstractVector && length(bounds) == 2 && all(x -> x isa Real && !(x isa Bool), bounds)
    valid || refuse(location, "$name takes two numbers, as in { $name = [0.5, 1.0] }")
    a, b = Float64.(bounds)
    name in ("uniform", "signed_uniform") && a > b && refuse(location, "$name = [$a, $b] has its bounds swapped")
    name == "beta" && min(a, b) <= 0 && refuse(location, "beta = [$a, $b] must be positive")
    name in ("normal", "lognormal") && b < 0 && refuse(location, "$name = [$a, $b] has a negative deviation")
    return Distribution(Symbol(name), a, b, Val(:checked))
end
single(value::Distribution, location) = value

# Another package's distribution as one of these; an extension adds methods.
own_distribution(value) = value
single(value, location) = refuse(location, "a number, list or distribution is expected, got $(repr(value))")

"Smallest value that a parameter can take (-Inf if there is none); `upper` is the largest."
lower(parameter::Parameter) = minimum(lower, parameter.choices)
lower(x::Float64) = x
function lower(x::Distribution)
    x.name === :uniform && return x.a
    x.name === :signed_uniform && return -max(abs(x.a), abs(x.b))
    x.name === :normal && return x.b == 0 ? x.a : -Inf
    return 0.0
end

upper(parameter::Parameter) = maximum(upper, parameter.choices)
upper(x::Float64) = x
function upper(x::Distribution)
    x.name === :uniform && return x.b
    x.name === :signed_uniform && return max(abs(x.a), abs(x.b))
    x.name === :beta && return 1.0
    return x.name === :normal && x.b == 0 ? x.a : Inf
end

"""
    settle(parameter::Parameter, rng::Stream)

The choice that one dataset makes of a parameter: a number or a distribution.
"""
settle(parameter::Parameter, rng::Stream) = choose(rng, parameter.choices)
settle(settled::Union{Float64, Distribution}, ::Stream) = settled

"A parameter, or what a dataset has made of it."
const Settable = Union{Parameter, Float64, Distribution}

"""
    draw(settled, rng::Stream)::Float64

One value of a settled parameter.
"""
draw(x::Float64, ::Stream) = x
draw(x::Parameter, rng::Stream) = draw(settle(x, rng), rng)
function draw(x::Distribution, rng::Stream)
    if x.name === :uniform
        return x.a + (x.b - x.a) * uniform(rng)
    elseif x.name === :signed_uniform
        magnitude = x.a + (x.b - x.a) * uniform(rng)
        return next_word(rng) >> 63 == 0 ? magnitude : -magnitude
    elseif x.name === :beta
        return beta(rng, x.a, x.b)
    elseif x.name === :normal
        return x.a + x.b * normal(rng)
    else
        return portable_exp(x.a + x.b * normal(rng))
    end
end
