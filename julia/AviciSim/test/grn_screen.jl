# CRISPR screens: guides that work in part, escapes, activation, targets outside the table, batches, depth, programmes, growth.

screen(p; changes...) = solve(p, EulerMaruyama(0.05); (; cells = 400, changes...)...)

@testset "guides" begin
    p = problem(CHAIN; noise_scale = 0.1)
    s = screen(
        p;
        perturbations = [crispri(1; efficiency = 0.7), crispri(1; efficiency = 0.9, failing = 0.4), crispri(1, 5; failing = 0.5)],
    )
    level(condition, gene) = s.expression[s.conditions .== condition, gene] .* 0.8
    @test mean(level(1, 1)) ≈ 2 * 0.3 rtol = 0.05
    # A mixture of cells at 0.2 and at 2, in the shares that were asked for; the record says all, the truth only some.
    @test mean(level(2, 1) .> 1) ≈ 0.4 atol = 0.08
    rows = findall(==(2), s.conditions)
    @test interventions(s)[rows, 1] == ones(400)
    @test (interventions(s; worked = true)[rows, 1] .== 0) == (level(2, 1) .> 1) == .!s.worked[rows, 1]
    # In double perturbations every guide fails on its own.
    both = s.worked[s.conditions .== 3, [1, 5]]
    @test mean(both; dims = 1) ≈ [0.5 0.5] atol = 0.08
    @test mean(both[:, 1] .& both[:, 2]) ≈ 0.25 atol = 0.08
    @test mean(level(0, 1)) ≈ 2 rtol = 0.05
    @test labels(s)[end] == "x1+x5" && labels(s)[1] == "control"
end

@testset "activation switches a silent gene on" begin
    p = GRNProblem(
        [0 1; 0 0];
        basal = [0.0; 0.5][:, :],
        interaction = 4.0,
        half_response = 2.0,
        sign_probability = 1.0,
        noise_scale = 0.1,
    )
    s = screen(
        p;
        perturbations = [
            overexpress(1; factor = 5.0),
            crispra(1; production = 3.0),
            Perturbation(crispra(1; production = 3.0), knockout(2)),
        ],
    )
    level(k) = vec(mean(s.expression[s.conditions .== k, :]; dims = 1)) .* 0.8
    @test level(0) ≈ [0, 0.5] atol = 0.03
    @test level(1) ≈ [0, 0.5] atol = 0.03
    x = 3 / 0.8
    @test level(2) ≈ [3, 0.5 + 4 * x^2 / (4 + x^2)] rtol = 0.05
    @test level(3) ≈ [3, 0] rtol = 0.05 atol = 1.0e-6
    @test occursin("twice", refusal(() -> screen(p; perturbations = [Perturbation(1 => 0, "x1" => 2)])))
    for perturbation in (crispra(1; production = 1.0), crispri(1; failing = 0.1))
        @test occursin("physical", refusal(() -> screen(p; perturbations = [perturbation], mode = :compatible)))
    end
    @test occursin("failing", refusal(() -> crispri(1; failing = 2))) &&
        occursin("efficiency", refusal(() -> crispri(1; efficiency = 2)))
end

@testset "genes outside the table act and keep their labels" begin
    p = problem(CHAIN; noise_scale = 0.2)
    settings = (perturbations = [knockout("x2"), knockout("x3")], seed = 3)
    s, full = screen(p; settings..., measured = ["x4", "x1", "x3"]), screen(p; settings...)
    @test s.names == ["x4", "x1", "x3"] && s.expression == full.expression[:, [4, 1, 3]]
    @test labels(s)[[1, 401, 1200]] == ["control", "x2", "x3"]
    @test !any(!iszero, interventions(s)[1:800, :]) && interventions(s)[801:end, 3] == ones(400)
    @test mean(s.expression[401:800, 3]) < 0.1 # x2 → x3
    @test size(screen(p; measured = [1], technology = "illumina").counts) == (400, 1)
    @test occursin("twice", refusal(() -> screen(p; measured = [1, 1]))) &&
        occursin("x9", refusal(() -> screen(p; measured = ["x9"])))
end

