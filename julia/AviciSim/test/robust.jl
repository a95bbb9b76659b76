# Every domain at every size: a valid dataset or an ArgumentError, never NaN.

import Pkg
using AviciSim: Stream, uniform, randint, choose

has_gaps(data) = any(part -> part["model"] == "missing", get(data.drawn, "imperfections", []))
valid(data, n, d) = size(data.x) == (n, d) &&
    all(v -> isfinite(v) || (isnan(v) && has_gaps(data)), data.x) &&
    all(in((0, 1)), data.interventions) &&
    size(data.graph) == (d, d) &&
    (data.kind == "values" || all(v -> v >= 0 && isinteger(v), data.x)) &&
    (data.expression === nothing || all(v -> isfinite(v) && v >= 0, data.expression))

@testset "small sizes of $name" for name in list_domains()
    for (d, n_obs, n_int) in ((1, 4, 0), (1, 0, 3), (1, 1, 1), (2, 3, 2), (2, 0, 1), (3, 1, 7), (5, 0, 12))
        @test valid(simulate(name; d = d, n_obs = n_obs, n_int = n_int), n_obs + n_int, d)
    end
    empty = zeros(Int, 4, 4)
    @test valid(simulate(name; n_obs = 6, n_int = 5, graph = empty), 11, 4)
end

@testset "200 variables do not overflow: $name" for name in list_domains()
    load_domain(name).kind == "values" || continue
    @test all(k -> all(isfinite, simulate(name; d = 200, n_obs = 20, n_int = 20, index = k).x), 0:4)
end

"A random domain file: every model, extreme parameters included."
function random_domain(rng, folder)
    number(values...) = choose(rng, collect(values))
    graph = number(
        "model = \"erdos-renyi\"\nedges_per_variable = $(number(0.001, 1, 50))",
        "model = \"scale-free\"\nedges_per_variable = $(number(1, 7))\npower = $(number(0.01, 1, 9))",
        "model = \"watts-strogatz\"\ndimension = $(number(1, 2, 3))\nneighbours = $(number(1, 3))\nrewiring = $(number(0, 0.5, 1))",
        "model = \"stochastic-block\"\nedges_per_variable = $(number(0.1, 30))\nblocks = $(number(1, 40))\nratio = $(number(0, 1))",
        "model = \"random-geometric\"\nradius = $(number(1.0e-6, 0.3, 9))",
        "model = \"subnetwork\"\nnetwork = \"ecoli\"\ntop = $(number(0.001, 1))",
    )
    grn = uniform(rng) < 0.5
    spread(values...) = number(string.(values)..., "{ uniform = [0.5, 3.0] }", "{ lognormal = [1.0, 1.0] }")
    mechanism = grn ?
        """
        model = "grn"
        mode = "$(number("physical", "compatible"))"
        basal = $(spread(0, 1.0e3))
        interaction = $(spread(0, 1.0e4))
        sign_probability = $(number(0, 0.5, 1))
        decay = $(number(0.01, 1, 1.9))
        noise_scale = $(number(0, 1, 40))
        hill = $(number(0.1, 2, 30))
        cell_types = $(number(1, 3, 11))
        noise = "$(number("dpd", "sp", "spd"))"
        dt = $(number(0.01, 0.5))
        burn_in = $(number(0.1, 2.0))
        """ :
        number(
            "model = \"linear\"\nweight = $(spread(0, 1.0e3))\nbias = $(spread(-1.0e6))",
            "model = \"rff\"\nlength_scale = $(number(1.0e-6, 3, 1.0e6))\noutput_scale = $(number(0, 1.0e6))\nbias = 0.0\nfeatures = $(number(1, 10))",
            "model = \"mlp\"\nactivation = [\"relu\", \"softplus\"]\nlayers = $(number(1, 2))\nhidden = $(number(1, 9))\ngain = $(spread(0, 1.0e6))",
            "model = \"polynomial\"\ncoefficient = $(spread(0, -1.0e6))\ncross = $(number(0, 1))\noutput_scale = $(spread(0, 1.0e6))",
            "model = \"product\"\noffset = $(spread(0, 1.0e6))\ntogether = 4\nstandardised = $(number(true, 0.5))",
            "model = \"sigmoids\"\nslope = $(spread(0, 1.0e6))\nnoise_inside = $(number(true, 0.5))",
            "model = \"additive\"\nlength_scale = $(number(1.0e-6, 1.0e6))\ndistortion = [\"exp\", \"power\", \"quantile\"]",
            "model = \"multiple-index\"\ngain = $(spread(0, 1.0e6))\ndistortion = \"sinh\"\ndistorted = 0.5\nstandardised = true",
            "model = \"mixed\"\n[[mechanism.of]]\nmodel = \"steps\"\n[[mechanism.of]]\nmodel = \"piecewise\"\noutput_scale = 1e6",
        )
    scale = number("scale = 0.0", "scale = 1e6", "heteroscedastic = { length_scale = 1e-3, output_scale = 1e4 }")
    rest = grn ?
        """
        [[intervention]]
        model = "$(number("knockout", "knockdown", "overexpression"))"
        targets = $(number(0.01, 1.0))
        at_once = $(number(1, 4, 100))
        [[measurement]]
        outlier = $(number("false", "[1.0, 2.0, 1.0]"))
        library = $(number("false", "[-5.0, 3.0]", "[8.0, 1.0]"))
        dropout = $(number("false", "[8.0, 0.0]", "[100.0, 100.0]"))
        """ :
        """
        [[noise]]
        model = "$(number("gaussian", "laplace", "cauchy", "uniform", "gumbel", "gamma", "student", "lognormal", "multimodal"))"
        multiplicative = $(number(true, false))
        $scale
        [[intervention]]
        model = "do"
        targets = $(number(0.01, 1.0))
        at_once = $(number(1, 3, 100))
        value = $(spread(-1.0e9))
        """
    path = joinpath(folder, "random.toml")
    write(
        path,
        """
        name = "random"
        kind = "$(grn ? "counts" : "values")"
        description = "random"
        acyclic = false
        [[graph]]
        $graph
        [[mechanism]]
        $mechanism
        $rest
        """,
    )
    return path
