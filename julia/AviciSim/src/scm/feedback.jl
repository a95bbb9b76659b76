# Feedback: the equilibrium of structural equations whose graph has cycles.
#
# Variables that cause each other, directly or through others, are a loop. Inside a loop the causes act with a gain g <= 1, such that the spectral radius
# of the largest absolute slopes, over the rows, is at most LOOP_GAIN, and x = f(g x, causes outside) + noise is iterated to its fixed point.

const LOOP_GAIN = 0.8
const LEAST_GAIN = 0.02
const SCALE_SWEEPS = 8 # in which centres and spreads are found; then they stay
const MOST_SWEEPS = 150
const SETTLED = 1.0f-4 # the largest change, relative to a value and its standard deviation

# As `fill_columns!`, for a graph with cycles.
function fill_loops!(x, interventions, variables::Stream, f, ε, intervention, graph, n_obs::Int, effects)
    rows = reference_rows(n_obs, size(x, 1))
    arguments = sees_arguments(f) ? Arguments(size(x)...) : nothing
    parents = [findall(!iszero, view(graph, :, j)) for j in axes(graph, 2)]
    for members in components(graph)
        loop = Loop(members, 1.0f0, [Scalings() for _ in members], false)
        model = (x, interventions, variables, f, ε, intervention, rows, arguments, parents)
        length(members) == 1 ? sweep!(loop, model...) : equilibrium!(loop, model...)
        effects === nothing || loop_effects!(effects, loop, model...)
    end
end

mutable struct Loop
    members::Vector{Int}
    gain::Float32
    scalings::Vector{Scalings} # of every member
    known::Bool                # whether the scalings stay as they are
end

# Fill every member from what its causes are now. Returns the largest relative change.
function sweep!(loop::Loop, x, interventions, variables, f, ε, intervention, rows, arguments, parents)
    change, y = 0.0f0, Vector{Float32}(undef, size(x, 1))
    for (k, j) in enumerate(loop.members)
        check_interrupt()
        own, mask, column = split(variables, j), view(interventions, :, j), view(x, :, j)
        causes = damped(acting(loop, j, x, arguments, parents), mask, intervention, rows, own)
        fill_variable!(y, f, ε, causes, own, rows, loop.known ? rewind!(loop.scalings[k]) : forget!(loop.scalings[k]))
        intervene!(y, mask, intervention, rows, 0, own)
        all_finite(y) ||
            throw(ArgumentError("the values of a variable overflow; smaller weights or scales, or fewer variables, are needed"))
        spread = Float32(moments(y, rows)[2])
        for r in eachindex(y)
            change = max(change, abs(y[r] - column[r]) / (abs(y[r]) + spread + 1.0f-30))
        end
        column .= y
        arguments === nothing && continue
        loop.known ?
            standardise_argument!(view(arguments.z, :, j), column, arguments.centre[j], arguments.spread[j]) :
            standardise_argument!(arguments, j, column, rows)
    end
    return change
end

# The causes of a variable as they act on it: those of its loop with the gain.
function acting(loop::Loop, j::Int, x, arguments, parents)
    scaled(values) = begin
        seen = Matrix{Float32}(values[:, parents[j]])
        for (k, i) in enumerate(parents[j])
            i in loop.members && (seen[:, k] .*= loop.gain)
        end
        all_columns(seen)
    end
    return Causes(scaled(x), arguments === nothing ? nothing : scaled(arguments.z))
end

function equilibrium!(loop::Loop, x, model...)
    arguments = model[end - 1]
    while loop.gain >= LEAST_GAIN
        x[:, loop.members] .= 0
        arguments === nothing || (arguments.z[:, loop.members] .= 0)
        loop.known = false
        if loop.gain == 1
            sweep!(loop, x, model...)
            loop.known = true
            radius = spectral_radius(largest_slopes(loop, x, model...))
            radius > LOOP_GAIN && (loop.gain = Float32(LOOP_GAIN / radius))
            loop.known = false
        end
        for k in 1:MOST_SWEEPS
            loop.known = k > SCALE_SWEEPS
            sweep!(loop, x, model...) < SETTLED && loop.known && return loop
        end
        loop.gain *= 0.7f0
    end
    throw(ArgumentError(
        "the feedback among $(length(loop.members)) variables does not settle; weaker effects, or a graph without this cycle, are needed",
    ))
