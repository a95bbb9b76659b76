# The sampling of SERGIO and AVICI: genes level by level, the cells of a type drawn from one trajectory.
#
# All trajectories of a level advance side by side: those of its genes, of the conditions of a chunk and of the cell types. A chain is one
# cell type in one condition; a gene's trajectories are stored chain by chain, step after step, without gaps.

"Longest path from every gene to one without targets."
function heights(graph::AbstractMatrix{UInt8})
    order = topological_order(graph)
    order === nothing &&
        throw(ArgumentError(
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

# Fills the rows of `x` and `types`. All conditions of a group, which has a stream of its own, draw as many cells.
function compatible!(x, types, problem::GRNProblem, algorithm::EulerMaruyama, groups::Pair{Stream}...)
    height, kinds = heights(adjacency(problem)), cell_types(problem)
    per_chunk = max(1, 64 ÷ kinds)
    chunks = Tuple{Stream, SubArray{Condition}, Int}[]
    for (rng, conditions) in groups
        cells = mapreduce(condition -> cld(length(condition.rows), kinds), max, conditions; init = 0)
        for (k, chunk) in enumerate(Iterators.partition(conditions, per_chunk))
            push!(chunks, (split(rng, k), chunk, cells))
        end
    end
    in_threads(length(chunks)) do k
        rng, conditions, cells = chunks[k]
        compatible_chunk!(x, types, rng, problem, algorithm, height, conditions, cells)
    end
end

function compatible_chunk!(x, types, rng::Stream, problem::GRNProblem, algorithm, height, conditions, cells::Int)
    d, kinds, hill = length(problem), cell_types(problem), common_hill(problem)
    chains, window = kinds * length(conditions), 15 * cells
    time_rng, row_rng = split(rng, "times"), split(rng, "rows")
    times = [randint(time_rng, window) for _ in 1:chains, _ in 1:cells] # counted from the start of the window
    expression = Array{Float32, 3}(undef, chains, cells, d)
    activity = Vector{Part}(undef, d)   # of every regulator at every step; all that a level needs of the earlier
    at_mean = zeros(Float32, chains, d) # activity at the mean expression
    factor = Float32[conditions[cld(c, kinds)].effects.factor[gene] for c in 1:chains, gene in 1:d]
    levels = [findall(==(level), height) for level in 0:maximum(height)]
    lengths = [length(genes) * path_length(chains, window + 10 * level) for (level, genes) in zip(0:maximum(height), levels)]
    longest = maximum(lengths)
    memory = borrow(TRAJECTORIES, 2 * longest + sum(lengths))
    noise, production, used = view(memory, 1:longest), view(memory, longest + 1:2 * longest), 2 * longest
    for level in maximum(height):-1:0
        genes, steps = levels[level + 1], window + 10 * level
        stride = path_length(chains, steps)
        fill_normal!(split(rng, level), view(noise, 1:stride * length(genes)))
        start = zeros(Float32, LANES * cld(chains, LANES), length(genes))
        for (g, gene) in enumerate(genes)
            own = view(production, (g - 1) * stride + 1:g * stride)
            produce!(own, view(start, 1:chains, g), problem, gene, activity, at_mean, factor)
            start[:, g] ./= problem.decay[gene]
        end
        path = view(memory, used + 1:used + stride * length(genes))
        used += stride * length(genes)
        integrate!(path, production, noise, start, stride, chains, steps, problem, genes, algorithm.dt)
        for (g, gene) in enumerate(genes)
            own = view(path, (g - 1) * stride + 1:g * stride)
            @inbounds for s in 1:cells, c in 1:chains
                expression[c, s, gene] = own[(10 * level + times[c, s] - 1) * chains + c]
            end
            level == 0 && continue # no regulator is at the lowest level
            inverses = Vector{Float32}(undef, chains)
            for first in 1:kinds:chains
                # a condition's half-response is the mean over its cells and cell types
                lanes = first:first + kinds - 1
                cells_of = view(expression, lanes, :, gene)
                inverses[lanes] .= inverse(ordered_sum(cells_of) / length(cells_of))
                for c in lanes
                    mean = ordered_sum(view(expression, c, :, gene)) / cells
                    at_mean[c, gene] = hill_function(mean * inverses[c], hill)
                end
            end
            activity[gene] = activate!(own, inverses, hill)
        end
    end
    give_back(TRAJECTORIES, memory)
    for (k, condition) in enumerate(conditions)
        order = permutation(row_rng, kinds * cells)
        source = similar(order) # of every row, within the cells of a gene
        for (r, row) in enumerate(condition.rows)
            types[row], s = fldmod1(order[r], cells)
            source[r] = (k - 1) * kinds + types[row] + chains * (s - 1)
        end
        for gene in 1:d
            cells_of, column = view(expression, :, :, gene), view(x, :, gene)
            @inbounds for (r, row) in enumerate(condition.rows)
                column[row] = cells_of[source[r]]
            end
        end
    end
end

# The Hill coefficient of all edges; of a problem without any it does not matter.
common_hill(problem::GRNProblem) = (
    first_with = findfirst(!isempty, problem.hill);
    first_with === nothing ? 2.0f0 : problem.hill[first_with][1]
)

# Part of a vector.
const Part = SubArray{Float32, 1, Vector{Float32}, Tuple{UnitRange{Int}}, true}

# Numbers that a gene's trajectories take, with room for the last block of lanes.
path_length(chains::Int, steps::Int) = chains * steps + LANES

# Production of a gene in its chains at every step, and in `start` that at the regulators' mean expression.
function produce!(production, start, problem::GRNProblem, gene::Int, activity, at_mean, factor)
    regulators, strengths = problem.regulators[gene], problem.interaction[gene]
    chains, kinds = size(at_mean, 1), cell_types(problem)
    if isempty(regulators)
        start .= Float32[problem.basal[gene, mod1(c, kinds)] for c in 1:chains]
        repeat!(production, start)
    else
        constant = repression(problem, gene)
        start .= constant
        for (i, strength) in zip(regulators, strengths)
            start .+= strength .* view(at_mean, :, i)
        end
        # a regulator's trajectory is longer than its target's
        weighted_sum!(production, constant, strengths, k -> activity[regulators[k]])
    end
    own = view(factor, :, gene)
    all(isone, own) && return
    start .*= own
    multiply!(production, own)
end

# The values of the chains at every step.
function repeat!(path, values)
    chains = length(values)
    for first in 0:chains:length(path) - 1
        @inbounds for c in 1:min(chains, length(path) - first)
            path[first + c] = values[c]
        end
    end
end

function multiply!(path, values)
    chains = length(values)
    for first in 0:chains:length(path) - 1
        @inbounds for c in 1:min(chains, length(path) - first)
            path[first + c] *= values[c]
        end
    end
end

# The trajectories of a level. Whole blocks of lanes are computed even where the chains end within one; what the last block writes beyond
# them is overwritten by the next step.
function integrate!(path, production, noise, state, stride, chains, steps, problem::GRNProblem, genes, dt::Float32)
    decay, scale = problem.decay[genes], problem.noise_scale[genes] .* sqrt(dt)
    problem.noise === :dpd && return integrate!(path, production, noise, state, stride, chains, steps, decay, scale, dt, Val(:dpd))
    problem.noise === :spd && return integrate!(path, production, noise, state, stride, chains, steps, decay, scale, dt, Val(:spd))
    return integrate!(path, production, noise, state, stride, chains, steps, decay, scale, dt, Val(:sp))
end

const AT_ONCE = 8 # genes: enough to wait for none, and few enough for a processor to foresee what they read

function integrate!(path, production, noise, state, stride, chains, steps, decay, scale, dt::Float32, kind::Val)
    blocks = size(state, 1) ÷ LANES
    for first in 1:AT_ONCE:length(decay), t in 0:steps - 1, g in first:min(first + AT_ONCE - 1, length(decay))
        g == first && t % 64 == 0 && check_interrupt()
        λ, q = decay[g], scale[g]
        for block in 0:blocks - 1
            own, now = ((g - 1) * blocks + block) * LANES, (g - 1) * stride + t * chains + block * LANES
            @inbounds @simd ivdep for l in 1:LANES
                new = euler_step(kind, state[own + l], production[now + l], λ, dt, q, noise[now + l])
                state[own + l] = new
                path[now + l] = new
            end
        end
    end
    return path
end

# Replace trajectories by their activities.
function activate!(path, inverses, hill::Float32)
    if all(==(inverses[1]), inverses)
        activate_all!(path, inverses[1], hill)
    else
        multiply!(path, inverses)
        activate_all!(path, 1.0f0, hill)
    end
    return path
end

function activate_all!(path, inverse::Float32, hill::Float32)
    if hill == 2.0f0
        @inbounds @simd ivdep for n in eachindex(path)
            path[n] = square_hill(path[n] * inverse)
        end
    else
        @inbounds @simd ivdep for n in eachindex(path)
            path[n] = hill_function(path[n] * inverse, hill)
        end
    end
end

# The inverse of a half-response. A gene that is not expressed has an activity of 0.
inverse(half::Float32) = half > SILENT ? 1 / half : 0.0f0
