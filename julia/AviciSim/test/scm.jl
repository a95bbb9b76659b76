using AviciSim:
    AdditiveNoise,
    DoIntervention,
    Heteroscedastic,
    LinearMechanism,
    Parameter,
    RFFMechanism,
    Stream,
    simulate_scm!,
    standard_noise!

constant(x) = Parameter(x, "")
"The rows of a model in new arrays."
function simulate_scm(rng, mechanism, noise, intervention, graph, n_obs, n_int)
    x, mask = zeros(Float32, n_obs + n_int, size(graph, 1)), zeros(UInt8, n_obs + n_int, size(graph, 1))
    return simulate_scm!(x, mask, rng, mechanism, noise, intervention, graph, n_obs)
end

const FORK = UInt8[0 1 1; 0 0 0; 0 1 0] # 1 → 2, 1 → 3, 3 → 2

function rows(mechanism, scale, n_obs, n_int; graph = FORK, targets = 1.0, seed = 1)
    intervention = DoIntervention(targets, constant(7.0))
    return simulate_scm(Stream(seed, 0), mechanism, AdditiveNoise(:gaussian, constant(scale)), intervention, graph, n_obs, n_int)
end

@testset "linear" begin
    x, mask = rows(LinearMechanism(constant(2.0), constant(1.0)), 0.5, 50_000, 0)
    @test !any(!iszero, mask)
    @test mean(x[:, 1]) ≈ 1 atol = 0.02
    @test std(x[:, 1]) ≈ 0.5 atol = 0.01
    design = [ones(50_000) x[:, 1] x[:, 3]]
    @test design \ x[:, 2] ≈ [1, 2, 2] atol = 0.05
    @test std(x[:, 2] - design * [1, 2, 2]) ≈ 0.5 atol = 0.01
end

@testset "interventions" begin
    x, mask = rows(LinearMechanism(constant(2.0), constant(1.0)), 0.5, 10, 3000)
    @test !any(!iszero, mask[1:10, :])
    @test all(sum(mask[11:end, :]; dims = 2) .== 1)
    @test vec(sum(Int, mask; dims = 1)) == [1000, 1000, 1000]
    @test all(x[mask .== 1] .== 7)
    set_cause, set_effect = mask[:, 3] .== 1, mask[:, 2] .== 1
    @test mean(x[set_cause, 2]) ≈ 1 + 2 * 1 + 2 * 7 atol = 0.2 # effects follow
    @test mean(x[set_effect, 3]) ≈ 3 atol = 0.2                # causes do not
    _, mask = rows(LinearMechanism(constant(2.0), constant(1.0)), 0.5, 0, 101; graph = zeros(UInt8, 10, 10), targets = 0.5)
    @test sort(vec(sum(Int, mask; dims = 1))) == [0, 0, 0, 0, 0, 20, 20, 20, 20, 21]
end

@testset "random Fourier features" begin
    mechanism = RFFMechanism(constant(5.0), constant(10.0), constant(0.0), 100)
    x, _ = rows(mechanism, 0.0, 2, 0; seed = 3)
    @test x[1, :] == x[2, :] # without noise, roots are constant
    roots = [rows(mechanism, 0.0, 1, 0; seed = s)[1][1, 1] for s in 1:4000]
    @test mean(roots) ≈ 0 atol = 0.6
    @test std(roots) ≈ 10 atol = 0.5 # output scale
    # Covariance of the function at two points: c² exp(-|x - x'|² / 2ℓ²), over many draws of the function.
    pair = UInt8[0 1; 0 0]
    products = map(1:4000) do s
        x, mask = simulate_scm(
            Stream(s, 1),
            RFFMechanism(constant(5.0), constant(10.0), constant(0.0), 100),
            AdditiveNoise(:gaussian, constant(0.0)),
            DoIntervention(1.0, Parameter([0.0], "")),
            pair,
            1,
            2,
        )
        k = findfirst(==(1), mask[:, 1])
        (x[1, 1] - x[k, 1], x[1, 2] * x[k, 2])
    end
    near, far = filter(p -> abs(p[1]) < 2, products), filter(p -> 4 < abs(p[1]) < 6, products)
    @test mean(last.(near)) ≈ mean(100 * exp(-p[1]^2 / 50) for p in near) rtol = 0.2
    @test mean(last.(far)) ≈ mean(100 * exp(-p[1]^2 / 50) for p in far) rtol = 0.25
