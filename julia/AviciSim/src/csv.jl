# A dataset as three tables of text that any program reads.

"""
    write_csv(path, data::Dataset)

Write the observations to `path` (`data.csv`), a column per variable, and beside it which variables were intervened on
(`data-interventions.csv`, the same columns) and, if it is known, the graph as a list of edges (`data-graph.csv`: cause, effect).
"""
function write_csv(path::AbstractString, data::Dataset)
    beside(name) = string(first(splitext(path)), "-", name, ".csv")
    write_table(path, data.names, eachrow(data.x))
    write_table(beside("interventions"), data.names, eachrow(data.interventions))
    if data.graph === nothing
        rm(beside("graph"); force = true)
    else
        edges = [map(k -> data.names[k], Tuple(edge)) for edge in findall(!iszero, data.graph)]
        write_table(beside("graph"), ["cause", "effect"], edges)
    end
    return path
end

function write_table(path::AbstractString, header, rows)
    open(path, "w") do file
        for row in Iterators.flatten(((header,), rows))
            join(file, (field(x) for x in row), ',')
            println(file)
        end
    end
end

# A number, or a text in quotes where it needs them.
field(x::Real) = isnan(x) ? "" : isinteger(x) && abs(x) < 1.0e9 ? string(Int(x)) : string(x)
field(x::AbstractString) = any(in(x), (',', '"', '\n', '\r')) ? string('"', replace(x, '"' => "\"\""), '"') : x
