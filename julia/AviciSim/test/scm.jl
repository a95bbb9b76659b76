using AviciSim: DoIntervention, LinearMechanism, Noise, Parameter, RFFMechanism, Stream, simulate_scm

constant(x) = Parameter(x, "")
const FORK = UInt8[0 1 1; 0 0 0; 0 1 0]     # 1 → 2, 1 → 3, 3 → 2

function rows(mechanism, scale, n_obs, n_int; graph=FORK, targets=1.0, seed=1)
    intervention = DoIntervention(targets, constant(7.0))
    return simulate_scm(Stream(seed, 0), mechanism, Noise(constant(scale)), intervention, graph, n_obs, n_int)
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
    @test all(sum(mask[11:end, :]; dims=2) .== 1)
    @test vec(sum(Int, mask; dims=1)) == [1000, 1000, 1000]
    @test all(x[mask .== 1] .== 7)
    set_cause, set_effect = mask[:, 3] .== 1, mask[:, 2] .== 1
    @test mean(x[set_cause, 2]) ≈ 1 + 2 * 1 + 2 * 7 atol = 0.2     # effects follow
    @test mean(x[set_effect, 3]) ≈ 3 atol = 0.2                    # causes do not
    _, mask = rows(LinearMechanism(constant(2.0), constant(1.0)), 0.5, 0, 101; graph=zeros(UInt8, 10, 10), targets=0.5)
    @test sort(vec(sum(Int, mask; dims=1))) == [0, 0, 0, 0, 0, 20, 20, 20, 20, 21]
end

@testset "random Fourier features" begin
    mechanism = RFFMechanism(constant(5.0), constant(10.0), constant(0.0), 100)
    x, _ = rows(mechanism, 0.0, 2, 0; seed=3)
    @test x[1, :] == x[2, :]                            # without noise, roots are constant
    roots = [rows(mechanism, 0.0, 1, 0; seed=s)[1][1, 1] for s in 1:4000]
    @test mean(roots) ≈ 0 atol = 0.6
    @test std(roots) ≈ 10 atol = 0.5                    # output scale
    # Covariance of the function at two points: c² exp(-|x - x'|² / 2ℓ²), over many draws of the function.
    pair = UInt8[0 1; 0 0]
    products = map(1:4000) do s
        x, mask = simulate_scm(
            Stream(s, 1), RFFMechanism(constant(5.0), constant(10.0), constant(0.0), 100), Noise(constant(0.0)),
            DoIntervention(1.0, Parameter([0.0], "")), pair, 1, 2,
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
    @test occursin("cycle", refusal(() -> rows(mechanism, 0.5, 3, 0; graph=UInt8[0 1; 1 0])))
end
