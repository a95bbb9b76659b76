# Imperfections of single values: measurement error, outliers, rounding, detection limits, levels, counts.

"""
    MeasurementError(variance; variables=1)

Normal error on every value of a share of the `variables`, all of them by default. `variance` is the error's variance in units of the variable's
own, drawn per variable: 0.25 adds a quarter.

```julia
simulate(Domain("linear"; imperfection=MeasurementError(0.25)); d=10, n_obs=200)
```
"""
struct MeasurementError <: Imperfection
    variance::Settable
    variables::Settable

    MeasurementError(variance, variables) = new(
        settable(variance, "variance"; least = 0),
        settable(variables, "variables"; least = 0, most = 1),
    )
end
MeasurementError(variance; variables = 1) = MeasurementError(variance, variables)

"""
    Outliers(; cells=0, rows=0, size=10)

A share of the `cells` and a share of the `rows` (all variables of it) are `size` standard deviations off, in a random direction. `cells` is drawn per
variable, `rows` per dataset and `size` per outlier.

```julia
simulate(Domain("linear"; imperfection=Outliers(cells=0.01)); d=10, n_obs=200)
```
"""
struct Outliers <: Imperfection
    cells::Settable
    rows::Settable
    size::Settable

    Outliers(cells, rows, size) = new(
        settable(cells, "cells"; least = 0, most = 1),
        settable(rows, "rows"; least = 0, most = 1),
        settable(size, "size"; least = 0),
    )
end
Outliers(; cells = 0, rows = 0, size = 10) = Outliers(cells, rows, size)

"""
    Rounding(step; variables=1)

Values are rounded to multiples of `step` standard deviations, drawn per variable, which makes ties.

```julia
simulate(Domain("linear"; imperfection=Rounding(0.1)); d=10, n_obs=200)
```
"""
struct Rounding <: Imperfection
    step::Settable
    variables::Settable

    Rounding(step, variables) = new(settable(step, "step"; above = 0), settable(variables, "variables"; least = 0, most = 1))
end
Rounding(step; variables = 1) = Rounding(step, variables)

"""
    DetectionLimit(cells; side="random", variables=1)

A share of the values, drawn per variable, is beyond what the instrument sees and is given as its limit. `side` is "below", "above", "both"
(half of them each) or "random": below or above, by variable.

```julia
simulate(Domain("linear"; imperfection=DetectionLimit(0.1)); d=10, n_obs=200)
```
"""
struct DetectionLimit <: Imperfection
    cells::Settable
    side::String
    variables::Settable

    function DetectionLimit(cells, side, variables)
        side in SIDES || throw(ArgumentError("side must be one of $(join(SIDES, ", ")), got $(repr(side))"))
        return new(settable(cells, "cells"; least = 0, most = 0.9), side, settable(variables, "variables"; least = 0, most = 1))
    end
end
const SIDES = ("below", "above", "both", "random")
DetectionLimit(cells; side = "random", variables = 1) = DetectionLimit(cells, side, variables)

"""
    Levels(levels; variables=1)

Values are given as levels 0, 1, ..., `levels` - 1, drawn per variable: 2 makes a variable two-valued. The thresholds are near evenly spaced quantiles.

```julia
simulate(Domain("linear"; imperfection=Levels(5)); d=10, n_obs=200)
```
"""
struct Levels <: Imperfection
    levels::Settable
    variables::Settable

    Levels(levels, variables) = new(
        settable(levels, "levels"; least = 2, most = 1000),
        settable(variables, "variables"; least = 0, most = 1),
    )
end
Levels(levels; variables = 1) = Levels(levels, variables)

"""
    Counts(mean; spread=1, variables=1)

Values are given as counts: a standardised value z becomes the whole part of `mean` · exp(`spread` · z), both drawn per variable.

```julia
simulate(Domain("linear"; imperfection=Counts(20)); d=10, n_obs=200)
```
"""
struct Counts <: Imperfection
    mean::Settable
    spread::Settable
    variables::Settable

    Counts(mean, spread, variables) = new(
        settable(mean, "mean"; above = 0),
        settable(spread, "spread"; above = 0),
        settable(variables, "variables"; least = 0, most = 1),
    )
end
Counts(mean; spread = 1, variables = 1) = Counts(mean, spread, variables)

for (type, stage_, name) in (
        (MeasurementError, 11, "measurement-error"),
        (Outliers, 12, "outliers"),
        (Rounding, 13, "rounding"),
        (DetectionLimit, 14, "detection-limit"),
        (Levels, 15, "levels"),
        (Counts, 16, "counts"),
    )
    @eval stage(::$type) = $stage_
    @eval label(::$type) = $name
end

# Every affected column of the table with its own stream: f(column, rng).
function each_column(f, table::Table, variables, rng::Stream)
    for j in affected(split(rng, "variables"), variables, size(table.x, 2))
        f(view(table.x, :, j), split(rng, j))
    end
end

function apply!(table::Table, e::MeasurementError, rng::Stream)
    variances = Float64[]
    each_column(table, e.variables, rng) do column, own
        push!(variances, draw(e.variance, own))
        _, spread = centre_and_spread(column, own)
        deviation = spread * Float32(sqrt(variances[end]))
        each_normal!((y, r, z) -> (@inbounds y[r] += deviation * z), column, own)
    end
    return (variance = average(variances), variables = length(variances))
end

