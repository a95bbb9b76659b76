using AviciSim:
    Block,
    Effects,
    Kinetics,
    LANES,
    MECHANISMS,
    heights,
    hill_function,
    integrate!,
    path_length,
    read_model,
    steady_state,
    step!

@testset "an unregulated gene in $mode mode" for mode in (:compatible, :physical)
    # dx = (b - λx) dt + q √(b + λx) dW has mean b/λ and variance q² b/λ, up to the step size and clipping at 0.
    x = cells(mode, ALONE, 6000; basal = 8.0, noise_scale = 0.5)
    @test mean(x) ≈ 8 / 0.8 rtol = 0.06
    @test var(x[:, 1]) ≈ 0.25 * 8 / 0.8 rtol = (mode == :physical ? 0.06 : 0.25)
end

@testset "noise types" begin
    variance(noise) = var(cells(:physical, ALONE, 6000; basal = 8.0, noise_scale = 0.5, noise = noise)[:, 1])
    @test variance(:sp) ≈ 0.5 * 0.25 * 10 rtol = 0.1 # production only: half of the variance
    @test variance(:spd) ≈ 2 * 0.25 * 10 rtol = 0.1  # (√P + √λx)² = 4P
end

@testset "the weak order of convergence is 1" begin
    # The second moment of the nonlinear chain's last gene, against a fine step; the error halves with the step.
    moment(dt) = (x = cells(:physical, CHAIN, 120_000; dt = dt, noise_scale = 0.3, basal = 6.0, interaction = 12.0); var(x[:, 3]))
    exact = moment(0.02)
    errors = [moment(dt) - exact for dt in (0.5, 0.25)]
    slope = log2(errors[1] / errors[2])
    @test 0.7 < slope < 1.4
    # Without regulation the variance of the discrete chain is known: q² b/λ / (1 - λdt/2).
    for dt in (0.5, 0.25)
        @test var(cells(:physical, ALONE, 60_000; dt = dt, noise_scale = 0.3, basal = 8.0)) ≈
            0.09 * 10 / (1 - 0.8 * dt / 2) rtol = 0.02
    end
end

@testset "physical cells are independent, those of one trajectory are not" begin
    # Wild-type cells of one type in the order of simulation: the variance of means over groups of 20.
    spread(mode) = var([mean(cells(mode, ALONE, 20; noise_scale = 0.5, basal = 8.0, seed = s)[:, 1]) for s in 1:300])
    @test spread(:physical) ≈ 2.5 / 20 rtol = 0.25
    @test spread(:compatible) > 2 * 2.5 / 20
end

@testset "means in $mode mode" for mode in (:compatible, :physical)
    # Half-responses are the regulators' means, so that an activator at its mean gives half of its strength.
    x = cells(mode, CHAIN, 6000; noise_scale = 0.2)
    @test vec(mean(x; dims = 1)) .* 0.8 ≈ [2, 4, 2, 2, 2] rtol = 0.1
    x = cells(mode, CHAIN, 6000; noise_scale = 0.2, sign_probability = 0.0)
    @test vec(mean(x; dims = 1)) .* 0.8 ≈ [2, 4, 2, 2, 2] rtol = 0.1
    solution = solve(
        problem(CHAIN; cell_types = 3, basal = Distribution(:uniform, 1, 3), noise_scale = 0.05),
        EulerMaruyama(0.01);
        cells = 90,
        mode = mode,
    )
    @test [count(==(t), solution.cell_types) for t in 1:3] == [30, 30, 30]
    means = [mean(solution.expression[solution.cell_types .== t, 1]) for t in 1:3]
    @test means ≈ solution.problem.basal[1, :] ./ 0.8 rtol = 0.05
end

@testset "a mode by its type and by its name" begin
    p, grid = problem(CHAIN), EulerMaruyama(0.05)
    of(mode) = solve(p, grid; cells = 8, mode = mode, seed = 3).expression
    @test of(SergioSampling()) == of(:compatible) == of("compatible") != of(IndependentCells())
    @test of(IndependentCells()) == of(:physical) == of("physical") == solve(p, grid; cells = 8, seed = 3).expression
    @test occursin("SergioSampling", refusal(() -> of(:typo))) && occursin("got 3", refusal(() -> of(3)))
end

