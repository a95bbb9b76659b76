# Missing values: at random, depending on what is missing, or whole blocks.

"""
    MissingValues(cells; pattern="random")

A share of the values is missing (`NaN`), in one of three patterns:

- "random": any value, with the same probability;
- "values": the higher (or for other variables, the lower) a value, the likelier it is missing;
- "blocks": some variables together, in a run of rows.

`cells` is drawn per variable, of blocks per dataset. A variable keeps at least one value.

```julia
simulate(Domain("linear"; imperfection=MissingValues(0.05)); d=10, n_obs=200)
```
"""
struct MissingValues <: Imperfection
    cells::Settable
    pattern::String

    function MissingValues(cells, pattern)
        pattern in PATTERNS || throw(ArgumentError("pattern must be one of $(join(PATTERNS, ", ")), got $(repr(pattern))"))
        return new(settable(cells, "cells"; least = 0, most = 1), pattern)
    end
end
const PATTERNS = ("random", "values", "blocks")
MissingValues(cells; pattern = "random") = MissingValues(cells, pattern)

stage(::MissingValues) = GAPS
label(::MissingValues) = "missing"

IMPERFECTIONS["missing"] = (table, location) -> begin
    check_keys(table, location, ("cells",), ("pattern",))
    pattern = get(table, "pattern", "random")
    pattern in PATTERNS || refuse("$location: pattern", "must be one of $(join(PATTERNS, ", ")), got $(repr(pattern))")
    MissingValues(parameter(table, "cells", location; least = 0, most = 1), pattern)
end

function apply!(table::Table, gaps::MissingValues, rng::Stream)
    n, d = size(table.x)
    # What a variable keeps, should all else be gone.
    kept = map(1:d) do j
        r = randint(split(split(rng, "kept"), j), n)
        (r, table.x[r, j])
    end
    if gaps.pattern == "blocks"
        remove_block!(table.x, draw(gaps.cells, rng), split(rng, "block"))
    else
        u = Vector{Float32}(undef, n)
        for j in 1:d
            own, column = split(rng, j), view(table.x, :, j)
            share = draw(gaps.cells, own)
            share > 0 || continue
            gaps.pattern == "random" ? remove_any!(column, share, u, own) : remove_by_value!(column, share, u, own)
        end
    end
    missing_cells = 0
    for (j, (r, value)) in enumerate(kept)
        gone = number_missing(view(table.x, :, j))
        gone == n && (table.x[r, j] = value)
        missing_cells += min(gone, n - 1)
    end
    return (pattern = gaps.pattern, cells = round(missing_cells / (n * d); sigdigits = 4))
end

function number_missing(column)
    number = 0
    @inbounds @simd for r in eachindex(column)
        number += ifelse(column[r] == column[r], 0, 1)
    end
    return number
end

function remove_any!(column, share::Float64, u, rng::Stream)
    fill_uniform!(rng, u)
    remove_below!(column, u, Float32(share))
end

function remove_below!(column, score, limit::Float32)
    @inbounds @simd for r in eachindex(column)
        column[r] = ifelse(score[r] < limit, NaN32, column[r])
    end
end

# Those with the lowest scores: the standardised value, with either sign, plus half as much noise.
function remove_by_value!(column, share::Float64, score, rng::Stream)
    centre, spread = centre_and_spread(column, rng)
    slope = (uniform(rng) < 0.5 ? 1.0f0 : -1.0f0) / max(spread, 1.0f-30)
    fill_normal!(rng, score)
    @inbounds @simd for r in eachindex(score)
        score[r] = slope * (column[r] - centre) + 0.5f0 * score[r]
    end
    remove_below!(column, score, sorted_quantile(sorted_sample(score, rng), share))
end

# A run of rows, from the first again after the last, and variables, which together are the share of all values.
function remove_block!(x, share::Float64, rng::Stream)
    share > 0 || return x
    n, d = size(x)
    tall = portable_exp(portable_log(share) * uniform(rng)) # share of the rows, from `share` to 1
    variables = clamp(round(Int, share / tall * d), 1, d)
    rows, start = clamp(round(Int, share * d / variables * n), 1, n), randint(rng, n)
    for j in permutation(rng, d)[1:variables], k in 0:rows - 1
        x[mod1(start + k, n), j] = NaN32
    end
    return x
end
