# The order of many numbers, by the first bits of each.

const DIGIT = 11 # bits

"The first $(2 * DIGIT) bits of a number, so that they are in the order of the numbers. Those that differ by less than about a part in ten thousand may have the same."
@inline function short_key(value::Float32)
    bits = reinterpret(UInt32, value)
    return (bits ⊻ ifelse(bits >> 31 == 0, 0x80000000, 0xffffffff)) >> (32 - 2 * DIGIT)
end
