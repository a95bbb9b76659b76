# Imperfections of rows: repeats, selection, and noise that remembers the row before.

"""
    Repeats(times)

Every row of the table is there `times` times, drawn per dataset: of n rows n / `times` are different.
"""
struct Repeats <: Imperfection
    times::Settable

    Repeats(times) = new(settable(times, "times"; least = 1, most = 1.0e6))
end

"""
    Selection(kept; noise=0.3)

Rows are in the table because of the value of one variable, a random one: of those that were simulated (1 / `kept` times as many as the table has) the share
`kept` with the highest (or else the lowest) values, each value plus `noise` standard deviations of normal noise. Rows with the same interventions are
selected among themselves, so that the table has as many of them as it would have without selection. Both are drawn per dataset.
"""
struct Selection <: Imperfection
    kept::Settable
    noise::Settable

    Selection(kept, noise) = new(settable(kept, "kept"; least = 0.02, most = 1), settable(noise, "noise"; least = 0))
end
Selection(kept; noise = 0.3) = Selection(kept, noise)

"""
    Autocorrelation(correlation)

Rows are a time series: in every variable the noise follows that of the row before, with a `correlation` that is drawn per variable. The noise of a variable keeps
its distribution and what it depends on: its random numbers are brought into the order of the ranks of an autoregressive normal series of order 1.
"""
struct Autocorrelation <: Imperfection
    correlation::Settable

    Autocorrelation(correlation) = new(settable(correlation, "correlation"; least = 0, most = 0.9999))
end

stage(::Autocorrelation) = 4
stage(::Selection) = 5
stage(::Repeats) = 18
label(::Autocorrelation) = "autocorrelation"
label(::Selection) = "selection"
label(::Repeats) = "repeats"

IMPERFECTIONS["repeats"] = (table, location) -> begin
    check_keys(table, location, ("times",))
    Repeats(whole_parameter(table, "times", location; least = 1))
end
IMPERFECTIONS["selection"] = (table, location) -> begin
    check_keys(table, location, ("kept",), ("noise",))
    Selection(
        parameter(table, "kept", location; least = 0.02, most = 1),
        parameter(table, "noise", location; least = 0, default = 0.3),
    )
end
IMPERFECTIONS["autocorrelation"] = (table, location) -> begin
    check_keys(table, location, ("correlation",))
    Autocorrelation(parameter(table, "correlation", location; least = 0, most = 0.9999))
end

"""
    candidates(selection, conditions, rng)

The rows that have to be simulated, by the condition that each is of; `conditions` are those of the rows of the table, 1, 2, ...
"""
function candidates(selection::Selection, conditions::Vector{Int}, rng::Stream)
    kept, counts = draw(selection.kept, rng), zeros(Int, maximum(conditions))
    foreach(c -> counts[c] += 1, conditions)
    return [c for (c, count) in enumerate(counts) for _ in 1:ceil(Int, count / kept)]
end

"""
    select_rows(selection, x, simulated, conditions, rng)

For every row of the table, whose conditions are `conditions`, the row of `x` that stands there; `simulated`, in ascending order, are the conditions of the
rows of `x`.
"""
function select_rows(selection::Selection, x, simulated::Vector{Int}, conditions::Vector{Int}, rng::Stream)
    j, sign = randint(rng, size(x, 2)), uniform(rng) < 0.5 ? 1.0f0 : -1.0f0
    column = view(x, :, j)
    _, spread = centre_and_spread(column, rng)
    noise = spread * Float32(draw(selection.noise, rng))
    score = Vector{Float32}(undef, length(column))
    fill_normal!(rng, score)
    score .= noise .* score .- sign .* column
    wanted = zeros(Int, maximum(conditions))
    foreach(c -> wanted[c] += 1, conditions)
    best, stop = Vector{Int}[], 0
    for c in eachindex(wanted)
        start = stop + 1
        stop = searchsortedlast(simulated, c)
        order = order_of(score[start:stop])
        push!(best, sort!(order[1:wanted[c]]) .+ (start - 1))
    end
    taken = zeros(Int, length(wanted))
    return [best[c][taken[c] += 1] for c in conditions]