@testset "signs that are known are kept" begin
    network = Network(["a" => "c", "b" => "c"]; signs = [1, -1])
    p = GRNProblem(network; basal = 2.0, interaction = [3.0, 5.0], sign_probability = 0.0)
    @test p.interaction == [[], [3, -5], []] && p.regulators == [[], [1, 3], []]
end

@testset "steady states" begin
    # Side by side they are what each is alone, and they balance production and decay; with feedback as well.
    straight = AviciSim.sample_graph(AviciSim.Stream(1, 0), AviciSim.ErdosRenyi(AviciSim.Parameter(2, "")), 12)
    @testset for graph in (straight, straight .| permutedims(straight))
        p = problem(graph; cell_types = 3, basal = Distribution(:uniform, 1, 3), sign_probability = 0.5)
        kinetics = Kinetics(p)
        wild, steady = steady_state(p)
        @test steady
        half = AviciSim.means_of_types(wild)
        scales = AviciSim.inverses(kinetics, half)
        factors = [Float32[k == gene ? 0 : 1 for k in 1:12] for gene in 0:12]
        effects = [Effects(factor, zeros(Float32, 12), zeros(12)) for factor in factors]
        together = AviciSim.steady_states(p, kinetics, effects, wild, scales)
        @test together[1] ≈ wild rtol = 1.0e-5
        @test all(together[k] == only(AviciSim.steady_states(p, kinetics, effects[k:k], wild, scales)) for k in 1:13)
        for (state, factor) in zip(together, factors), gene in 1:12, type in 1:3
            acts = [AviciSim.hill_function(state[i, type] / half[i], 2.0f0) for i in p.regulators[gene]]
            production = isempty(acts) ?
                p.basal[gene, type] :
                sum(k > 0 ? k * a : -k * (1 - a) for (k, a) in zip(p.interaction[gene], acts))
            @test state[gene, type] ≈ factor[gene] * production / 0.8 rtol = 1.0e-5 atol = 1.0e-5
        end
    end
end

@testset "overflow is never clipped to a number" begin
    for mode in (:compatible, :physical)
        @test occursin("finite", refusal(() -> cells(mode, CHAIN, 20; basal = 3.0e38, noise_scale = 1.0e20)))
    end
end

@testset "technology" begin
    p = problem(CHAIN; cell_types = 2)
    solution = solve(p, EulerMaruyama(0.01); cells = 50, perturbations = [knockout(1)], technology = "smart-seq")
    @test all(isinteger, solution.counts) && !all(isinteger, solution.expression)
    @test solution.expression == solve(p, EulerMaruyama(0.01); cells = 50, perturbations = [knockout(1)]).expression
    @test solve(p, EulerMaruyama(0.01); cells = 5).counts === nothing
    @test occursin("100 cells and 5 genes, 50 of the cells perturbed", sprint(show, solution))
end

bytes(f, steps, kind) = (f(1, kind); @allocated f(steps, kind))

@testset "the inner loops allocate nothing" begin
    for noise in (:dpd, :sp, :spd), hill in (2.0, 1.9), logic in (:sum, :and, :or)
        p = problem(CHAIN; noise = noise, hill = hill, logic = logic)
        kinetics, scales = Kinetics(p), ones(Float32, 5)
        block = Block(4 * LANES, 5, length(kinetics.source))
        block.state .= permutedims(first(steady_state(p)))
        physical(steps, kind) = (
            for _ in 1:steps
                step!(block, p, kinetics, scales, 0.01f0, kind)
            end
        )
        @test bytes(physical, 100, Val(noise)) == 0
        chains, steps = 5, 1000
        path, production, z = (ones(Float32, 2 * path_length(chains, steps)) for _ in 1:3)
        state, λ, q = ones(Float32, LANES, 2), Float32[0.8, 0.9], Float32[0.1, 0.2]
        compatible(steps, kind) = integrate!(
            path,
            production,
            z,
            state,
            path_length(chains, steps),
            chains,
            steps,
            λ,
            q,
            0.01f0,
            kind,
        )
        @test bytes(compatible, steps, Val(noise)) == 0
    end
end