@testset "batches and depth" begin
    p = problem(zeros(UInt8, 30, 30); noise_scale = 0.1)
    counts_only = AviciSim.TechnicalNoise(nothing, (log(3000), 0.0), nothing, true)
    s = screen(p; technology = counts_only, batches = BatchEffects(3; expression = 0.4, depth = 0.5), perturbations = [knockout(1)])
    @test sort(unique(s.batches)) == [1, 2, 3] && abs(count(==(2), s.batches) - 800 / 3) < 60
    total = [mean(sum(s.counts[s.batches .== b, :]; dims = 2)) for b in 1:3]
    @test std(log.(total)) > 0.1
    # Cells of one batch share their total; a gene has the same factor in all cells of a batch, wild type or not.
    @test all(std(log.(sum(s.counts[s.batches .== b, :]; dims = 2))) < 0.03 for b in 1:3)
    ratio(rows) = vec(
        mean(s.counts[rows .& (s.batches .== 1), 2:end]; dims = 1) ./ mean(s.counts[rows .& (s.batches .== 2), 2:end]; dims = 1),
    )
    wild = s.conditions .== 0
    @test cor(log.(ratio(wild)), log.(ratio(.!wild))) > 0.95
    @test std(log.(ratio(wild))) ≈ 0.4 * √2 rtol = 0.35
    @test s.expression == screen(p; perturbations = [knockout(1)]).expression
    deep = screen(
        p;
        technology = counts_only,
        batches = BatchEffects(1; conditions = 1.0),
        perturbations = [knockout(k) for k in 2:9],
    )
    totals = [mean(sum(deep.counts[deep.conditions .== k, :]; dims = 2)) for k in 0:8]
    @test std(log.(totals)) ≈ 1 rtol = 0.6
    for depth in (500, 50_000)
        x = screen(p; technology = profile("10x-chromium-1"; depth = depth, dropout = false, outlier = false)).counts
        @test median(vec(sum(x; dims = 2))) ≈ depth rtol = 0.1
    end
    @test occursin("technology", refusal(() -> screen(p; batches = BatchEffects(2))))
    @test occursin("depth", refusal(() -> profile("illumina"; depth = 0))) && occursin("batch", refusal(() -> BatchEffects(0)))
    @test [AviciSim.PROFILES["sergio-ds$k"] for k in 3:8] ==
        profile.(["illumina", "10x-chromium-1", "10x-chromium-2", "10x-chromium-3", "drop-seq", "smart-seq"])
end

@testset "hidden programmes move the genes that they should" begin
    p = problem(zeros(UInt8, 20, 20); noise_scale = 0.05)
    for cyclic in (true, false)
        s = screen(p; programmes = [Programme(share = 0.5, strength = 0.5, cyclic = cyclic)], burn_in = 20)
        score = s.programmes[:, 1]
        features = cyclic ? [cos.(2π .* score) sin.(2π .* score)] : [score score.^2]
        design = [ones(400) features]
        explained = [1 - var(y - design * (design \ y)) / var(y) for y in eachcol(log.(s.expression))]
        @test count(>(0.5), explained) >= 8 && count(<(0.1), explained) == 10 # ten genes are moved, some of them a little
        cyclic && @test all(0 .< score .< 1)
    end
    @test size(screen(p).programmes) == (400, 0)
    @test occursin("share", refusal(() -> Programme(share = 2)))
end

@testset "fewer cells where growth is slow" begin
    p = problem(CHAIN)
    s = screen(p; perturbations = [knockout(1), knockout(2)], cells_each = [30, 7])
    @test [count(==(k), s.conditions) for k in 0:2] == [400, 30, 7]
    @test occursin("each of the 2", refusal(() -> screen(p; perturbations = [knockout(1), knockout(2)], cells_each = [3])))
end

"A domain of unregulated or given genes, with other interventions or measurements."
function screen_domain(f, mechanism, intervention, measurement = "umi = true")
    with_domain(
        "grn-physical",
        "noise_scale = [0.9, 1.0, 1.1]" => "noise_scale = 0.05\ndt = 0.05\n$mechanism",
        "cell_types = 5" => "cell_types = 1\n[[intervention]]\n$intervention\n[[measurement]]\n$measurement",
    ) do path
        f(load_domain(path))
    end
end

