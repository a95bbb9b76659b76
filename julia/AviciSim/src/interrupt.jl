# An end to simulations that nobody waits for any more. Julia's own Ctrl-C does not reach a process that another language runs.

const WATCHED = Threads.Atomic{Int}(-1)  # the socket, or none
const LOOKED = Threads.Atomic{UInt64}(0) # when it was last looked at, in nanoseconds

"""
    watch_interrupts(socket::Integer)

Let simulations end with an `InterruptException` within about 20 ms, on all threads, as soon as there is a byte 2 (the number of the signal
SIGINT) to be read from `socket`, which does not block; -1 ends that. The byte is left there. Not on Windows.

This is what Python's `signal.set_wakeup_fd` writes to.
"""
watch_interrupts(socket::Integer) = (WATCHED[] = Sys.isunix() ? Int(socket) : -1; nothing)

"To be called now and then by everything that can take seconds; costs nothing where nobody watches."
@inline check_interrupt() = WATCHED[] < 0 ? nothing : look_for_interrupt()

@noinline function look_for_interrupt()
    now = time_ns()
    now - LOOKED[] < 20_000_000 && return nothing
    LOOKED[] = now
    bytes = zeros(UInt8, 256)
    peek = Cint(2) # MSG_PEEK of Linux and macOS: every thread finds the byte
    count = ccall(:recv, Cssize_t, (Cint, Ptr{UInt8}, Csize_t, Cint), WATCHED[], bytes, length(bytes), peek)
    count > 0 && 0x02 in view(bytes, 1:count) && throw(InterruptException())
    return nothing
end
