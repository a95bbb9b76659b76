# Leaks, logic, Hill coefficients and half-responses per edge, steady states with feedback.

using AviciSim: Stream, steady_state

"Cells without noise, long after the start: where production and decay balance."
still(p; changes...) = solve(p, EulerMaruyama(0.05); cells = 1, burn_in = 60, changes...).expression[1, :]
act(x, h, γ) = x^γ / (h^γ + x^γ)

"Stationary mean of dx = (P(x) - λx) dt + q √(P + λx) dW on x ≥ 0, reflected at 0: the density is exp(2 ∫ (P - λx) / D) / D with D = q² (P + λx)."
function stationary_mean(P, λ, q; most = 60.0, n = 200_000)
    dx = most / n
    x = [(k - 0.5) * dx for k in 1:n]
    D = [q^2 * (P(v) + λ * v) for v in x]
    exponent = cumsum([2 * (P(v) - λ * v) / d * dx for (v, d) in zip(x, D)])
    weight = exp.(exponent .- maximum(exponent)) ./ D
    return sum(x .* weight) / sum(weight)
end

@testset "a leaky gene that activates itself has the mean of its stationary density" begin
    loop = Network(["a" => "a"]; signs = [1])
    p(q) = GRNProblem(loop; basal = 0.0, leak = 0.5, interaction = 3.0, half_response = 3.0, noise_scale = q)
    P(x) = 0.5 + 3 * act(x, 3, 2)
    for q in (0.4, 1.0)
        x = solve(p(q), EulerMaruyama(0.01); cells = 3000, burn_in = 30, seed = 2).expression
        @test mean(x) ≈ stationary_mean(P, 0.8, q) rtol = 0.06
    end
    # Without noise it stays where it started: at the balance above.
    x = still(p(0.0))[1]
    @test x ≈ P(x) / 0.8 rtol = 1.0e-4
end

@testset "the boundary at 0 holds up genes of low production" begin
    mean_of(b, dt) = mean(cells(:physical, zeros(UInt8, 8, 8), 1500; basal = b, dt = dt))
    @test stationary_mean(x -> 0.3, 0.8, 1.0) / (0.3 / 0.8) > 1.4
    @test mean_of(0.3, 0.01) ≈ stationary_mean(x -> 0.3, 0.8, 1.0) rtol = 0.1
    @test mean_of(8.0, 0.01) ≈ 10 rtol = 0.02 # b/λ ≫ q²
end

@testset "a leak keeps positive feedback alive" begin
    pair = Network(["a" => "b", "b" => "a"]; signs = [1, 1])
    silent(; changes...) = begin
        p = GRNProblem(pair; basal = 0.0, interaction = 4.0, changes...)
        x = solve(p, EulerMaruyama(0.02); cells = 300, burn_in = 40).expression
        mean(all(==(0), row) for row in eachrow(x))
    end
    @test silent() > 0.8 # 0 is absorbing
    @test silent(leak = 0.3) < 0.02
end

@testset "basal is used or refused" begin
    graph = [0 1; 0 0]
    given = GRNProblem(graph; basal = [2.0 1.0; 0.7 0.2], interaction = 4.0, sign_probability = 1.0, noise_scale = 0.0)
    x = solve(given, EulerMaruyama(0.05); cells = 2, burn_in = 60)
    for (cell, type) in enumerate(x.cell_types)
        a, half = (2.0, 1.0)[type] / 0.8, 1.5 / 0.8
        @test x.expression[cell, 2] ≈ ((0.7, 0.2)[type] + 4 * act(a, half, 2)) / 0.8 rtol = 1.0e-4
    end
    @test occursin("leak", refusal(() -> solve(given, EulerMaruyama(0.01); cells = 2, mode = :compatible)))
    @test occursin("leak", refusal(() -> GRNProblem(graph; basal = ones(2, 1), leak = 1.0, interaction = 4.0)))
    @test occursin("no regulators", refusal(() -> GRNProblem(graph; basal = 1.0, leak = [1.0, 1.0], interaction = 4.0)))
    @test GRNProblem(graph; basal = 1.0, leak = [0.0, 0.5], interaction = 4.0).basal == reshape(Float32[1, 0.5], 2, 1)
    @test GRNProblem(graph; basal = [1.0, 0.5], cell_types = 2, interaction = 4.0).basal == Float32[1 1; 0.5 0.5]
    @test occursin("leak", refusal(() -> GRNProblem(graph; basal = [1.0, 0.5], leak = 1.0, interaction = 4.0)))
    @test occursin("2 genes", refusal(() -> GRNProblem(graph; basal = [1.0, 0.5, 2.0], interaction = 4.0)))
end

