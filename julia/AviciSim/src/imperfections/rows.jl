# Imperfections of rows: repeats and selection.

"""
    Repeats(times)

Every row of the table is there `times` times, drawn per dataset: of n rows n / `times` are different.

```julia
simulate(Domain("linear"; imperfection=Repeats(5)); d=10, n_obs=200)
```
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

```julia
simulate(Domain("linear"; imperfection=Selection(0.5)); d=10, n_obs=200)
```
"""
struct Selection <: Imperfection
    kept::Settable
    noise::Settable

    Selection(kept, noise) = new(settable(kept, "kept"; least = 0.02, most = 1), settable(noise, "noise"; least = 0))
end
Selection(kept; noise = 0.3) = Selection(kept, noise)

stage(::Selection) = SELECTION
stage(::Repeats) = REPEATS
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
"""
    conditions_of(record)

Numbers 1, 2, ... for the rows of a matrix of 0 and 1, in the order in which they first appear, the same for equal rows (by a hash of 64 bits, Zobrist 1970).
"""
function conditions_of(record::Matrix{UInt8})
    hashes = zeros(UInt64, size(record, 1))
    for j in axes(record, 2)
        word = finalise(j * GOLDEN, GOLDEN)
        @inbounds @simd for r in eachindex(hashes)
            hashes[r] ⊻= ifelse(record[r, j] == 0, zero(UInt64), word)
        end
    end
    number = Dict{UInt64, Int}()
    return [get!(number, hash, length(number) + 1) for hash in hashes]
end

"""
    candidates(selection, conditions, rng)

The rows that have to be simulated, by the condition that each is of: an upper limit for each of the conditions 1, 2, ... of the rows of the table.
"""
function candidates(selection::Selection, conditions::Vector{Int}, rng::Stream)
    kept, counts = draw(selection.kept, rng), zeros(Int, maximum(conditions))
    foreach(c -> counts[c] += 1, conditions)
    return cumsum([ceil(Int, count / kept) for count in counts])
end

"The rows that have to be simulated: those of the table's conditions, as often as is needed."
function candidate_rows(record::Matrix{UInt8}, conditions::Vector{Int}, stops::Vector{Int})
    first_row = zeros(Int, length(stops))
    for r in length(conditions):-1:1
        first_row[conditions[r]] = r
    end
    rows = zeros(UInt8, stops[end], size(record, 2))
    for j in axes(record, 2), (c, r) in enumerate(first_row)
        record[r, j] == 0 || (rows[(c == 1 ? 1 : stops[c - 1] + 1):stops[c], j] .= record[r, j])
    end
    return rows
end

"""
    select_rows(selection, x, shown, stops, conditions, rng)

For every row of the table, whose conditions are `conditions`, the row of `x` that stands there. The rows of `x` are sorted by condition, with `stops` as the last
of each; its columns `shown` are in the table.
"""
function select_rows(selection::Selection, x, shown::Vector{Int}, stops::Vector{Int}, conditions::Vector{Int}, rng::Stream)
    j, sign = shown[randint(rng, length(shown))], uniform(rng) < 0.5 ? 1.0f0 : -1.0f0
    column = view(x, :, j)
    _, spread = centre_and_spread(column, rng)
    noise = spread * Float32(draw(selection.noise, rng))
    score = Vector{Float32}(undef, length(column))
    fill_normal!(rng, score)
    score .= noise .* score .- sign .* column
    wanted = zeros(Int, length(stops))
    foreach(c -> wanted[c] += 1, conditions)
    best, filled = Vector{Int}(undef, length(conditions)), cumsum(wanted) .- wanted
    keys = [short_key(value) % Int32 for value in score]
    for c in eachindex(wanted)
        start = c == 1 ? 1 : stops[c - 1] + 1
        lowest_of!(best, filled[c], view(keys, start:stops[c]), wanted[c], start - 1)
    end
    return [best[filled[c] += 1] for c in conditions]
end

# Into `best` from filled + 1 on: the positions, plus `shift`, of the `count` lowest keys, in ascending order. Of equal ones the first.
function lowest_of!(best::Vector{Int}, filled::Int, keys, count::Int, shift::Int)
    limit = key_of_rank(keys, count)
    equal = count - number_below(keys, limit)
    @inbounds for r in eachindex(keys)
        if keys[r] < limit || (keys[r] == limit && (equal -= 1) >= 0)
            best[filled += 1] = r + shift
        end
    end
end

"The key of a rank, from 1 on, found bit by bit, of keys of $(2 * DIGIT) bits."
function key_of_rank(keys, rank::Int)
    found = Int32(0)
    for bit in 2 * DIGIT - 1:-1:0
        candidate = found + Int32(1) << bit
        number_below(keys, candidate) < rank && (found = candidate)
    end
    return found
end

function number_below(keys, limit::Int32)
    number = Int32(0)
    @inbounds @simd for r in eachindex(keys)
        number += ifelse(keys[r] < limit, Int32(1), Int32(0))
    end
    return number
end
