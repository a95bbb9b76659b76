# Gene expression as a stochastic differential equation (after SERGIO; Dibaeinia and Sinha, Cell Systems 2020).
#
#     dx_j = (P_j(x) - λ x_j) dt + q (√P_j dW + √(λ x_j) dW')        expression of gene j in one cell type
#     P_j  = basal_j                                              without regulators; differs between cell types
#          = Σ_i |K_ij| act(x_i)      of an activator i,          act(x) = x^γ / (h_i^γ + x^γ)
#          + Σ_i |K_ij| (1 - act(x_i))  of a repressor i
#
# Keys of a [[mechanism]] with model = "grn":
#     mode              "compatible" or "physical", see GRNMechanism
#     basal             production of a master regulator, drawn per gene and cell type
#     interaction       strength |K|, drawn per edge
#     sign_probability  probability that a regulator's edge activates, drawn per regulator
#     decay, noise_scale, hill   λ, q and γ of the dataset
#     cell_types        number of cell types
# optional:
#     noise = "dpd"     "dpd": √P and √(λx) drive independent Wiener processes; "spd": the same one; "sp": production only
#     dt = 0.01         time step
#     burn_in = 5.0     physical mode: time before a cell is read, in units of 1/λ

"""
    GRNMechanism(table, location)

Gene regulation as a domain file describes it. Two modes:

- `compatible` samples as SERGIO and AVICI do, so that results compare with theirs. The half-response h_i is the mean expression of
  regulator i over the cell types, estimated anew in every knock-out run. Genes are simulated one level after the other,
  regulators first, for 15·S + 10·level steps from the deterministic steady state, and the S cells of a type are draws, with
  replacement, from the last 15·S steps of one trajectory. The graph must be acyclic.
- `physical` is what a biologist means: h_i is a constant of the wild type, every cell is a trajectory of its own, read after
  a burn-in, all genes advance together (feedback loops are allowed), and one experiment has one technical noise.
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
    dt::Float32
    burn_in::Float64
end

function GRNMechanism(table::AbstractDict, location::AbstractString)
    required = ("model", "mode", "basal", "interaction", "sign_probability", "decay", "noise_scale", "hill", "cell_types")
    check_keys(table, location, required, ("noise", "dt", "burn_in", "share"))
    mode, noise = table["mode"], get(table, "noise", "dpd")
    mode in ("compatible", "physical") || refuse("$location: mode", "must be compatible or physical, got $(repr(mode))")
    noise in ("dpd", "sp", "spd") || refuse("$location: noise", "must be dpd, sp or spd, got $(repr(noise))")
    types = parameter(table, "cell_types", location; least=1)
    all(x -> x isa Float64 && isinteger(x), types.choices) || refuse("$location: cell_types", "must be whole numbers")
    dt, burn_in = get(table, "dt", 0.01), get(table, "burn_in", 5.0)
    dt isa Real && 0 < dt <= 0.5 || refuse("$location: dt", "a time step in (0, 0.5] is expected, got $(repr(dt))")
    burn_in isa Real && burn_in > 0 || refuse("$location: burn_in", "must be positive, got $(repr(burn_in))")
    positive(key) = parameter(table, key, location; above=0)
    nonnegative(key) = parameter(table, key, location; least=0)
    return GRNMechanism(
        Symbol(mode), nonnegative("basal"), nonnegative("interaction"), nonnegative("sign_probability"),
        positive("decay"), nonnegative("noise_scale"), positive("hill"), types,
        Symbol(noise), Float32(dt), Float64(burn_in),
    )
end

"""
    GRNProblem(rng, mechanism, graph)

