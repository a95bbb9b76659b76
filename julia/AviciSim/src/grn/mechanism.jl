# What a domain file says about gene regulation and perturbations.

"""
    GRNMechanism

Distribution of [`GRNProblem`](@ref)s, in a domain file `model = "grn"` with the keys

    mode                       "compatible" or "physical", see `solve`
    basal                      production of genes without regulators, drawn per gene and cell type
    interaction                strength |K|, drawn per edge
    sign_probability           probability that a regulator's edge of unknown sign activates, drawn per regulator
    decay, noise_scale, hill   λ, q and γ of the dataset
    cell_types                 number of cell types

and, optional, noise ("dpd"), dt (0.01) and burn_in (5.0).
"""
struct GRNMechanism
    mode::Symbol
    basal::Parameter
    interaction::Parameter
    sign_probability::Parameter
    decay::Parameter
    noise_scale::Parameter
    hill::Parameter
    cell_types::Parameter
    noise::Symbol
    algorithm::EulerMaruyama
    burn_in::Float64
end

MECHANISMS["grn"] = (table, location) -> begin
    required = ("mode", "basal", "interaction", "sign_probability", "decay", "noise_scale", "hill", "cell_types")
    check_keys(table, location, required, ("noise", "dt", "burn_in"))
    mode, noise = table["mode"], get(table, "noise", "dpd")
    mode in ("compatible", "physical") || refuse("$location: mode", "must be compatible or physical, got $(repr(mode))")
    noise in ("dpd", "sp", "spd") || refuse("$location: noise", "must be dpd, sp or spd, got $(repr(noise))")
    dt, burn_in = get(table, "dt", 0.01), get(table, "burn_in", 5.0)
    dt isa Real && 0 < dt <= 0.5 || refuse("$location: dt", "a time step in (0, 0.5] is expected, got $(repr(dt))")
    burn_in isa Real && 0 < burn_in <= 1000 ||
        refuse("$location: burn_in", "must be positive and at most 1000, got $(repr(burn_in))")
    positive(key) = parameter(table, key, location; above = 0)
    nonnegative(key) = parameter(table, key, location; least = 0)
    GRNMechanism(
        Symbol(mode),
        nonnegative("basal"),
        nonnegative("interaction"),
        parameter(table, "sign_probability", location; least = 0, most = 1),
        positive("decay"),
        nonnegative("noise_scale"),
        positive("hill"),
        whole_parameter(table, "cell_types", location; least = 1, most = 1000),
        Symbol(noise),
        EulerMaruyama(dt),
        burn_in,
    )
end

function GRNProblem(rng::Stream, mechanism::GRNMechanism, network::Network)
    choices = split(rng, "choices")
    settled(p) = settle(p, choices)
    constant(p) = draw(settled(p), choices)
    decay, scale, hill = constant(mechanism.decay), constant(mechanism.noise_scale), constant(mechanism.hill)
    return GRNProblem(
        split(rng, "parameters"),
        network,
        settled(mechanism.basal),
        settled(mechanism.interaction),
        decay,
        scale,
        hill,
        Int(constant(mechanism.cell_types)),
        settled(mechanism.sign_probability),
        mechanism.noise,
    )
end

"""
    GenePerturbation(targets, factor, at_once=1)

Each interventional row multiplies the production of `at_once` genes by a factor, drawn per gene; 0 is a knock-out. A random share
`targets` of the genes are targets, and they take turns. In a domain file: `model` "knockout", "knockdown" (`factor` 0.5) or "overexpression"
(`factor` 2.0).
"""
struct GenePerturbation
    targets::Float64
    factor::Parameter
    at_once::Int
end

for (name, default) in ("knockout" => 0.0, "knockdown" => 0.5, "overexpression" => 2.0)
    INTERVENTIONS[name] = (table, location) -> begin
        check_keys(table, location, ("targets",), name == "knockout" ? ("at_once",) : ("at_once", "factor"))
        factor = parameter(table, "factor", location; default = default, least = 0)
        GenePerturbation(target_share(table, location), factor, read_at_once(table, location))
    end
end

"""
    simulate_grn(rng, mechanism, network, n_obs, n_int, perturbation, technology)

Cells of a random gene network, the `n_obs` wild-type rows first: what the `technology` (or `nothing`) measures (n × d, Float32), interventions
(n × d), and a `NamedTuple` of the fields of [`Dataset`](@ref) that are known beyond these, `drawn` among them.
"""
function simulate_grn(
    rng::Stream,
    mechanism::GRNMechanism,
    network::Network,
    n_obs::Int,
    n_int::Int,
    perturbation::GenePerturbation,
    technology,
)
    d = length(network)
    problem = GRNProblem(rng, mechanism, network)
    assigned = assign_targets(split(rng, "targets"), perturbation.targets, perturbation.at_once, d, n_int)
    targets = [assigned[:, row] for row in 1:n_int]
    sets, factor_rng = unique(targets), split(rng, "factors")
    factor = settle(perturbation.factor, factor_rng)
    each = [Float32(draw(factor, factor_rng)) for _ in 1:d]
    all_factors = [ones(Float32, d), (Float32[gene in set ? each[gene] : 1 for gene in 1:d] for set in sets)...]
    number = Dict(set => k for (k, set) in enumerate(sets))
    conditions = vcat(zeros(Int, n_obs), Int[number[set] for set in targets])
    expression, counts, types = solve_conditions(
        rng,
        problem,
        mechanism.algorithm,
        all_factors,
        conditions,
        mechanism.mode,
        mechanism.burn_in,
        technology,
    )
    mask = zeros(UInt8, n_obs + n_int, d)
    for (r, row_targets) in enumerate(targets)
        mask[n_obs + r, row_targets] .= 1
    end
    truth = (expression = expression, cell_types = types, drawn = Dict{String, Any}("mode" => String(mechanism.mode)))
    return counts, mask, truth
end
