# What regulation needs while cells advance: every distinct way in which a regulator acts is computed once, for all genes that it acts on so.

# A regulator with its Hill coefficient and half-response acts on a gene through a channel.
struct Kinetics
    source::Vector{Int}   # the regulator of every channel
    hill::Vector{Float32} # its Hill coefficient
    half::Vector{Float32} # its half-response; NaN where it follows from the wild type
    half_factor::Vector{Float32}
    inputs::Vector{Vector{Int}} # of every gene, the channels of its regulators
end

function Kinetics(problem::GRNProblem)
    alike(lists, value) = all(list -> all(isequal(value), list), lists)
    hill = common_hill(problem)
    if alike(problem.hill, hill) && alike(problem.half_response, NaN32) && alike(problem.half_factor, 1.0f0)
        # the usual case, in which a regulator acts on all its targets alike
        source = findall(are_regulators(problem))
        position = zeros(Int, length(problem))
        position[source] = 1:length(source)
        plain(value) = fill(value, length(source))
        return Kinetics(source, plain(hill), plain(NaN32), plain(1.0f0), [position[list] for list in problem.regulators])
    end
    keys, inputs = NTuple{4, Float32}[], [zeros(Int, length(list)) for list in problem.regulators]
    of_key(gene, k) = (
        Float32(problem.regulators[gene][k]),
        problem.hill[gene][k],
        problem.half_response[gene][k],
        problem.half_factor[gene][k],
    )
    for gene in eachindex(inputs), k in eachindex(inputs[gene])
        push!(keys, of_key(gene, k))
    end
    unique!(sort!(keys; lt = isless))
    position = Dict(key => number for (number, key) in enumerate(keys))
    for gene in eachindex(inputs), k in eachindex(inputs[gene])
        inputs[gene][k] = position[of_key(gene, k)]
    end
    column(k) = Float32[key[k] for key in keys]
    return Kinetics(Int.(column(1)), column(2), column(3), column(4), inputs)
end

# Inverse of the half-response of every channel, of the mean expression of every gene in the wild type.
function inverses(kinetics::Kinetics, means::Vector{Float32})
    expressed = [means[i] for i in unique(kinetics.source) if means[i] > SILENT]
    typical = isempty(expressed) ? 1.0f0 : ordered_sum(expressed) / length(expressed)
    return [inverse(kinetics, k, means[i], typical) for (k, i) in enumerate(kinetics.source)]
end

# A gene that the wild type does not express may be switched on: it acts as the others typically do.
function inverse(kinetics::Kinetics, channel::Int, mean::Float32, typical::Float32)
    given = kinetics.half[channel]
    isnan(given) || return 1 / given
    return 1 / (kinetics.half_factor[channel] * (mean > SILENT ? mean : typical))
end

const SILENT = 1.0f-6

# act of every channel in all cells.
function act!(activity, state, kinetics::Kinetics, inverses)
    for k in eachindex(kinetics.source)
        i, scale, hill = kinetics.source[k], inverses[k], kinetics.hill[k]
        if hill == 2.0f0
            @inbounds @simd ivdep for c in axes(state, 1)
                activity[c, k] = square_hill(state[c, i] * scale)
            end
        else
            @inbounds @simd ivdep for c in axes(state, 1)
                activity[c, k] = hill_function(state[c, i] * scale, hill)
            end
        end
    end
end