One gene network with its parameters: the differential equation of this file, for `cell_types` cell types.
"""
struct GRNProblem
    regulators::Vector{Vector{Int}}         # of each gene
    interaction::Vector{Vector{Float32}}    # of each gene, K of its regulators; negative for repressors
    basal::Matrix{Float32}                  # gene × cell type; of master regulators
    decay::Float32
    noise_scale::Float32
    hill::Float32
end

function GRNProblem(rng::Stream, mechanism::GRNMechanism, graph::AbstractMatrix{UInt8})
    d = size(graph, 1)
    choices = split(rng, :choices)
    constant(p) = (c = settle(p, choices); Float32(draw(c, choices)))
    decay, scale, hill = constant(mechanism.decay), constant(mechanism.noise_scale), constant(mechanism.hill)
    types = Int(draw(settle(mechanism.cell_types, choices), choices))
    basal, strength = settle(mechanism.basal, choices), settle(mechanism.interaction, choices)
    sign_probability = settle(mechanism.sign_probability, choices)
    own = split(rng, :parameters)
    activates = [draw(sign_probability, own) for _ in 1:d]
    regulators = [[i for i in 1:d if graph[i, j] != 0] for j in 1:d]
    interaction = [
        Float32[draw(strength, own) * (uniform(own) < activates[i] ? 1 : -1) for i in regulators[j]] for j in 1:d
    ]
    return GRNProblem(regulators, interaction, Float32[draw(basal, own) for _ in 1:d, _ in 1:types], decay, scale, hill)
end

cell_types(problem::GRNProblem) = size(problem.basal, 2)
Base.length(problem::GRNProblem) = length(problem.regulators)

"""
    EulerMaruyama(dt, noise)

Explicit solver with step `dt`; negative expression is clipped to 0. For "dpd" noise the two Wiener processes together are one
Gaussian of variance q²(P + λx)dt.
"""
struct EulerMaruyama{N}
    dt::Float32
end
EulerMaruyama(mechanism::GRNMechanism) = EulerMaruyama{mechanism.noise}(mechanism.dt)

# None of these is negative; `abs` says so to the compiler, which then makes SIMD code of the root.
@inline diffusion(::EulerMaruyama{:dpd}, p, loss) = sqrt(abs(p + loss))
@inline diffusion(::EulerMaruyama{:sp}, p, loss) = sqrt(abs(p))
@inline diffusion(::EulerMaruyama{:spd}, p, loss) = sqrt(abs(p)) + sqrt(abs(loss))

"""
    simulate_grn(rng, mechanism, graph, n_obs, n_int, targets, measurement)

