# The order of many numbers, by the first bits of each.

const DIGIT = 11 # bits

"The first $(2 * DIGIT) bits of a number, so that they are in the order of the numbers. Those that differ by less than about a part in ten thousand may have the same."
@inline function short_key(value::Float32)
    bits = reinterpret(UInt32, value)
    return (bits ⊻ ifelse(bits >> 31 == 0, 0x80000000, 0xffffffff)) >> (32 - 2 * DIGIT)
end

"""
    SortingSpace(n)

Memory to sort n numbers with [`sort_positions!`](@ref).
"""
struct SortingSpace
    from::Vector{UInt64}
    to::Vector{UInt64}
    places::Vector{Int32}
end

SortingSpace(n::Int) = SortingSpace(Vector{UInt64}(undef, n), Vector{UInt64}(undef, n), Vector{Int32}(undef, 2 << DIGIT))

"""
    sort_positions!(order, values, space)

Fill `order` with the positions from the smallest value to the largest, by [`short_key`](@ref); of equal ones the first stays first. A radix sort, digit by
digit, of keys and positions in one word.
"""
function sort_positions!(order::Vector{Int32}, values::Vector{Float32}, space::SortingSpace)
    from, to, places = space.from, space.to, fill!(space.places, 0)
    @inbounds @simd for r in eachindex(order)
        from[r] = (short_key(values[r]) % UInt64) << 32 | r % UInt64
    end
    @inbounds for r in eachindex(order)
        places[place(from[r], 0)] += Int32(1)
        places[place(from[r], 1)] += Int32(1)
    end
    for digit in (0, 1)
        next = Int32(1)
        @inbounds for k in digit << DIGIT + 1:(digit + 1) << DIGIT
            places[k], next = next, next + places[k]
        end
        @inbounds for r in eachindex(order)
            k = place(from[r], digit)
            to[places[k]] = from[r]
            places[k] += Int32(1)
        end
        from, to = to, from
    end
    @inbounds @simd for r in eachindex(order)
        order[r] = (from[r] & 0xffffffff) % Int32
    end
    return order
end

# Where the number of a digit, 0 or 1, is counted.
@inline place(word::UInt64, digit::Int) = (digit << DIGIT) + 1 + ((word >> (32 + digit * DIGIT)) & (1 << DIGIT - 1)) % Int