@testset "genes of a level advance as each does alone" begin
    chains, steps, genes = 3, 50, 20
    stride = path_length(chains, steps)
    z, production = (randn_matrix(stride, genes; seed = seed) for seed in (1, 2))
    production .= abs.(production)
    advance(part) = integrate!(
        zeros(Float32, stride * length(part)),
        vec(production[:, part]),
        vec(z[:, part]),
        ones(Float32, LANES, length(part)),
        stride,
        chains,
        steps,
        Float32.(part ./ genes),
        fill(0.1f0, length(part)),
        0.01f0,
        Val(:dpd),
    )
    together = reshape(advance(1:genes), stride, genes)[1:chains * steps, :]
    @test all(together[:, gene] == advance(gene:gene)[1:chains * steps] for gene in 1:genes)
end

@testset "details" begin
    @test heights(CHAIN) == [3, 2, 1, 0, 3]
    @test hill_function(1.0f0, 2.0f0) ≈ 0.5 && hill_function(0.0f0, 2.0f0) < 1.0e-20
    @test hill_function(3.0f0, 2.0f0) ≈ 0.9 && hill_function(1.0f9, 2.0f0) ≈ 1
    @test first(steady_state(problem(CHAIN))) .* 0.8f0 ≈ [2, 4, 2, 2, 2]
    for mode in (:compatible, :physical)
        run(seed) = solve(
            problem(CHAIN; cell_types = 5),
            EulerMaruyama(0.01);
            cells = 40,
            cells_each = 9,
            perturbations = [knockout(1), knockout(2)],
            mode = mode,
            seed = seed,
        ).expression
        @test run(1) == run(1) != run(2) && all(isfinite, run(1)) && all(run(1) .>= 0)
        @test size(run(1)) == (58, 5)
    end
    path = trajectory(problem(CHAIN), EulerMaruyama(0.01); steps = 2000, perturbation = knockout(1))
    @test size(path) == (5, 2000) && path[:, 1] ≈ first(steady_state(problem(CHAIN))) && path[1, end] < 0.01
    @test sprint(show, problem(CHAIN)) == "GRNProblem of 5 genes, 4 regulations and 1 cell types"
end

@testset "refusals" begin
    settings(changes) = merge(
        Dict{String, Any}(
            "model" => "grn",
            "mode" => "physical",
            "basal" => 2.0,
            "interaction" => 4.0,
            "sign_probability" => 1.0,
            "decay" => 0.8,
            "noise_scale" => 1.0,
            "hill" => 2.0,
            "cell_types" => 1,
        ),
        Dict{String, Any}(string(key) => value for (key, value) in pairs(changes))
    )
    for (changes, reason) in (
            (mode = "fast",) => "compatible",
            (noise = "white",) => "dpd",
            (decay = 0.0,) => "above 0",
            (basal = -1.0,) => "at least 0",
            (cell_types = 2.5,) => "whole",
            (dt = 2.0,) => "time step",
            (speed = 3,) => "speed",
            (sign_probability = 2,) => "at most 1",
            (burn_in = 0,) => "burn_in",
        )
        @test occursin(reason, refusal(() -> read_model(MECHANISMS, settings(changes), "file")))
    end
    for (wrong, reason) in (
            (() -> problem(CHAIN; basal = -1.0)) => "basal",
            (() -> problem(CHAIN; interaction = [1.0])) => "4 are expected",
            (() -> problem(CHAIN; decay = 0.0)) => "decay",
            (() -> problem(CHAIN; noise = :white)) => "dpd",
            (() -> problem(CHAIN; hill = 0)) => "hill",
            (() -> problem(CHAIN; basal = ones(2, 2))) => "5 genes",
            (() -> EulerMaruyama(0)) => "time step",
            (() -> knockdown(1; factor = -1)) => "factor",
            (() -> cells(:fast, CHAIN, 3)) => "mode",
            (() -> cells(:physical, CHAIN, -3)) => "at least 0",
            (() -> solve(problem(CHAIN), EulerMaruyama(0.01); cells = 1, perturbations = [knockout("x9")])) => "x9",
            (() -> solve(problem(CHAIN), EulerMaruyama(0.01); cells = 1, perturbations = [knockout(9)])) => "no gene 9",
            (() -> solve(problem(CHAIN), EulerMaruyama(0.01); cells = 1, technology = "11x")) => "11x",
            (() -> trajectory(problem(CHAIN), EulerMaruyama(0.01); steps = 3, cell_type = 2)) => "cell type 2",
        )
        @test occursin(reason, refusal(wrong))
    end
end