Expression of a gene network: x (n × d, Float32) and interventions (n × d), `n_obs` wild-type rows first. In each of the other
rows one of the `targets` is knocked out (it is not produced); they take turns. `measurement` is a `TechnicalNoise`, or `nothing`
for the expression itself.
"""
function simulate_grn(
    rng::Stream,
    mechanism::GRNMechanism,
    graph::AbstractMatrix{UInt8},
    n_obs::Int,
    n_int::Int,
    targets::Vector{Int},
    measurement,
)
    problem, d = GRNProblem(rng, mechanism, graph), size(graph, 1)
    x, interventions = zeros(Float32, n_obs + n_int, d), zeros(UInt8, n_obs + n_int, d)
    conditions = [Condition(0, collect(1:n_obs))]
    for (k, target) in enumerate(targets)
        push!(conditions, Condition(target, collect(n_obs+k:length(targets):n_obs+n_int)))
    end
    filter!(condition -> !isempty(condition.rows), conditions)
    for condition in conditions
        condition.target == 0 || (interventions[condition.rows, condition.target] .= 1)
    end
    noise_rng = split(rng, :measurement)
    if mechanism.mode === :compatible
        levels = heights(graph)
        wild, knocked_out = filter(c -> c.target == 0, conditions), filter(c -> c.target != 0, conditions)
        isempty(wild) || compatible!(x, split(rng, :wild), problem, EulerMaruyama(mechanism), levels, wild)
        isempty(knocked_out) || compatible!(x, split(rng, :knockouts), problem, EulerMaruyama(mechanism), levels, knocked_out)
        for condition in conditions
            measure!(view(x, condition.rows, :), split(noise_rng, condition.target), measurement)
        end
    else
        physical!(x, split(rng, :cells), problem, EulerMaruyama(mechanism), mechanism.burn_in, conditions)
        measure!(x, noise_rng, measurement)
    end
    return x, interventions
end

"Rows of one experimental condition: the gene that is knocked out (0: none) and the rows to fill."
struct Condition
    target::Int
    rows::Vector{Int}
end

# Longest path to a gene without targets.
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

# ---- compatible: level by level, one trajectory per cell type and condition -----------------------------------------

# The trajectories of all conditions advance side by side. A chain is one cell type in one condition.
function compatible!(x, rng::Stream, problem::GRNProblem, solver::EulerMaruyama, levels, conditions)
    types = cell_types(problem)
    cells = maximum(cld(length(condition.rows), types) for condition in conditions)
    chains = types * length(conditions)
    window = 15 * cells
    time_rng, row_rng = split(rng, :times), split(rng, :rows)
    times = [randint(time_rng, window) for _ in 1:chains, _ in 1:cells]     # counted from the start of the window
    activity = Vector{Matrix{Float32}}(undef, length(problem))              # of each regulator: chain × step
    level = zeros(Float32, chains, length(problem))                         # activity at the mean expression
    expression = Array{Float32,3}(undef, chains, cells, length(problem))
    is_regulator = falses(length(problem))
    foreach(list -> is_regulator[list] .= true, problem.regulators)
    for gene in sortperm(levels; rev=true, alg=MergeSort)
        steps = window + 10 * levels[gene]
        own = split(rng, gene)
        factor = Float32[condition.target != gene for _ in 1:types, condition in conditions][:]
        production = Matrix{Float32}(undef, chains, steps)
        start = produce!(production, problem, gene, activity, level, factor)
        path = Matrix{Float32}(undef, chains, steps)
        fill_normal!(own, path)
        integrate!(path, production, start ./ problem.decay, problem, solver)
        first_step = steps - window
        for s in 1:cells, c in 1:chains
            expression[c, s, gene] = path[c, first_step+times[c, s]]
        end
        is_regulator[gene] || continue
        activate!(path, level, view(expression, :, :, gene), gene, types, problem.hill)
        activity[gene] = path
    end
    for (k, condition) in enumerate(conditions)
        order = permutation(row_rng, types * cells)
        for (row, cell) in zip(condition.rows, order)
            type, s = fldmod1(cell, cells)
            for gene in 1:length(problem)
                x[row, gene] = expression[(k-1)*types+type, s, gene]
            end
        end
    end
    return x
end

# Production of a gene in every chain at every step; returns that at the regulators' mean expression.
function produce!(production, problem::GRNProblem, gene, activity, level, factor)
    chains, steps = size(production)
    regulators, strengths = problem.regulators[gene], problem.interaction[gene]
    if isempty(regulators)
        types = cell_types(problem)
        start = Float32[problem.basal[gene, mod1(c, types)] * factor[c] for c in 1:chains]
        for t in 1:steps, c in 1:chains
            production[c, t] = start[c]
        end
        return start
    end
    repression = -ordered_sum(min.(strengths, 0.0f0))       # |K| (1 - act) = |K| + K act
    start = fill(repression, chains)
    for (i, strength) in zip(regulators, strengths)
        start .+= strength .* view(level, :, i)
    end
    start .*= factor
    fill!(production, repression)
    flat = vec(production)
    for (i, strength) in zip(regulators, strengths)
        act = activity[i]
        @inbounds @simd for k in eachindex(flat)    # a regulator's trajectory is longer than its target's
            flat[k] += strength * act[k]
        end
    end
    all(isone, factor) && return start
    for t in 1:steps
        @inbounds @simd for c in 1:chains
            production[c, t] *= factor[c]
        end
    end
    return start
end

# `path` holds standard normal numbers and is overwritten with the trajectory.
function integrate!(path, production, start, problem::GRNProblem, solver::EulerMaruyama)
    λ, dt = problem.decay, solver.dt
    q = problem.noise_scale * sqrt(dt)
    state = start
    for t in axes(path, 2)
        @inbounds @simd for c in axes(path, 1)
            p, loss = production[c, t], λ * state[c]
            new = state[c] + (p - loss) * dt + q * diffusion(solver, p, loss) * path[c, t]
            state[c] = ifelse(new > 0.0f0, new, 0.0f0)
            path[c, t] = state[c]
        end
    end
    return path
end

# Replace a trajectory by its activity. The half-response is the mean over the cells and cell types of a condition.
function activate!(path, level, cells, gene, types, hill)
    inverse = Vector{Float32}(undef, size(path, 1))
    for first in 1:types:size(path, 1)
        condition = first:first+types-1
        half = ordered_sum(view(cells, condition, :)) / (types * size(cells, 2))
        inverse[condition] .= half > 1.0f-6 ? 1 / half : 0.0f0
    end
    for c in axes(path, 1)
        mean = ordered_sum(view(cells, c, :)) / size(cells, 2)
        level[c, gene] = hill_function(mean * inverse[c], hill)
    end
    for t in axes(path, 2)
        @inbounds @simd for c in axes(path, 1)
            path[c, t] = hill_function(path[c, t] * inverse[c], hill)
        end
    end
    return path
end

# x^γ / (1 + x^γ), 0 at 0.
@inline function hill_function(x::Float32, hill::Float32)
    return 1.0f0 / (1.0f0 + portable_exp(-hill * portable_log(ifelse(x < 1.0f-16, 1.0f-16, x))))
end

# ---- physical: every cell a trajectory of its own ---------------------------------------------------------------------

function physical!(x, rng::Stream, problem::GRNProblem, solver::EulerMaruyama, burn_in, conditions)
    d, types = length(problem), cell_types(problem)
    wild = steady_state(problem, ones(Float32, d), nothing)
    half = Float32[ordered_sum(view(wild, gene, :)) / types for gene in 1:d]
    cells = sum(length(condition.rows) for condition in conditions)
    state, factor = Matrix{Float32}(undef, cells, d), ones(Float32, cells, d)
    basal, rows = Matrix{Float32}(undef, cells, d), Int[]
    for condition in conditions
        produced = Float32[gene != condition.target for gene in 1:d]
        steady = condition.target == 0 ? wild : steady_state(problem, produced, half)
        for (k, row) in enumerate(condition.rows)
            push!(rows, row)
            type = mod1(k, types)
            state[length(rows), :] = steady[:, type]
            basal[length(rows), :] = problem.basal[:, type]
            factor[length(rows), :] = produced
        end
    end
    inverse = Float32[h > 1.0f-6 ? 1 / h : 0 for h in half]
    activity, production, noise = similar(state), similar(state), similar(state)
    λ, dt = problem.decay, solver.dt
    q = problem.noise_scale * sqrt(dt)
    for _ in 1:ceil(Int, burn_in / (λ * dt))
        fill_normal!(rng, noise)
        for gene in 1:d
            @inbounds @simd for c in 1:cells
                activity[c, gene] = hill_function(state[c, gene] * inverse[gene], problem.hill)
            end
        end
        for gene in 1:d
            regulators, strengths = problem.regulators[gene], problem.interaction[gene]
            if isempty(regulators)
                production[:, gene] .= view(basal, :, gene)
            else
                production[:, gene] .= -ordered_sum(min.(strengths, 0.0f0))
            end
            for (i, strength) in zip(regulators, strengths)
                @inbounds @simd for c in 1:cells
                    production[c, gene] += strength * activity[c, i]
                end
            end
        end
        @inbounds @simd for k in eachindex(state, production, noise, factor)
            p, loss = production[k] * factor[k], λ * state[k]
            new = state[k] + (p - loss) * dt + q * diffusion(solver, p, loss) * noise[k]
            state[k] = ifelse(new > 0.0f0, new, 0.0f0)
        end
    end
    for (c, row) in enumerate(rows)
        x[row, :] = state[c, :]
    end
    return x
end

"""
    steady_state(problem, produced, half)::Matrix{Float32}

