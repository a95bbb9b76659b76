# What is wrong with a table: the interface, which imperfections a dataset has, and in what order.

"""
    Imperfection

Something that stands between a model and the table that is seen. A new one is a type and one method,

    apply!(table, imperfection, rng)

which changes `table` (see [`Table`](@ref AviciSim.Table)) and returns the strengths that it had as a `NamedTuple` of numbers and texts. Its
fields that are parameters are settled once per dataset. `stage(imperfection)`, a number, says when it acts: those of the package have 1 to 18,
in the order of the documentation, and others 12.5, after measurement error and outliers and before everything that makes ties or gaps.

```julia
simulate(Domain("linear"; imperfection=[MissingValues(0.05), Repeats(2)]); d=10, n_obs=200)
```
"""
abstract type Imperfection end

const SELECTION, GAPS, REPEATS = 5.0, 17.0, 18.0 # stages between which the table is changed

stage(::Imperfection) = 12.5
label(imperfection::Imperfection) = type_name(imperfection)

"""
    Table(x, interventions, n_obs)

The rows that were simulated, as an [`Imperfection`](@ref) changes them.

# Fields
- `x`: rows × variables, Float32.
- `interventions`: rows × variables, what the experiment's record says.
- `n_obs`: number of observational rows, which come first.
- `batch`: of every row, or `nothing`.
"""
mutable struct Table{X <: AbstractMatrix{Float32}, U <: AbstractMatrix{UInt8}}
    x::X
    interventions::U
    n_obs::Int
    batch::Union{Nothing, Vector{Int32}}
end

Table(x, interventions, n_obs::Int) = Table(x, interventions, n_obs, nothing)

"""
    Possible(share, group, imperfection)

An imperfection that a dataset has with probability `share`. Of those of one `group` a dataset has at most one.
"""
struct Possible
    share::Float64
    group::String
    imperfection::Imperfection
end

const IMPERFECTIONS = Models()

settle(imperfection::T, rng::Stream) where {T <: Imperfection} = T(ntuple(
    k -> settle_any(getfield(imperfection, k), rng),
    Val(fieldcount(T)),
)...)
settle_any(field, ::Stream) = field
settle_any(field::Parameter, rng::Stream) = settle(field, rng)

# A field of an imperfection, within its limits; what is settled stays so.
settable(value, name::AbstractString; limits...) = parameter(Dict(name => value), name, "imperfection"; limits...)
settable(value::Parameter, name::AbstractString; limits...) = value
function settable(value::Union{Float64, Distribution}, name::AbstractString; least = -Inf, most = Inf, above = -Inf)
    fits = least <= lower(value) && upper(value) <= most && above < lower(value) && value !== Inf
    fits || parameter(Dict(name => value), name, "imperfection"; least = least, most = most, above = above)
    return value
end

# The entries of [[imperfection]].
function read_imperfections(list, path::AbstractString)
    list isa AbstractVector && all(entry -> entry isa AbstractDict, list) ||
        refuse("$path: imperfection", "a list of tables is expected")
    found = map(enumerate(list)) do (k, entry)
        location = "$path: [[imperfection]] $k"
        share, group = get(entry, "share", 1.0), get(entry, "group", get(entry, "model", ""))
        share isa Real && 0 < share <= 1 || refuse("$location: share", "a probability in (0, 1] is expected")
        group isa String || refuse("$location: group", "a name is expected")
        keys_left = filter(key -> first(key) != "group", entry)
        Possible(share, group, Base.invokelatest(read_model, IMPERFECTIONS, keys_left, location))
    end
    for group in unique(entry.group for entry in found)
        total = sum(entry.share for entry in found if entry.group == group)
        total <= 1 + 1.0e-9 ||
            refuse(
                "$path: [[imperfection]]: share",
                "those of the group \"$group\" exclude each other; they sum to $total, above 1",
            )
    end
    return found
end

# The same from code: one imperfection, or a list of them or of `share => imperfection`.
possible(list::AbstractVector, before) = Possible[possible_one(entry) for entry in list]
possible(::Nothing, before) = before
possible(entry, before) = [possible_one(entry)]
possible_one(entry::Possible) = entry
possible_one(entry::Imperfection) = Possible(1.0, label(entry), entry)
possible_one(other) = throw(ArgumentError(
    "an imperfection is expected, such as MeasurementError(0.25), or share => imperfection; got $other",
))
possible_one(entry::Pair{<:Real, <:Imperfection}) = Possible(Float64(first(entry)), label(last(entry)), last(entry))

