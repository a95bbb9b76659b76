# Rows that are a time series: noise that remembers the row before.

"""
    Autocorrelation(correlation)

Rows are a time series: in every variable the noise follows that of the row before, with a `correlation` that is drawn per variable. The normal random numbers that
noise is made of become an autoregressive series of order 1, and the uniform ones the distribution function of such a series (a Gaussian copula), so that the
noise of a row keeps its distribution and what it depends on.

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

"""
    AutocorrelatedNoise(noise, correlation, rng)

A [`Noise`](@ref) whose rows follow each other, see [`Autocorrelation`](@ref); the correlation of a variable is drawn from `rng`.
"""
struct AutocorrelatedNoise{N <: Noise} <: Noise
    noise::N
    correlation::Settable
    rng::Stream
end

settle(a::AutocorrelatedNoise, rng::Stream) = AutocorrelatedNoise(settle(a.noise, rng), a.correlation, a.rng)

add_noise!(y, a::AutocorrelatedNoise, causes, rng::Stream) = with_row_memory(
    rng -> add_noise!(y, a.noise, causes, rng),
    rng,
    correlation_of(a, rng),
)
draw_noise!(e, a::AutocorrelatedNoise, causes, rng::Stream) = with_row_memory(
    rng -> draw_noise!(e, a.noise, causes, rng),
    rng,
    correlation_of(a, rng),
)

# `rng` is the variable's own stream.
correlation_of(a::AutocorrelatedNoise, rng::Stream) = draw(a.correlation, split(a.rng, rng.key))