end

# (f(x_i + h) - f(x_i - h)) / 2h of variable j in every row, h half a standard deviation of its k-th cause i.
function slopes(loop::Loop, j::Int, k::Int, x, interventions, variables, f, ε, intervention, rows, arguments, parents)
    i, position = parents[j][k], findfirst(==(j), loop.members)
    kept, kept_z = x[:, i], arguments === nothing ? nothing : arguments.z[:, i]
    _, spread = moments(kept, rows)
    h = Float32(spread > 1.0e-30 ? spread / 2 : 0.5)
    found = map((h, -h)) do step
        x[:, i] .= kept .+ step
        arguments === nothing ||
            standardise_argument!(view(arguments.z, :, i), view(x, :, i), arguments.centre[i], arguments.spread[i])
        y = Vector{Float32}(undef, size(x, 1))
        fill_variable!(y, f, ε, acting(loop, j, x, arguments, parents), split(variables, j), rows, rewind!(loop.scalings[position]))
    end
    x[:, i] .= kept
    arguments === nothing || (arguments.z[:, i] .= kept_z)
    return (found[1] .- found[2]) ./ (2 * h)
end

# Entry [a, b]: the largest absolute slope of member b by member a.
function largest_slopes(loop::Loop, x, model...)
    parents, m = model[end], length(loop.members)
    found = zeros(m, m)
    for (b, j) in enumerate(loop.members), (k, i) in enumerate(parents[j])
        a = findfirst(==(i), loop.members)
        a === nothing || (found[a, b] = maximum(abs, slopes(loop, j, k, x, model...)))
    end
    return found
end

# Of a matrix without negative entries: power iteration on 1 + matrix, which has no cycles of its own.
function spectral_radius(matrix::Matrix{Float64})
    v, radius = ones(size(matrix, 1)), 0.0
    for _ in 1:200
        w = [v[b] + ordered_sum(v .* view(matrix, :, b)) for b in eachindex(v)]
        largest = maximum(w)
        v, radius = w ./ largest, largest - 1
    end
    return radius
end

function loop_effects!(effects::EdgeEffects, loop::Loop, model...)
    rows, parents = model[end - 2], model[end]
    loop.known = true
    for j in loop.members
        effects.signs[:, j] .= 0
        effects.strengths[:, j] .= 0
        for (k, i) in enumerate(parents[j])
            effects.signs[i, j], effects.strengths[i, j] = sign_and_strength(slopes(loop, j, k, model...), rows)
        end
    end
end

"""
    components(graph)::Vector{Vector{Int}}

The strongly connected components of a graph, causes before effects (Tarjan, SIAM Journal on Computing 1972).
"""
function components(graph::AbstractMatrix{UInt8})
    d = size(graph, 1)
    index, low, on_stack = zeros(Int, d), zeros(Int, d), falses(d)
    stack, found, counter = Int[], Vector{Int}[], Ref(0)
    visit(i) = begin
        index[i] = low[i] = counter[] += 1
        push!(stack, i)
        on_stack[i] = true
        for j in 1:d
            iszero(graph[i, j]) && continue
            if index[j] == 0
                visit(j)
                low[i] = min(low[i], low[j])
            elseif on_stack[j]
                low[i] = min(low[i], index[j])
            end
        end
        low[i] == index[i] || return nothing
        members = Int[]
        while isempty(members) || members[end] != i
            push!(members, pop!(stack))
            on_stack[members[end]] = false
        end
        push!(found, sort!(members))
        return nothing
    end
    foreach(i -> index[i] == 0 && visit(i), 1:d)
    return reverse!(found)
end
