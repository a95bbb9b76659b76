# Knock-outs, knock-downs, overexpression and feedback.

@testset "knock-outs in $mode mode" for mode in (:compatible, :physical)
    n = 600
    solution = solve(
        problem(CHAIN; noise_scale = 0.2),
        EulerMaruyama(0.01);
        cells = n,
        perturbations = [knockout(1), knockout("x4")],
        mode = mode,
    )
    x, mask = solution.expression, interventions(solution)
    @test size(x) == (3n, 5) && all(sum(mask[n + 1:end, :]; dims = 2) .== 1) && !any(!iszero, mask[1:n, :])
    wild, first, last = 1:n, findall(mask[:, 1] .== 1), findall(mask[:, 4] .== 1)
    @test length(first) == length(last) == n
    change(rows, gene) = mean(x[rows, gene]) / mean(x[wild, gene])
    @test maximum(x[first, 1]) == maximum(x[last, 4]) == 0
    @test change(first, 2) ≈ 0.5 atol = 0.08 # half of its activation is gone
    @test change(first, 5) ≈ 1 atol = 0.05
    @test all(change(last, gene) > 0.9 for gene in (1, 2, 3, 5))
    # Beyond the direct target: re-estimated half-responses hide the effect, those of the wild type show it.
    @test change(first, 3) ≈ (mode == :compatible ? 1.0 : 0.25 / 1.25 / 0.5) atol = 0.08
    repressed = solve(
        problem(CHAIN; noise_scale = 0.2, sign_probability = 0.0),
        EulerMaruyama(0.01);
        cells = n,
        perturbations = [knockout(1)],
        mode = mode,
    ).expression
    @test mean(repressed[n + 1:end, 2]) / mean(repressed[1:n, 2]) ≈ 1.5 atol = 0.1
end

@testset "other perturbations" begin
    mean_of(perturbation) = vec(mean(
        solve(
            problem(CHAIN; noise_scale = 0.2),
            EulerMaruyama(0.01);
            cells = 0,
            cells_each = 500,
            perturbations = [perturbation],
        ).expression;
        dims = 1,
    )) .*
        0.8
    @test mean_of(knockdown(1))[1] ≈ 1 rtol = 0.05
    @test mean_of(knockdown(1))[2] ≈ 4 * (0.2 + 0.5) rtol = 0.05 # 0.5² / (1 + 0.5²) = 0.2
    @test mean_of(overexpress(1; factor = 3))[[1, 2]] ≈ [6, 4 * (0.9 + 0.5)] rtol = 0.05
    @test mean_of(knockout(1, 5))[2] < 0.1 # several targets at once
    @test mean_of(Perturbation(1 => 0, "x5" => 2))[[1, 5]] ≈ [0, 4] rtol = 0.05
end

@testset "perturbations of a domain file" begin
    # Unregulated genes at expression basal / decay = 2.5, almost without noise.
    for (table, factor) in (
            "model = \"knockout\"" => 0,
            "model = \"knockdown\"" => 0.5,
            "model = \"knockdown\"\nfactor = 0.2" => 0.2,
            "model = \"overexpression\"" => 2,
            "model = \"overexpression\"\nfactor = 3.0" => 3,
        ), at_once in (1, 3), mode in ("physical", "compatible")
        with_domain(
            "grn-physical",
            "mode = \"physical\"" => "mode = \"$mode\"",
            "basal = { uniform = [1.0, 3.0] }" => "basal = 2.0",
            "decay = [0.7, 0.8, 0.9]" => "decay = 0.8",
            "noise_scale = [0.9, 1.0, 1.1]" => "noise_scale = 0.001",
            "cell_types = 5" => "cell_types = 1\n[[intervention]]\n$table\ntargets = 1.0\nat_once = $at_once",
        ) do path
            data = simulate(path; n_obs = 3, n_int = 12, graph = zeros(Int, 6, 6))
            @test vec(sum(Int, data.interventions; dims = 2)) == [fill(0, 3); fill(at_once, 12)]
            @test data.expression ≈ ifelse.(data.interventions .== 1, 2.5 * factor, 2.5) atol = 0.05
        end
    end
end

@testset "feedback" begin
    # Two genes that repress each other, and a ring of three activators with self-regulation: without noise, cells stay where
    # production and decay balance, which the half-responses of the wild type put at half of each strength.
    toggle, ring = UInt8[0 1; 1 0], UInt8[1 1 0; 0 1 1; 1 0 1]
    settings = (sign_probability = 1.0, noise_scale = 0.0, hill = 1.8)
    @test cells(:physical, toggle, 40; sign_probability = 0.0, noise_scale = 0.0) ≈ fill(4 * 0.5 / 0.8, 40, 2) rtol = 1.0e-3
    @test cells(:physical, ring, 40; settings...) ≈ fill(2 * 4 * 0.5 / 0.8, 40, 3) rtol = 1.0e-3
    x = cells(:physical, toggle, 2000; sign_probability = 0.0, noise_scale = 0.5)
    @test cor(x)[1, 2] < -0.3 # one high, the other low
    knocked = solve(
        problem(toggle; sign_probability = 0.0, noise_scale = 0.0),
        EulerMaruyama(0.01);
        cells = 0,
        cells_each = 20,
        perturbations = [knockout(1)],
        burn_in = 20,
    ).expression
    @test knocked ≈ repeat([0 4 / 0.8], 20) rtol = 1.0e-3 # nothing represses the other
    @test occursin("physical", refusal(() -> cells(:compatible, toggle, 10)))
end
