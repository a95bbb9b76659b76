using AviciSim: GRAPHS, ErdosRenyi, Parameter, RandomGeometric, ScaleFree, StochasticBlock, Stream, Subnetwork, WattsStrogatz
using AviciSim: break_cycles, read_model, sample_graph, topological_order

graphs(model, d, count) = [sample_graph(Stream(1, k, :graph), model, d) for k in 1:count]

@testset "Erdős–Rényi" begin
    sample = graphs(ErdosRenyi(Parameter(2, "")), 20, 400)
    @test all(g -> topological_order(g) !== nothing, sample)
    @test mean(sum(Int, g) for g in sample) ≈ 40 atol = 1.5
    share = sum(Int.(g) for g in sample) ./ 400
    @test all([i == j || abs(share[i, j] - 2 / 19) < 0.09 for i in 1:20, j in 1:20]) # no index is special
    @test all(iszero(g[i, i]) for g in sample for i in 1:20)
    @test all(sum(Int, g) == 10 for g in graphs(ErdosRenyi(Parameter(3, "")), 5, 20)) # every pair is an edge
end

@testset "scale-free" begin
    for links in 1:3
        for g in graphs(ScaleFree(Parameter(links, ""), Parameter(1, ""), false), 30, 20)
            @test topological_order(g) !== nothing
            @test sum(Int, g) == sum(min(links, k) for k in 0:29)
            @test maximum(sum(Int, g; dims = 2)) <= links
        end
    end
    largest(model, dims) = mean(maximum(sum(Int, g; dims = dims)) for g in graphs(model, 50, 60))
    received = ScaleFree(Parameter(1, ""), Parameter(1, ""), false)
    @test largest(received, 1) > 5 * largest(received, 2)
    transposed = ScaleFree(Parameter(1, ""), Parameter(1, ""), true)
    @test largest(transposed, 2) > 5 * largest(transposed, 1)
    steep = ScaleFree(Parameter(1, ""), Parameter(1.5, ""), true)
    @test largest(steep, 2) > 1.3 * largest(transposed, 2)
end

const P = x -> Parameter(x, "")
links(g) = g .+ g'

@testset "power of the attachment" begin
    # With power 0 every earlier variable has weight 2 once it has a link and 1 before; the first of two has it for sure at the third.
    model = ScaleFree(P(1), P(1.0e-9), true)
    share = mean(sum(Int, AviciSim.ordered_graph(Stream(k, 0), model, 3)[1, :]) == 2 for k in 1:6000)
    @test share ≈ 2 / 3 atol = 0.02
    share = mean(sum(Int, AviciSim.ordered_graph(Stream(k, 0), ScaleFree(P(1), P(1.0), true), 4)[1, :]) == 3 for k in 1:6000)
    @test share ≈ 2 / 3 * 3 / 5 atol = 0.02 # weights degree + 1: 2 of 2 + 1, then 3 of 3 + 1 + 1
end

@testset "small worlds" begin
    for (dimension, d, degree) in ((1, 30, 2), (2, 25, 4), (3, 27, 6))
        ring = graphs(WattsStrogatz(P(dimension), P(1), P(0.0)), d, 3)
        @test all(g -> all(sum(Int, links(g); dims = 2) .== degree), ring) # a closed lattice
    end
    @test all(sum(Int, links(g); dims = 1) == fill(4, 1, 30) for g in graphs(WattsStrogatz(P(1), P(2), P(0.0)), 30, 3))
    rewired = graphs(WattsStrogatz(P(1), P(1), P(0.3)), 30, 300)
    @test all(g -> topological_order(g) !== nothing && sum(Int, g) == 30, rewired)
    degrees = vcat((vec(sum(Int, links(g); dims = 1)) for g in rewired)...)
    @test mean(degrees) == 2 && minimum(degrees) >= 1 && 0.4 < var(degrees) < 0.7 # its own link stays
    @test all(size(g) == (20, 20) && sum(Int, g) < 40 for g in graphs(WattsStrogatz(P(2), P(1), P(0.3)), 20, 20)) # 25 places
    @test all(sum(Int, g) == 0 for g in graphs(WattsStrogatz(P(2), P(1), P(0.3)), 1, 2))
end

@testset "blocks" begin
    sample = graphs(StochasticBlock(P(2), P(5), P(0.1)), 50, 200)
    @test all(g -> topological_order(g) !== nothing, sample)
    @test mean(sum(Int, g) for g in sample) ≈ 100 rtol = 0.03
    # Five blocks of 10: 225 pairs within, 1000 between; p = 100 / (225 + 0.1 · 1000).
    triangles(g) = (a = Float64.(links(g)); tr(a^3) / 6)
    p = 100 / 325
    expected = 5 * 120 * p^3 + 5 * 45 * 40 * p * (p / 10)^2 + 10 * 1000 * (p / 10)^3
    @test mean(triangles, sample) ≈ expected rtol = 0.1
    @test mean(sum(Int, g) for g in graphs(StochasticBlock(P(2), P(1), P(0.1)), 30, 200)) ≈ 60 rtol = 0.04
