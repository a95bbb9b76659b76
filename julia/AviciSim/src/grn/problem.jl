# Gene expression as a stochastic differential equation (after SERGIO; Dibaeinia and Sinha, Cell Systems 2020).
#
#     dx_j = (P_j(x) - λ_j x_j) dt + q_j (√P_j dW + √(λ_j x_j) dW')      expression of gene j in one cell type
#     P_j  = basal_j                                              without regulators; differs between cell types
#          = Σ_i |K_ij| act(x_i)      of an activator i,          act(x) = x^γ / (h_i^γ + x^γ)
#          + Σ_i |K_ij| (1 - act(x_i))  of a repressor i

"""
    GRNProblem(network; basal, interaction, decay=0.8, noise_scale=1.0, hill=2.0, cell_types=1, sign_probability=0.5, noise=:dpd,
               seed=0)

A gene network with its parameters: the chemical Langevin equation of gene expression, to be [`solve`](@ref)d with
[`EulerMaruyama`](@ref).

# Arguments
- `network`: a [`Network`](@ref), or an adjacency matrix with `network[i, j] != 0` where gene i regulates gene j.
- `basal`: production of the genes without regulators: a number, a [`Distribution`](@ref), or a matrix genes × cell types.
- `interaction`: |K| of the edges: a number, a `Distribution`, or a vector in the order of `network.edges`.
- `decay`, `noise_scale`: λ and q, one for all genes or a vector.
- `hill`: γ.
- `sign_probability`: probability (or its distribution over regulators) that an edge activates, where the network does not say.
- `noise`: `:dpd`, √P and √(λx) drive independent Wiener processes; `:spd`, the same one; `:sp`, production only.
- `seed`: of what is drawn.

Throws an `ArgumentError` if a parameter is negative or does not fit.
"""
struct GRNProblem
    names::Vector{String}
    regulators::Vector{Vector{Int}}      # of each gene
    interaction::Vector{Vector{Float32}} # of each gene, K of its regulators; negative for repressors
    basal::Matrix{Float32}               # gene × cell type; of genes without regulators
    decay::Vector{Float32}
    noise_scale::Vector{Float32}
    hill::Float32
    noise::Symbol
end

function GRNProblem(
    network;
    basal,
    interaction,
    decay = 0.8,
    noise_scale = 1.0,
    hill::Real = 2.0,
    cell_types::Integer = basal isa AbstractMatrix ? size(basal, 2) : 1,
    sign_probability = 0.5,
    noise::Symbol = :dpd,
    seed::Integer = 0,
)
    network = network isa Network ? network : Network(network)
    cell_types >= 1 || throw(ArgumentError("cell_types must be at least 1, got $cell_types"))
    rng = Stream(seed, 0, "problem")
    return GRNProblem(rng, network, basal, interaction, decay, noise_scale, hill, Int(cell_types), sign_probability, noise)
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
    noise::Symbol,
)
    d, m = length(network), length(network.edges)
    noise in (:dpd, :spd, :sp) || throw(ArgumentError("noise must be dpd, spd or sp, got $noise"))
    hill > 0 || throw(ArgumentError("hill must be positive, got $hill"))
    activates = values_of("sign_probability", sign_probability, d, rng)
    signs = [s != 0 ? Int(s) : uniform(rng) < activates[i] ? 1 : -1 for ((i, _), s) in zip(network.edges, network.signs)]
    strength = signs .* values_of("interaction", interaction, m, rng)
    regulators, interactions = [Int[] for _ in 1:d], [Float32[] for _ in 1:d]
    for ((i, j), k) in zip(network.edges, strength)
        push!(regulators[j], i)
        push!(interactions[j], k)
    end
    production = basal isa AbstractMatrix ? basal : reshape(values_of("basal", basal, d * types, rng), d, types)
    size(production) == (d, types) || throw(ArgumentError("basal must be $d genes × $types cell types"))
    all(b -> 0 <= b < Inf, production) || throw(ArgumentError("basal must be finite and at least 0"))
    λ, q = values_of("decay", decay, d, rng; each = false), values_of("noise_scale", noise_scale, d, rng; each = false)
    all(>(0), λ) || throw(ArgumentError("decay must be positive"))
    return GRNProblem(network.names, regulators, interactions, production, λ, q, hill, noise)
end

# `count` numbers at least 0: given as they are, one for all, or drawn (anew for `each`, or once).
function values_of(name, given, count::Int, rng::Stream; each::Bool = true)
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
Base.show(io::IO, problem::GRNProblem) = print(
    io,
    "GRNProblem of $(length(problem)) genes, $(sum(length, problem.regulators)) regulations and ",
    "$(cell_types(problem)) cell types",
)

