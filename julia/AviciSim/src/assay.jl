# What stands between cells and a table: a technology, batches, and depth that differs between batches and conditions.

"""
    BatchEffects(count; expression=0.3, depth=0.3, conditions=0.0)

Batches of an experiment, for `batches` of [`solve`](@ref). Every cell is in one of `count` batches, at random. In a batch each gene is multiplied by
a factor of its own, whose logarithm has the standard deviation `expression`, and every cell's total count by one with the deviation `depth`; every
condition (perturbation or wild type) has a factor on its cells' total counts as well, with the deviation `conditions`.

Throws an `ArgumentError` if a deviation is not within [0, 10] or there is no batch.

```julia
solve(problem, EulerMaruyama(0.01); cells=500, technology="10x-chromium-1", batches=BatchEffects(3)).batches     # 1, 2 or 3 for every cell
```
"""
struct BatchEffects
    count::Int
    expression::Float64
    depth::Float64
    conditions::Float64

    function BatchEffects(count::Integer; expression::Real = 0.3, depth::Real = 0.3, conditions::Real = 0.0)
        count >= 1 || throw(ArgumentError("at least one batch is expected, got $count"))
        for (name, value) in ("expression" => expression, "depth" => depth, "conditions" => conditions)
            0 <= value <= 10 || throw(ArgumentError("batches: $name is a standard deviation within [0, 10], got $value"))
        end
        return new(count, expression, depth, conditions)
    end
end

# Factors of an experiment on the cells' genes and on their totals.
struct DrawnBatchEffects
    of_cell::Vector{Int}
    of_gene::Matrix{Float32} # batch × gene
    depth::Vector{Float32}   # of every cell
end

function DrawnBatchEffects(rng::Stream, batches::BatchEffects, conditions::Vector{Int}, genes::Int)
    cell_rng, gene_rng, depth_rng, condition_rng = (split(rng, part) for part in ("cells", "genes", "depth", "conditions"))
    of_cell = [randint(cell_rng, batches.count) for _ in conditions]
    factors(stream, deviation, size...) = Float32[portable_exp(deviation * normal(stream)) for _ in CartesianIndices(size)]
    of_gene = factors(gene_rng, batches.count > 1 ? batches.expression : 0.0, batches.count, genes)
    of_batch = factors(depth_rng, batches.count > 1 ? batches.depth : 0.0, batches.count)
    of_condition = factors(condition_rng, batches.conditions, 1 + reduce(max, conditions; init = 0))
    return DrawnBatchEffects(of_cell, of_gene, Float32[of_batch[b] * of_condition[k + 1] for (b, k) in zip(of_cell, conditions)])
end

"""
    Assay

Distribution of a [`TechnicalNoise`](@ref) and [`BatchEffects`](@ref), an entry of `[[measurement]]` in a domain file. Beside the keys of the noise:

    depth               median UMIs of a cell over the genes of the table, drawn per dataset, instead of the profile's
    depth_per_gene      the same over the number of genes, which gives every size of table counts of the same size
    batches             number of batches (1)
    batch_expression    standard deviation of the logarithm of a gene's factor in a batch (0.3)
    batch_depth         that of a batch's factor on its cells' totals (0.3)
    condition_depth     that of a condition's factor on its cells' totals (0)
"""
struct Assay
    noise::TechnicalNoise
    depth::Union{Nothing, Parameter}
    per_gene::Bool
    batches::Parameter
    expression::Parameter
    batch_depth::Parameter
    condition_depth::Parameter
end

const ASSAY_KEYS = ("depth", "depth_per_gene", "batches", "batch_expression", "batch_depth", "condition_depth")

Assay(noise::TechnicalNoise) = Assay(noise, nothing, false, (Parameter(value, "") for value in (1, 0.3, 0.3, 0))...)

function Assay(table::AbstractDict, location::AbstractString)
    check_keys(table, location, (), (NOISE_KEYS..., ASSAY_KEYS...))
    noise = TechnicalNoise(filter(entry -> !(first(entry) in ASSAY_KEYS), table), location)
    depths = [key for key in ("depth", "depth_per_gene") if haskey(table, key)]
    length(depths) == 2 && refuse("$location: depth", "depth and depth_per_gene cannot both be given")
    deviation(key, default) = parameter(table, key, location; default = default, least = 0, most = 10)
    return Assay(
        noise,
        isempty(depths) ? nothing : parameter(table, depths[1], location; least = 0),
        depths == ["depth_per_gene"],
        whole_parameter(table, "batches", location; default = 1, least = 1, most = 1000),
        deviation("batch_expression", 0.3),
        deviation("batch_depth", 0.3),
        deviation("condition_depth", 0.0),
    )
end

# One dataset's noise and batches (`nothing`: one batch, one depth).
function settle(assay::Assay, rng::Stream, d::Int)
    value(parameter) = draw(settle(parameter, rng), rng)
    noise = assay.depth === nothing ? assay.noise : with_depth(assay.noise, value(assay.depth) * (assay.per_gene ? d : 1))
    count, deviations = Int(value(assay.batches)), [value(p) for p in (assay.expression, assay.batch_depth, assay.condition_depth)]
    plain = count == 1 && deviations[3] == 0
    return noise,
        plain ? nothing : BatchEffects(count; expression = deviations[1], depth = deviations[2], conditions = deviations[3])
end
