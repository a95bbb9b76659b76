# Memory that is used again: fresh memory costs more time than the arithmetic on it.

"""
    Pool(most)

Vectors of Float32 that are not in use, each of at most `most` numbers. [`borrow`](@ref) one and [`give_back`](@ref) it.
"""
struct Pool
    most::Int
    free::Vector{Vector{Float32}}
    lock::Threads.SpinLock
end

Pool(most::Int) = Pool(most, Vector{Float32}[], Threads.SpinLock())

const COLUMNS = Pool(2^18) # of observations
const TRAJECTORIES = Pool(2^24)

"""
    borrow(pool, count)::Vector{Float32}

At least `count` numbers, of any values.
"""
function borrow(pool::Pool, count::Int)
    trylock(pool.lock) || return zeros(Float32, count) # another thread is there: waiting would take longer
    found = isempty(pool.free) ? nothing : pop!(pool.free)
    unlock(pool.lock)
    return found === nothing || length(found) < count ? zeros(Float32, count) : found
end

"""
    give_back(pool, memory)

Let others use the memory. Of each pool at most two vectors per thread are kept.
"""
function give_back(pool::Pool, memory::Vector{Float32})
    length(memory) <= pool.most && trylock(pool.lock) || return nothing
    length(pool.free) < 2 * Threads.nthreads() && push!(pool.free, memory)
    unlock(pool.lock)
    return nothing
end

"""
    fresh(T, dims...)::Array{T}

An array of any values. Of a large one, Linux is asked to hand out the memory in huge pages, which takes a third of the time.
"""
function fresh(T::Type, dims::Int...)
    array = Array{T}(undef, dims...)
    if Sys.islinux() && sizeof(array) > 2^22
        first, last = (UInt(pointer(array)) + 4095) & ~UInt(4095), (UInt(pointer(array)) + sizeof(array)) & ~UInt(4095)
        ccall(:madvise, Cint, (Ptr{Cvoid}, Csize_t, Cint), Ptr{Cvoid}(first), last - first, 14) # MADV_HUGEPAGE; may fail
    end
    return array
end
