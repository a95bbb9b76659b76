# The sampling of SERGIO and AVICI: genes level by level, the cells of a type drawn from one trajectory.
#
# All trajectories of a level advance side by side: those of its genes, of the conditions of a chunk and of the cell types. A lane is one
# of them; lanes come in blocks of 8, which the processor handles at once, and some may be idle.

const LANES = 8

# Rows of one experimental condition and the factor on every gene's production.
struct Condition
    factor::Vector{Float32}
    rows::Vector{Int}
end

"Longest path from every gene to one without targets."
function heights(graph::AbstractMatrix{UInt8})
    order = topological_order(graph)
    order === nothing && throw(ArgumentError(
        "the mode \"compatible\" simulates regulators before their targets and needs an acyclic graph; this one has a " *
        "cycle, which the mode \"physical\" allows",
    ))
    d = length(order)
    height = zeros(Int, d)
    for i in reverse(order), j in 1:d
        graph[i, j] != 0 && (height[i] = max(height[i], height[j] + 1))
    end
    return height
end

# Fills the rows of `x` and `types`. All conditions draw as many cells.
function compatible!(x, types, rng::Stream, problem::GRNProblem, algorithm::EulerMaruyama, conditions)
    isempty(conditions) && return
    height = heights(adjacency(problem))
    cells = maximum(cld(length(condition.rows), cell_types(problem)) for condition in conditions)
    per_chunk = max(1, 64 ÷ cell_types(problem))
    chunks = collect(Iterators.partition(conditions, per_chunk))
    in_threads(length(chunks)) do k
        compatible_chunk!(x, types, split(rng, k), problem, algorithm, height, chunks[k], cells)
    end
end

function compatible_chunk!(x, types, rng::Stream, problem::GRNProblem, algorithm, height, conditions, cells::Int)
    d, kinds = length(problem), cell_types(problem)
    chains, window = kinds * length(conditions), 15 * cells
    lanes = LANES * cld(chains, LANES)
    time_rng, row_rng = split(rng, :times), split(rng, :rows)
    times = [randint(time_rng, window) for _ in 1:chains, _ in 1:cells]     # counted from the start of the window
    expression = Array{Float32,3}(undef, chains, cells, d)
    activity = Vector{Tuple{Int,Matrix{Float32}}}(undef, d)                 # of a regulator: lanes before its own, lane × step
    at_mean = zeros(Float32, lanes, d)                                      # activity at the mean expression
    for level in maximum(height):-1:0
        genes = findall(==(level), height)
        steps = window + 10 * level
        production = Matrix{Float32}(undef, lanes * length(genes), steps)
        start = zeros(Float32, lanes * length(genes))
        for (g, gene) in enumerate(genes)
            produce!(production, start, (g - 1) * lanes, problem, gene, activity, at_mean, conditions)
        end
        path = similar(production)
        fill_normal!(split(rng, level), path)
        decay, scale = repeat(problem.decay[genes]; inner=lanes), repeat(problem.noise_scale[genes]; inner=lanes)
        start ./= decay
        scale .*= sqrt(algorithm.dt)
        integrate!(path, production, start, decay, scale, algorithm.dt, Val(problem.noise))
        for (g, gene) in enumerate(genes), s in 1:cells, c in 1:chains
            expression[c, s, gene] = path[(g-1)*lanes+c, 10*level+times[c, s]]
        end
        level == 0 && continue
        inverses = zeros(Float32, lanes * length(genes))
        for (g, gene) in enumerate(genes)
            activity[gene] = ((g - 1) * lanes, path)
            for first in 1:kinds:chains     # a condition's half-response is the mean over its cells and cell types
                lane = (g - 1) * lanes .+ (first:first+kinds-1)
                own = view(expression, first:first+kinds-1, :, gene)
                inverses[lane] .= inverse(ordered_sum(own) / length(own))
                for c in first:first+kinds-1
                    mean = ordered_sum(view(expression, c, :, gene)) / cells
                    at_mean[c, gene] = hill_function(mean * inverses[(g-1)*lanes+c], problem.hill)
                end
            end
        end
        activate!(path, inverses, problem.hill)
    end
    for (k, condition) in enumerate(conditions)
        order = permutation(row_rng, kinds * cells)
        for (row, cell) in zip(condition.rows, order)
            type, s = fldmod1(cell, cells)
            types[row] = type
            for gene in 1:d
                x[row, gene] = expression[(k-1)*kinds+type, s, gene]
            end
        end
    end
end

# Production of a gene in its lanes at every step, and in `start` that at the regulators' mean expression.
function produce!(production, start, before::Int, problem::GRNProblem, gene::Int, activity, at_mean, conditions)
    regulators, strengths, kinds = problem.regulators[gene], problem.interaction[gene], cell_types(problem)
    lanes, steps = size(at_mean, 1), size(production, 2)
    factor, constant = zeros(Float32, lanes), zeros(Float32, lanes)         # idle lanes produce nothing
    repression = -ordered_sum(min.(strengths, 0.0f0))                       # |K| (1 - act) = |K| + K act
    for c in 1:kinds*length(conditions)
        factor[c] = conditions[cld(c, kinds)].factor[gene]
        constant[c] = factor[c] * (isempty(regulators) ? problem.basal[gene, mod1(c, kinds)] : repression)
    end
    for c in 1:lanes
        start[before+c] = constant[c]
    end
    fill_lanes!(production, before, constant)
    for (i, strength) in zip(regulators, strengths)
        for c in 1:lanes
            start[before+c] += factor[c] * strength * at_mean[c, i]
        end
        other, act = activity[i]        # a regulator's trajectory is longer than its target's
        add_regulator!(production, before, act, other, strength .* factor)
    end
end

# The lanes of a gene are some rows of a matrix: blocks of a length that the compiler knows.
function fill_lanes!(production, before::Int, constant::Vector{Float32})
    for t in axes(production, 2), block in 1:length(constant)÷LANES
        first = (block - 1) * LANES
        @inbounds @simd ivdep for l in 1:LANES
            production[before+first+l, t] = constant[first+l]
        end
    end
end

function add_regulator!(production, before::Int, act, other::Int, weight::Vector{Float32})
    for t in axes(production, 2), block in 1:length(weight)÷LANES
        first = (block - 1) * LANES
        @inbounds @simd ivdep for l in 1:LANES
            production[before+first+l, t] += weight[first+l] * act[other+first+l, t]
        end
    end
end

# `path` holds standard normal numbers and is overwritten with the trajectories, which start at `state`.
function integrate!(path, production, state, decay, scale, dt::Float32, noise::Val)
    for t in axes(path, 2)
        @inbounds @simd ivdep for w in axes(path, 1)
            state[w] = euler_step(noise, state[w], production[w, t], decay[w], dt, scale[w], path[w, t])
            path[w, t] = state[w]
        end
    end
    return path
end

# Replace trajectories by their activities.
function activate!(path, inverses, hill::Float32)
    for t in axes(path, 2)
        @inbounds @simd ivdep for w in axes(path, 1)
            path[w, t] = hill_function(path[w, t] * inverses[w], hill)
        end
    end
    return path
end
