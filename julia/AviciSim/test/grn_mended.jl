# Faults that were there once: each of these failed, or was silently wrong.

struct IntRing <: AviciSim.GraphModel end
AviciSim.sample_graph(rng, ::IntRing, d) = Int[mod1(i + 1, d) == j for i in 1:d, j in 1:d]

"The kinetics of grn-physical, with few long steps."
fast() = AviciSim.MECHANISMS["grn"](
    Dict{String, Any}(
        "model" => "grn",
        "mode" => "physical",
        "basal" => 2.0,
        "interaction" => 2.0,
        "sign_probability" => 0.5,
        "decay" => 0.8,
        "noise_scale" => 0.5,
        "hill" => 2.0,
        "cell_types" => 1,
        "dt" => 0.5,
        "burn_in" => 1.0,
    ),
    "test",
)

@testset "a graph with a cycle does not depend on the seed" begin
    ring = [0 1 0; 0 0 1; 1 0 0]
    for seed in 1:25
        @test simulate("grn"; n_obs = 2, n_int = 1, graph = ring, seed = seed).drawn["mode"] == "physical"
    end
    @test simulate(Domain("grn"; graph = IntRing()); d = 3, n_obs = 2, seed = 3).graph == ring
    @test occursin("acyclic", refusal(() -> simulate("grn-paper"; n_obs = 2, graph = ring)))
    @test AviciSim.topological_order(adjacency(acyclic(ring))) !== nothing
    @test size(simulate("linear"; n_obs = 2, graph = acyclic(ring)).x) == (2, 3)
end

@testset "self-loops act, and are not in the graph" begin
    looped = Network(["a" => "a", "a" => "b"]; signs = [1, 1])
    data = simulate("grn-physical"; n_obs = 5, graph = looped, seed = 1)
    @test data.graph == [0 1; 0 0] && data.names == ["a", "b"]
    @test occursin("itself", refusal(() -> simulate("linear"; n_obs = 5, graph = [1 0; 0 0])))
    ecoli = load_network("ecoli")
    @test count(edge -> edge[1] == edge[2], ecoli.edges) == 110
    whole = simulate(Domain("grn-physical"; mechanism = fast()); n_obs = 1, graph = ecoli)
    @test size(whole.x) == (1, 1565) && sum(Int, whole.graph) == 3758 - 110
end

@testset "a time step that is too long for the decay is refused" begin
    fastest = problem(ALONE; decay = 10.0)
    @test occursin("1/decay", refusal(() -> solve(fastest, EulerMaruyama(0.5); cells = 2)))
    @test occursin("1/decay", refusal(() -> trajectory(fastest, EulerMaruyama(0.5); steps = 2)))
    @test size(solve(fastest, EulerMaruyama(0.1); cells = 2).expression) == (2, 2)
    with_domain("grn-physical", "decay = [0.7, 0.8, 0.9]" => "decay = 10.0\ndt = 0.5") do path
        @test occursin("dt", refusal(() -> load_domain(path)))
    end
end

@testset "edge lists with a header and with words" begin
    mktempdir() do folder
        path = joinpath(folder, "net.csv")
        write(path, "source,target,sign\na,b,activation\nb,c,repression\nc,d,Inhibits\nd,e,0.7\ne,f,-2\nf,g,?\n")
        network = load_network(path)
        @test network.names == ["a", "b", "c", "d", "e", "f", "g"] && network.signs == [1, -1, -1, 1, -1, 0]
        write(path, "\"Target gene\",\"TF\",score,\"Mode of regulation\"\nlacZ,crp,12,activator\nlacZ,lacI,3,repressor\n")
        network = load_network(path)
        @test [network.names[i] => network.names[j] for (i, j) in network.edges] == ["crp" => "lacZ", "lacI" => "lacZ"]
        @test network.signs == [1, -1]
        write(path, "a,b,+,0.5\n")
        @test occursin("line 1", refusal(() -> load_network(path)))
        write(path, "a\tb\t+\n\tc\t-\n")
        @test occursin("line 2", refusal(() -> load_network(path)))
    end
end

