# What an experiment does to genes: knock-outs, overexpression, CRISPR interference and activation.

# What is done to one gene: its production becomes factor · (production + added), except in the share `failing` of the cells.
struct GeneEffect
    gene::Union{Int, String}
    factor::Float32
    added::Float32
    failing::Float64

    function GeneEffect(gene, factor::Real, added::Real = 0, failing::Real = 0)
        0 <= factor < Inf || throw(ArgumentError("a factor must be finite and at least 0, got $factor"))
        0 <= added < Inf || throw(ArgumentError("an added production must be finite and at least 0, got $added"))
        0 <= failing <= 1 || throw(ArgumentError("failing is a share of the cells, within [0, 1]; got $failing"))
        gene isa Union{Integer, AbstractString, Symbol} || throw(ArgumentError("a gene is a position or a name, got $(repr(gene))"))
        return new(gene isa Integer ? Int(gene) : String(gene), factor, added, failing)
    end
end

"""
    Perturbation(gene => factor, ...)
    Perturbation(perturbations...)

What is done to genes, given by position or name: factors on their production, or several perturbations in the same cells, as in
`Perturbation(crispri("a"), crispra("b"; production=3.0))`. See [`knockout`](@ref), [`knockdown`](@ref), [`overexpress`](@ref),
[`crispri`](@ref) and [`crispra`](@ref).

```julia
Perturbation("crp" => 0.0, "lacI" => 2.0)
```
"""
struct Perturbation
    effects::Vector{GeneEffect}

    Perturbation(effects::Vector{GeneEffect}) = new(effects)
end

Perturbation(factors::Pair...) = Perturbation(GeneEffect[GeneEffect(gene, factor) for (gene, factor) in factors])
Perturbation(first::Perturbation, others::Perturbation...) = Perturbation(vcat(first.effects, (p.effects for p in others)...))

Base.show(io::IO, perturbation::Perturbation) = print(
    io,
    "Perturbation(",
    join((described(e) for e in perturbation.effects), ", "),
    ")",
)

function described(effect::GeneEffect)
    text = "$(repr(effect.gene)) => ×$(effect.factor)"
    effect.added > 0 && (text *= " after +$(effect.added)")
    return effect.failing > 0 ? "$text, failing in $(effect.failing) of the cells" : text
end

"""
    knockout(genes...)

The genes, given by position or name, are not produced. They stay in the network, at expression 0.

```julia
knockout("crp", "lacI")       # both in the same cells
```
"""
knockout(genes...) = Perturbation((gene => 0 for gene in genes)...)

"""
    knockdown(genes...; factor=0.5)

The genes' production is multiplied by `factor`.

```julia
knockdown("crp"; factor=0.3)
```
"""
knockdown(genes...; factor::Real = 0.5) = Perturbation((gene => factor for gene in genes)...)

"""
    overexpress(genes...; factor=2.0)

The genes' production is multiplied by `factor`. A gene that is silent stays so: see [`crispra`](@ref).

```julia
overexpress("crp"; factor=3.0)
```
"""
overexpress(genes...; factor::Real = 2.0) = Perturbation((gene => factor for gene in genes)...)

"""
    crispri(genes...; efficiency=0.8, failing=0.0)

CRISPR interference. A guide takes the share `efficiency` off its gene's production; in the share `failing` of the cells, each on its own for
every gene, it does nothing, though the cells carry its label. Needs the mode `:physical` if it can fail.

```julia
crispri("crp"; efficiency=0.9, failing=0.2)
```
"""
function crispri(genes...; efficiency::Real = 0.8, failing::Real = 0.0)
    0 <= efficiency <= 1 || throw(ArgumentError("an efficiency within [0, 1] is expected, got $efficiency"))
    return Perturbation(GeneEffect[GeneEffect(gene, 1 - efficiency, 0, failing) for gene in genes])
end

"""
    crispra(genes...; production, failing=0.0)

CRISPR activation: `production`, in the units of `basal`, is added to that of the genes, so that a silent gene is switched on. `failing` as with
[`crispri`](@ref). Needs the mode `:physical`.

```julia
crispra("lacI"; production=3.0)
```
"""
crispra(genes...; production::Real, failing::Real = 0.0) = Perturbation(
    GeneEffect[GeneEffect(gene, 1, production, failing) for gene in genes]
)

# What a condition does to all genes, each at its position.
struct Effects
    factor::Vector{Float32}
    added::Vector{Float32}
    failing::Vector{Float64}
end

Effects(d::Int) = Effects(ones(Float32, d), zeros(Float32, d), zeros(d))

function Effects(names::Vector{String}, perturbation::Perturbation)
    found, seen = Effects(length(names)), Set{Int}()
    for effect in perturbation.effects
        gene = position_of(names, effect.gene)
        gene in seen && throw(ArgumentError("the perturbation names the gene \"$(names[gene])\" twice"))
        push!(seen, gene)
        found.factor[gene], found.added[gene], found.failing[gene] = effect.factor, effect.added, effect.failing
    end
    return found
end

position_of(names::Vector{String}, gene::Int) = 1 <= gene <= length(names) ?
    gene :
    throw(ArgumentError("there is no gene $gene; there are $(length(names))"))
function position_of(names::Vector{String}, gene::String)
    position = findfirst(==(gene), names)
    position === nothing && throw(ArgumentError("there is no gene \"$gene\" in the network; its genes are $(listed(names))"))
    return position
end