end

@testset "a cycle is refused" begin
    mechanism = LinearMechanism(constant(2.0), constant(1.0))
    @test occursin("cycle", refusal(() -> rows(mechanism, 0.5, 3, 0; graph = UInt8[0 1; 1 0])))
end

@testset "covariance of a linear Gaussian model" begin
    # x = Bᵀx + ε: covariance (I - B)^-T Ω (I - B)^-1 with B[i, j] the weight of i → j.
    graph = AviciSim.sample_graph(Stream(4, 0), AviciSim.ErdosRenyi(constant(2)), 8)
    x, _ = rows(LinearMechanism(constant(0.8), constant(0.0)), 1.3, 200_000, 0; graph = graph)
    inverse = inv(I - 0.8 .* graph)
    @test cov(x) ≈ inverse' * (1.3^2 * I) * inverse rtol = 0.02
end

@testset "$shape noise" for (shape, quartile, tail) in (
        (:gaussian, 0.6745, 1.645),
        (:laplace, log(2), log(10)),
        (:cauchy, 1.0, 6.314),
    )
    ε = standard_noise!(Vector{Float32}(undef, 400_000), shape, Stream(1, 0))
    @test all(isfinite, ε) && abs(median(ε)) < 0.01
    @test quantile(abs.(ε), 0.5) ≈ quartile rtol = 0.01
    @test quantile(abs.(ε), 0.9) ≈ tail rtol = 0.02
    @test mean(ε .> 0) ≈ 0.5 atol = 0.004
    noisy, _ = simulate_scm(
        Stream(1, 0),
        LinearMechanism(constant(0.0), constant(0.0)),
        AdditiveNoise(shape, constant(3.0)),
        DoIntervention(1.0, constant(0.0)),
        zeros(UInt8, 1, 1),
        50_000,
        0,
    )
    @test quantile(abs.(vec(noisy)), 0.5) ≈ 3 * quartile rtol = 0.03
end

@testset "heteroscedastic noise" begin
    # The noise scale of an effect is a function of its cause alone: √log(1 + exp(h)).
    scale = Heteroscedastic(RFFMechanism(constant(1.0), constant(4.0), constant(0.0), 100))
    x, mask = simulate_scm(
        Stream(2, 0),
        LinearMechanism(constant(0.0), constant(0.0)),
        AdditiveNoise(:gaussian, scale),
        DoIntervention(1.0, Parameter([-2.0, 2.0], "")),
        UInt8[0 1; 0 0],
        60_000,
        0,
    )
    order = sortperm(x[:, 1])
    spread = [std(x[part, 2]) for part in Iterators.partition(order, 2000)]
    @test maximum(spread) > 2 * minimum(spread)
    h = AviciSim.scales(scale, zeros(Float32, 5, 0), Stream(1, 0))
    @test all(h .== h[1]) && h[1] > 0 # a root's is a constant
    flat = Heteroscedastic(RFFMechanism(constant(1.0), constant(0.0), constant(0.0), 5))
    @test AviciSim.scales(flat, zeros(Float32, 2, 0), Stream(1, 0)) ≈ fill(sqrt(log(2)), 2)
    wide = Heteroscedastic(RFFMechanism(constant(1.0), constant(0.0), constant(200.0), 5))
    @test AviciSim.scales(wide, zeros(Float32, 2, 0), Stream(1, 0)) ≈ fill(sqrt(200), 2)
end

@testset "several targets at once" begin
    x, mask = simulate_scm(
        Stream(1, 0),
        LinearMechanism(constant(2.0), constant(1.0)),
        AdditiveNoise(:gaussian, constant(1.0)),
        DoIntervention(1.0, constant(7.0), 2),
        zeros(UInt8, 5, 5),
        3,
        50,
    )
    @test all(sum(Int, mask[4:end, :]; dims = 2) .== 2) && vec(sum(Int, mask; dims = 1)) == fill(20, 5)
    @test all(x[mask .== 1] .== 7)
end

@testset "overflow is an error" begin
    chain = UInt8[i + 1 == j for i in 1:60, j in 1:60]
    @test occursin("overflow", refusal(() -> rows(LinearMechanism(constant(1.0e30), constant(1.0)), 1.0, 5, 0; graph = chain)))
end
