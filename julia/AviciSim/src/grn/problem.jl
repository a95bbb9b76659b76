# Gene expression as a stochastic differential equation (after SERGIO; Dibaeinia and Sinha, Cell Systems 2020).
#
#     dx_j = (P_j(x) - λ_j x_j) dt + q_j (√P_j dW + √(λ_j x_j) dW')      expression of gene j in one cell type
#     P_j  = basal_j + regulation_j(x); basal differs between cell types, and that of a regulated gene is its leak
#     regulation_j, as a sum (see `Logic` for others)
#          = Σ_i |K_ij| act(x_i)        of an activator i,          act(x) = x^γ / (h^γ + x^γ)
#          + Σ_i |K_ij| (1 - act(x_i))  of a repressor i

"""
    GRNProblem(network; basal, interaction, leak=0.0, decay=0.8, noise_scale=1.0, hill=2.0, half_response=nothing, half_factor=1.0,
               logic=:sum, cell_types=1, sign_probability=0.5, noise=:dpd, seed=0)

A gene network with its parameters: the chemical Langevin equation of gene expression, to be [`solve`](@ref)d with
[`EulerMaruyama`](@ref).

# Arguments
- `network`: a [`Network`](@ref), or what [`simulate`](@ref) takes as a graph, such as an adjacency matrix with `network[i, j] != 0` where gene i regulates
  gene j.
- `basal`: production of the genes without regulators: a number or a [`Distribution`](@ref). A vector (of genes) or a matrix genes × cell types holds that of
  all genes, and `leak` is then not given.
- `leak`: production of a regulated gene apart from its regulation: a number, a `Distribution` or a vector, of which the entries of genes
  without regulators must be 0. Without it genes that activate each other die out once all are at 0.
- `interaction`: |K| of the edges: a number, a `Distribution`, or a vector in the order of `network.edges`.
- `decay`, `noise_scale`: λ and q, one for all genes or a vector.
- `hill`: γ of the edges, as `interaction`; a `Distribution` is drawn per edge.
- `half_response`: h of the edges, in units of expression, as `interaction`. `nothing` stands for the mean of the regulator over the cell
  types of the wild type, times `half_factor` (of the edges as well); of a regulator that the wild type does not express, for the mean of
  the other regulators' h.
- `logic`: how regulators act together: `:sum`, `:and`, `:or`, a function or a [`Logic`](@ref), or a vector of these, one for each gene.
- `sign_probability`: probability (or its distribution over regulators) that an edge activates, where the network does not say.
- `noise`: `:dpd`, √P and √(λx) drive independent Wiener processes; `:spd`, the same one; `:sp`, production only.
- `seed`: of what is drawn, an integer or a generator.

A leak, a logic other than the sum, Hill coefficients that differ, and half-responses of one's own need the mode `:physical`.

Expression has the stationary mean P/λ only where that is far above q² (of dpd noise): below, the boundary at 0, where what would be negative is
clipped, holds it up, by 61 % for an unregulated gene with P = 0.3, λ = 0.8, q = 1. A gene whose production is 0 stays at 0.

Throws an `ArgumentError` if a parameter is negative or does not fit.

```julia
GRNProblem(Network(["a" => "b", "b" => "a"]; signs=[1, 1]); basal=2.0, leak=0.2, interaction=4.0, hill=3.0)
```
"""
struct GRNProblem
    names::Vector{String}
    regulators::Vector{Vector{Int}}        # of each gene
    interaction::Vector{Vector{Float32}}   # of each gene, K of its regulators; negative for repressors
    hill::Vector{Vector{Float32}}          # of each gene, γ of its regulators
    half_response::Vector{Vector{Float32}} # of each gene, h of its regulators; NaN where it follows from the wild type
    half_factor::Vector{Vector{Float32}}   # of each gene, what multiplies the h of its regulators that follow from the wild type
    logic::Vector{Logic}                   # of each gene
    basal::Matrix{Float32}                 # gene × cell type
    decay::Vector{Float32}
    noise_scale::Vector{Float32}
    noise::Symbol