@testset "arguments" begin
    p = problem(CHAIN)
    @test size(solve(p, EulerMaruyama(0.05); cells = 2, perturbations = []).expression) == (2, 5)
    @test occursin("knockout", refusal(() -> solve(p, EulerMaruyama(0.05); cells = 2, perturbations = ["x1"])))
    @test occursin("burn_in", refusal(() -> solve(p, EulerMaruyama(0.05); cells = 2, burn_in = Inf)))
    @test occursin("steps", refusal(() -> solve(p, EulerMaruyama(0.05); cells = 2, burn_in = 1.0e300)))
    @test occursin("time step", refusal(() -> EulerMaruyama(1.0e-50))) && occursin("time step", refusal(() -> EulerMaruyama(NaN)))
    @test Network([:crp => :lacZ]).names == ["crp", "lacZ"] == Network([:crp, :lacZ], [(1, 2)]).names
    @test knockout(:x1).effects[1].gene == "x1"
    @test size(solve(p, EulerMaruyama(0.05); cells = 2, perturbations = [knockout(:x1)]).expression) == (4, 5)
    for (arguments, reason) in (
            ((2.0, 1.0, 1.0), nothing, nothing, true) => "probability",
            (nothing, (1.0,), nothing, true) => "2 numbers",
            (nothing, (1.0, -1.0), nothing, true) => "deviation",
            (nothing, nothing, (8.0, 120.0), true) => "percentile",
            (nothing, (NaN, 1.0), nothing, true) => "2 numbers",
        )
        @test occursin(reason, refusal(() -> AviciSim.TechnicalNoise(arguments...)))
    end
end

@testset "parts of a domain that do not go together are refused" begin
    @test occursin("linear", refusal(() -> Domain("linear"; mechanism = fast())))
    @test occursin("GraphModel", refusal(() -> Domain("linear"; graph = [0 1; 0 0])))
    @test occursin("Noise", refusal(() -> Domain("linear"; noise = [0.5 => 1.0])))
    @test occursin("TechnicalNoise", refusal(() -> Domain("grn"; measurement = "illumina")))
    @test all(wrong -> occursin("MeasurementError", refusal(() -> Domain("linear"; imperfection = wrong))), (0.25, [0.5 => 0.25]))
    @test occursin("do", refusal(() -> Domain("linear"; intervention = AviciSim.GenePerturbation(1.0, 0.0))))
    @test occursin("umi", refusal(() -> Domain("grn"; measurement = profile("illumina"; umi = false))))
    @test Domain("grn"; measurement = profile("illumina")).measurements[1].second.noise == profile("illumina")
end

@testset "the signs of a given graph are refused where they mean nothing" begin
    signed = [0 -1; 0 0]
    @test occursin("signs", refusal(() -> simulate("linear"; n_obs = 3, graph = signed)))
    @test simulate("grn-physical"; n_obs = 3, graph = signed).signs == signed
end

@testset "SERGIO's input files" begin
    mktempdir() do folder
        targets, masters = joinpath(folder, "Interaction_cID.txt"), joinpath(folder, "Regs_cID.txt")
        write(targets, "2,2,0,1,2.5,-3.0,2,3\n3.0,1.0,2.0,1.5,2.0\n")
        write(masters, "0,1.0,2.0\n1,0.5,0.7\n")
        p = load_sergio(targets, masters; noise_scale = 0.0)
        @test p.names == ["0", "1", "2", "3"] && p.regulators == [[], [], [1, 2], [3]]
        @test p.interaction == [[], [], [2.5, -3], [1.5]] && p.hill == [[], [], [2, 3], [2]]
        @test p.basal == Float32[1 2; 0.5 0.7; 0 0; 0 0]
        @test size(solve(p, EulerMaruyama(0.05); cells = 4).expression) == (4, 4)
        @test load_sergio(targets, masters; hill = 2.0).hill == [[], [], [2, 2], [2]]
        @test occursin("physical", refusal(() -> solve(p, EulerMaruyama(0.01); cells = 4, mode = :compatible)))
        same = load_sergio(targets, masters; hill = 2.0)
        @test size(solve(same, EulerMaruyama(0.01); cells = 4, mode = :compatible).expression) == (4, 4)
        for (file, text, reason) in (
                (targets, "2,2,0,1,2.5,-3.0\n", "line 1: 8 numbers"),
                (targets, "2,1,0,x,2\n", "separated by commas"),
                (targets, "2,1,9,1.0,2\n", "master regulators 9"),
                (masters, "0,1.0,2.0\n1,0.5\n", "line 2: the production in 2"),
                (masters, "2,1.0\n", "is a target"),
            )
            before = read(file, String)
            write(file, text)
            @test occursin(reason, refusal(() -> load_sergio(targets, masters)))
            write(file, before)
        end
    end
end
