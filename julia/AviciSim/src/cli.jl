# The command line of bin/avicisim.

const USAGE = """
usage: avicisim simulate DOMAIN --out PATH [--d 30] [--n-obs 1000] [--n-int 0] [--seed 0] [--index 0] [-n 1] [--network FILE]
       avicisim domains
       avicisim sortability [DOMAIN ...]
       avicisim --version

simulate  write datasets as folders: x.npy, interventions.npy, graph.npy, expression.npy (of genes), meta.toml;
          or, with --out TABLE.csv, as TABLE.csv, TABLE-interventions.csv and TABLE-graph.csv; with --out CELLS.h5ad as an AnnData
          -n COUNT makes the datasets INDEX to INDEX + COUNT - 1, each in a folder of its own inside PATH
          --network FILE is an edge list (regulator, target and perhaps the sign + or -) instead of random graphs of --d variables
domains   list the shipped domains
sortability  print a table of how far the order of variances and of R² gives away the graphs of domains (of all that are shipped)

An option and its value may be one word, as in --out=data.
DOMAIN (or --domain DOMAIN) is a name or the path of a .toml file. More threads: julia -t 4 bin/avicisim ...
More processes: julia -p 4 bin/avicisim ... The datasets are the same bytes however many of either."""

const VERSION_OF_PACKAGE = Pkg.TOML.parsefile(joinpath(dirname(@__DIR__), "Project.toml"))["version"]

"""
    main(arguments)::Int

The command line; returns the exit status.
"""
function main(arguments::AbstractVector{<:AbstractString} = ARGS)
    try
        return command(arguments)
    catch failure
        failure isa Base.IOError && failure.code == Base.UV_EPIPE && return 0 # whoever reads has heard enough
        failure isa ArgumentError || rethrow()
        println(stderr, "avicisim: ", failure.msg)
        return 1
    end
end

function command(arguments)
    if any(in(("-h", "--help")), arguments) || arguments == ["help"]
        println(USAGE)
        return 0
    elseif arguments == ["--version"]
        println("avicisim ", VERSION_OF_PACKAGE)
        return 0
    elseif arguments == ["domains"]
        for name in list_domains()
            println(rpad(name, 24), load_domain(name).description)
        end
        return 0
    elseif !isempty(arguments) && arguments[1] == "sortability"
        print_sortability(stdout, length(arguments) > 1 ? arguments[2:end] : list_domains())
        return 0
    elseif length(arguments) >= 2 && arguments[1] == "simulate"
        return simulate_command(arguments[2:end])
    end
    println(stderr, USAGE)
    return 2
end

function simulate_command(arguments)
    named = startswith(arguments[1], "-")
    options = read_options(arguments[(named ? 1 : 2):end])
    domain = named ? get(options, "domain", nothing) : arguments[1]
    domain === nothing && throw(ArgumentError("a domain is missing"))
    haskey(options, "out") || throw(ArgumentError("--out PATH is missing"))
    number(name, default) = whole(name, get(options, name, default))
    network = get(options, "network", nothing)
    d = network === nothing || haskey(options, "d") ? number("d", "30") : nothing
    size = (d = d, graph = network, n_obs = number("n-obs", "1000"), n_int = number("n-int", "0"), seed = number("seed", "0"))
    index = number("index", "0")
    show_code(domain)
    if !haskey(options, "n")
        data = simulate(domain; size..., index = index)
        println(data, "\nwritten to ", save_dataset(options["out"], data))
        return 0
    end
    count = number("n", "1")
    any(ending -> endswith(options["out"], ending), (".csv", ".h5ad")) &&
        throw(ArgumentError("-n makes folders inside the folder --out, which is no .csv or .h5ad then"))
    count >= 1 || throw(ArgumentError("-n needs a number from 1 on, got $count"))
    load_domain(domain) # is refused here, not in another process
    simulate_many(domain, options["out"], index:index + count - 1, size)
    println("$count datasets of domain $domain written to ", options["out"])
    return 0
end

# Code outside the package is run only for the user's own words, and said before.
function show_code(domain)
    table, from = read_tables(domain_path(domain, DOMAINS))
    haskey(table, "code") && println(stderr, "avicisim: runs the code of ", code_file(table["code"], from["code"]))
    return nothing
end

# Datasets on all processes, or else on all threads; one line of progress a second.
function simulate_many(domain, out, indices, size)
    elsewhere = Distributed.nprocs() > 1
    elsewhere && Distributed.remotecall_eval(Main, Distributed.workers(), :(using AviciSim))
    begin_time = last_time = time()
    done = before = 0
    for part in Iterators.partition(indices, elsewhere ? 4 * Distributed.nworkers() : 4 * Threads.nthreads())
        if elsewhere
            Distributed.pmap(index -> simulate_to(domain, out, index, size), part)
        else
            made = Vector{Dataset}(undef, length(part))
            in_threads(k -> (made[k] = simulate(domain; size..., index = part[k])), length(part))
            foreach(data -> save_dataset(folder_of(out, data.index), data), made)
        end
        done += length(part)
        now = time()
        if done > before && (now - last_time > 1 || done == length(indices))
            rate = (done - before) / (now - begin_time)
            left = round(Int, (length(indices) - done) / rate)
            println(stderr, "$done/$(length(indices)) datasets, $(round(rate; digits = 1)) per second, $left s left")
            last_time = now
        end
        if before == 0 && done < length(indices)
            # the first datasets take as long as Julia compiles
            before, begin_time = done, time()
        end
    end
end

function simulate_to(domain, out, index, size)
    save_dataset(folder_of(out, index), simulate(domain; size..., index = index))
    return nothing
end

folder_of(out, index) = joinpath(out, "dataset-" * lpad(index, 6, '0'))

function read_options(arguments)
    options, known = Dict{String, String}(), ("domain", "d", "n-obs", "n-int", "seed", "index", "out", "n", "network")
    words = Iterators.Stateful(arguments)
    for word in words
        name, value = occursin('=', word) ? Base.split(word, '='; limit = 2) : (word, nothing)
        name == "-n" && (name = "--n")
        startswith(name, "--") && name[3:end] in known || throw(ArgumentError("unknown option $name"))
        value === nothing && isempty(words) && throw(ArgumentError("$name needs a value"))
        options[name[3:end]] = value === nothing ? popfirst!(words) : value
    end
    return options
end

function whole(name, text)
    value = tryparse(Int, text)
    value === nothing && throw(ArgumentError("--$name needs a whole number, got $text"))
    return value
end
