# Cells in time, and along a tree of cell types.

@testset "several cells with a time axis" begin
    p = problem(CHAIN; noise_scale = 0.1)
    s = solve(p, EulerMaruyama(0.01); cells = 50, perturbations = [knockout(1)], saveat = [0, 0.5, 2.0], seed = 4)
    @test size(s.path) == (100, 5, 3) && s.times == [0, 0.5, 2] && s.path[:, :, 3] == s.expression
    knocked = s.conditions .== 1
    level(t) = mean(s.path[knocked, 1, t]) / mean(s.path[.!knocked, 1, t])
    # At 0 nothing has happened yet; then the gene decays with exp(-λt).
    @test level(1) ≈ 1 rtol = 0.05
    @test level(2) ≈ exp(-0.8 * 0.5) rtol = 0.05
    @test level(3) ≈ exp(-0.8 * 2) rtol = 0.08
    @test s.path == solve(p, EulerMaruyama(0.01); cells = 50, perturbations = [knockout(1)], saveat = [0, 0.5, 2.0], seed = 4).path
    @test isempty(solve(p, EulerMaruyama(0.01); cells = 3).path)
    # Without a burn-in the perturbation begins at the steady state of the wild type.
    early = solve(
        p,
        EulerMaruyama(0.01);
        cells = 0,
        cells_each = 20,
        perturbations = [knockout(1)],
        saveat = [0, 1],
        burn_in = 0,
    ).path
    @test early[:, 1, 1] ≈ fill(2.5, 20)
    @test mean(early[:, 1, 2]) ≈ 2.5 * exp(-0.8) rtol = 0.05
    for (wrong, reason) in (
            (saveat = [1, 0],) => "grow",
            (saveat = [-1],) => "from 0",
            (saveat = [1], mode = :compatible) => "physical",
        )
        @test occursin(reason, refusal(() -> solve(p, EulerMaruyama(0.01); cells = 3, wrong...)))
    end
end

@testset "a bifurcation" begin
    # Types 2 and 3 come from 1: from b = 1 to b = 5 and to 0.2, at rate λ.
    p = GRNProblem(zeros(Int, 4, 4); basal = repeat([1.0 5.0 0.2 5.0], 4), interaction = 1.0, noise_scale = 0.02)
    s = solve(p, EulerMaruyama(0.01); cells = 400, lineage = [1 => 2, 1 => 3, 2 => 4], branch_time = 4.0)
    for (type, from, to, offset) in ((2, 1.0, 5.0, 0), (3, 1.0, 0.2, 0), (4, 5.0, 5.0, 4))
        rows = s.cell_types .== type
        t = s.pseudotime[rows] .- offset
        @test all(0 .<= t .<= 4.01)
        @test mean(t) ≈ 2 atol = 0.4
        expected = (to .+ (from - to) .* exp.(-0.8 .* t)) ./ 0.8
        @test vec(mean(s.expression[rows, :]; dims = 2)) ≈ expected rtol = 0.03
    end
    @test all(iszero, s.pseudotime[s.cell_types .== 1])
    for (lineage, reason) in ([1 => 5] => "from 1 to 4", [1 => 2, 3 => 2] => "two others", [1 => 2, 2 => 1] => "itself")
        @test occursin(reason, refusal(() -> solve(p, EulerMaruyama(0.01); cells = 4, lineage = lineage)))
    end
    with_domain("grn-physical", "cell_types = 5" => "cell_types = 5\nlineage = true\nbranch_time = 2.0") do path
        data = simulate(path; d = 5, n_obs = 20)
        @test length(data.drawn["lineage"]) == 5 && data.drawn["lineage"][1] == 0
    end
end

@testset "problems and solutions show what they are" begin
    text(x) = sprint(show, MIME("text/plain"), x)
    p = problem(CHAIN; cell_types = 2)
    @test occursin("5 genes and 2 cell types", text(p)) && occursin("4 activate", text(p)) && occursin("feedback     no", text(p))
    s = solve(
        p,
        EulerMaruyama(0.05);
        cells = 4,
        perturbations = [knockout(1, 2)],
        technology = "illumina",
        measured = 1:3,
        saveat = 0:2,
    )
    @test all(part -> occursin(part, text(s)), ("control", "x1+x2", "2 more", "cell types  2", "counts", "path"))
    @test occursin("x1", sprint(show, crispri("x1"; failing = 0.2))) &&
        occursin("failing", sprint(show, crispri("x1"; failing = 0.2)))
end
