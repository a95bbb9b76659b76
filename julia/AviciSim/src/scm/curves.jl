# The curves that mechanisms are put together from: functions of one number, in SIMD code inside a loop.

"tanh(x), with an absolute error of about 1e-7."
@inline function portable_tanh(x::Float32)
    t = portable_exp(-2.0f0 * abs(x))
    return copysign((1.0f0 - t) / (1.0f0 + t), x)
end

@inline curve(::Val{:tanh}, x::Float32) = portable_tanh(x)
@inline curve(::Val{:sigmoid}, x::Float32) = 1.0f0 / (1.0f0 + portable_exp(-x))
@inline curve(::Val{:softsign}, x::Float32) = x / (1.0f0 + abs(x))
@inline curve(::Val{:relu}, x::Float32) = ifelse(x > 0.0f0, x, 0.0f0)
@inline curve(::Val{:leaky_relu}, x::Float32) = ifelse(x > 0.0f0, x, 0.25f0 * x)
@inline curve(::Val{:elu}, x::Float32) = ifelse(x > 0.0f0, x, portable_exp(-abs(x)) - 1.0f0)
@inline curve(::Val{:softplus}, x::Float32) = ifelse(x > 0.0f0, x, 0.0f0) + portable_log(1.0f0 + portable_exp(-abs(x)))
@inline curve(::Val{:sine}, x::Float32) = sin_turns(x * 0.15915494f0)
@inline curve(::Val{:cosine}, x::Float32) = cos_turns(x * 0.15915494f0)
@inline curve(::Val{:bump}, x::Float32) = portable_exp(-0.5f0 * x * x)
@inline curve(::Val{:square}, x::Float32) = x * x
@inline curve(::Val{:linear}, x::Float32) = x

const CURVES = (
    "tanh",
    "sigmoid",
    "softsign",
    "relu",
    "leaky_relu",
    "elu",
    "softplus",
    "sine",
    "cosine",
    "bump",
    "square",
    "linear",
)

# y += weight · curve(argument), row by row.
add_curve!(y, weight::Float32, name::Symbol, argument) = add_curve!(y, weight, Val(name), argument)
function add_curve!(y, weight::Float32, name::Val, argument)
    @inbounds @simd for r in eachindex(y)
        y[r] += weight * curve(name, argument[r])
    end
    return y
end

# argument = offset + Σ weights[k] · causes[:, k]
project!(argument, offset::Float32, weights, causes) = weighted_sum!(argument, offset, weights, k -> view(causes, :, k))

"A key that holds one name of `known` or a list of them; each variable draws one."
function read_names(table, key::AbstractString, location::AbstractString, known; default)
    found = get(table, key, default)
    names = found isa AbstractVector ? found : [found]
    !isempty(names) && all(in(known), names) ||
        refuse("$location: $key", "one or more of $(join(known, ", ")) are expected, got $(repr(found))")
    return Symbol.(names)
end

# Memory for `count` numbers that `f` may use.
function with_memory(f, count::Int)
    memory = borrow(COLUMNS, count)
    result = f(view(memory, 1:count))
    give_back(COLUMNS, memory)
    return result
end
