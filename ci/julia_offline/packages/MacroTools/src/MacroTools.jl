"""
Stand-in for MacroTools: `isexpr` and a structural `@capture`.

In a pattern `x_` stands for one expression, `x_Symbol` and `x_String` for one of that type, and a trailing
`xs__` for any number of arguments. Line numbers do not matter.
"""
module MacroTools

export @capture, isexpr

isexpr(x, heads...) = x isa Expr && (isempty(heads) || x.head in heads)

const TYPES = Dict("Symbol" => Symbol, "String" => String, "" => Any)

"The name, type and number of arguments that a pattern symbol binds; nothing for a literal symbol."
function binding(symbol)
    symbol isa Symbol || return nothing
    found = match(r"^(.*[^_])_(_|Symbol|String|)$", String(symbol))
    found === nothing && return nothing
    slurp = found[2] == "_"
    return (name = Symbol(found[1]), type = slurp ? Any : TYPES[found[2]], slurp = slurp)
end

arguments(x::Expr) = [a for a in x.args if !(a isa LineNumberNode)]

bindings!(found, pattern) = found
bindings!(found, pattern::Expr) = foldl(bindings!, arguments(pattern); init = found)
function bindings!(found, pattern::Symbol)
    b = binding(pattern)
    return b === nothing ? found : push!(found, b.name)
end

"Whether `x` has the shape of `pattern`; fills `found` on the way."
function matches!(found, pattern, x)
    b = binding(pattern)
    if b !== nothing
        x isa b.type || return false
        haskey(found, b.name) && return found[b.name] == x
        found[b.name] = x
        return true
    elseif pattern isa Expr
        return x isa Expr && x.head == pattern.head && matches_all!(found, arguments(pattern), arguments(x))
    end
    return pattern == x
end

function matches_all!(found, patterns, xs)
    last = isempty(patterns) ? nothing : binding(patterns[end])
    if last !== nothing && last.slurp
        fixed = length(patterns) - 1
        length(xs) >= fixed || return false
        found[last.name] = xs[fixed+1:end]
        return matches_all!(found, patterns[1:fixed], xs[1:fixed])
    end
    return length(patterns) == length(xs) && all(matches!(found, p, x) for (p, x) in zip(patterns, xs))
end

"The bindings of `pattern` in `x`, or nothing. A block of one expression in the pattern takes a whole block."
function capture(pattern, x)
    found = Dict{Symbol,Any}()
    return matches!(found, pattern, x) ? found : nothing
end

unblock(x) = isexpr(x, :block) && length(arguments(x)) == 1 ? arguments(x)[1] : x
prepare(x) = x
prepare(x::Expr) = (y = unblock(x); y isa Expr ? Expr(y.head, map(prepare, y.args)...) : y)

macro capture(x, pattern)
    pattern = prepare(pattern)
    names = unique(bindings!(Symbol[], pattern))
    reset = [:($(esc(name)) = nothing) for name in names]
    assign = [:($(esc(name)) = found[$(QuoteNode(name))]) for name in names]
    return quote
        $(reset...)
        found = capture($(QuoteNode(pattern)), $(esc(x)))
        found === nothing ? false : ($(assign...); true)
    end
end

end