end

function GRNProblem(
    network;
    basal,
    interaction,
    leak = 0.0,
    decay = 0.8,
    noise_scale = 1.0,
    hill = 2.0,
    half_response = nothing,
    half_factor = 1.0,
    logic = :sum,
    cell_types::Integer = basal isa AbstractMatrix ? size(basal, 2) : 1,
    sign_probability = 0.5,
    noise::Symbol = :dpd,
    seed::Seed = 0,
)
    network = as_network(network)
    cell_types >= 1 || throw(ArgumentError("cell_types must be at least 1, got $cell_types"))
    rng = Stream(seed, 0, "problem")
    return GRNProblem(
        rng,
        network,
        basal,
        interaction,
        decay,
        noise_scale,
        hill,
        Int(cell_types),
        sign_probability,
        noise;
        leak = leak,
        half_response = half_response,
        half_factor = half_factor,
        logic = logic,
    )
end

function GRNProblem(
    rng::Stream,
    network::Network,
    basal,
    interaction,
    decay,
    noise_scale,
    hill,
    types::Int,
    sign_probability,
    noise::Symbol;
    leak = 0.0,
    half_response = nothing,
    half_factor = 1.0,
    logic = SumLogic(),
)
    d, m = length(network), length(network.edges)
    noise in (:dpd, :spd, :sp) || throw(ArgumentError("noise must be dpd, spd or sp, got $noise"))
    activates = values_of("sign_probability", sign_probability, d, rng)
    all(<=(1), activates) || throw(ArgumentError("sign_probability must be at most 1"))
    signs = [s != 0 ? Int(s) : uniform(rng) < activates[i] ? 1 : -1 for ((i, _), s) in zip(network.edges, network.signs)]
    strength = signs .* values_of("interaction", interaction, m, rng)
    regulated = falses(d)
    foreach(edge -> regulated[last(edge)] = true, network.edges)
    production = basal isa AbstractVecOrMat ?
        basal_matrix(basal, leak, d, types) :
        regulated_ones(reshape(values_of("basal", basal, d * types, rng), d, types), regulated, leak, split(rng, "leak"))
    λ, q = values_of("decay", decay, d, rng; each = false), values_of("noise_scale", noise_scale, d, rng; each = false)
    all(>(0), λ) || throw(ArgumentError("decay must be positive"))
    γ, factor = values_of("hill", hill, m, split(rng, "hill")), values_of("half_factor", half_factor, m, split(rng, "half-factor"))
    all(>(0), γ) || throw(ArgumentError("hill must be positive"))
    all(>(0), factor) || throw(ArgumentError("half_factor must be positive"))
    half = half_response === nothing ? fill(NaN, m) : values_of("half_response", half_response, m, split(rng, "half-response"))
    any(==(0), half) && throw(ArgumentError("half_response must be positive"))
    regulators = [Int[] for _ in 1:d]
    foreach(edge -> push!(regulators[last(edge)], first(edge)), network.edges)
    per_gene(values) = begin
        found = [Float32[] for _ in 1:d]
        foreach((edge, value) -> push!(found[last(edge)], value), network.edges, values)
        found
    end
    logics = logic isa AbstractVector ? Logic[as_logic(l) for l in logic] : fill!(Vector{Logic}(undef, d), as_logic(logic))
    length(logics) == d || throw(ArgumentError("logic has $(length(logics)) entries where $d are expected, one for each gene"))
    edges = map(per_gene, (strength, γ, half, factor))
    return GRNProblem(network.names, regulators, edges..., logics, production, λ, q, noise)
end

function basal_matrix(given, leak, d::Int, types::Int)
    basal = given isa AbstractVector ? repeat(given, 1, types) : given
    size(basal) == (d, types) || throw(ArgumentError("basal must be $d genes × $types cell types, got $(join(size(given), " × "))"))
    all(b -> 0 <= b < Inf, basal) || throw(ArgumentError("basal must be finite and at least 0"))
    leak == 0 || throw(ArgumentError("a vector or matrix basal holds the production of all genes; leak must then be left out"))
    return basal
