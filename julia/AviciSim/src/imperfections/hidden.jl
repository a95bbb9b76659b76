# Variables that are simulated and left out of the table.

"""
    HiddenCauses(per_variable; effects=3)

Beside the graph there are hidden variables without causes, `per_variable` for each variable of the table (at least one), and each is a cause of `effects` random
variables, a number that is drawn per hidden variable.

```julia
simulate(Domain("linear"; imperfection=HiddenCauses(0.3)); d=10, n_obs=200)
```
"""
struct HiddenCauses <: Imperfection
    per_variable::Settable
    effects::Settable

    HiddenCauses(per_variable, effects) = new(
        settable(per_variable, "per_variable"; above = 0, most = 10),
        settable(effects, "effects"; least = 2),
    )
end
HiddenCauses(per_variable; effects = 3) = HiddenCauses(per_variable, effects)

"""
    LeftOut(per_variable; which="any")

The graph has more variables than the table, `per_variable` for each of the table (at least one), and random ones are left out; `which = "common-causes"`
leaves out those with two or more effects first. A graph that the user gives stays whole.

```julia
simulate(Domain("linear"; imperfection=LeftOut(0.2)); d=10, n_obs=200)
```
"""
struct LeftOut <: Imperfection
    per_variable::Settable
    which::String

    function LeftOut(per_variable, which)
        which in LEFT_OUT || throw(ArgumentError("which must be one of $(join(LEFT_OUT, ", ")), got $(repr(which))"))
        return new(settable(per_variable, "per_variable"; above = 0, most = 10), which)
    end
end
const LEFT_OUT = ("any", "common-causes")
LeftOut(per_variable; which = "any") = LeftOut(per_variable, which)

stage(::HiddenCauses) = 1
stage(::LeftOut) = 2
label(::HiddenCauses) = "hidden-causes"
label(::LeftOut) = "left-out"

IMPERFECTIONS["hidden-causes"] = (table, location) -> begin
    check_keys(table, location, ("per_variable",), ("effects",))
    effects = whole_parameter(table, "effects", location; least = 2, default = 3)
    HiddenCauses(parameter(table, "per_variable", location; above = 0, most = 10), effects)
end
IMPERFECTIONS["left-out"] = (table, location) -> begin
    check_keys(table, location, ("per_variable",), ("which",))
    which = get(table, "which", "any")
    which in LEFT_OUT || refuse("$location: which", "must be one of $(join(LEFT_OUT, ", ")), got $(repr(which))")
    LeftOut(parameter(table, "per_variable", location; above = 0, most = 10), which)
end

"How many variables are hidden, of d in the table."
number_hidden(hidden, d::Int, rng::Stream) = max(1, round(Int, d * draw(hidden.per_variable, rng)))

"The graph with `count` more variables at the end, hidden causes of random ones of the variables `shown`."
function add_hidden_causes(graph::AbstractMatrix{UInt8}, shown::Vector{Int}, hidden::HiddenCauses, count::Int, rng::Stream)
    d = size(graph, 1)
    larger = zeros(UInt8, d + count, d + count)
    larger[1:d, 1:d] = graph
    for h in d + 1:d + count
        effects = min(round(Int, draw(hidden.effects, rng)), length(shown))
        larger[h, shown[permutation(rng, length(shown))[1:effects]]] .= 1
    end
    return larger
end

"The positions of the `d` variables that stay in the table."
function choose_shown(graph::AbstractMatrix{UInt8}, hidden::LeftOut, d::Int, rng::Stream)
    order = permutation(rng, size(graph, 1))
    effects(j) = count(!iszero, view(graph, j, :))
    hidden.which == "common-causes" && sort!(order; by = j -> effects(j) >= 2, alg = InsertionSort)
    return sort!(order[1:d])
end

"""
    project(graph, shown)

What a graph says about the variables `shown` alone, its latent projection (Verma and Pearl, UAI 1990): i → j where a directed path from i to j has no other
shown variable on it; and, symmetric, the pairs to both of which such paths lead from one hidden variable.

Returns the two d × d matrices of 0 and 1.
"""
function project(graph::AbstractMatrix{UInt8}, shown::AbstractVector{Int})
    directed = Matrix{Bool}(graph .!= 0)
    confounded = falses(size(graph))
    hidden = setdiff(1:size(graph, 1), shown)
    for h in hidden
        causes, effects = findall(directed[:, h]), findall(directed[h, :])
        partners = findall(confounded[:, h])
        for b in effects
            b == h && continue
            for a in causes
                a == b || a == h || (directed[a, b] = true)
            end
            for a in Iterators.flatten((effects, partners))
                a == b || a == h || (confounded[a, b] = confounded[b, a] = true)
            end
        end
        directed[h, :] .= directed[:, h] .= false
        confounded[h, :] .= confounded[:, h] .= false
    end
    return UInt8.(directed[shown, shown]), UInt8.(confounded[shown, shown])
end