Deterministic steady state, gene × cell type, by damped iteration from the masters' level. `produced` scales every gene's production;
without half-responses (`nothing`) they are the state's own means over cell types, which is the wild type's fixed point.
"""
function steady_state(problem::GRNProblem, produced::Vector{Float32}, half::Union{Nothing,Vector{Float32}})
    d, types = size(problem.basal)
    state = problem.basal .* produced ./ problem.decay
    for _ in 1:40+4*d
        level = half === nothing ? Float32[ordered_sum(view(state, gene, :)) / types for gene in 1:d] : half
        new = copy(state)
        for gene in 1:d
            regulators, strengths = problem.regulators[gene], problem.interaction[gene]
            for type in 1:types
                p = isempty(regulators) ? problem.basal[gene, type] : 0.0f0
                for (i, strength) in zip(regulators, strengths)
                    act = level[i] > 1.0f-6 ? hill_function(state[i, type] / level[i], problem.hill) : 0.0f0
                    p += strength > 0 ? strength * act : -strength * (1 - act)
                end
                new[gene, type] = p * produced[gene] / problem.decay
            end
        end
        state .= 0.3f0 .* state .+ 0.7f0 .* new
    end
    return state
end

"""
    Knockout(targets)

Each interventional row knocks out one gene. A random share `targets` of the genes are targets, and they take turns.
"""
struct Knockout
    targets::Float64
end

function Knockout(table::AbstractDict, location::AbstractString)
    check_keys(table, location, ("model", "targets"), ("share",))
    table["model"] == "knockout" || refuse("$location: model", "must be knockout, got $(repr(table["model"]))")
    return Knockout(target_share(table, location))
end