end

# What was drawn for all genes, with the leak in place of that of the regulated ones.
function regulated_ones(basal::Matrix{Float64}, regulated, leak, rng::Stream)
    leaks = values_of("leak", leak, length(regulated), rng)
    for gene in eachindex(regulated)
        regulated[gene] && (basal[gene, :] .= leaks[gene])
        leak isa AbstractVector &&
            !regulated[gene] &&
            leaks[gene] != 0 &&
            throw(ArgumentError("gene $gene has no regulators: its production is basal, and its leak must be 0"))
    end
    return basal
end

# `count` numbers at least 0: given as they are, one for all, or drawn (anew for `each`, or once).
function values_of(name, given, count::Int, rng::Stream; each::Bool = true)
    given = own_distribution(given)
    given isa Union{Real, Distribution, AbstractVector{<:Real}} ||
        throw(ArgumentError("$name must be a number, a Distribution or a vector of numbers, got $(repr(given))"))
    found = if given isa AbstractVector
        length(given) == count || throw(ArgumentError("$name has $(length(given)) entries where $count are expected"))
        Float64.(given)
    else
        settled = given isa Distribution ? given : Float64(given)
        each ? [draw(settled, rng) for _ in 1:count] : fill(draw(settled, rng), count)
    end
    all(v -> 0 <= v < Inf, found) || throw(ArgumentError("$name must be finite and at least 0"))
    return found
end

cell_types(problem::GRNProblem) = size(problem.basal, 2)
Base.length(problem::GRNProblem) = length(problem.regulators)

function Base.show(io::IO, problem::GRNProblem)
    regulations, types = sum(length, problem.regulators), cell_types(problem)
    print(io, "GRNProblem of $(length(problem)) genes, $regulations regulations and $types cell types")
end

function Base.show(io::IO, ::MIME"text/plain", problem::GRNProblem)
    count_of(n, word) = "$n $word" * (n == 1 ? "" : "s")
    range(values) = isempty(values) ?
        "none" :
        minimum(values) == maximum(values) ? "$(values[1])" : "$(minimum(values)) to $(maximum(values))"
    K = reduce(vcat, problem.interaction; init = Float32[])
    println(io, "GRNProblem of ", count_of(length(problem), "gene"), " and ", count_of(cell_types(problem), "cell type"))
    println(io, "  genes        ", listed(problem.names))
    println(io, "  regulations  $(count(>(0), K)) activate, $(count(<=(0), K)) repress; |K| ", range(abs.(K)))
    regulated = .!isempty.(problem.regulators)
    println(
        io,
        "  basal        ",
        range(problem.basal[.!regulated, :]),
        " without regulators, leak ",
        range(problem.basal[regulated, :]),
    )
    println(
        io,
        "  decay ",
        range(problem.decay),
        ", noise ",
        range(problem.noise_scale),
        " (",
        problem.noise,
        "), hill ",
        range(reduce(vcat, problem.hill; init = Float32[])),
    )
    print(io, "  feedback     ", topological_order(adjacency(problem)) === nothing ? "yes" : "no")
end

# Σ |K| of the repressors of a gene whose regulators add up, since |K| (1 - act) = |K| + K act.
function repression(problem::GRNProblem, gene::Int)
    total = 0.0f0
    problem.logic[gene] isa SumLogic || return total
    for strength in problem.interaction[gene]
        total += min(strength, 0.0f0)
    end
    return -total
end

# Of every gene: whether it regulates another, or itself.
function are_regulators(problem::GRNProblem)
    found = falses(length(problem))
    foreach(list -> found[list] .= true, problem.regulators)
    return found
end

# Whether gene i regulates gene j.
function adjacency(problem::GRNProblem)
    graph = zeros(UInt8, length(problem), length(problem))
    for (j, list) in enumerate(problem.regulators)
        graph[list, j] .= 1
    end
    return graph
end
