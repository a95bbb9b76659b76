# Types of a user's own, in code and in a domain file. The file is the example of the documentation.

const EXAMPLE = joinpath(ROOT, "examples", "own_models")

struct Ring <: AviciSim.GraphModel end
AviciSim.sample_graph(::AviciSim.Stream, ::Ring, d::Int) = UInt8[mod1(i + 1, d) == j for i in 1:d, j in 1:d]

struct Narrow <: AviciSim.GraphModel end
AviciSim.sample_graph(::AviciSim.Stream, ::Narrow, d::Int) = zeros(UInt8, d, d - 1)

struct Square <: AviciSim.Mechanism end
AviciSim.evaluate!(y, ::Square, causes, rng) = (y .= vec(sum(abs2, causes; dims = 2)))

struct Coin <: AviciSim.Noise end
AviciSim.add_noise!(y, ::Coin, causes, rng) = (y .+= [AviciSim.uniform(rng) < 0.5 ? -1.0f0 : 1.0f0 for _ in y])

@testset "in code" begin
    domain = Domain("linear"; name = "mine", mechanism = Square(), noise = Coin())
    data = simulate(domain; d = 2, n_obs = 50, graph = [0 1; 0 0])
    @test all(abs.(data.x[:, 1]) .== 1) && Set(data.x[:, 2]) == Set([0.0, 2.0])
    @test domain.name == "mine" && data.domain == "mine"
    mixed = Domain("grn-physical"; graph = [1 => Ring(), 1.0e-9 => AviciSim.ErdosRenyi(AviciSim.Parameter(1, ""))])
    @test sum(Int, simulate(mixed; d = 6, n_obs = 3).graph) == 6 # feedback
end

@testset "what goes wrong in a thread arrives as it is" begin
    @test occursin("cycle", refusal(() -> simulate_batch(Domain("linear"; graph = Ring()), 3; d = 3, n_obs = 5)))
end

@testset "a graph of another size is refused" begin
    @test occursin("3 × 3, got 3 × 2", refusal(() -> simulate(Domain("linear"; graph = Narrow()); d = 3, n_obs = 5)))
end

@testset "code runs only where it may" begin
    mktempdir() do folder
        ran = joinpath(folder, "ran")
        write(joinpath(folder, "evil.jl"), "touch($(repr(ran)))")
        write(joinpath(folder, "top.toml"), "name = \"top\"\nbase = \"linear\"\ncode = \"evil.jl\"\n")
        write(joinpath(folder, "on_top.toml"), "name = \"on_top\"\nbase = \"top.toml\"\n")
        for name in ("top", "on_top")
            path = joinpath(folder, "$name.toml")
            message = refusal(() -> load_domain(path; code = false))
            @test occursin("top.toml: code", message) && occursin("evil.jl", message) && !isfile(ran)
        end
        load_domain(joinpath(folder, "on_top.toml"))
        @test isfile(ran)
        @test occursin("evil.jl", refusal(() -> load_domain(joinpath(folder, "top.toml"); code = false))) # though it has run
        @test load_domain("linear"; code = false).name == "linear"
    end
end

@testset "in a domain file" begin
    file = joinpath(EXAMPLE, "threshold.toml")
    data = simulate(file; d = 8, n_obs = 200, n_int = 40, seed = 1)
    @test data.domain == "threshold" && all(isfinite, data.x)
    @test sum(Int, data.graph) == 7 # the example's graph is a chain
    chain = simulate_batch(file, 2; d = 4, n_obs = 10)
    @test all(sum(Int, chain[3]; dims = (1, 2)) .== 3)
    for (code, reason) in ("code = \"none.jl\"" => "none.jl", "code = 3" => "Julia file", "code = \"bad.jl\"" => "broken")
        mktempdir() do folder
            write(joinpath(folder, "bad.jl"), "error(\"broken\")")
            path = joinpath(folder, "d.toml")
            write(path, "name = \"x\"\nbase = \"linear\"\n$code\n")
            message = refusal(() -> load_domain(path))
            @test occursin(path, message) && occursin(reason, message)
        end
    end
end
