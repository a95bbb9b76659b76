# Every domain at every size: a valid dataset or an ArgumentError, never NaN.

using AviciSim: Stream, uniform, randint, choose

valid(data, n, d) = size(data.x) == (n, d) &&
    all(isfinite, data.x) &&
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
        model = "$(number("gaussian", "laplace", "cauchy"))"
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
