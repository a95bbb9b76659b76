# An experiment on a random gene network, as a domain file describes it: who is perturbed in which row, and what is known in the end.

"""
    GenePerturbation(targets, factor, at_once=1; added=0, failing=0, growth=1, unmeasured=0)

Each interventional row multiplies the production of `at_once` genes by a factor, drawn per gene; 0 is a knock-out. A random share
`targets` of the genes are targets, and they take turns. In a domain file: `model` "knockout", "knockdown" (`factor` 0.5), "overexpression"
(`factor` 2.0), "crispri" (`efficiency` 0.8: the factor is 1 - efficiency) or "crispra" (`production`, which is added); with the keys

    at_once        genes in one row (1)
    growth         relative number of cells of a target, drawn per gene (1): where it is small, few rows are left
    unmeasured     genes outside the table over genes in it, drawn per dataset (0); they act, and are targets as well

and, in the mode "physical" only,

    failing        share of a target's rows in which nothing is done to it, drawn per gene (0)
"""
struct GenePerturbation
    targets::Float64
    factor::Parameter
    at_once::Int
    added::Parameter
    failing::Parameter
    growth::Parameter
    unmeasured::Parameter
end

constant_parameter(value) = Parameter(Float64(value), "")

function GenePerturbation(targets, factor, at_once = 1; added = 0.0, failing = 0.0, growth = 1.0, unmeasured = 0.0)
    as(p) = p isa Parameter ? p : constant_parameter(p)
    return GenePerturbation(targets, as(factor), at_once, as(added), as(failing), as(growth), as(unmeasured))
end

for (name, key, default) in (
        ("knockout", nothing, 0.0),
        ("knockdown", "factor", 0.5),
        ("overexpression", "factor", 2.0),
        ("crispri", "efficiency", 0.8),
        ("crispra", "production", nothing),
    )
    INTERVENTIONS[name] = (table, location) -> begin
        required = default === nothing ? ("targets", key) : ("targets",)
        own = key === nothing || default === nothing ? () : (key,)
        check_keys(table, location, required, ("at_once", "failing", "growth", "unmeasured", own...))
        read(key, default; limits...) = parameter(table, key, location; default = default, least = 0, limits...)
        factor = name == "crispri" ?
            one_minus(read("efficiency", default; most = 1)) :
            name == "crispra" ? constant_parameter(1) : key === nothing ? constant_parameter(0) : read(key, default)
        GenePerturbation(
            target_share(table, location),
            factor,
            read_at_once(table, location),
            name == "crispra" ? read(key, nothing) : constant_parameter(0),
            read("failing", 0.0; most = 1),
            read("growth", 1.0),
            read("unmeasured", 0.0; most = 10),
        )
    end
end

# 1 - p, of a parameter within [0, 1].
one_minus(p::Parameter) = Parameter([one_minus(choice) for choice in p.choices])
one_minus(x::Float64) = 1 - x
one_minus(x::Distribution) = x.name === :beta ? Distribution(:beta, x.b, x.a) : Distribution(:uniform, 1 - x.b, 1 - x.a)

needs_physical(p::GenePerturbation) = upper(p.added) > 0 || upper(p.failing) > 0

# Genes outside a table of `d`.
unmeasured_genes(rng::Stream, p::GenePerturbation, d::Int) = round(Int, d * draw(settle(p.unmeasured, rng), rng))

# The targets of every interventional row. They take turns, or are drawn with the growth of their cells as weights.
function assign_screen(rng::Stream, p::GenePerturbation, d::Int, n_int::Int)
    assigned = assign_targets(rng, p.targets, p.at_once, d, n_int)
    targets = [assigned[:, row] for row in 1:n_int]
    (lower(p.growth) == upper(p.growth) || n_int == 0) && return targets
    growth_rng = split(rng, "growth")
    settled = settle(p.growth, growth_rng)
    growth = [draw(settled, growth_rng) for _ in 1:d]
    # as many sets of targets as take turns
    sets = unique([sort(assigned[:, row]) for row in 1:n_int])
    weights = [prod(growth[set]) for set in sets]
    any(>(0), weights) || throw(ArgumentError("the growth of all targets is 0, which leaves no cell"))
    return [sets[weighted_index(growth_rng, weights)] for _ in 1:n_int]
end