@testset "screens of a domain file" begin
    none = zeros(Int, 8, 8)
    screen_domain("", "model = \"crispri\"\ntargets = 1.0\nefficiency = 1.0\nfailing = 0.3") do domain
        data = simulate(domain; n_obs = 10, n_int = 800, graph = none)
        labelled, worked = data.interventions .== 1, data.true_interventions .== 1
        @test all(sum(labelled[11:end, :]; dims = 2) .== 1) && all(worked .<= labelled)
        @test sum(worked) / 800 ≈ 0.7 atol = 0.06
        @test (data.expression .== 0) == worked
    end
    screen_domain("", "model = \"crispra\"\ntargets = 1.0\nproduction = 9.0") do domain
        data = simulate(domain; n_obs = 10, n_int = 80, graph = none)
        @test minimum(data.expression[data.interventions .== 1]) > 9 && data.true_interventions === nothing
    end
    screen_domain("", "model = \"knockout\"\ntargets = 1.0\ngrowth = { uniform = [0.02, 1.0] }") do domain
        rows = vec(sum(Int, simulate(domain; n_obs = 0, n_int = 2000, graph = zeros(Int, 20, 20)).interventions; dims = 1))
        @test sum(rows) == 2000 && minimum(rows) < 60 && maximum(rows) > 120
    end
    screen_domain(
        "",
        "model = \"knockout\"\ntargets = 1.0\nunmeasured = 0.5",
        "umi = true\nbatches = 3\nlibrary = [0.0, 0.1]\ndepth_per_gene = 40.0",
    ) do domain
        data = simulate(domain; d = 10, n_obs = 30, n_int = 150, seed = 2)
        @test size(data.x) == (180, 10) && length(data.drawn["unmeasured"]) == 5
        outside = [label in data.drawn["unmeasured"] for label in data.drawn["labels"]]
        @test count(outside) == 50 && !any(!iszero, data.interventions[outside, :])
        @test all(data.drawn["labels"][r] == data.names[findfirst(==(1), data.interventions[r, :])] for r in 31:180 if !outside[r])
        @test sort(unique(data.batch)) == [1, 2, 3]
        @test median(vec(sum(data.x; dims = 2))) ≈ 400 rtol = 0.35
        @test all(iszero, data.signs[data.graph .== 0]) && data.confounded == permutedims(data.confounded)
        batch = simulate_batch(domain, 2; d = 10, n_obs = 30, n_int = 20, seed = 2, truth = true)
        @test batch.confounded[:, :, 2] == simulate(domain; d = 10, n_obs = 30, n_int = 20, seed = 2, index = 1).confounded
    end
    for (intervention, reason) in (
            "model = \"crispri\"\ntargets = 1.0\nefficiency = 1.5" => "efficiency",
            "model = \"crispra\"\ntargets = 1.0" => "production",
            "model = \"knockout\"\ntargets = 1.0\nfailing = -1.0" => "failing",
        )
        @test occursin(reason, refusal(() -> screen_domain(identity, "", intervention)))
    end
    @test occursin("logic", refusal(() -> screen_domain(identity, "logic = \"xor\"", "model = \"knockout\"\ntargets = 1.0")))
    @test occursin(
        "both",
        refusal(() -> screen_domain(identity, "", "model = \"knockout\"\ntargets = 1.0", "depth = 3\ndepth_per_gene = 3")),
    )
    with_domain("grn-paper", "hill = [1.9, 2.0, 2.1]" => "hill = 2.0\nleak = 0.1") do path
        @test occursin("leak: needs the mode", refusal(() -> load_domain(path)))
    end
    with_domain("grn-paper", "model = \"knockout\"" => "model = \"crispra\"\nproduction = 2.0") do path
        @test occursin("physical", refusal(() -> load_domain(path)))
    end
end

@testset "what is left of a graph when genes are outside the table" begin
    # a → h → b, h → c, a → b too in the second; h is outside.
    network = Network(["a", "b", "c", "h"], [(1, 4), (4, 2), (4, 3)], [1, -1, 1])
    truth = (signs = Int8[0 0 0; 0 0 0; 0 0 0], strengths = zeros(Float32, 3, 3))
    left, known = AviciSim.marginal(network, 3, truth)
    @test adjacency(left) == [0 1 1; 0 0 0; 0 0 0] && all(iszero, left.signs)
    @test known.confounded == [0 0 0; 0 0 1; 0 1 0] && isnan(known.strengths[1, 2])
    # through two genes outside
    long = Network(["a", "b", "h", "i"], [(1, 3), (3, 4), (4, 2)], [1, 1, 1])
    left, known = AviciSim.marginal(long, 2, (signs = zeros(Int8, 2, 2), strengths = zeros(Float32, 2, 2)))
    @test adjacency(left) == [0 1; 0 0] && all(iszero, known.confounded)
end