end

"""
    AutocorrelatedNoise(noise, correlation, rng)

A [`Noise`](@ref) whose rows follow each other, see [`Autocorrelation`](@ref); the series come from `rng`.
"""
struct AutocorrelatedNoise{N <: Noise} <: Noise
    noise::N
    correlation::Settable
    rng::Stream
end

settle(a::AutocorrelatedNoise, rng::Stream) = AutocorrelatedNoise(settle(a.noise, rng), a.correlation, a.rng)

add_noise!(y, a::AutocorrelatedNoise, causes, rng::Stream) = in_time!(add_noise!, y, a, causes, rng)
draw_noise!(e, a::AutocorrelatedNoise, causes, rng::Stream) = in_time!(draw_noise!, e, a, causes, rng)

function in_time!(with_noise!, y, a::AutocorrelatedNoise, causes, rng::Stream)
    order = time_order(a, size(causes), rng)
    # Row r gets the random numbers of row order[r]: what they meet is brought there, and the sum back.
    there, causes_there = Vector{Float32}(undef, length(y)), Matrix{Float32}(undef, size(causes)...)
    bring!(there, y, order)
    for k in axes(causes, 2)
        bring!(view(causes_there, :, k), view(causes, :, k), order)
    end
    with_noise!(there, a.noise, causes_there, rng)
    @inbounds for r in eachindex(order)
        y[r] = there[order[r]]
    end
    return y
end

function bring!(there, here, order::Vector{Int32})
    @inbounds for r in eachindex(order)
        there[order[r]] = here[r]
    end
end

# For every row, which row's random numbers it gets. `rng` stays where it is.
function time_order(a::AutocorrelatedNoise, (n, causes), rng::Stream)
    own = split(a.rng, rng.key) # of the variable
    correlation = Float32(draw(a.correlation, own))
    probe = draw_noise!(Vector{Float32}(undef, n), a.noise, zeros(Float32, n, causes), copy_of(rng))
    series = fill_normal!(own, Vector{Float32}(undef, n))
    fresh = sqrt(1.0f0 - correlation^2)
    @inbounds for r in 2:n
        series[r] = correlation * series[r - 1] + fresh * series[r]
    end
    order, ranked, place = Vector{Int32}(undef, n), order_of(probe), order_of(series)
    @inbounds for k in 1:n
        order[place[k]] = ranked[k]
    end
    return order
end

function copy_of(rng::Stream)
    copied = Stream(rng, 0)
    copied.key, copied.twist, copied.counter = rng.key, rng.twist, rng.counter
    return copied
end

const DIGIT = 11 # bits

"""
    order_of(values)::Vector{Int32}

The positions from the smallest value to the largest. Values that differ by less than about a part in ten thousand may be in any order: the first 22 bits
are sorted, digit by digit.
"""
function order_of(values::Vector{Float32})
    n = length(values)
    keys, from, to = Vector{UInt32}(undef, n), Vector{Int32}(undef, n), Vector{Int32}(undef, n)
    @inbounds @simd for r in 1:n
        bits = reinterpret(UInt32, values[r])
        keys[r] = (bits ⊻ ifelse(bits >> 31 == 0, 0x80000000, 0xffffffff)) >> (32 - 2 * DIGIT) # in the order of the numbers
        from[r] = r
    end
    place = Vector{Int32}(undef, 1 << DIGIT)
    for shift in (0, DIGIT)
        fill!(place, 0)
        @inbounds for key in keys
            place[1 + (key >> shift) & (1 << DIGIT - 1)] += 1
        end
        next = Int32(1)
        @inbounds for k in eachindex(place)
            place[k], next = next, next + place[k]
        end
        @inbounds for r in from
            k = 1 + (keys[r] >> shift) & (1 << DIGIT - 1)
            to[place[k]] = r
            place[k] += 1
        end
        from, to = to, from
    end
    return from
end