"""
    simulate_grn(rng, mechanism, network, n_obs, n_int, perturbation, assay::Assay, d=length(network), errors=nothing)

Cells of a random gene network, the `n_obs` wild-type rows first: what the assay measures (n × d, Float32), interventions
(n × d), and a `NamedTuple` of the fields of [`Dataset`](@ref) that are known beyond these, `drawn` among them. The network's first `d` genes are
in the table. `errors` is a stream and [`InterventionErrors`](@ref): what is done to the cells is then not what the record says.
"""
function simulate_grn(
    rng::Stream,
    mechanism::GRNMechanism,
    network::Network,
    n_obs::Int,
    n_int::Int,
    perturbation::GenePerturbation,
    assay::Assay,
    d::Int = length(network),
    errors = nothing,
)
    genes = length(network)
    problem = GRNProblem(rng, mechanism, network)
    recorded = assign_screen(split(rng, "targets"), perturbation, genes, n_int)
    done, recorded, strengths = with_errors(recorded, genes, errors)
    sets = unique(filter(!isempty, done))
    effects = [Effects(genes), effects_of(split(rng, "factors"), perturbation, sets, genes)...]
    number = Dict(set => k for (k, set) in enumerate(sets))
    conditions = vcat(zeros(Int, n_obs), Int[get(number, set, 0) for set in done])
    noise, batches = settle(assay, split(rng, "assay"), d)
    design = draw_design(split(rng, "design"), mechanism.mode, mechanism, cell_types(problem))
    expression, counts, truth = solve_conditions(
        rng,
        problem,
        mechanism.algorithm,
        effects,
        conditions,
        mechanism.mode,
        mechanism.burn_in,
        noise,
        batches,
        collect(1:d),
        design,
    )
    mask, worked = zeros(UInt8, n_obs + n_int, d), zeros(UInt8, n_obs + n_int, d)
    for r in 1:n_int
        foreach(gene -> gene <= d && (mask[n_obs + r, gene] = 1), recorded[r])
        foreach(gene -> gene <= d && (worked[n_obs + r, gene] = truth.worked[n_obs + r, gene]), done[r])
    end
    drawn = Dict{String, Any}("mode" => mode_name(mechanism.mode), "measurement" => described(noise))
    known = Dict{Symbol, Any}(
        :expression => genes == d ? expression : expression[:, 1:d],
        :cell_types => truth.types,
        :drawn => drawn,
    )
    known[:signs], known[:strengths] = signs_and_strengths(problem, d)
    batches === nothing || (known[:batch] = truth.batches)
    mask == worked || (known[:true_interventions] = worked)
    errors === nothing || (drawn["imperfections"] = [described(last(errors), strengths)])
    if genes > d
        labels(of) = [fill("control", n_obs); [isempty(set) ? "control" : join(network.names[set], "+") for set in of]]
        drawn["unmeasured"] = network.names[d + 1:genes]
        drawn["labels"] = labels(recorded)
        errors === nothing || (drawn["true_labels"] = labels(done))
    end
    isempty(design.programmes) || (drawn["programmes"] = length(design.programmes))
    isempty(design.lineage) || (drawn["lineage"] = design.lineage)
    return counts, mask, (; known...)
end

# What is done to the cells of every interventional row, what the record says, and the strengths of the errors. Cells that nothing is done to are wild type.
with_errors(targets, genes::Int, ::Nothing) = targets, targets, nothing
function with_errors(targets, genes::Int, (rng, errors))
    record = zeros(UInt8, length(targets), genes)
    foreach(r -> record[r, targets[r]] .= 1, eachindex(targets))
    actual = copy(record)
    strengths = make_errors!(actual, record, errors, rng)
    sets(matrix) = [findall(!iszero, row) for row in eachrow(matrix)]
    return sets(actual), sets(record), strengths
end

# The steps of a technical noise, for people.
function described(noise::TechnicalNoise)
    steps = Dict{String, Any}("umi" => noise.umi)
    for name in (:outlier, :library, :dropout)
        value = getfield(noise, name)
        value === nothing || (steps[String(name)] = collect(value))
    end
    return steps
end

# Of the edges among the first `d` genes, except from a gene to itself: signs, and |K|.
function signs_and_strengths(problem::GRNProblem, d::Int)
    signs, strengths = zeros(Int8, d, d), zeros(Float32, d, d)
    for j in 1:d, (i, k) in zip(problem.regulators[j], problem.interaction[j])
        i <= d && i != j || continue
        signs[i, j], strengths[i, j] = k > 0 ? 1 : -1, abs(k)
    end
    return signs, strengths
end

# What is done to the genes of every set of targets: factors, additions and shares of failures belong to the gene.
function effects_of(rng::Stream, perturbation::GenePerturbation, sets, d::Int)
    factor = settle(perturbation.factor, rng)
    factors = [Float32(draw(factor, rng)) for _ in 1:d]
    others = map((perturbation.added, perturbation.failing)) do parameter
        lower(parameter) == upper(parameter) && return fill(lower(parameter), d)
        own = split(rng, parameter === perturbation.added ? "added" : "failing")
        settled = settle(parameter, own)
        [draw(settled, own) for _ in 1:d]
    end
    return map(sets) do set
        found = Effects(d)
        for gene in set
            found.factor[gene], found.added[gene], found.failing[gene] = factors[gene],
                others[1][gene],
                clamp(others[2][gene], 0, 1)
        end
        found
    end
end

# What is left of a dataset's graph and truth where only the first `d` genes are in the table: an edge also where a path leads through genes
# outside alone (its sign and strength are then not known), and which pairs have a common cause outside.
function marginal(network::Network, d::Int, truth)
    graph, confounded = project(adjacency(network), 1:d)
    foreach(k -> graph[k, k] = 0, 1:d)
    signs, strengths = copy(truth.signs), copy(truth.strengths)
    through, _ = project(without_direct(network, d), 1:d)
    for j in 1:d, i in 1:d
        i != j && through[i, j] != 0 && (signs[i, j] = 0; strengths[i, j] = NaN32)
    end
    edges = [(i, j) for j in 1:d for i in 1:d if graph[i, j] != 0]
    left = Network(network.names[1:d], edges, [signs[i, j] for (i, j) in edges])
    return left, merge(truth, (signs = signs, strengths = strengths, confounded = confounded))
end

# The adjacency matrix without the edges among the first `d`.
function without_direct(network::Network, d::Int)
    graph = adjacency(network)
    graph[1:d, 1:d] .= 0
    return graph
end
