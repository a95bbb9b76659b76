using AviciSim: ErdosRenyi, GraphModel, Parameter, ScaleFree, Stream, sample_graph, topological_order

graphs(model, d, count) = [sample_graph(Stream(1, k, :graph), model, d) for k in 1:count]

@testset "Erdős–Rényi" begin
    sample = graphs(ErdosRenyi(Parameter(2, "")), 20, 400)
    @test all(g -> topological_order(g) !== nothing, sample)
    @test mean(sum(Int, g) for g in sample) ≈ 40 atol = 1.5
    share = sum(Int.(g) for g in sample) ./ 400
    @test all([i == j || abs(share[i, j] - 2 / 19) < 0.09 for i in 1:20, j in 1:20])    # no index is special
    @test all(iszero(g[i, i]) for g in sample for i in 1:20)
    @test all(sum(Int, g) == 10 for g in graphs(ErdosRenyi(Parameter(3, "")), 5, 20))  # every pair is an edge
end

@testset "scale-free" begin
    for links in 1:3
        for g in graphs(ScaleFree(Parameter(links, ""), Parameter(1, ""), false), 30, 20)
            @test topological_order(g) !== nothing
            @test sum(Int, g) == sum(min(links, k) for k in 0:29)
            @test maximum(sum(Int, g; dims=2)) <= links
        end
    end
    largest(model, dims) = mean(maximum(sum(Int, g; dims=dims)) for g in graphs(model, 50, 60))
    received = ScaleFree(Parameter(1, ""), Parameter(1, ""), false)
    @test largest(received, 1) > 5 * largest(received, 2)
    transposed = ScaleFree(Parameter(1, ""), Parameter(1, ""), true)
    @test largest(transposed, 2) > 5 * largest(transposed, 1)
    steep = ScaleFree(Parameter(1, ""), Parameter(1.5, ""), true)
    @test largest(steep, 2) > 1.3 * largest(transposed, 2)
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
    )
        @test occursin(reason, refusal(() -> GraphModel(table, "file")))
    end
end
