# The package as a registry and other packages see it.

using Random

const PROJECT = AviciSim.Pkg.TOML.parsefile(joinpath(ROOT, "Project.toml"))

"What a new Julia prints that finds stand-ins of other packages."
function in_a_new_julia(code)
    companions = joinpath(ROOT, "test", "companions")
    return read(
        `$(Base.julia_cmd()) --startup-file=no --project=$ROOT -e $("push!(LOAD_PATH, $(repr(companions))); " * code)`,
        String,
    )
end

@testset "Project.toml is complete" begin
    @test all(key -> haskey(PROJECT, key), ("name", "uuid", "version", "authors"))
    @test VersionNumber(PROJECT["version"]) >= v"0.1.0"
    named = union(keys(PROJECT["deps"]), keys(PROJECT["weakdeps"]))
    @test issubset(union(named, ["julia"]), keys(PROJECT["compat"]))
    @test issubset(PROJECT["targets"]["test"], union(keys(PROJECT["extras"]), named))
    @test issubset(keys(PROJECT["weakdeps"]), keys(PROJECT["extras"])) # Julia before 1.9 wants it
    @test all(name -> isfile(joinpath(ROOT, "ext", "$name.jl")), keys(PROJECT["extensions"]))
    @test Dict(AviciSim.COMPANIONS) == PROJECT["weakdeps"]
    @test isfile(joinpath(ROOT, "LICENSE")) && isfile(joinpath(ROOT, "README.md"))
    terms = read(joinpath(ROOT, "networks", "LICENSES.md"), String)
    @test all(name -> occursin("`$name.tsv`", terms), list_networks())
end

@testset "no ambiguous methods, undefined exports or free type parameters" begin
    @test Test.detect_ambiguities(AviciSim) == []
    @test Test.detect_unbound_args(AviciSim) == []
    @test all(name -> isdefined(AviciSim, name), [names(AviciSim); collect(AviciSim.YIELDING)])
end

@testset "beside CommonSolve and Distributions" begin
    said = in_a_new_julia(
        """
        using AviciSim, CommonSolve, Distributions
        problem = GRNProblem([0 1; 0 0]; basal=Uniform(1, 3), interaction=4.0)
        print(solve === CommonSolve.solve, Distribution === Distributions.Distribution)
        cells = solve(problem, EulerMaruyama(0.05); cells=3).expression
        print(cells == AviciSim.solve(problem, EulerMaruyama(0.05); cells=3).expression)
        print(cells == solve!(init(problem, EulerMaruyama(0.05); cells=3)).expression)
        print(1 < rand(AviciSim.Stream(1, 0, "mine"), Uniform(1, 3)) < 3)
        try
            GRNProblem([0 1; 0 0]; basal=Poisson(2), interaction=4.0)
        catch failure
            print(failure isa ArgumentError)
        end
        """,
    )
    @test said == "true"^6
    # loaded the other way round, and without them
    @test in_a_new_julia("using CommonSolve; using AviciSim; print(hasmethod(solve, (GRNProblem, EulerMaruyama)))") == "true"
    @test in_a_new_julia("using AviciSim; print(solve === AviciSim.solve, Distribution(:uniform, 1, 2).a)") == "true1.0"
end

@testset "the network for non-commercial use says so, once" begin
    @test_logs (:info, r"non-commercial") load_network("ecoli")
    @test_logs load_network("yeast")
    @test occursin("non-commercial", string(@doc list_networks))
end

@testset "a generator instead of a seed" begin
    size = (d = 3, n_obs = 5)
    data = simulate("linear"; size..., seed = MersenneTwister(3))
    @test data.x == simulate("linear"; size..., seed = data.seed).x == simulate("linear"; size..., seed = MersenneTwister(3)).x
    @test simulate_batch("linear", 2; size..., seed = MersenneTwister(3)).x[:, :, 1] == data.x
    rng = AviciSim.Stream(5, 0, "mine")
    @test simulate("linear"; size..., seed = rng).x != simulate("linear"; size..., seed = rng).x
    graph = [0 1; 0 0]
    made(seed) = GRNProblem(graph; basal = Distribution(:uniform, 1, 3), interaction = 4.0, seed = seed)
    @test made(MersenneTwister(3)).basal == made(MersenneTwister(3)).basal != made(MersenneTwister(4)).basal
    some(seed) = AviciSim.solve(made(1), EulerMaruyama(0.05); cells = 2, seed = seed).expression
    @test some(MersenneTwister(3)) == some(MersenneTwister(3)) != some(MersenneTwister(4))
    one(seed) = trajectory(made(1), EulerMaruyama(0.05); steps = 3, seed = seed)
    @test one(MersenneTwister(3)) == one(MersenneTwister(3)) != one(MersenneTwister(4))
end

@testset "a stream is a generator of Julia's" begin
    rng = AviciSim.Stream(7, 0, "mine")
    words = copy(rng)
    @test rand(rng, UInt64) == AviciSim.next_word(words) && rand(rng) == AviciSim.uniform(words)
    n = 100_000
    for (values, mean_, variance) in (
            (rand(rng, n), 1 / 2, 1 / 12),
            (rand(rng, Float32, n), 1 / 2, 1 / 12),
            (randn(rng, n), 0, 1),
            (randexp(rng, n), 1, 1),
            (rand(rng, 1:6, n), 7 / 2, 35 / 12),
            (rand(rng, Bool, n), 1 / 2, 1 / 4),
        )
        @test mean(values) ≈ mean_ atol = 4 * sqrt(variance / n)
        @test var(Float64.(values)) ≈ variance rtol = 0.03
    end
    @test sort(shuffle(rng, 1:9)) == 1:9
    @test length(unique(rand(rng, Int128, 100))) == 100
end
