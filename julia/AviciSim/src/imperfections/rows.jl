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

How many rows of each of the `conditions` 1, 2, ... (one for every row of the table) have to be simulated.
"""
function candidates(selection::Selection, conditions::Vector{Int}, rng::Stream)
    kept = draw(selection.kept, rng)
    return [ceil(Int, count(==(c), conditions) / kept) for c in 1:maximum(conditions)]
end

"""
    select_rows(selection, x, simulated, conditions, rng)

For every row of the table, whose conditions are `conditions`, the row of `x` that stands there; `simulated` are the conditions of the rows of `x`.
"""
function select_rows(selection::Selection, x, simulated::Vector{Int}, conditions::Vector{Int}, rng::Stream)
    j, sign = randint(rng, size(x, 2)), uniform(rng) < 0.5 ? 1.0f0 : -1.0f0
    column = view(x, :, j)
    _, spread = centre_and_spread(column, rng)
    noise = spread * Float32(draw(selection.noise, rng))
    score = Vector{Float32}(undef, length(column))
    fill_normal!(rng, score)
    score .= sign .* column .+ noise .* score
    chosen = similar(conditions)
    for c in 1:maximum(conditions)
        places = findall(==(c), conditions)
        rows = sort!(findall(==(c), simulated); by = r -> (-score[r], r))
        chosen[places] = sort!(rows[1:length(places)])
    end
    return chosen
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

function add_noise!(y, a::AutocorrelatedNoise, causes, rng::Stream)
    order = time_order(a, size(causes), rng)
    # Row r gets the random numbers of row order[r]: what they meet is brought there, and the sum back.
    there, causes_there = similar(y), similar(causes, size(causes)...)
    there[order] = y
    causes_there[order, :] = causes
    add_noise!(there, a.noise, causes_there, rng)
    y .= view(there, order)
    return y
end

# For every row, which row's random numbers it gets. `rng` stays where it is.
function time_order(a::AutocorrelatedNoise, (n, causes), rng::Stream)
    own = split(a.rng, signed(rng.key)) # of the variable
    correlation = Float32(draw(a.correlation, own))
    probe = add_noise!(zeros(Float32, n), a.noise, zeros(Float32, n, causes), copy_of(rng))
    series = fill_normal!(own, Vector{Float32}(undef, n))
    fresh = sqrt(1.0f0 - correlation^2)
    for r in 2:n
        series[r] = correlation * series[r - 1] + fresh * series[r]
    end
    order = Vector{Int}(undef, n)
    order[order_of(series)] = order_of(probe)
    return order
end

function copy_of(rng::Stream)
    copied = Stream(rng, 0)
    copied.key, copied.twist, copied.counter = rng.key, rng.twist, rng.counter
    return copied
end

# The rows from the smallest value to the largest.
function order_of(values::Vector{Float32})
    keys = Vector{UInt64}(undef, length(values))
    @inbounds for r in eachindex(values)
        bits = reinterpret(UInt32, values[r])
        bits ⊻= bits >> 31 == 0 ? 0x80000000 : 0xffffffff # now in the order of the numbers
        keys[r] = UInt64(bits) << 32 | UInt64(r)
    end
    sort!(keys; alg = QuickSort)
    return [Int(key & 0xffffffff) for key in keys]
end

mean_of(x::Float64) = x
mean_of(x::Distribution) = "$(x.name) $(x.a) $(x.b)"
mean_of(x::Parameter) = mean_of(first(x.choices))
