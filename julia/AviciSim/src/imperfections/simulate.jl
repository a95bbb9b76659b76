# From a model with imperfections to the table that is seen.

"""
    simulate_imperfect!(x, interventions, rng, (mechanism, noise, intervention), graph_of, n_obs, applied, truth, feedback)

Fill a table, as `simulate_scm!` does, with the imperfections that [`draw_imperfections`](@ref) gives; `graph_of(d)` is a graph of d variables.

The order is that of the stages: the graph gets its hidden variables, interventions their errors, the noise its memory; rows are simulated, selected, and only
the variables of the table stay; then come batches, measurement error, outliers, rounding, detection limits, levels, counts and gaps; at last rows
are repeated.

Returns the graph over the variables of the table, what else is known as fields of [`Dataset`](@ref), and the description of the imperfections.
"""
function simulate_imperfect!(x, interventions, rng::Stream, model, graph_of, n_obs::Int, applied, truth::Bool, feedback::Bool)
    n, d = size(x)
    mechanism, noise, intervention = model
    strengths = Dict{Imperfection, Any}()
    part(type) = (k = findfirst(entry -> last(entry) isa type, applied); k === nothing ? (rng, nothing) : applied[k])

    named, graph, shown = draw_graph(graph_of, d, part(LeftOut), part(HiddenCauses), strengths)

    own, repeats = part(Repeats)
    times = repeats === nothing ? 1 : round(Int, draw(repeats.times, split(own, "times")))
    repeats === nothing || (strengths[repeats] = (times = times,))
    m_obs, m_int = cld(n_obs, times), cld(n - n_obs, times)
    target_rng = split(rng, "targets")
    record = assign!(Matrix{UInt8}(undef, m_obs + m_int, d), target_rng, intervention, m_obs)

    # Row r of the table is one of the simulated rows that stand for row r of this record.
    select_rng, selection = part(Selection)
    conditions, simulated, s_obs = Int[], Int[], m_obs
    if selection !== nothing
        conditions = conditions_of(record)
        simulated = candidates(selection, conditions, split(select_rng, "kept"))
        strengths[selection] = (kept = round(length(conditions) / length(simulated); sigdigits = 4),)
        record = record[indexin(simulated, conditions), :]
        s_obs = m_obs == 0 ? 0 : searchsortedlast(simulated, 1)
    end

    error_rng, errors = part(InterventionErrors)
    actual = record
    if errors !== nothing
        actual = copy(record)
        strengths[errors] = make_errors!(actual, record, errors, error_rng)
    end

    time_rng, memory = part(Autocorrelation)
    if memory !== nothing
        noise = AutocorrelatedNoise(noise, memory.correlation, time_rng)
        strengths[memory] = (correlation = in_words(memory.correlation),)
    end

    whole = length(shown) == size(graph, 1)
    all_x, mask = Matrix{Float32}(undef, size(record, 1), size(graph, 1)), actual
    if !whole
        mask = zeros(UInt8, size(all_x))
        mask[:, shown] = actual
    end
    effects = truth ? EdgeEffects(size(graph, 1)) : nothing
    fill_rows!(all_x, mask, rng, target_rng, mechanism, noise, intervention, graph, s_obs, effects, feedback)

    seen = whole ? all_x : all_x[:, shown]
    if selection !== nothing
        chosen = select_rows(selection, seen, simulated, conditions, split(select_rng, "rows"))
        seen, record, actual = seen[chosen, :], record[chosen, :], actual[chosen, :]
    end
    table = Table(seen, record, m_obs)
    spoil!(table, applied, strengths)

    rows = times == 1 ? (1:n) : [mod1.(1:n_obs, max(m_obs, 1)); m_obs .+ mod1.(1:n - n_obs, max(m_int, 1))]
    repeated(array) = times == 1 ? array : array[rows, :]
    copyto!(x, repeated(table.x))
    copyto!(interventions, repeated(record))
    projected, confounded = whole ? (graph, nothing) : project(graph, shown)
    known = (
        batch = table.batch === nothing ? nothing : table.batch[rows],
        confounded = confounded,
        true_interventions = actual === record || actual == record ? nothing : repeated(actual),
    )
    of_table = named isa Network ? Network(projected; names = named.names[shown]) : projected
    known = merge(known, effects_of(effects, graph, projected, shown))
    return of_table, known, [described(entry, get(strengths, entry, NamedTuple())) for (_, entry) in applied]
end

# Effects along the edges of the table; of those that go through hidden variables they are not known.
effects_of(::Nothing, graph, projected, shown) = NamedTuple()
function effects_of(effects::EdgeEffects, graph, projected, shown)
    signs, strengths = effects.signs[shown, shown], effects.strengths[shown, shown]
    strengths[(projected .== 1) .& (graph[shown, shown] .== 0)] .= NaN32
    return (signs = signs, strengths = strengths)
end

# The graph, the matrix of all that is simulated, and the variables that are in the table.
function draw_graph(graph_of, d::Int, (left_rng, left), (cause_rng, causes), strengths)
    extra = left === nothing ? 0 : number_hidden(left, d, split(left_rng, "number"))
    named = graph_of(d + extra)
    graph, shown = adjacency(named), collect(1:d)
    size(graph) == (d + extra, d + extra) ||
        throw(ArgumentError("graph must be $(d + extra) × $(d + extra), got $(join(size(graph), " × "))"))
    if left !== nothing
        shown = choose_shown(graph, left, d, split(left_rng, "shown"))
        strengths[left] = (number = extra, which = left.which)
    end
    if causes !== nothing
        number = number_hidden(causes, d, split(cause_rng, "number"))
        graph = add_hidden_causes(graph, shown, causes, number, split(cause_rng, "effects"))
        strengths[causes] = (number = number,)
    end
    return named, graph, shown
end

# Numbers 1, 2, ... for the rows of a matrix, the same for equal rows.
function conditions_of(record::Matrix{UInt8})
    number = Dict{Vector{UInt8}, Int}()
    return [get!(number, row, length(number) + 1) for row in collect.(eachrow(record))]
end

# What acts on the table, in order. What is missing is the last to be so: all else must be finite.
function spoil!(table::Table, applied, strengths)
    before(entry) = 5 < stage(last(entry)) < stage(MissingValues(0))
    for (rng, entry) in Iterators.filter(before, applied)
        strengths[entry] = apply!(table, entry, rng)
    end
    all_finite(table.x) || throw(ArgumentError("imperfections make values overflow; smaller ones, or smaller values, are needed"))
    for (rng, entry) in Iterators.filter(entry -> stage(MissingValues(0)) <= stage(last(entry)) < stage(Repeats(1)), applied)
        strengths[entry] = apply!(table, entry, rng)
    end
end
