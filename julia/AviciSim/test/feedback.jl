# Structural causal models whose graph has cycles.

using AviciSim: AdditiveNoise, ErdosRenyi, FeedbackGraph, LinearMechanism, Parameter, Stream, components, spectral_radius

const SMALL = (d = 5, n_obs = 30, n_int = 10, seed = 2)

unit(weight; options...) = Domain(
    "linear";
    acyclic = false,
    mechanism = LinearMechanism(Parameter(weight, ""), Parameter(0.0, "")),
    noise = AdditiveNoise(:gaussian, Parameter(1.0, "")),
    options...,
)

@testset "components and spectral radius" begin
    # 1 → 2 ⇄ 3 → 4 → 5 → 4
    graph = zeros(UInt8, 5, 5)
    for (i, j) in ((1, 2), (2, 3), (3, 2), (3, 4), (4, 5), (5, 4))
        graph[i, j] = 1
    end
    @test components(graph) == [[1], [2, 3], [4, 5]]
    for seed in 1:10
        matrix = Float64[abs(AviciSim.normal(Stream(seed, k))) for k in 1:16] |> v -> reshape(v, 4, 4)
        @test spectral_radius(matrix) ≈ maximum(abs, eigvals(matrix)) rtol = 1.0e-6
    end
    @test spectral_radius([0.0 0.5; 0.5 0.0]) ≈ 0.5 # of period 2
end

@testset "a linear loop is where the equations put it" begin
    loop = [0 1 0; 0 0 1; 1 0 0]
    data = simulate(unit(0.5); graph = loop, n_obs = 100_000, n_int = 3000, seed = 1)
    inverse = inv(I - 0.5 .* loop)
    @test data.graph == loop
    @test cov(data.x[1:100_000, :]) ≈ inverse' * inverse rtol = 0.02
    @test data.strengths ≈ 0.5 .* loop && data.signs == loop
    set = data.interventions .== 1
    for j in 1:3
        rows = set[:, j]
        others = mod1(j + 1, 3)
        @test std(data.x[rows, others] .- 0.5 .* data.x[rows, j]) ≈
            1 atol = 0.1 # the effect follows, whatever the cause's own causes are
    end
    # Weights of 3 would not settle: the loop gets the spectral radius 0.8, variables outside of it keep 3.
    strong = simulate(unit(-3.0); graph = [0 1 0 1; 0 0 1 0; 1 0 0 0; 0 0 0 0], n_obs = 50_000, seed = 1)
    weights = zeros(4, 4)
    weights[1, 2] = weights[2, 3] = weights[3, 1] = -0.8
    weights[1, 4] = -3
    inverse = inv(I - weights)
    @test cov(strong.x) ≈ inverse' * inverse rtol = 0.03
    @test strong.strengths ≈ abs.(weights) rtol = 1.0e-3
end

@testset "nonlinear loops settle, and without feedback nothing changes" begin
    graphs = FeedbackGraph(ErdosRenyi(Parameter(1.5, "")), 0.2)
    for base in ("rff", "scm-broad"), index in 1:8
        domain = Domain(base; acyclic = false, graph = graphs)
        data = simulate(domain; d = 6, n_obs = 60, n_int = 12, seed = 1, index = index, truth = false)
        @test all(isfinite, data.x) && (sum(data.graph) == 0 || AviciSim.topological_order(data.graph) === nothing)
    end
    @test simulate(Domain("rff"; acyclic = false); SMALL...).x == simulate("rff"; SMALL...).x
    # At the fixed point every variable is its mechanism and noise: one more sweep changes nothing that can be seen.
    scaled = Domain("rff"; acyclic = false, noise = AdditiveNoise(:gaussian, Parameter(0.0, "")))
    still = simulate(scaled; graph = [0 1 0; 0 0 1; 1 0 0], n_obs = 20, seed = 4).x
    @test maximum(std(still; dims = 1)) < 2.0e-3 * (1 + maximum(abs, still)) # without noise all rows are the same
end

@testset "graphs with feedback" begin
    for seed in 1:20
        acyclic_part = AviciSim.sample_graph(Stream(seed, 0), ErdosRenyi(Parameter(2.0, "")), 8)
        graph = AviciSim.sample_graph(Stream(seed, 0), FeedbackGraph(ErdosRenyi(Parameter(2.0, "")), 0.25), 8)
        added = graph .- acyclic_part
        @test all(>=(0), Int.(added)) && sum(Int, added) == max(1, round(Int, 0.25 * sum(Int, acyclic_part)))
        @test AviciSim.topological_order(graph) === nothing && all(k -> graph[k, k] == 0, 1:8)
    end
    mktempdir() do folder
        path = joinpath(folder, "loops.toml")
        text = "name = \"loops\"\nbase = \"linear\"\n[[graph]]\nmodel = \"erdos-renyi\"\nedges_per_variable = 2.0\nfeedback = 0.2\n"
        write(path, text)
        @test occursin("acyclic", refusal(() -> load_domain(path)))
        write(path, "acyclic = false\n" * text)
        data = simulate(path; d = 10, n_obs = 50, n_int = 20)
        @test AviciSim.topological_order(data.graph) === nothing && all(isfinite, data.x)
    end
    @test occursin("acyclic = false", refusal(() -> simulate("linear"; graph = [0 1; 1 0], n_obs = 5)))
    @test occursin("itself", refusal(() -> simulate(unit(0.5); graph = [1 1; 0 0], n_obs = 5)))
end