end

@testset "random domains" begin
    refused = 0
    mktempdir() do folder
        for k in 1:250
            rng = Stream(k, 0, :domain)
            d, n_obs, n_int = randint(rng, 9), randint(rng, 12), randint(rng, 12) - 1
            path = random_domain(rng, folder)
            domain = AviciSim.parse_domain(path)
            data = try
                simulate(domain; d = d, n_obs = n_obs, n_int = n_int, seed = k)
            catch failure
                failure isa ArgumentError || rethrow()
                refused += 1
                @test any(reason -> occursin(reason, failure.msg), ("overflow", "2^24", "finite"))
                continue
            end
            @test valid(data, n_obs + n_int, d)
        end
    end
    @test refused < 60
end

@testset "all genes knocked out, no regulation" begin
    p = GRNProblem([0 1 0; 0 0 1; 0 0 0]; basal = 2.0, interaction = 0.0)
    for mode in (:compatible, :physical)
        solution = solve(
            p,
            EulerMaruyama(0.01);
            cells = 20,
            perturbations = [knockout(1, 2, 3)],
            mode = mode,
            technology = "10x-chromium-1",
        )
        @test all(isfinite, solution.expression) &&
            all(iszero, solution.expression[21:end, :]) &&
            all(iszero, solution.counts[21:end, :])
        @test all(iszero, solution.expression[1:20, 2:3])
    end
end

"The paths of all values in the tables of a domain."
value_paths(value, path) = Any[]
value_paths(list::AbstractVector, path) = vcat(Any[], (value_paths(entry, [path; k]) for (k, entry) in enumerate(list))...)
value_paths(table::AbstractDict, path) = vcat(
    Any[],
    (vcat([[path; k]], value_paths(table[k], [path; k])) for k in sort!(collect(keys(table))))...
)

@testset "a domain file with one wrong value is refused, or it works" begin
    wrong = Any[
        "x",
        "",
        -1.0,
        0,
        Inf,
        NaN,
        true,
        Any[],
        Any[1, "a"],
        7,
        1.5,
        typemax(Int),
        1.0e308,
        1.0e-300,
        "grn",
        "ecoli",
        Dict{String, Any}(),
        Any[Dict{String, Any}()],
        Dict("uniform" => Any[2, 1]),
        Dict("gauss" => Any[0, 1]),
        Dict("normal" => Any[0, 1]),
        Dict("uniform" => 3),
    ]
    refused, count = 0, 600
    mktempdir() do folder
        for k in 1:count
            rng = Stream(k, 0, :wrong)
            domain = load_domain(choose(rng, list_domains()))
            table = deepcopy(first(AviciSim.read_tables(domain.path)))
            delete!(table, "base")
            path = choose(rng, value_paths(table, Any[]))
            holder = foldl(getindex, path[1:end - 1]; init = table)
            holder isa AbstractDict && uniform(rng) < 0.2 ? delete!(holder, path[end]) : (holder[path[end]] = choose(rng, wrong))
            file = joinpath(folder, "wrong.toml")
            open(io -> Pkg.TOML.print(io, table), file, "w")
            loaded = try
                AviciSim.parse_domain(file)
            catch failure
                failure isa ArgumentError || rethrow()
                refused += 1
                @test startswith(failure.msg, file) # which file; the rest is tested in domain.jl
                continue
            end
            data = try
                simulate(loaded; d = 3, n_obs = 2, n_int = 2)
            catch failure
                failure isa ArgumentError ? nothing : rethrow()
            end
            @test data === nothing || valid(data, 4, 3)
        end
    end
    @test refused > count ÷ 2
end