# Σ |K| of the repressors, since |K| (1 - act) = |K| + K act.
function repression(problem::GRNProblem, gene::Int)
    total = 0.0f0
    for strength in problem.interaction[gene]
        total += min(strength, 0.0f0)
    end
    return -total
end

# Whether gene i regulates gene j.
function adjacency(problem::GRNProblem)
    graph = zeros(UInt8, length(problem), length(problem))
    for (j, list) in enumerate(problem.regulators)
        graph[list, j] .= 1
    end
    return graph
end

"""
    EulerMaruyama(dt)

Explicit solver with step `dt`, in units of 1/decay = 1; negative expression is clipped to 0. For `:dpd` noise the two Wiener processes
together are one Gaussian of variance q²(P + λx)dt. Weak order 1 away from the boundary.
"""
struct EulerMaruyama
    dt::Float32

    function EulerMaruyama(dt::Real)
        0 < dt <= 0.5 || throw(ArgumentError("a time step in (0, 0.5] is expected, got $dt"))
        return new(dt)
    end
end

"""
    Perturbation(gene => factor, ...)

Factors on the production of genes, given by position or name. See [`knockout`](@ref), [`knockdown`](@ref) and [`overexpress`](@ref).
"""
struct Perturbation
    factors::Vector{Pair{Union{Int, String}, Float32}}

    function Perturbation(factors::Pair...)
        all(f -> 0 <= last(f) < Inf, factors) || throw(ArgumentError("a factor must be finite and at least 0"))
        return new([(gene isa Integer ? Int(gene) : String(gene)) => Float32(factor) for (gene, factor) in factors])
    end
end

"""
    knockout(genes...)

The genes, given by position or name, are not produced. They stay in the network, at expression 0.
"""
knockout(genes...) = Perturbation((gene => 0 for gene in genes)...)

"""
    knockdown(genes...; factor=0.5)

The genes' production is multiplied by `factor`.
"""
knockdown(genes...; factor::Real = 0.5) = Perturbation((gene => factor for gene in genes)...)

"""
    overexpress(genes...; factor=2.0)

The genes' production is multiplied by `factor`.
"""
overexpress(genes...; factor::Real = 2.0) = Perturbation((gene => factor for gene in genes)...)

# The factor on every gene.
function factors(problem::GRNProblem, perturbation::Perturbation)
    found = ones(Float32, length(problem))
    for (gene, factor) in perturbation.factors
        found[position_of(problem, gene)] = factor
    end
    return found
end

# Of every gene: whether it regulates another.
function are_regulators(problem::GRNProblem)
    found = falses(length(problem))
    foreach(list -> found[list] .= true, problem.regulators)
    return found
end

position_of(problem::GRNProblem, gene::Int) = 1 <= gene <= length(problem) ?
    gene :
    throw(ArgumentError("there is no gene $gene; there are $(length(problem))"))
function position_of(problem::GRNProblem, gene::String)
    position = findfirst(==(gene), problem.names)
    position === nothing &&
        throw(ArgumentError("there is no gene \"$gene\" in the network; its genes are $(listed(problem.names))"))
    return position
end

const LANES = 8 # numbers that the processor handles at once

# x² / (1 + x²), also where the square overflows.
@inline square_hill(x::Float32) = 1.0f0 - 1.0f0 / (1.0f0 + x * x)

# x^γ / (1 + x^γ), 0 at 0.
@inline function hill_function(x::Float32, hill::Float32)
    return 1.0f0 / (1.0f0 + portable_exp(-hill * portable_log(ifelse(x < 1.0f-16, 1.0f-16, x))))
end

# None of these is negative; `abs` says so to the compiler, which then makes SIMD code of the root.
@inline diffusion(::Val{:dpd}, p, loss) = sqrt(abs(p + loss))
@inline diffusion(::Val{:sp}, p, loss) = sqrt(abs(p))
@inline diffusion(::Val{:spd}, p, loss) = sqrt(abs(p)) + sqrt(abs(loss))

# One step of a gene in one cell: expression x, production p, λ, q√dt and a standard normal number z.
@inline function euler_step(noise, x, p, λ, dt, q, z)
    loss = λ * x
    new = x + (p - loss) * dt + q * diffusion(noise, p, loss) * z
    return ifelse(new < 0.0f0, 0.0f0, new) # what is not a number stays that, and is refused
end
