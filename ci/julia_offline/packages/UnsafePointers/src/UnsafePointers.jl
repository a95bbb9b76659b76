"Stand-in for UnsafePointers: pointers to C structs whose fields are reached as properties."
module UnsafePointers

export UnsafePtr

"""
    UnsafePtr(p::Ptr)

`p.field` points to that field, `p[]` and `p[i]` load (a loaded pointer comes back as an `UnsafePtr`), `p[!]` loads as is, `p[] = v` stores.
"""
struct UnsafePtr{T}
    ptr::Ptr{T}
    UnsafePtr{T}(p::Ptr) where {T} = new{T}(Ptr{T}(p))
end

UnsafePtr(p::Ptr{T}) where {T} = UnsafePtr{T}(p)
UnsafePtr{T}(p::UnsafePtr) where {T} = UnsafePtr{T}(raw(p))

raw(p::UnsafePtr) = getfield(p, :ptr)
wrap(x) = x
wrap(x::Ptr) = UnsafePtr(x)

function Base.getproperty(p::UnsafePtr{T}, name::Symbol) where {T}
    i = Base.fieldindex(T, name)
    return UnsafePtr{fieldtype(T, i)}(raw(p) + fieldoffset(T, i))
end

Base.getindex(p::UnsafePtr) = wrap(unsafe_load(raw(p)))
Base.getindex(p::UnsafePtr, i::Integer) = wrap(unsafe_load(raw(p), i))
Base.getindex(p::UnsafePtr, ::typeof(!)) = unsafe_load(raw(p))
Base.setindex!(p::UnsafePtr{T}, x) where {T} = (unsafe_store!(raw(p), convert(T, x)); p)
Base.setindex!(p::UnsafePtr{T}, x::UnsafePtr) where {T} = (p[] = raw(x))

Base.:(==)(p::UnsafePtr, q::Ptr) = raw(p) == q
Base.:(==)(p::Ptr, q::UnsafePtr) = p == raw(q)
Base.:(==)(p::UnsafePtr, q::UnsafePtr) = raw(p) == raw(q)

Ptr{T}(p::UnsafePtr) where {T} = Ptr{T}(raw(p))
Base.unsafe_convert(::Type{Ptr{T}}, p::UnsafePtr) where {T} = Ptr{T}(raw(p))

end
