using AviciSim: EulerMaruyama, GRNMechanism, GRNProblem, Stream, heights, hill_function, simulate_grn, steady_state

settings(mode; changes...) = merge(
    Dict{String,Any}(
        "model" => "grn", "mode" => mode, "basal" => 2.0, "interaction" => 4.0, "sign_probability" => 1.0, "decay" => 0.8,
        "noise_scale" => 1.0, "hill" => 2.0, "cell_types" => 1,
    ),
    Dict{String,Any}(string(key) => value for (key, value) in changes),
)

cells(mode, graph, n_obs, n_int=0, targets=Int[]; seed=1, changes...) = simulate_grn(
    Stream(seed, 0), GRNMechanism(settings(mode; changes...), "test"), graph, n_obs, n_int, targets, nothing
)

# A chain 1 → 2 → 3 → 4 with a second input 5 of gene 2.
const CHAIN = UInt8[0 1 0 0 0; 0 0 1 0 0; 0 0 0 1 0; 0 0 0 0 0; 0 1 0 0 0]
const ALONE = zeros(UInt8, 2, 2)

@testset "a master regulator in $mode mode" for mode in ("compatible", "physical")
    # dx = (b - λx) dt + q √(b + λx) dW has mean b/λ and variance q² b/λ, up to the step size and clipping at 0.
    x, _ = cells(mode, ALONE, 6000; basal=8.0, noise_scale=0.5)
    @test mean(x) ≈ 8 / 0.8 rtol = 0.06
    @test var(x[:, 1]) ≈ 0.25 * 8 / 0.8 rtol = 0.25
end

@testset "noise types" begin
    variance(noise) = var(cells("physical", ALONE, 6000; basal=8.0, noise_scale=0.5, noise=noise)[1][:, 1])
    @test variance("sp") ≈ 0.5 * 0.25 * 10 rtol = 0.1       # production only: half of the variance
    @test variance("spd") ≈ 2 * 0.25 * 10 rtol = 0.1        # (√P + √λx)² = 4P
end

@testset "means in $mode mode" for mode in ("compatible", "physical")
    # Half-responses are the regulators' means, so that an activator at its mean gives half of its strength.
    x, _ = cells(mode, CHAIN, 6000; noise_scale=0.2)
    level = vec(mean(x; dims=1)) .* 0.8
    @test level ≈ [2, 4, 2, 2, 2] rtol = 0.1
    x, _ = cells(mode, CHAIN, 6000; noise_scale=0.2, sign_probability=0.0)
    @test vec(mean(x; dims=1)) .* 0.8 ≈ [2, 4, 2, 2, 2] rtol = 0.1
    x, _ = cells(mode, CHAIN, 6000; noise_scale=0.05, cell_types=3, basal=Dict("uniform" => [1.0, 3.0]))
    @test length(unique(round.(x[:, 1] .* 4))) > 3
end

@testset "knock-outs in $mode mode" for mode in ("compatible", "physical")
    n = 600
    x, mask = cells(mode, CHAIN, n, 2n, [1, 4]; noise_scale=0.2)
    @test size(x) == (3n, 5) && all(sum(mask[n+1:end, :]; dims=2) .== 1) && !any(!iszero, mask[1:n, :])
    wild, first, last = 1:n, findall(mask[:, 1] .== 1), findall(mask[:, 4] .== 1)
    @test length(first) == length(last) == n
    change(rows, gene) = mean(x[rows, gene]) / mean(x[wild, gene])
    @test maximum(x[first, 1]) < 0.2 && maximum(x[last, 4]) < 0.2
    @test change(first, 2) ≈ 0.5 atol = 0.08                 # half of its activation is gone
    @test change(first, 5) ≈ 1 atol = 0.05
    @test all(change(last, gene) > 0.9 for gene in (1, 2, 3, 5))
    # Beyond the direct target: re-estimated half-responses hide the effect, those of the wild type show it.
    @test change(first, 3) ≈ (mode == "compatible" ? 1.0 : 0.25 / 1.25 / 0.5) atol = 0.08
    repressed, mask = cells(mode, CHAIN, n, n, [1]; noise_scale=0.2, sign_probability=0.0)
    @test mean(repressed[n+1:end, 2]) / mean(repressed[1:n, 2]) ≈ 1.5 atol = 0.1
end

@testset "feedback" begin
    loop = UInt8[0 1; 1 0]
    x, _ = cells("physical", loop, 300; sign_probability=0.0)
    @test all(isfinite, x) && 0.5 < mean(x) * 0.8 / 2 < 2
    @test occursin("physical", refusal(() -> cells("compatible", loop, 10)))
end

@testset "details" begin
    @test heights(CHAIN) == [3, 2, 1, 0, 3]
    @test hill_function(1.0f0, 2.0f0) ≈ 0.5 && hill_function(0.0f0, 2.0f0) < 1e-20
    @test hill_function(3.0f0, 2.0f0) ≈ 0.9 && hill_function(1.0f9, 2.0f0) ≈ 1
    problem = GRNProblem(Stream(1, 0), GRNMechanism(settings("physical"), ""), CHAIN)
    @test steady_state(problem, ones(Float32, 5), nothing) .* 0.8f0 ≈ [2, 4, 2, 2, 2]
    for changes in ((), (; mode="physical"))
        x = [cells("compatible", CHAIN, 40, 40, [1, 2]; cell_types=5, seed=s, changes...)[1] for s in (1, 1, 2)]
        @test x[1] == x[2] != x[3]
        @test all(isfinite, x[1]) && all(x[1] .>= 0)
    end
    @test size(cells("compatible", CHAIN, 0, 3, [1, 2, 3, 4])[1]) == (3, 5)      # targets without rows
    @test size(cells("physical", CHAIN, 1, 0)[1]) == (1, 5)
end

@testset "refusals" begin
    for (changes, reason) in (
        (mode="fast",) => "compatible", (noise="white",) => "dpd", (decay=0.0,) => "above 0", (basal=-1.0,) => "at least 0",
        (cell_types=2.5,) => "whole", (dt=2.0,) => "time step", (speed=3,) => "speed",
    )
        @test occursin(reason, refusal(() -> GRNMechanism(settings("compatible"; changes...), "file")))
    end
end