end

@testset "geometric graphs" begin
    sample = graphs(RandomGeometric(P(0.1)), 60, 300)
    @test all(g -> topological_order(g) !== nothing, sample)
    # Chance that two random places of the unit square are closer than r: πr² - 8r³/3 + r⁴/2.
    chance = π * 0.01 - 8 / 3 * 0.001 + 0.5 * 0.0001
    @test mean(sum(Int, g) for g in sample) ≈ 60 * 59 / 2 * chance rtol = 0.04
    closed(g) = (a = Float64.(links(g)); tr(a^3) / max(1, sum(a^2) - tr(a^2)))
    @test mean(closed, sample) > 0.4 # a friend of a friend is near
end

@testset "modules of $name" for name in list_networks()
    network = load_network(name)
    whole = Set(zip((network.names[i] for (i, j) in network.edges), (network.names[j] for (i, j) in network.edges)))
    sample = graphs(Subnetwork(network), 30, 20)
    for module_ in sample
        @test length(module_) == 30 && topological_order(adjacency(module_)) !== nothing
        @test all((module_.names[i], module_.names[j]) in whole for (i, j) in module_.edges)
        connected = (I + links(adjacency(module_)))^30 .> 0
        @test any(all(row) for row in eachrow(connected)) || length(module_.edges) > 0
    end
    @test mean(length(m.edges) for m in sample) > 25 # neighbours, not any variables
    @test length(unique(sort(m.names) for m in sample)) > 10
    known = Dict((network.names[i], network.names[j]) => s for ((i, j), s) in zip(network.edges, network.signs))
    @test all(known[(m.names[i], m.names[j])] == s for m in sample for ((i, j), s) in zip(m.edges, m.signs))
    @test occursin("$(length(network))", refusal(() -> sample_graph(Stream(1, 0), Subnetwork(network), 5000)))
end

@testset "cycles are broken at a random edge" begin
    ring = Network([1 => 2, 2 => 3, 3 => 1, 3 => 4, 1 => 1])
    broken = [break_cycles(Stream(k, 0), ring) for k in 1:300]
    @test all(b -> length(b.edges) == 3 && topological_order(adjacency(b)) !== nothing, broken)
    @test length(unique(b.edges for b in broken)) == 3
end

@testset "order" begin
    chain = UInt8[0 0 1; 0 0 0; 0 1 0]
    @test topological_order(chain) == [1, 3, 2]
    @test topological_order(UInt8[0 1; 1 0]) === nothing
end

@testset "refusals" begin
    for (table, reason) in (
            Dict("model" => "erdos-renyi") => "edges_per_variable",
            Dict("model" => "ring", "edges_per_variable" => 1) => "ring",
            Dict("model" => "scale-free", "edges_per_variable" => 1.5) => "whole",
            Dict("model" => "scale-free", "edges_per_variable" => 1, "power" => 0) => "above 0",
            Dict("model" => "erdos-renyi", "edges_per_variable" => 1, "power" => 1) => "power",
            Dict("model" => "watts-strogatz", "dimension" => 4, "rewiring" => 0.3) => "at most 3",
            Dict("model" => "stochastic-block", "edges_per_variable" => 2, "blocks" => 2, "ratio" => 1.5) => "at most 1",
            Dict("model" => "random-geometric", "radius" => 0) => "above 0",
            Dict("model" => "subnetwork", "network" => "human") => "ecoli, yeast",
            Dict("model" => "subnetwork", "network" => "ecoli", "cycles" => "keep all") => "break or keep",
        )
        @test occursin(reason, refusal(() -> read_model(GRAPHS, table, "file")))
    end
end

@testset "every release and processor draws the same graphs" begin
    words = map((
        ErdosRenyi(P(2)),
        ScaleFree(P(2), P(1.2), false),
        ScaleFree(P(2), P(1.2), true),
        WattsStrogatz(P([2, 3]), P(1), P(0.3)),
        StochasticBlock(P(2), P(5), P(0.1)),
        RandomGeometric(P(0.3)),
        Subnetwork(load_network("ecoli")),
    )) do model
        edges = vcat((findall(!iszero, vec(AviciSim.adjacency(g))) for g in graphs(model, 20, 10))...)
        string(foldl((word, edge) -> (word ⊻ edge) * 0x00000100000001b3, edges; init = 0xcbf29ce484222325); base = 16)
    end
    @test words == GOLDEN_GRAPHS
end