function apply!(table::Table, o::Outliers, rng::Stream)
    n, d = size(table.x)
    found, spreads = 0, Vector{Float32}(undef, d)
    u = Vector{Float32}(undef, n)
    for j in 1:d
        own, column = split(rng, j), view(table.x, :, j)
        _, spreads[j] = centre_and_spread(column, own)
        share = Float32(draw(o.cells, own))
        share > 0 || continue
        fill_uniform!(own, u)
        for r in 1:n
            u[r] < share || continue
            found += 1
            column[r] += spreads[j] * off(o, own)
        end
    end
    own = split(rng, "rows")
    share, rows = draw(o.rows, own), 0
    for r in 1:n
        uniform(own) < share || continue
        rows += 1
        for j in 1:d
            table.x[r, j] += spreads[j] * off(o, own)
        end
    end
    return (cells = round(found / (n * d); sigdigits = 4), rows = round(rows / n; sigdigits = 4))
end

off(o::Outliers, rng::Stream) = Float32(draw(o.size, rng)) * (next_word(rng) >> 63 == 0 ? 1.0f0 : -1.0f0)

function apply!(table::Table, q::Rounding, rng::Stream)
    steps = Float64[]
    each_column(table, q.variables, rng) do column, own
        push!(steps, draw(q.step, own))
        _, spread = centre_and_spread(column, own)
        step = spread * Float32(steps[end])
        step > 0 && round_to!(column, step)
    end
    return (step = average(steps), variables = length(steps))
end

function round_to!(column, step::Float32)
    inverse = 1.0f0 / step
    @inbounds @simd for r in eachindex(column)
        column[r] = floor(column[r] * inverse + 0.5f0) * step
    end
end

function apply!(table::Table, limit::DetectionLimit, rng::Stream)
    shares = Float64[]
    each_column(table, limit.variables, rng) do column, own
        push!(shares, draw(limit.cells, own))
        share = shares[end]
        side = limit.side == "random" ? (uniform(own) < 0.5 ? "below" : "above") : limit.side
        sorted = sorted_sample(column, own)
        both = side == "both" ? share / 2 : share
        low = side == "above" ? -Inf32 : sorted_quantile(sorted, both)
        high = side == "below" ? Inf32 : sorted_quantile(sorted, 1 - both)
        clamp_to!(column, low, high)
    end
    return (cells = average(shares), variables = length(shares))
end

function clamp_to!(column, low::Float32, high::Float32)
    @inbounds @simd for r in eachindex(column)
        column[r] = ifelse(column[r] < low, low, ifelse(column[r] > high, high, column[r]))
    end
end

function apply!(table::Table, l::Levels, rng::Stream)
    numbers, before = Float64[], Vector{Float32}(undef, size(table.x, 1))
    each_column(table, l.variables, rng) do column, own
        count = round(Int, draw(l.levels, own))
        push!(numbers, count)
        sorted = sorted_sample(column, own)
        thresholds = [sorted_quantile(sorted, (k + 0.6 * (uniform(own) - 0.5)) / count) for k in 1:count - 1]
        to_levels!(column, before, thresholds)
    end
    return (levels = average(numbers), variables = length(numbers))
end

function to_levels!(column, before::Vector{Float32}, thresholds::Vector{Float32})
    copyto!(before, column)
    fill!(column, 0)
    for threshold in thresholds
        @inbounds @simd for r in eachindex(before)
            column[r] += ifelse(before[r] > threshold, 1.0f0, 0.0f0)
        end
    end
end

function apply!(table::Table, c::Counts, rng::Stream)
    means = Float64[]
    each_column(table, c.variables, rng) do column, own
        push!(means, draw(c.mean, own))
        centre, spread = centre_and_spread(column, own)
        to_counts!(column, centre, spread > 0 ? Float32(draw(c.spread, own)) / spread : 0.0f0, Float32(means[end]))
    end
    return (mean = average(means), variables = length(means))
end

function to_counts!(column, centre::Float32, factor::Float32, mean::Float32)
    @inbounds @simd for r in eachindex(column)
        count = floor(mean * portable_exp(factor * (column[r] - centre)))
        column[r] = ifelse(count < 1.0f6, count, 1.0f6)
    end
end

IMPERFECTIONS["measurement-error"] = (table, location) -> begin
    check_keys(table, location, ("variance",), ("variables",))
    MeasurementError(parameter(table, "variance", location; least = 0), share_of_variables(table, location))
end
IMPERFECTIONS["outliers"] = (table, location) -> begin
    check_keys(table, location, (), ("cells", "rows", "size"))
    haskey(table, "cells") || haskey(table, "rows") || refuse(location, "cells or rows, a share of them, is expected")
    Outliers(
        parameter(table, "cells", location; least = 0, most = 1, default = 0.0),
        parameter(table, "rows", location; least = 0, most = 1, default = 0.0),
        parameter(table, "size", location; least = 0, default = 10.0),
    )
end
IMPERFECTIONS["rounding"] = (table, location) -> begin
    check_keys(table, location, ("step",), ("variables",))
    Rounding(parameter(table, "step", location; above = 0), share_of_variables(table, location))
end
IMPERFECTIONS["detection-limit"] = (table, location) -> begin
    check_keys(table, location, ("cells",), ("side", "variables"))
    side = get(table, "side", "random")
    side in SIDES || refuse("$location: side", "must be one of $(join(SIDES, ", ")), got $(repr(side))")
    DetectionLimit(parameter(table, "cells", location; least = 0, most = 0.9), side, share_of_variables(table, location))
end
IMPERFECTIONS["levels"] = (table, location) -> begin
    check_keys(table, location, ("levels",), ("variables",))
    Levels(parameter(table, "levels", location; least = 2, most = 1000), share_of_variables(table, location))
end
IMPERFECTIONS["counts"] = (table, location) -> begin
    check_keys(table, location, ("mean",), ("spread", "variables"))
    Counts(
        parameter(table, "mean", location; above = 0),
        parameter(table, "spread", location; above = 0, default = 1.0),
        share_of_variables(table, location),
    )
end

share_of_variables(table, location) = parameter(table, "variables", location; least = 0, most = 1, default = 1.0)
