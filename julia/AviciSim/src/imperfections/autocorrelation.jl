# Rows that are a time series: noise that remembers the row before.

"""
    Autocorrelation(correlation)

Rows are a time series: in every variable the noise follows that of the row before, with a `correlation` that is drawn per variable. The noise of a variable keeps
its distribution and what it depends on: its random numbers are brought into the order of the ranks of an autoregressive normal series of order 1.

```julia
simulate(Domain("linear"; imperfection=Autocorrelation(0.9)); d=10, n_obs=200)
```
"""
struct Autocorrelation <: Imperfection
    correlation::Settable

    Autocorrelation(correlation) = new(settable(correlation, "correlation"; least = 0, most = 0.9999))
end

stage(::Autocorrelation) = 4
label(::Autocorrelation) = "autocorrelation"

IMPERFECTIONS["autocorrelation"] = (table, location) -> begin
    check_keys(table, location, ("correlation",))
    Autocorrelation(parameter(table, "correlation", location; least = 0, most = 0.9999))
end

# The noise of a variable in time: for every row, which row's random numbers it gets, and those numbers, drawn without causes; and memory to find them.
mutable struct InTime
    start::NTuple{3, UInt64} # of the variable's stream
    stop::UInt64
    order::Vector{Int32}
    drawn::Vector{Float32}
    series::Vector{Float32}
    positions::NTuple{2, Vector{Int32}}
    space::SortingSpace
end

InTime(n::Int) = InTime(
    (0, 0, 0),
    0,
    Vector{Int32}(undef, n),
    Vector{Float32}(undef, n),
    Vector{Float32}(undef, n),
    (Vector{Int32}(undef, n), Vector{Int32}(undef, n)),
    SortingSpace(n),
)

"""
    AutocorrelatedNoise(noise, correlation, rng)

A [`Noise`](@ref) whose rows follow each other, see [`Autocorrelation`](@ref); the series come from `rng`. `last` is the variable that was asked for last:
signs and strengths of effects ask for the same one again. Used by one thread at a time.
"""
struct AutocorrelatedNoise{N <: Noise} <: Noise
    noise::N
    correlation::Settable
    rng::Stream
    last::Base.RefValue{InTime}
end

AutocorrelatedNoise(noise::Noise, correlation, rng::Stream) = AutocorrelatedNoise(noise, correlation, rng, Ref(InTime(0)))

settle(a::AutocorrelatedNoise, rng::Stream) = AutocorrelatedNoise(settle(a.noise, rng), a.correlation, a.rng)

add_noise!(y, a::AutocorrelatedNoise, causes, rng::Stream) = in_time!(add_noise!, y, a, causes, rng)
draw_noise!(e, a::AutocorrelatedNoise, causes, rng::Stream) = in_time!(draw_noise!, fill!(e, 0.0f0), a, causes, rng)

function in_time!(with_noise!, y, a::AutocorrelatedNoise, causes, rng::Stream)
    found = time_order!(a, size(causes), rng)
    order, drawn = found.order, found.drawn
    if is_added(a.noise)
        rng.counter = found.stop
        @inbounds for r in eachindex(order)
            y[r] += drawn[order[r]]
        end
        return y
    end
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

# Whether noise is added whatever the values of the causes.
is_added(::Noise) = false
is_added(noise::Union{AdditiveNoise, ShapedNoise}) = !(noise.scale isa Heteroscedastic)
is_added(noise::MixedNoise) = all(part -> is_added(last(part)), noise.of)
is_added(noise::RootNoise) = is_added(noise.roots) && is_added(noise.others)

# `rng` stays where it is.
function time_order!(a::AutocorrelatedNoise, (n, causes), rng::Stream)
    length(a.last[].order) == n || (a.last[] = InTime(n))
    found, start = a.last[], (rng.key, rng.twist, rng.counter)
    found.start == start && return found
    own = split(a.rng, rng.key) # of the variable
    correlation, probe = Float32(draw(a.correlation, own)), copy(rng)
    draw_noise!(found.drawn, a.noise, zeros(Float32, n, causes), probe)
    follow!(fill_normal!(own, found.series), correlation)
    ranked, place = found.positions
    sort_positions!(ranked, found.drawn, found.space)
    sort_positions!(place, found.series, found.space)
    @inbounds for k in 1:n
        found.order[place[k]] = ranked[k]
    end
    found.start, found.stop = start, probe.counter
    return found
end

# Normal numbers become an autoregressive series of order 1 with the same variance.
function follow!(series::Vector{Float32}, correlation::Float32)
    fresh = sqrt(1.0f0 - correlation^2)
    @inbounds for r in 2:length(series)
        series[r] = correlation * series[r - 1] + fresh * series[r]
    end
    return series
end
