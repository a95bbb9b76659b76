# What a domain file says about gene regulation.

"""
    GRNMechanism

Distribution of [`GRNProblem`](@ref)s, in a domain file `model = "grn"` with the keys

    mode                       "compatible" or "physical", see `solve`
    basal                      production of genes without regulators, drawn per gene and cell type
    interaction                strength |K|, drawn per edge
    sign_probability           probability that a regulator's edge of unknown sign activates, drawn per regulator
    decay, noise_scale, hill   λ, q and γ of the dataset
    cell_types                 number of cell types

and, optional, noise ("dpd"), dt (0.01) and burn_in (5.0). In the mode "physical" only:

    leak                       production of regulated genes apart from their regulation, drawn per gene (0)
    logic                      "sum", "and", "or", or their shares among the genes as in { sum = 2, and = 1 } ("sum")
    hill_per_edge              whether γ is drawn per edge instead (false)
    half_factor                half-response of an edge over the regulator's mean in the wild type, drawn per edge (1)
    programmes                 number of hidden programmes, of which the first is a cell cycle (0), see `Programme`
    programme_share            share of the genes that one moves (0.5)
    programme_strength         standard deviation of the logarithm of what it multiplies productions by (0.5)
    lineage                    whether the cell types come from each other along a random tree (false), see `solve`
    branch_time                longest time since a cell left the type that its own comes from (5.0)
"""
struct GRNMechanism
    mode::Sampling
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
    leak::Parameter
    logic::Vector{Pair{Float64, Logic}}
    hill_per_edge::Bool
    half_factor::Parameter
    programmes::Parameter
    programme_share::Parameter
    programme_strength::Parameter
    lineage::Bool
    branch_time::Float64
end

const PHYSICAL_KEYS = (
    "leak",
    "logic",
    "hill_per_edge",
    "half_factor",
    "programmes",
    "programme_share",
    "programme_strength",
    "lineage",
    "branch_time",
)

MECHANISMS["grn"] = (table, location) -> begin
    required = ("mode", "basal", "interaction", "sign_probability", "decay", "noise_scale", "hill", "cell_types")
    check_keys(table, location, required, ("noise", "dt", "burn_in", PHYSICAL_KEYS...))
    mode, noise = table["mode"], get(table, "noise", "dpd")
    mode in ("compatible", "physical") || refuse("$location: mode", "must be compatible or physical, got $(repr(mode))")
    noise in ("dpd", "sp", "spd") || refuse("$location: noise", "must be dpd, sp or spd, got $(repr(noise))")
    for key in PHYSICAL_KEYS
        mode == "compatible" && haskey(table, key) && refuse("$location: $key", "needs the mode \"physical\"")
    end
    dt, burn_in = get(table, "dt", 0.01), get(table, "burn_in", 5.0)
    dt isa Real && 1.0e-6 <= dt <= 0.5 || refuse("$location: dt", "a time step from 1e-6 to 0.5 is expected, got $(repr(dt))")
    burn_in isa Real && 0 < burn_in <= 1000 ||
        refuse("$location: burn_in", "must be positive and at most 1000, got $(repr(burn_in))")
    positive(key) = parameter(table, key, location; above = 0)
    nonnegative(key, default = nothing) = parameter(table, key, location; least = 0, default = default)
    flag(key) = (value = get(table, key, false); value isa Bool ? value : refuse("$location: $key", "true or false is expected"))
    decay, branch_time = positive("decay"), get(table, "branch_time", 5.0)
    Inf > upper(decay) > 1 / dt + 1.0e-9 &&
        refuse("$location: dt", "a time step of at most 1/decay is expected: $(1 / upper(decay)) for the decay $(upper(decay))")
    branch_time isa Real && 0 < branch_time <= 1000 ||
        refuse("$location: branch_time", "must be positive and at most 1000, got $(repr(branch_time))")
    GRNMechanism(
        sampling(mode),
        nonnegative("basal"),
        nonnegative("interaction"),
        parameter(table, "sign_probability", location; least = 0, most = 1),
        decay,
        nonnegative("noise_scale"),
        positive("hill"),
        whole_parameter(table, "cell_types", location; least = 1, most = 1000),
        Symbol(noise),
        EulerMaruyama(dt),
        burn_in,
        nonnegative("leak", 0.0),
        read_logic(get(table, "logic", "sum"), "$location: logic"),
        flag("hill_per_edge"),
        nonnegative("half_factor", 1.0),
        whole_parameter(table, "programmes", location; least = 0, most = 100, default = 0),
        parameter(table, "programme_share", location; least = 0, most = 1, default = 0.5),
        parameter(table, "programme_strength", location; least = 0, most = 10, default = 0.5),
        flag("lineage"),
        branch_time,
    )
end

# The logics that genes may have, with their shares.
function read_logic(value, location)
    shares = value isa AbstractDict ? value : Dict(value => 1.0)
    known = join(sort!(collect(keys(LOGICS))), ", ")
    for (name, share) in shares
        haskey(LOGICS, name) || refuse(location, "must be one of $known, or a table of their shares; got $(repr(name))")
        share isa Real && 0 < share < Inf || refuse(location, "a share must be positive, got $(repr(share))")
    end
    isempty(shares) && refuse(location, "at least one of $known is expected")
    return Pair{Float64, Logic}[shares[name] => LOGICS[name] for name in sort!(collect(keys(shares)))]
end

allows_feedback(mechanism::GRNMechanism) = allows_feedback(mechanism.mode)

function GRNProblem(rng::Stream, mechanism::GRNMechanism, network::Network)
    choices = split(rng, "choices")
    settled(p) = settle(p, choices)
    constant(p) = draw(settled(p), choices)
    per_edge = mechanism.hill_per_edge
    decay, scale, hill = constant(mechanism.decay),
        constant(mechanism.noise_scale),
        per_edge ? settled(mechanism.hill) : constant(mechanism.hill)
    basal, interaction, types, sign_probability = settled(mechanism.basal),
        settled(mechanism.interaction),
        Int(constant(mechanism.cell_types)),
        settled(mechanism.sign_probability)
    more = split(rng, "physical")
    logic = length(mechanism.logic) == 1 ? mechanism.logic[1].second : Logic[pick(more, mechanism.logic) for _ in 1:length(network)]
    return GRNProblem(
        split(rng, "parameters"),
        network,
        basal,
        interaction,
        decay,
        scale,
        hill,
        types,
        sign_probability,
        mechanism.noise;
        leak = settle(mechanism.leak, more),
        half_factor = settle(mechanism.half_factor, more),
        logic = logic,
    )
end

# The design of a dataset's experiment.
draw_design(::Stream, ::SergioSampling, ::GRNMechanism, ::Int) = Design()
function draw_design(rng::Stream, ::IndependentCells, mechanism::GRNMechanism, types::Int)
    constant(p) = draw(settle(p, rng), rng)
    programmes = map(1:Int(constant(mechanism.programmes))) do k
        share, strength = constant(mechanism.programme_share), constant(mechanism.programme_strength)
        Programme(share = clamp(share, 0, 1), strength = clamp(strength, 0, 10), cyclic = k == 1)
    end
    lineage = mechanism.lineage ? [type == 1 ? 0 : randint(rng, type - 1) for type in 1:types] : Int[]
    return Design(lineage, mechanism.branch_time, Float64[], collect(Programme, programmes))
end
