# The solver, one step of a gene in one cell, and the Hill function.

"""
    EulerMaruyama(dt)

Explicit solver with step `dt`, in units of 1/decay = 1; negative expression is clipped to 0. For `:dpd` noise the two Wiener processes
together are one Gaussian of variance q²(P + λx)dt. Weak order 1 away from the boundary. A step above 1/λ, where a cell would jump beyond where it
decays to, is refused.

```julia
EulerMaruyama(0.01)
```
"""
struct EulerMaruyama
    dt::Float32

    function EulerMaruyama(dt::Real)
        1.0e-6 <= dt <= 0.5 || throw(ArgumentError("a time step from 1e-6 to 0.5 is expected, got $dt"))
        return new(dt)
    end
end

const MOST_STEPS = 10^8 # of a cell: minutes

# Steps of `algorithm` within a time, in units of 1/decay = 1.
steps_within(time::Real, algorithm::EulerMaruyama) = whole_steps(time / algorithm.dt)

function whole_steps(steps::Real)
    steps <= MOST_STEPS ||
        throw(ArgumentError(
            "every cell would take more than $MOST_STEPS steps; a shorter burn-in or time, or a longer time step, is needed",
        ))
    return ceil(Int, steps)
end

const LANES = 8 # numbers that the processor handles at once

# x² / (1 + x²), also where the square overflows.
@inline square_hill(x::Float32) = 1.0f0 - 1.0f0 / (1.0f0 + x * x)

# x^γ / (1 + x^γ), 0 at 0.
@inline function hill_function(x::Float32, hill::Float32)
    return 1.0f0 / (1.0f0 + portable_exp(-hill * portable_log(ifelse(x < 1.0f-16, 1.0f-16, x))))
end

# None of these is negative; `abs` says so to the compiler, which then makes SIMD code of the root.
@inline diffusion(::Val{:dpd}, p, loss) = sqrt(abs(p + loss))
@inline diffusion(::Val{:sp}, p, loss) = sqrt(abs(p))
@inline diffusion(::Val{:spd}, p, loss) = sqrt(abs(p)) + sqrt(abs(loss))

# One step of a gene in one cell: expression x, production p, λ, q√dt and a standard normal number z.
@inline function euler_step(noise, x, p, λ, dt, q, z)
    loss = λ * x
    new = x + (p - loss) * dt + q * diffusion(noise, p, loss) * z
    return ifelse(new < 0.0f0, 0.0f0, new) # what is not a number stays that, and is refused
end
