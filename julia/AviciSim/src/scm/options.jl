# What may stand beside any mechanism and any noise: standardised models, distortion, noise inside, multiplicative noise, roots of their own,
# and mixed families.

"""
    Variant(mechanism; distortion=nothing, standardised=0, noise_inside=0)

A mechanism with options:

- `distortion`: a [`Distortion`](@ref) of every variable, its noise included (the post-nonlinear model of Zhang and Hyvärinen, UAI 2009);
- `standardised`: share of the datasets in which every variable is brought to mean 0 and variance 1 over the reference rows before it acts on
  others (internally standardised models; Ormaniec et al., ICLR 2025), so that the order of variances tells nothing of the graph;
- `noise_inside`: share of the datasets in which the noise is one more cause of the mechanism instead of being added to it.
"""
struct Variant <: Mechanism
    mechanism::Mechanism
    distortion::Union{Nothing, Distortion}
    standardised::Float64
    noise_inside::Float64
end

Variant(mechanism::Mechanism; distortion = nothing, standardised = 0, noise_inside = 0) = Variant(
    mechanism,
    distortion,
    Float64(standardised),
    Float64(noise_inside),
)

type_name(v::Variant) = type_name(v.mechanism) # of what a dataset drew

# A share becomes 0 or 1.
settle_share(share::Float64, rng::Stream) = uniform(rng) < share ? 1.0 : 0.0

settle(v::Variant, rng::Stream) = Variant(
    settle(v.mechanism, rng),
    v.distortion === nothing ? nothing : settle(v.distortion, rng),
    settle_share(v.standardised, rng),
    settle_share(v.noise_inside, rng),
)

"""
    MixedMechanism(of)

Every variable draws its mechanism from `of`, a list of `share => mechanism`.
"""
struct MixedMechanism <: Mechanism
    of::Vector{Pair{Float64, Mechanism}}
end

"""
    MixedNoise(of)

Every variable draws its noise from `of`, a list of `share => noise`.
"""
struct MixedNoise <: Noise
    of::Vector{Pair{Float64, Noise}}
end

settle(m::MixedMechanism, rng::Stream) = MixedMechanism([share => settle(part, rng) for (share, part) in m.of])
settle(m::MixedNoise, rng::Stream) = MixedNoise([share => settle(part, rng) for (share, part) in m.of])

add_noise!(y, noise::MixedNoise, causes, rng::Stream) = add_noise!(y, pick(rng, noise.of), causes, rng)

"""
    RootNoise(roots, others)

Variables without causes are `roots`, the others have the noise `others`.
"""
struct RootNoise <: Noise
    roots::Noise
    others::Noise
end

"""
    MultiplicativeNoise(noise)

Noise e that multiplies: f becomes f · (1 + e). In variables without causes it is added.
"""
struct MultiplicativeNoise <: Noise
    noise::Noise
end

settle(n::RootNoise, rng::Stream) = RootNoise(settle(n.roots, rng), settle(n.others, rng))
settle(n::MultiplicativeNoise, rng::Stream) = MultiplicativeNoise(settle(n.noise, rng))

add_noise!(y, noise::RootNoise, causes, rng::Stream) = add_noise!(y, size(causes, 2) == 0 ? noise.roots : noise.others, causes, rng)

function add_noise!(y, noise::MultiplicativeNoise, causes, rng::Stream)
    size(causes, 2) == 0 && return add_noise!(y, noise.noise, causes, rng)
    with_memory(length(y)) do e
        draw_noise!(e, noise.noise, causes, rng)
        @inbounds @simd for r in eachindex(y)
            y[r] *= 1.0f0 + e[r]
        end
    end
    return y
end

"The noise alone, before it is added to anything or multiplies it."
draw_noise!(e, noise::Noise, causes, rng::Stream) = add_noise!(fill!(e, 0.0f0), noise, causes, rng)
draw_noise!(e, noise::MultiplicativeNoise, causes, rng::Stream) = draw_noise!(e, noise.noise, causes, rng)
draw_noise!(e, noise::MixedNoise, causes, rng::Stream) = draw_noise!(e, pick(rng, noise.of), causes, rng)
draw_noise!(e, noise::RootNoise, causes, rng::Stream) = draw_noise!(
    e,
    size(causes, 2) == 0 ? noise.roots : noise.others,
    causes,
    rng,
)

MECHANISMS["mixed"] = (table, location) -> begin
    check_keys(table, location, ("of",))
    MixedMechanism(read_parts(Mechanism, MECHANISMS, table, location))
end
NOISES["mixed"] = (table, location) -> begin
    check_keys(table, location, ("of",))
    MixedNoise(read_parts(Noise, NOISES, table, location))
end

function read_parts(kind::Type, models::Models, table, location)
    parts = entries((t, l) -> read_model(models, t, l), table["of"], "of", location)
    all(part -> last(part) isa kind, parts) || refuse("$location: of", "only structural causal models can be mixed")
    return Pair{Float64, kind}[part for part in parts]
end

const MECHANISM_OPTIONS = ("distortion", "distorted", "standardised", "noise_inside")
const NOISE_OPTIONS = ("roots", "multiplicative")

# A table without some of its keys.
without(table, keys) = filter(entry -> !(first(entry) in keys), table)

"An entry of `[[mechanism]]`, with the options that every mechanism of a structural causal model may have."
function read_mechanism(table::AbstractDict, location::AbstractString)
    mechanism = read_model(MECHANISMS, without(table, MECHANISM_OPTIONS), location)
    any(key -> haskey(table, key), MECHANISM_OPTIONS) || return mechanism
    mechanism isa Mechanism || refuse(location, "only structural causal models have the keys $(join(MECHANISM_OPTIONS, ", "))")
    haskey(table, "distorted") && !haskey(table, "distortion") && refuse("$location: distorted", "needs the key distortion")
    distortion = haskey(table, "distortion") ?
        Distortion(
            read_names(table, "distortion", location, DISTORTIONS; default = nothing),
            parameter(table, "distorted", location; least = 0, most = 1, default = 1.0),
        ) :
        nothing
    return Variant(
        mechanism;
        distortion = distortion,
        standardised = read_share(table, "standardised", location),
        noise_inside = read_share(table, "noise_inside", location),
    )
end

"An entry of `[[noise]]`, with the options that every noise may have."
function read_noise(table::AbstractDict, location::AbstractString)
    noise = read_model(NOISES, without(table, NOISE_OPTIONS), location)
    multiplicative = get(table, "multiplicative", false)
    multiplicative isa Bool || refuse("$location: multiplicative", "true or false is expected")
    multiplicative && (noise = MultiplicativeNoise(noise))
    haskey(table, "roots") || return noise
    roots = table["roots"]
    roots isa AbstractDict ||
        refuse("$location: roots", "the table of a noise is expected, as in { model = \"uniform\", scale = 1.0 }")
    return RootNoise(read_model(NOISES, roots, "$location: roots"), noise)
end

# true, false, or the share of the datasets.
function read_share(table, key::AbstractString, location::AbstractString)
    share = get(table, key, false)
    share isa Real && 0 <= share <= 1 || refuse("$location: $key", "true, false or a share in [0, 1] is expected")
    return Float64(share)
end
