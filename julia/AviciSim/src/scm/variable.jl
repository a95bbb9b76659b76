# One variable: what its mechanism sees, its noise, and what is done to it before it acts on others.

"""
    Arguments(n, d)

All variables as a [`ScaledMechanism`](@ref) sees them: `z`, n × d, with the centre and the spread that each was standardised with.
"""
struct Arguments
    z::Matrix{Float32}
    centre::Vector{Float32}
    spread::Vector{Float32}
end

Arguments(n::Int, d::Int) = Arguments(Matrix{Float32}(undef, n, d), zeros(Float32, d), ones(Float32, d))

"Whether a mechanism or a part of it sees standardised causes."
sees_arguments(::Mechanism) = false
sees_arguments(::ScaledMechanism) = true
sees_arguments(m::MixedMechanism) = any(part -> sees_arguments(last(part)), m.of)
sees_arguments(v::Variant) = sees_arguments(v.mechanism)

function standardise_argument!(arguments::Arguments, j::Int, column, rows)
    centre, spread = moments(column, rows)
    arguments.centre[j], arguments.spread[j] = Float32(centre), spread > 1.0e-30 ? Float32(spread) : 1.0f0
    standardise_argument!(view(arguments.z, :, j), column, arguments.centre[j], arguments.spread[j])
end

# The causes of a variable, as they are and standardised: two matrices, n × number of causes.
struct Causes{X, Z}
    x::X
    z::Z
end

causes_in(x, ::Nothing, parents) = Causes(view(x, :, parents), nothing)
causes_in(x, arguments::Arguments, parents) = Causes(view(x, :, parents), view(arguments.z, :, parents))

"""
    fill_variable!(y, mechanism, noise, causes, rng, rows, scalings)

Fill `y` with a variable's values: its mechanism at its causes, and noise. What is brought to a scale is so over the reference `rows`; `scalings`
keeps how ([`Scalings`](@ref)). The same `rng` gives the same function and the same noise again, at whatever causes.
"""
function fill_variable!(y, mechanism::Mechanism, @nospecialize(noise), causes::Causes, rng::Stream, rows, scalings::Scalings)
    evaluate!(y, mechanism, causes.x, rng)
    return add_noise!(y, noise, causes.x, rng)
end

function fill_variable!(y, mechanism::ScaledMechanism, @nospecialize(noise), causes::Causes, rng::Stream, rows, scalings::Scalings)
    mean, deviation = draw(mechanism.scale, size(causes.z, 2), rng)
    evaluate!(y, mechanism, causes.z, rng)
    rescale!(y, mean, deviation, rows, scalings; most = MOST_GAIN * deviation)
    return add_noise!(y, noise, causes.z, rng)
end

fill_variable!(
    y,
    mechanism::MixedMechanism,
    @nospecialize(noise),
    causes::Causes,
    rng::Stream,
    rows,
    scalings::Scalings,
) = fill_variable!(y, pick(rng, mechanism.of), noise, causes, rng, rows, scalings)

function fill_variable!(y, variant::Variant, @nospecialize(noise), causes::Causes, rng::Stream, rows, scalings::Scalings)
    if variant.noise_inside > 0
        e = draw_noise!(similar(y), noise, causes.z === nothing ? causes.x : causes.z, rng)
        fill_variable!(y, variant.mechanism, NoNoise(), with_cause(causes, e), rng, rows, scalings)
    else
        fill_variable!(y, variant.mechanism, noise, causes, rng, rows, scalings)
    end
    variant.distortion === nothing || distort!(y, variant.distortion, rng, rows, scalings)
    variant.standardised > 0 && rescale!(y, 0, 1, rows, scalings)
    return y
end

struct NoNoise <: Noise end
add_noise!(y, ::NoNoise, causes, ::Stream) = y

with_cause(causes::Causes, e) = Causes(all_columns([causes.x e]), causes.z === nothing ? nothing : all_columns([causes.z e]))

# A view of the same type as that of the causes in all variables: one compilation for both.
all_columns(matrix) = (columns = collect(axes(matrix, 2)); view(matrix, :, view(columns, 1:length(columns))))
