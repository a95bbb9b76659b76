# HDF5 files without HDF5's library: groups, arrays and their attributes, as much of the format as an AnnData needs. Messages and fields are those of the
# HDF5 File Format Specification, version 3.0 (superblock 2, object headers 2).

"A file that is being written: room for its superblock and a heap of texts, then objects, each after those that it names."
struct HDF5File
    io::IOStream
    texts::Vector{String} # of attributes, for the heap
end

const SUPERBLOCK, HEAP = 48, 8192 # bytes
const UNDEFINED = typemax(UInt64)

"""
    write_hdf5(f, path)

Write a file whose root is the group that `f(file)` returns, see [`write_group`](@ref) and [`write_array`](@ref).
"""
function write_hdf5(f, path::AbstractString)
    open(path, "w") do io
        write(io, zeros(UInt8, SUPERBLOCK + HEAP))
        file = HDF5File(io, String[])
        root = f(file)
        stop = position(io)
        seekstart(io)
        start = UInt8[0x89; codeunits("HDF\r\n\x1a\n"); 2; 8; 8; 0] # version, bytes of an offset and of a length, flags
        write(io, with_checksum([start; le(UInt64(0), UNDEFINED, UInt64(stop), UInt64(root))]))
        write(io, global_heap(file.texts))
    end
    return path
end

function global_heap(texts)
    objects = UInt8[]
    for (k, text) in enumerate(texts)
        head = le(UInt16(k), UInt16(0), UInt32(0), UInt64(sizeof(text)))
        append!(objects, [head; codeunits(text); zeros(UInt8, mod(-sizeof(text), 8))])
    end
    free = HEAP - 16 - length(objects)
    free >= 16 || throw(ArgumentError("the texts of the attributes of $HEAP bytes and more do not fit into an HDF5 file"))
    return [codeunits("GCOL"); le(UInt32(1), UInt64(HEAP)); objects; le(UInt64(0), UInt64(free)); zeros(UInt8, free - 16)]
end

"""
    write_group(file, members, attributes=())

A group. `members` are pairs of a name (ASCII, below 256 bytes) and an address, `attributes` pairs of a name and a text or a list of texts. Returns the
group's address.
"""
function write_group(file::HDF5File, members, attributes = ())
    info = [message(0x02, UInt8[0, 0], le(UNDEFINED, UNDEFINED)), message(0x0a, UInt8[0, 0])]
    links = [message(0x06, UInt8[1, 0, sizeof(name)], codeunits(name), le(UInt64(address))) for (name, address) in members]
    return write_object(file, [info; links; attribute_messages(file, attributes)])
end

"""
    write_array(file, array, attributes=())

A number or a text, a vector of either, or a matrix of numbers, whose rows and columns are those that a reader sees. Returns its address.
"""
function write_array(file::HDF5File, array, attributes = ())
    type, bytes = type_and_bytes(array)
    address = position(file.io)
    write(file.io, bytes)
    layout = message(0x08, UInt8[3, 1], le(UInt64(address), UInt64(length(bytes))))
    parts = [message(0x01, dataspace(array)), message(0x03, type), message(0x05, UInt8[3, 0x0a]), layout]
    return write_object(file, [parts; attribute_messages(file, attributes)])
end

function write_object(file::HDF5File, messages)
    address, body = position(file.io), reduce(vcat, messages)
    write(file.io, with_checksum([codeunits("OHDR"); UInt8[2, 2]; le(UInt32(length(body))); body]))
    return address
end

message(type::UInt8, parts...) = (body = vcat(parts...); [type; le(UInt16(length(body))); 0x00; body])

attribute_messages(file::HDF5File, attributes) = [attribute_message(file, name, value) for (name, value) in attributes]
function attribute_message(file::HDF5File, name::AbstractString, value)
    space, texts = dataspace(value), value isa AbstractString ? [value] : value
    type = [UInt8[0x19, 1, 1, 0]; le(UInt32(16)); text_type(1, 0x10)] # texts of any length, which are in the heap
    sizes = le(UInt16(sizeof(name) + 1), UInt16(length(type)), UInt16(length(space)))
    references = [le(UInt32(sizeof(text)), UInt64(SUPERBLOCK), UInt32(place_of!(file, text))) for text in texts]
    return message(0x0c, UInt8[3, 0], sizes, UInt8[1], codeunits(name), UInt8[0], type, space, references...)
end

function place_of!(file::HDF5File, text)
    found = findfirst(==(text), file.texts)
    return found === nothing ? length(push!(file.texts, text)) : found
end

dataspace(::Union{Real, AbstractString}) = UInt8[2, 0, 0, 0]
dataspace(array::AbstractArray) = [UInt8[2, ndims(array), 0, 1]; le(UInt64.(size(array))...)]

# Datatype and values, row by row.
type_and_bytes(value::Union{Real, AbstractString}) = type_and_bytes([value])
type_and_bytes(array::AbstractArray{<:Real}) = number_type(eltype(array)),
    reinterpret(UInt8, vec(htol.(permutedims(array, ndims(array):-1:1))))
function type_and_bytes(texts::AbstractVector{<:AbstractString})
    width = max(1, mapreduce(sizeof, max, texts; init = 1))
    bytes = zeros(UInt8, width, length(texts))
    foreach((k, text) -> bytes[1:sizeof(text), k] = codeunits(text), eachindex(texts), texts)
    return text_type(width, 0x11), vec(bytes)
end

text_type(width::Int, how::UInt8) = [UInt8[0x13, how, 0, 0]; le(UInt32(width))] # in UTF-8
number_type(::Type{Float32}) = [
    UInt8[0x11, 0x20, 31, 0]
    le(UInt32(4), UInt16(0), UInt16(32))
    UInt8[23, 8, 0, 23]
    le(UInt32(127))
]
number_type(::Type{T}) where {T <: Integer} = [
    UInt8[0x10, T <: Signed ? 8 : 0, 0, 0]
    le(UInt32(sizeof(T)), UInt16(0), UInt16(8 * sizeof(T)))
]

le(numbers::Unsigned...) = reduce(vcat, (reinterpret(UInt8, [htol(number)]) for number in numbers); init = UInt8[])

with_checksum(bytes) = [bytes; le(lookup3(bytes))]

"HDF5's checksum of bytes: Bob Jenkins' hash lookup3."
function lookup3(bytes::Vector{UInt8})
    rot(x, k) = (x << k) | (x >> (32 - k))
    words = ltoh.(reinterpret(UInt32, [bytes; zeros(UInt8, mod(-length(bytes), 12))]))
    a = b = c = 0xdeadbeef + UInt32(length(bytes))
    for k in 1:3:length(words)
        a, b, c = a + words[k], b + words[k + 1], c + words[k + 2]
        k + 3 > length(words) && break
        for turns in ((4, 6, 8), (16, 19, 4))
            a, c = (a - c) ⊻ rot(c, turns[1]), c + b
            b, a = (b - a) ⊻ rot(a, turns[2]), a + c
            c, b = (c - b) ⊻ rot(b, turns[3]), b + a
        end
    end
    for turns in ((14, 11, 25), (16, 4, 14))
        c = (c ⊻ b) - rot(b, turns[1])
        a = (a ⊻ c) - rot(c, turns[2])
        b = (b ⊻ a) - rot(a, turns[3])
    end
    return (c ⊻ b) - rot(b, 24)
end
