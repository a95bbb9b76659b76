# The command line of bin/avicisim.

const USAGE = """
usage: avicisim simulate DOMAIN --out FOLDER [--d 30] [--n-obs 1000] [--n-int 0] [--seed 0] [--index 0]
       avicisim domains

simulate  write a dataset as a folder: x.npy, interventions.npy, graph.npy, meta.toml
domains   list the shipped domains

DOMAIN is a name or the path of a .toml file."""

"""
    main(arguments)::Int

The command line; returns the exit status.
"""
function main(arguments::AbstractVector{<:AbstractString}=ARGS)
    try
        return command(arguments)
    catch failure
        failure isa ArgumentError || rethrow()
        println(stderr, "avicisim: ", failure.msg)
        return 1
    end
end

function command(arguments)
    if any(in(("-h", "--help")), arguments) || arguments == ["help"]
        println(USAGE)
        return 0
    elseif arguments == ["domains"]
        for name in list_domains()
            println(rpad(name, 12), load_domain(name).description)
        end
        return 0
    elseif length(arguments) >= 2 && arguments[1] == "simulate"
        options = read_options(arguments[3:end])
        haskey(options, "out") || throw(ArgumentError("--out FOLDER is missing"))
        number(name, default) = get(options, name, default) |> whole(name)
        data = simulate(
            arguments[2]; d=number("d", "30"), n_obs=number("n-obs", "1000"), n_int=number("n-int", "0"),
            seed=number("seed", "0"), index=number("index", "0"),
        )
        println(data, "\nwritten to ", save_dataset(options["out"], data))
        return 0
    end
    println(stderr, USAGE)
    return 2
end

function read_options(arguments)
    options, known = Dict{String,String}(), ("d", "n-obs", "n-int", "seed", "index", "out")
    for k in 1:2:length(arguments)
        name = arguments[k]
        startswith(name, "--") && name[3:end] in known || throw(ArgumentError("unknown option $name"))
        k < length(arguments) || throw(ArgumentError("$name needs a value"))
        options[name[3:end]] = arguments[k+1]
    end
    return options
end

whole(name) = text -> begin
    value = tryparse(Int, text)
    value === nothing && throw(ArgumentError("--$name needs a whole number, got $text"))
    value
end
