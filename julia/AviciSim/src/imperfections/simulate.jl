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
    whole = length(shown) == size(graph, 1)

    own, repeats = part(Repeats)
    times = repeats === nothing ? 1 : round(Int, draw(repeats.times, split(own, "times")))
    repeats === nothing || (strengths[repeats] = (times = times,))
    blocks = map(rows -> (rows, cld(rows, times)), (n_obs, n - n_obs))
    m_obs, m = blocks[1][2], blocks[1][2] + blocks[2][2]

    # What is as large as the table is made in its place.
    seen, recorded = m == n ? (x, interventions) : (Matrix{Float32}(undef, m, d), Matrix{UInt8}(undef, m, d))
    target_rng = split(rng, "targets")
    record = assign!(recorded, target_rng, intervention, m_obs)

    # Row r of the table is one of the simulated rows that stand for row r of this record.
    select_rng, selection = part(Selection)
    conditions, stops, s_obs = Int[], Int[], m_obs
    if selection !== nothing
        conditions = conditions_of(record)
        stops = candidates(selection, conditions, split(select_rng, "kept"))
        strengths[selection] = (kept = round(length(conditions) / stops[end]; sigdigits = 4),)
        record = candidate_rows(record, conditions, stops)
        s_obs = m_obs == 0 ? 0 : stops[1]
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

    all_x = whole && selection === nothing ? seen : Matrix{Float32}(undef, size(record, 1), size(graph, 1))
    mask = actual
    if !whole
        mask = zeros(UInt8, size(all_x))
        mask[:, shown] = actual
    end
    effects = truth ? EdgeEffects(size(graph, 1)) : nothing
    fill_rows!(all_x, mask, rng, target_rng, mechanism, noise, intervention, graph, s_obs, effects, feedback)

    if selection !== nothing
        chosen = select_rows(selection, all_x, shown, stops, conditions, split(select_rng, "rows"))
        copy_part!(seen, all_x, chosen, shown)
        errors === nothing || copy_part!(recorded, record, chosen, 1:d)
        actual = errors === nothing ? recorded : actual[chosen, :]
    elseif !whole
        copy_part!(seen, all_x, 1:m, shown)
    end
    table = Table(seen, recorded, m_obs)
    spoil!(table, applied, strengths)

    repeated(values) = m == n ? values : repeat_rows!(similar(values, n, size(values)[2:end]...), values, blocks)
    table.x === x || repeat_rows!(x, table.x, blocks)
    recorded === interventions || repeat_rows!(interventions, recorded, blocks)
    projected, confounded = whole ? (graph, nothing) : project(graph, shown)
    known = (
        batch = table.batch === nothing ? nothing : repeated(table.batch),
        confounded = confounded,
        true_interventions = errors === nothing || actual == recorded ? nothing : repeated(actual),
    )
    of_table = named isa Network ? Network(projected; names = named.names[shown]) : projected
    known = merge(known, effects_of(effects, graph, projected, shown))
    return of_table, known, [described(entry, get(strengths, entry, NamedTuple())) for (_, entry) in applied]
end

# Some rows and columns of a matrix, column by column.
function copy_part!(part, all, rows, columns)
    for (k, j) in enumerate(columns)
        to, from = view(part, :, k), view(all, :, j)
        @inbounds for r in eachindex(to)
            to[r] = from[rows[r]]
        end
    end
    return part
end

# Each of the blocks (rows, different rows) of a table from its different rows, one round after another.
function repeat_rows!(to, from, blocks)
    for column in axes(to, 2)
        first_to, first_from = 1, 1
        for (rows, different) in blocks
            for start in 0:max(different, 1):rows - 1
                for r in 0:min(different, rows - start) - 1
                    @inbounds to[first_to + start + r, column] = from[first_from + r, column]
                end
            end
            first_to, first_from = first_to + rows, first_from + different
        end
    end
    return to
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

# What acts on the table, in order. What is missing is the last to be so: all else must be finite.
function spoil!(table::Table, applied, strengths)
    of_stages(from, to) = filter(entry -> from < stage(last(entry)) < to, applied)
    for (rng, entry) in of_stages(SELECTION, GAPS)
        strengths[entry] = apply!(table, entry, rng)
    end
    all_finite(table.x) || throw(ArgumentError("imperfections make values overflow; smaller ones, or smaller values, are needed"))
    for (rng, entry) in of_stages(prevfloat(GAPS), REPEATS)
        strengths[entry] = apply!(table, entry, rng)
    end
end
