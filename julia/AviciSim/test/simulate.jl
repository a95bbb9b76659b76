include("golden.jl")

@testset "$name" for name in list_domains()
    data = simulate(name; d = 8, n_obs = 30, n_int = 24, seed = 1)
    @test size(data.x) == size(data.interventions) == (54, 8) && size(data.graph) == (8, 8)
    clean = isempty(load_domain(name).imperfections) # else the next two may be otherwise
    @test (!clean || all(isfinite, data.x)) && length(unique(data.names)) == 8
    @test !any(!iszero, data.interventions[1:30, :])
    counts = sort(vec(sum(Int, data.interventions; dims = 1)))
    # in grn-screen growth differs, guides come in pairs, and targets may be outside the table
    @test !clean || name == "grn-screen" || counts == fill(3, 8) || counts == [0, 0, 0, 0, 6, 6, 6, 6]
    @test (data.expression === nothing) == (data.kind == "values")
    @test isequal(data.x, simulate(name; d = 8, n_obs = 30, n_int = 24, seed = 1).x)
    @test data.x != simulate(name; d = 8, n_obs = 30, n_int = 24, seed = 2).x
    @test data.x != simulate(name; d = 8, n_obs = 30, n_int = 24, seed = 1, index = 1).x
    x, interventions, graph = simulate_batch(name, 3; d = 8, n_obs = 30, n_int = 24, seed = 1, first = 4)
    for k in 1:3
        single = simulate(name; d = 8, n_obs = 30, n_int = 24, seed = 1, index = 3 + k)
        @test isequal(x[:, :, k], single.x) && interventions[:, :, k] == single.interventions && graph[:, :, k] == single.graph
    end
    @test occursin(name, sprint(show, data))
end

# Here everything is compiled by now. The other process has another number of threads and compiles without optimisation, which must not matter either.
@testset "the same bytes on any number of threads and in any run" begin
    @test sprint(print_golden) == GOLDEN_DATASETS
    threads = Threads.nthreads() == 1 ? 2 : 1
    code = "include($(repr(joinpath(@__DIR__, "golden.jl")))); print_golden(stdout)"
    @test read(`$(Base.julia_cmd()) --startup-file=no --optimize=0 --threads=$threads --project=$ROOT -e $code`, String) ==
        GOLDEN_DATASETS
end

@testset "batches of datasets with all that is known" begin
    size = (d = 4, n_obs = 5, n_int = 3, seed = 2)
    batch = simulate_batch("grn", 2; size..., truth = true)
    x, interventions, graph = batch
    @test keys(batch)[4:end] == (:batch, :cell_types, :signs, :strengths, :confounded, :true_interventions, :drawn)
    @test (x, interventions, graph) == Tuple(simulate_batch("grn", 2; size...))
    for k in 1:2
        single = simulate("grn"; size..., index = k - 1)
        @test batch.cell_types[:, k] == single.cell_types && batch.drawn[k] == single.drawn
        @test single.drawn["mode"] in ("physical", "compatible") && single.drawn["mechanism"] == "GRNMechanism"
    end
    @test batch.true_interventions == interventions && all(iszero, batch.batch)
    @test simulate("linear"; size...).drawn["noise"] == "AdditiveNoise"
end

@testset "a given graph" begin
    chain = [0 1 0; 0 0 1; 0 0 0]
    @test simulate("linear"; d = 3, n_obs = 5, graph = chain).graph == simulate("linear"; n_obs = 5, graph = chain).graph == chain
    named = simulate("grn"; n_obs = 5, graph = Network(["crp" => "lacZ", "lacI" => "lacZ"]; signs = [1, -1]))
    @test named.names == ["crp", "lacZ", "lacI"] && named.graph == [0 1 0; 0 0 0; 0 1 0]
    @test simulate("linear"; n_obs = 5, graph = [:a => :b]).names == ["a", "b"]
    @test occursin("list of pairs", refusal(() -> simulate("linear"; n_obs = 5, graph = 0.5)))
    @test occursin("3 × 3", refusal(() -> simulate("linear"; d = 3, n_obs = 5, graph = [0 1; 0 0])))
    @test occursin("0 and 1", refusal(() -> simulate("linear"; d = 2, n_obs = 5, graph = [0 2; 0 0])))
    @test occursin("itself", refusal(() -> simulate("linear"; d = 2, n_obs = 5, graph = [1 0; 0 0])))
    @test occursin("cycle", refusal(() -> simulate("linear"; d = 2, n_obs = 5, graph = [0 1; 1 0])))
end

@testset "refusals" begin
    @test occursin("got 0", refusal(() -> simulate("linear"; d = 0, n_obs = 5)))
    @test occursin("d, the number", refusal(() -> simulate("linear"; n_obs = 5)))
    @test occursin("got -7", refusal(() -> simulate("linear"; d = 3, n_obs = -7)))
    @test occursin("got -1", refusal(() -> simulate_batch("linear", 2; d = 3, n_obs = 5, n_int = -1)))
    @test occursin("row", refusal(() -> simulate("linear"; d = 3, n_obs = 0)))
    @test occursin("got $(big(2)^70)", refusal(() -> simulate("linear"; d = 3, n_obs = 5, seed = big(2)^70)))
    @test occursin("got -2", refusal(() -> simulate_batch("linear", 2; d = 3, n_obs = 5, first = -2)))
    @test occursin("count", refusal(() -> simulate_batch("linear", 0; d = 3, n_obs = 5)))
end

@testset "a batch in the memory of another" begin
    sizes = (d = 6, n_obs = 20, n_int = 10)
    for name in ("linear", "scm-world", "grn")
        new, old = simulate_batch(name, 3; sizes..., seed = 2), simulate_batch(name, 3; sizes..., seed = 1)
        again = simulate_batch(name, 3; sizes..., seed = 2, into = old)
        @test again.x === old.x && again.interventions === old.interventions && again.graph === old.graph
        @test isequal(again.x, new.x) && again.interventions == new.interventions && again.graph == new.graph
    end
    batch = simulate_batch("linear", 2; d = 4, n_obs = 5)
    for wrong in (batch, (x = batch.x,), merge(batch, (x = Float64.(batch.x),)))
        @test occursin(
            "a batch of 2 datasets with 6 rows",
            refusal(() -> simulate_batch("linear", 2; d = 4, n_obs = 6, into = wrong)),
        )
    end
end