"The imperfections of one dataset with their streams of random numbers, in the order in which they act."
function draw_imperfections(list::AbstractVector{Possible}, seed::Integer, index::Integer)
    found = Pair{Stream, Imperfection}[]
    isempty(list) && return found
    rng = Stream(seed, index, "imperfections")
    left = Dict{String, Float64}()
    for (k, entry) in enumerate(list)
        u = get!(() -> uniform(split(rng, entry.group)), left, entry.group)
        left[entry.group] = u - entry.share
        0 <= u < entry.share || continue
        own = split(split(rng, label(entry.imperfection)), k)
        push!(found, own => settle(entry.imperfection, split(own, "settle")))
    end
    return sort!(found; by = entry -> stage(last(entry)), alg = InsertionSort)
end

"What [`Dataset`](@ref) says of an imperfection."
function described(imperfection::Imperfection, strengths)
    found = Dict{String, Any}("model" => label(imperfection))
    for name in keys(strengths)
        found[String(name)] = strengths[name]
    end
    return found
end

# Mean of what was drawn, for the description.
average(values) = isempty(values) ? 0.0 : round(Float64(ordered_sum(values)) / length(values); sigdigits = 4)

in_words(x::Float64) = x
in_words(x::Distribution) = "$(x.name) [$(x.a), $(x.b)]"

# The variables that an imperfection affects: each with the same probability, at least one.
function affected(rng::Stream, share, d::Int)
    p = draw(share, rng)
    found = [j for j in 1:d if uniform(rng) < p]
    return isempty(found) ? [randint(rng, d)] : found
end

const SAMPLE = 128

"At most $SAMPLE values of a column, sorted; all of them where there are no more."
function sorted_sample(column, rng::Stream)
    n = length(column)
    keys, sorted = Vector{Int32}(undef, min(n, SAMPLE)), Vector{Float32}(undef, min(n, SAMPLE))
    place = n > SAMPLE ? uniform(rng) : 0.0
    @inbounds for k in eachindex(keys)
        keys[k] = ordered_bits(n > SAMPLE ? column[min(1 + unsafe_trunc(Int, place * n), n)] : column[k])
        place += 0.6180339887498949 # spreads evenly and has no period
        place -= place >= 1
    end
    # Each goes where the number of smaller ones says: comparisons in SIMD code, which take less time than a sort's jumps.
    places = fill(typemin(Int32), length(keys))
    @inbounds for key in keys
        below = Int32(0)
        @simd for k in eachindex(keys)
            below += ifelse(keys[k] < key, Int32(1), Int32(0))
        end
        places[below + 1] = key
    end
    largest = typemin(Int32)
    for k in eachindex(sorted)
        largest = max(largest, places[k]) # equal ones leave the next places empty
        sorted[k] = reinterpret(Float32, ordered_bits(largest))
    end
    return sorted
end

# Bits in the order of the numbers; and back.
@inline ordered_bits(value::Float32) = ordered_bits(reinterpret(Int32, value))
@inline ordered_bits(bits::Int32) = bits ⊻ ((bits >> 31) & typemax(Int32))

# A quantile of sorted values.
function sorted_quantile(sorted::Vector{Float32}, q::Real)
    position = 1 + (length(sorted) - 1) * q
    low = floor(Int, position)
    return sorted[low] + Float32(position - low) * (sorted[min(low + 1, end)] - sorted[low])
end

"""
    centre_and_spread(column, rng)

Mean and standard deviation of a column; where single values carry most of the variance (the standard deviation is more than three times the mean
absolute deviation), the median and what the interquartile range would say of a normal distribution.
"""
function centre_and_spread(column, rng::Stream)
    n = length(column)
    centre = lane_sum(identity, column, 1:n) / n
    squares, distances = lane_sum(x -> (x - centre)^2, column, 1:n), lane_sum(x -> abs(x - centre), column, 1:n)
    spread = sqrt(squares / n)
    spread > 3 * distances / n || return Float32(centre), Float32(spread)
    sorted = sorted_sample(column, rng)
    return sorted_quantile(sorted, 0.5), (sorted_quantile(sorted, 0.75) - sorted_quantile(sorted, 0.25)) / 1.349f0
end