@testset "$logic of two activators and a repressor" for logic in (:sum, :and, :or)
    network = Network(["a" => "t", "b" => "t", "c" => "t"]; signs = [1, 1, -1])
    h, γ, k = [1.0, 2.0, 4.0], [1.5, 2.0, 3.0], [2.0, 3.0, 4.0]
    p = GRNProblem(network; basal = 2.0, leak = 0.3, interaction = k, hill = γ, half_response = h, logic = logic, noise_scale = 0.0)
    a = act.(2.0 / 0.8, h, γ)
    a[3] = 1 - a[3]
    expected = logic === :sum ? sum(k .* a) : sum(k) * (logic === :and ? prod(a) : 1 - prod(1 .- a))
    @test p.names == ["a", "t", "b", "c"]
    @test still(p)[2] ≈ (0.3 + expected) / 0.8 rtol = 1.0e-4
    @test occursin("mode", refusal(() -> solve(p, EulerMaruyama(0.01); cells = 2, mode = :compatible)))
end

struct Strongest <: AviciSim.Logic end
AviciSim.combine(::Strongest, activity, strength) = maximum(activity .* strength)

@testset "a logic of one's own" begin
    network = Network(["a" => "t", "b" => "t"]; signs = [1, 1])
    settings = (basal = 2.0, interaction = [2.0, 3.0], half_response = [1.0, 2.0], noise_scale = 0.0)
    a = act.(2.5, [1.0, 2.0], 2)
    for logic in (Strongest(), (activity, strength) -> maximum(activity .* strength))
        @test still(GRNProblem(network; settings..., logic = logic))[2] ≈ maximum(a .* [2, 3]) / 0.8 rtol = 1.0e-4
    end
    only_t = [:sum, Strongest(), :sum]
    @test still(GRNProblem(network; settings..., logic = only_t))[2] ≈ maximum(a .* [2, 3]) / 0.8 rtol = 1.0e-4
    negative = GRNProblem(network; settings..., logic = (a, k) -> -1)
    @test occursin("at least 0", refusal(() -> still(negative)))
    @test occursin("xor", refusal(() -> GRNProblem(network; settings..., logic = :xor)))
    @test occursin("3 are expected", refusal(() -> GRNProblem(network; settings..., logic = [:sum])))
end

@testset "half-responses follow the wild type, by a factor" begin
    p = GRNProblem([0 1; 0 0]; basal = 2.0, interaction = 4.0, sign_probability = 1.0, half_factor = 2.0, noise_scale = 0.0)
    @test still(p)[2] ≈ 4 * act(1, 2, 2) / 0.8 rtol = 1.0e-4
    # A regulator that the wild type does not express acts once it is switched on.
    silent = GRNProblem([0 1; 0 0]; basal = 0.0, interaction = 4.0, sign_probability = 1.0, noise_scale = 0.0)
    on = solve(silent, EulerMaruyama(0.05); cells = 1, perturbations = [crispra(1; production = 4.0)], burn_in = 60).expression
    @test on[1, :] ≈ [0, 0] atol = 1.0e-6
    @test on[2, 1] ≈ 5 rtol = 1.0e-4
    @test on[2, 2] ≈ 4 * act(5, 1, 2) / 0.8 rtol = 1.0e-4
end

@testset "steady states with strong feedback are found, or that there is none is said" begin
    balanced, unsteady = 0, 0
    for k in 1:60
        rng = Stream(k, 0, "feedback")
        graph = UInt8[i != j && AviciSim.uniform(rng) < 0.25 for i in 1:10, j in 1:10]
        p = GRNProblem(
            graph;
            basal = Distribution(:uniform, 1, 3),
            interaction = Distribution(:uniform, 1, 5),
            hill = 4.0,
            cell_types = 2,
            seed = k,
        )
        state, steady = steady_state(p)
        steady || (unsteady += 1; continue)
        half = AviciSim.means_of_types(state)
        error = maximum(
            abs(
                p.decay[j] * state[j, t] -
                    p.basal[j, t] -
                    sum(
                        Float64[
                            s > 0 ? s * act(state[i, t], half[i], 4) : -s * (1 - act(state[i, t], half[i], 4))
                            for (i, s) in zip(p.regulators[j], p.interaction[j])
                        ]
                    ),
            )
            for j in 1:10, t in 1:2
        )
        balanced += error < 1.0e-3
    end
    @test balanced + unsteady == 60 && balanced > 40
    # Three unequal repressors in a ring, with constant half-responses: no rest, and `solve` says so.
    ring = Network(["a" => "b", "b" => "c", "c" => "a"]; signs = [-1, -1, -1])
    p = GRNProblem(
        ring;
        basal = 0.0,
        leak = 0.01,
        interaction = [8.0, 7.0, 6.0],
        hill = 6.0,
        half_response = 2.0,
        noise_scale = 0.0,
    )
    solution = solve(p, EulerMaruyama(0.02); cells = 1, saveat = 0:0.5:30, burn_in = 0)
    @test !solution.steady && occursin("oscillates", sprint(show, MIME("text/plain"), solution))
    late = solution.path[1, 1, 20:end]
    @test maximum(late) - minimum(late) > 2
end
