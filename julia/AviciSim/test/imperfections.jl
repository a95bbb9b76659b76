# Every imperfection: that it does what it says, and leaves everything else as it was.

using AviciSim: Parameter, Stream, project

struct Doubled <: Imperfection end
AviciSim.apply!(table, ::Doubled, rng) = (table.x .*= 2; (factor = 2,))

const SIZE = (d = 12, n_obs = 1500, n_int = 300, seed = 3)
const CLEAN = simulate("rff"; SIZE...)
const SPREAD = vec(std(CLEAN.x; dims = 1, corrected = false))
with(imperfection; domain = "rff", size = SIZE) = simulate(Domain(domain; imperfection = imperfection); size...)
strengths(data) = only_one(data.drawn["imperfections"])
only_one(list) = (@test length(list) == 1; first(list))
same_but_x(data, clean = CLEAN) = data.graph == clean.graph &&
    data.interventions == clean.interventions &&
    data.true_interventions === nothing &&
    data.confounded === nothing

@testset "measurement error" begin
    data = with(MeasurementError(0.25))
    error = data.x .- CLEAN.x
    @test same_but_x(data)
    @test vec(std(error; dims = 1)) ≈ 0.5 .* SPREAD rtol = 0.06
    @test maximum(abs, mean(error; dims = 1) ./ SPREAD') < 0.05
    @test maximum(abs, [cor(error[:, i], CLEAN.x[:, j]) for i in 1:12, j in 1:12]) < 0.12
    @test strengths(data) == Dict("model" => "measurement-error", "variance" => 0.25, "variables" => 12)
    some = with(MeasurementError(1; variables = 0.5))
    changed = [some.x[:, j] != CLEAN.x[:, j] for j in 1:12]
    @test 0 < count(changed) == strengths(some)["variables"] < 12
    each = with(MeasurementError(Distribution(:uniform, 0, 1)))
    ratios = vec(var(each.x .- CLEAN.x; dims = 1)) ./ SPREAD.^2
    @test minimum(ratios) < 0.4 && maximum(ratios) > 0.6
    @test mean(ratios) ≈ strengths(each)["variance"] rtol = 0.05
end

@testset "outliers" begin
    data = with(Outliers(; cells = 0.02, size = 7))
    changed = data.x .!= CLEAN.x
    @test same_but_x(data)
    @test mean(changed) ≈ 0.02 rtol = 0.15
    @test strengths(data)["cells"] ≈ mean(changed) rtol = 0.001
    off = abs.((data.x .- CLEAN.x) ./ SPREAD')[changed]
    @test all(isapprox.(off, 7; rtol = 0.001)) && 0.4 < mean((data.x .> CLEAN.x)[changed]) < 0.6
    rows = with(Outliers(; rows = 0.05))
    changed = rows.x .!= CLEAN.x
    @test all(row -> all(row) || !any(row), eachrow(changed))
    @test mean(changed) ≈ 0.05 rtol = 0.3
    # Single huge values do not make the unit huge.
    heavy = Domain("linear"; noise = AviciSim.AdditiveNoise(:cauchy, Parameter(1.0, "")), imperfection = MeasurementError(1.0))
    clean = simulate(Domain(heavy; imperfection = []); SIZE...).x
    @test median(abs.(simulate(heavy; SIZE...).x[:, 1] .- clean[:, 1])) <
        3 * quantile(abs.(clean[:, 1] .- median(clean[:, 1])), 0.75)
end

@testset "rounding, limits, levels, counts" begin
    data = with(Rounding(0.5))
    @test same_but_x(data) && maximum(abs.(data.x .- CLEAN.x) ./ SPREAD') <= 0.2501
    @test all(length(unique(data.x[:, j])) < 60 for j in 1:12)
    for (side, low, high) in (("below", 0.2, 0.0), ("above", 0.0, 0.2), ("both", 0.1, 0.1))
        cut = with(DetectionLimit(0.2; side = side))
        @test same_but_x(cut)
        ties = [(mean(x .== minimum(x)), mean(x .== maximum(x))) for x in eachcol(cut.x)]
        @test mean(first.(ties)) ≈ low atol = 0.03
        @test mean(last.(ties)) ≈ high atol = 0.03
        inside = (cut.x .> minimum(cut.x; dims = 1)) .& (cut.x .< maximum(cut.x; dims = 1))
        @test cut.x[inside] == CLEAN.x[inside]
    end
    for levels in (2, 5)
        data = with(Levels(levels))
        @test same_but_x(data) && Set(data.x) == Set(0:levels - 1)
        for (y, x) in zip(eachcol(data.x), eachcol(CLEAN.x))
            @test issorted(y[sortperm(x)])
            @test all(level -> 0.3 / levels < mean(y .== level) < 1.9 / levels, 0:levels - 1)
        end
    end
    data = with(Counts(4; variables = 0.6))
    counted = [j for j in 1:12 if data.x[:, j] != CLEAN.x[:, j]]
    @test same_but_x(data) && length(counted) == strengths(data)["variables"] < 12
    for j in counted
        z = (CLEAN.x[:, j] .- mean(CLEAN.x[:, j])) ./ SPREAD[j]
        @test all(isinteger, data.x[:, j]) && mean(data.x[:, j] .== floor.(4 .* exp.(z))) > 0.99
    end
end

@testset "batches" begin
    many = merge(SIZE, (d = 30,))
    clean = simulate("rff"; many...).x
    data = with(Batches(3; shift = 0.5); size = many)
    @test same_but_x(data, simulate("rff"; many...)) && data.batch isa Vector{Int32} && sort(unique(data.batch)) == 1:3
    spread = vec(std(clean; dims = 1, corrected = false))
    shifts = [mean((data.x .- clean)[data.batch .== b, j]) / spread[j] for b in 1:3, j in 1:30]
    inside = [std((data.x .- clean)[data.batch .== b, j]) / spread[j] for b in 1:3, j in 1:30]
    @test maximum(inside) < 1.0e-4
    @test std(shifts) ≈ 0.5 rtol = 0.25
    scaled = with(Batches(2; scale = 0.3, labelled = 0); size = many)
    @test scaled.batch === nothing && !strengths(scaled)["labelled"]
    scaled = with(Batches(2; scale = 0.3); size = many)
    factors = [std(scaled.x[scaled.batch .== b, j]) / std(clean[scaled.batch .== b, j]) for b in 1:2, j in 1:30]
    @test std(log.(factors)) ≈ 0.3 rtol = 0.3
    share = count(
        k -> simulate(Domain("linear"; imperfection = Batches(2; shift = 1, labelled = 0.3)); d = 2, n_obs = 3, index = k).batch !==
            nothing,
        1:300,
    )
    @test 60 < share < 120
end

@testset "missing values" begin
    for pattern in ("random", "values", "blocks")
        data = with(MissingValues(0.2; pattern = pattern))
        gone = isnan.(data.x)
        @test same_but_x(data) && data.x[.!gone] == CLEAN.x[.!gone]
        @test mean(gone) ≈ 0.2 rtol = (pattern == "random" ? 0.06 : 0.1)
        @test strengths(data)["cells"] ≈ mean(gone) atol = 1.0e-4
        z = (CLEAN.x .- mean(CLEAN.x; dims = 1)) ./ SPREAD'
        moved = [abs(mean(z[gone[:, j], j])) for j in 1:12 if any(gone[:, j])]
        pattern == "values" ? (@test minimum(moved) > 0.7) : (@test median(moved) < 0.2)
        if pattern == "blocks"
            there = [gone[:, j] for j in 1:12 if any(gone[:, j])]
            @test all(==(there[1]), there) && count(!=(0), diff(there[1])) <= 2
        end
    end
    @test all(count(!isnan, column) >= 1 for column in eachcol(with(MissingValues(1)).x))
end

@testset "repeats" begin
    data = with(Repeats(5))
    @test data.graph == CLEAN.graph && size(data.x) == size(CLEAN.x)
    for rows in (1:1500, 1501:1800)
        copies = [count(==(row), eachrow(data.x[rows, :])) for row in unique(eachrow(data.x[rows, :]))]
        @test all(==(5), copies)
    end
    @test data.x[1501, :] == data.x[1561, :] && data.interventions[1501, :] == data.interventions[1561, :]
    @test size(with(Repeats(7); size = (d = 3, n_obs = 2, n_int = 0)).x) == (2, 3)
    gaps = with([Repeats(2), MissingValues(0.3)])
    @test isequal(gaps.x[1, :], gaps.x[751, :]) # repeated as they are in the table
end

@testset "selection" begin
    data = with(Selection(0.25; noise = 0))
    @test same_but_x(data)
    # Of one variable only the upper or the lower quarter is there.
    moved = (vec(mean(data.x[1:1500, :]; dims = 1)) .- vec(mean(CLEAN.x[1:1500, :]; dims = 1))) ./ SPREAD
    @test maximum(abs, moved) > 0.8
    j = argmax(abs.(moved))
    @test std(data.x[1:1500, j]) < 0.8 * std(CLEAN.x[1:1500, j])
    @test strengths(data)["kept"] ≈ 0.25 rtol = 0.02
    noisy = with(Selection(0.25; noise = 3))
    @test maximum(abs, (vec(mean(noisy.x[1:1500, :]; dims = 1)) .- vec(mean(CLEAN.x[1:1500, :]; dims = 1))) ./ SPREAD) < 0.7
end

@testset "autocorrelation" begin
    lag(x) = cor(x[1:end - 1], x[2:end])
    size = (d = 12, n_obs = 4000, seed = 3)
    for domain in (Domain("linear"), Domain("linear"; noise = AviciSim.AdditiveNoise(:laplace, Parameter(1.0, ""))))
        clean = simulate(domain; size...)
        data = simulate(Domain(domain; imperfection = Autocorrelation(0.9)); size...)
        roots = [j for j in 1:12 if !any(!iszero, clean.graph[:, j])]
        @test data.graph == clean.graph && !isempty(roots)
        for j in roots
            @test mean(data.x[:, j]) ≈ mean(clean.x[:, j]) atol = 0.35 * std(clean.x[:, j])
            @test lag(data.x[:, j]) ≈ 0.9 atol = 0.07
        end
        @test maximum(abs(lag(clean.x[:, j])) for j in roots) < 0.1
        # Effects are the same functions of their causes.
        for j in 1:12
            causes = findall(!iszero, clean.graph[:, j])
            isempty(causes) && continue
            of(x) = ([ones(4000) x[:, causes]] \ x[:, j])[2:end]
            @test of(data.x) ≈ of(clean.x) rtol = 0.15
        end
    end
    # Noise whose scale depends on the causes still does.
    scale = AviciSim.Heteroscedastic(AviciSim.RFFMechanism(Parameter(1.0, ""), Parameter(4.0, ""), Parameter(0.0, ""), 100))
    pair = (graph = [0 1; 0 0], n_obs = 20_000, seed = 1)
    domain = Domain("linear"; noise = AviciSim.AdditiveNoise(:gaussian, scale))
    clean, data = simulate(domain; pair...).x, simulate(Domain(domain; imperfection = Autocorrelation(0.6)); pair...).x
    bands(x) = [std(x[part, 2] .- x[part, 1:1] * (x[:, 1:1] \ x[:, 2])) for part in Iterators.partition(sortperm(x[:, 1]), 4000)]
    @test bands(data) ≈ bands(clean) rtol = 0.15
    @test with(Autocorrelation(0); domain = "linear").x == simulate("linear"; SIZE...).x
end

@testset "random numbers of rows that follow each other" begin
    n, ρ = 100_000, 0.9
    for length_ in (1, 2, 7, 16, 17, 1003), correlation in (0.9f0, 0.3f0, -0.5f0, 0.9999f0)
        fresh = randn_matrix(length_, 1)[:, 1]
        series, step = copy(fresh), sqrt(1 - Float64(correlation)^2)
        for r in 2:length_
            series[r] = correlation * series[r - 1] + step * fresh[r]
        end
        @test AviciSim.follow!(copy(fresh), correlation) ≈ series atol = 1.0e-3
    end
    @test all(z -> AviciSim.normal_probability(-z) + AviciSim.normal_probability(z) ≈ 1, 0.0f0:0.1f0:6.0f0)
    for (z, p) in ((-1.0f0, 0.15865525), (0.0f0, 0.5), (1.959964f0, 0.975), (-4.0f0, 3.1671242e-5))
        @test AviciSim.normal_probability(z) ≈ p rtol = 2.0e-6
    end
    @test 0 < AviciSim.normal_probability(-6.0f0) && AviciSim.normal_probability(6.0f0) < 1
    # Every noise keeps its distribution: shares below thresholds, whose standard error is 0.007 at most where rows follow each other so.
    lag_of_ranks(e) = cor(invperm(sortperm(e))[1:end - 1], invperm(sortperm(e))[2:end])
    for (name, least) in (
            ("gaussian", 0.87),
            ("laplace", 0.87),
            ("cauchy", 0.87),
            ("uniform", 0.87),
            ("exponential", 0.87),
            ("gumbel", 0.87),
            ("lognormal", 0.87),
            ("student", 0.8),
            ("gamma", 0.8),
            ("chi2", 0.8),
            ("bimodal", 0.6),
            ("multimodal", 0.6),
        )
        noise = AviciSim.settle(AviciSim.NOISES[name](Dict("scale" => 1.0), "test"), Stream(1, 1))
        noise_of(part) = AviciSim.draw_noise!(zeros(Float32, n), part, zeros(Float32, n, 0), Stream(1, 2))
        clean = noise_of(noise)
        series = noise_of(AviciSim.AutocorrelatedNoise(noise, ρ, Stream(1, 3)))
        @test all(q -> abs(mean(series .< quantile(clean, q)) - q) < 0.025, 0.05:0.05:0.95)
        @test least < lag_of_ranks(series) < 0.93 && abs(lag_of_ranks(clean)) < 0.02
    end
end

@testset "what a graph says of some of its variables" begin
    # 1 ← 4 → 2, 1 → 5 → 3: without 4 and 5, 1 → 3 and a common cause of 1 and 2.
    graph = zeros(UInt8, 5, 5)
    for (i, j) in ((4, 1), (4, 2), (1, 5), (5, 3))
        graph[i, j] = 1
    end
    directed, confounded = project(graph, [1, 2, 3])
    @test directed == [0 0 1; 0 0 0; 0 0 0] && confounded == [0 1 0; 1 0 0; 0 0 0]
    # A hidden cause of a hidden variable: 1 ← 5 ← 4 → 2 and 5 → 3, all pairs of 1, 2, 3.
    graph = zeros(UInt8, 5, 5)
    for (i, j) in ((4, 5), (4, 2), (5, 1), (5, 3))
        graph[i, j] = 1
    end
    for shown in ([1, 2, 3],)
        directed, confounded = project(graph, shown)
        @test all(iszero, directed) && confounded == [0 1 1; 1 0 1; 1 1 0]
    end
    # Against the definition, by paths, in random graphs.
    for seed in 1:20
        graph = AviciSim.sample_graph(Stream(seed, 0), AviciSim.ErdosRenyi(Parameter(2.0, "")), 9)
        shown = [1, 2, 3, 4, 5]
        reach = zeros(Bool, 9, 9) # paths whose inner variables are hidden
        walk(i, j) = (reach[i, j] = true; j > 5 && foreach(k -> graph[j, k] == 1 && !reach[i, k] && walk(i, k), 1:9))
        for i in 1:9, j in 1:9
            graph[i, j] == 1 && !reach[i, j] && walk(i, j)
        end
        directed, confounded = project(graph, shown)
        @test directed == reach[shown, shown]
        @test confounded == [i != j && any(h -> reach[h, i] && reach[h, j], 6:9) for i in shown, j in shown]
    end
end

@testset "hidden variables" begin
    gaussian = AviciSim.AdditiveNoise(:gaussian, Parameter(1.0, ""))
    unit = Domain("linear"; mechanism = AviciSim.LinearMechanism(Parameter(1.0, ""), Parameter(0.0, "")), noise = gaussian)
    size = (graph = zeros(Int, 6, 6), n_obs = 20_000, seed = 2)
    data = simulate(Domain(unit; imperfection = HiddenCauses(0.3; effects = 2)); size...)
    @test all(iszero, data.graph) && data.confounded == data.confounded' && !any(!iszero, [data.confounded[k, k] for k in 1:6])
    @test 2 <= sum(Int, data.confounded) <= 4 && strengths(data)["number"] == 2
    # Without other edges exactly the confounded are correlated.
    @test [i != j && abs(cor(data.x)[i, j]) > 0.2 for i in 1:6, j in 1:6] == data.confounded
    for which in ("any", "common-causes")
        left = simulate(Domain("linear"; imperfection = LeftOut(0.5; which = which)); SIZE...)
        @test Base.size(left.x) == (1800, 12) && Base.size(left.graph) == Base.size(left.confounded) == (12, 12)
        @test sort(vec(sum(Int, left.interventions; dims = 1))) == fill(25, 12) # only what is in the table is set
        @test strengths(left)["number"] == 6
        @test AviciSim.topological_order(left.graph) !== nothing
    end
    confounded(which) = sum(
        sum(Int, simulate(Domain("linear"; imperfection = LeftOut(0.2; which = which)); d = 10, n_obs = 1, index = k).confounded)
        for k in 1:60
    )
    @test confounded("common-causes") > 1.3 * confounded("any") > 0
    # A user's graph stays whole; hidden causes can stand beside it.
    chain = [0 1 0; 0 0 1; 0 0 0]
    whole = simulate(Domain("linear"; imperfection = LeftOut(0.5)); graph = chain, n_obs = 10)
    @test whole.graph == chain &&
        whole.x == simulate("linear"; graph = chain, n_obs = 10).x &&
        isempty(whole.drawn["imperfections"])
    @test simulate(Domain("linear"; imperfection = HiddenCauses(0.5)); graph = chain, n_obs = 10).graph == chain
end

@testset "interventions that are not what the record says" begin
    failing = with(InterventionErrors(; failing = 0.3); domain = "linear")
    clean = simulate("linear"; SIZE...)
    @test failing.interventions == clean.interventions && failing.graph == clean.graph
    @test failing.x[1:1500, :] == clean.x[1:1500, :]
    gone = (failing.interventions .== 1) .& (failing.true_interventions .== 0)
    @test sum(gone) / sum(failing.interventions) ≈ 0.3 atol = 0.09
    @test all(failing.true_interventions .<= failing.interventions)
    ineffective = with(InterventionErrors(; ineffective = 0.4); domain = "linear")
    per_target = [mean(ineffective.true_interventions[ineffective.interventions[:, j] .== 1, j]) for j in 1:12]
    @test Set(per_target) == Set([0.0, 1.0]) && strengths(ineffective)["ineffective"] == 0.4
    off = with(InterventionErrors(; off_target = 1); domain = "linear")
    @test all(sum(Int, off.true_interventions[1501:end, :]; dims = 2) .== 2) && all(off.true_interventions .>= off.interventions)
    for j in 1:12
        others = [findall(!iszero, row) for row in eachrow(off.true_interventions[off.interventions[:, j] .== 1, :])]
        @test all(==(others[1]), others) # the same one every time
    end
    unlabelled = with(InterventionErrors(; unlabelled = 0.5); domain = "linear")
    @test unlabelled.x == clean.x && unlabelled.true_interventions == clean.interventions
    @test mean(any(!iszero, row) for row in eachrow(unlabelled.interventions[1501:end, :])) ≈ 0.5 atol = 0.1
end

@testset "shares, groups and order" begin
    never = Domain("rff"; imperfection = [1.0e-9 => MeasurementError(1)])
    @test simulate(never; SIZE...).x == CLEAN.x && !haskey(simulate(never; SIZE...).drawn, "imperfections")
    models(domain, k) = [part["model"] for part in get(simulate(domain; d = 3, n_obs = 20, index = k).drawn, "imperfections", [])]
    mixed = Domain("linear"; imperfection = [0.3 => Rounding(0.1), 0.4 => Rounding(0.5), 0.5 => MeasurementError(0.1)])
    drawn = [models(mixed, k) for k in 1:400]
    @test maximum(count(==("rounding"), list) for list in drawn) == 1 # those of one model exclude each other
    @test mean("rounding" in list for list in drawn) ≈ 0.7 atol = 0.07
    @test mean("measurement-error" in list for list in drawn) ≈ 0.5 atol = 0.08
    @test mean(length(list) == 2 for list in drawn) ≈ 0.35 atol = 0.08
    # The order is that of the documentation, not of the list: levels stay levels.
    both = with([Levels(3), MeasurementError(0.5)])
    @test Set(both.x) == Set(0:2) && [part["model"] for part in both.drawn["imperfections"]] == ["measurement-error", "levels"]
    one = with(MeasurementError(0.5))
    @test with([MeasurementError(0.5), MissingValues(0.1)]).x[1:5] |> x -> all(isnan(a) || a == b for (a, b) in zip(x, one.x))
end

@testset "in a domain file" begin
    mktempdir() do folder
        path = joinpath(folder, "worse.toml")
        domain(text) = (write(path, "name = \"worse\"\nbase = \"linear\"\n" * text); load_domain(path))
        single = domain("[[imperfection]]\nmodel = \"measurement-error\"\nvariance = 0.25\n")
        @test simulate(single; SIZE...).x == with(MeasurementError(0.25); domain = "linear").x
        grouped = domain(
            """
        [[imperfection]]
        model = "levels"
        levels = [2, 3]
        share = 0.5
        group = "scale"
        [[imperfection]]
        model = "counts"
        mean = { uniform = [1.0, 5.0] }
        share = 0.5
        group = "scale"
        """,
        )
        @test all(length(simulate(grouped; d = 2, n_obs = 9, index = k).drawn["imperfections"]) == 1 for k in 1:30)
        for (text, reasons) in (
                "model = \"levels\"\nlevels = 1" => ("[[imperfection]] 1: levels", "at least 2"),
                "model = \"dirt\"" => ("model", "measurement-error"),
                "model = \"missing\"\ncells = 0.1\npattern = \"some\"" => ("pattern", "blocks"),
                "model = \"missing\"\ncells = 0.1\nshare = 1.5" => ("share", "(0, 1]"),
                "model = \"missing\"\ncells = 0.1\nshare = 0.6\n[[imperfection]]\nmodel = \"missing\"\ncells = 0.3\nshare = 0.6" => (
                    "share",
                    "above 1",
                ),
                "model = \"batches\"\nnumber = 2" => ("shift or scale",),
                "model = \"outliers\"\nsize = 3.0" => ("cells or rows",),
            )
            message = refusal(() -> domain("[[imperfection]]\n" * text))
            @test all(reason -> occursin(reason, message), (path, reasons...))
        end
    end
    @test occursin("side", refusal(() -> DetectionLimit(0.1; side = "left")))
    @test occursin("at most 1", refusal(() -> MissingValues(1.2)))
end

@testset "all together, at every size and on any number of threads" begin
    everything = Domain(
        "linear";
        imperfection = Any[
            0.5 => HiddenCauses(0.3),
            0.5 => LeftOut(0.3),
            0.5 => InterventionErrors(; failing = 0.2, off_target = 0.2, unlabelled = 0.2),
            0.5 => Autocorrelation(0.8),
            0.5 => Selection(0.5),
            0.5 => Batches(3; shift = 1, scale = 0.2, labelled = 0.5),
            0.5 => MeasurementError(0.3),
            0.5 => Outliers(; cells = 0.02, rows = 0.02),
            0.5 => Rounding(0.3),
            0.5 => DetectionLimit(0.2),
            0.3 => Levels(4; variables = 0.5),
            0.3 => Counts(3; variables = 0.5),
            0.5 => MissingValues(0.2),
            0.5 => Repeats(3),
        ],
    )
    for (k, (d, n_obs, n_int)) in enumerate((
            (1, 4, 0),
            (1, 0, 3),
            (2, 3, 2),
            (2, 0, 1),
            (3, 1, 7),
            (5, 0, 12),
            (6, 40, 30),
        )), seed in 1:12
        data = simulate(everything; d = d, n_obs = n_obs, n_int = n_int, seed = seed, index = k)
        @test size(data.x) == (n_obs + n_int, d) && !any(isinf, data.x)
        @test data.batch === nothing || length(data.batch) == n_obs + n_int
    end
    batch = simulate_batch(everything, 12; d = 4, n_obs = 20, n_int = 10, seed = 5, truth = true)
    for k in 1:12
        single = simulate(everything; d = 4, n_obs = 20, n_int = 10, seed = 5, index = k - 1)
        @test isequal(batch.x[:, :, k], single.x) && batch.graph[:, :, k] == single.graph
        @test batch.drawn[k] == single.drawn && batch.batch[:, k] == something(single.batch, zeros(30))
        @test batch.confounded[:, :, k] == something(single.confounded, zeros(4, 4))
    end
end

@testset "an imperfection of one's own" begin
    @test with(Doubled()).x == 2 .* CLEAN.x
    @test strengths(with(Doubled())) == Dict("model" => "Doubled", "factor" => 2)
end

@testset "interventions that leave a variable its causes" begin
    unit = Domain(
        "linear";
        mechanism = AviciSim.LinearMechanism(Parameter(1.0, ""), Parameter(2.0, "")),
        noise = AviciSim.AdditiveNoise(:gaussian, Parameter(1.0, "")),
    )
    pair = (graph = [0 1; 0 0], n_obs = 8000, n_int = 16000, seed = 1)
    soft(; options...) = simulate(Domain(unit; intervention = SoftIntervention(1.0; options...)); pair...)
    rows(data, j) = data.interventions[:, j] .== 1
    slope(x) = cov(x[:, 1], x[:, 2]) / var(x[:, 1])
    damped = soft(; factor = 0.25)
    @test damped.x[1:8000, :] == simulate(unit; pair...).x[1:8000, :] && sum(damped.interventions; dims = 1) == [8000 8000]
    @test slope(damped.x[1:8000, :]) ≈ 1 atol = 0.05
    @test slope(damped.x[rows(damped, 2), :]) ≈ 0.25 atol = 0.05
    @test slope(damped.x[rows(damped, 1), :]) ≈ 1 atol = 0.05
    @test mean(damped.x[rows(damped, 2), 2]) ≈ 4 atol = 0.05 # the mean stays
    shifted = soft(; shift = 2)
    @test mean(shifted.x[rows(shifted, 1), 1]) ≈ 2 + 2 atol = 0.06 # standard deviation 1
    @test mean(shifted.x[rows(shifted, 1), 2]) ≈ 4 + 2 atol = 0.08 # effects follow
    @test mean(shifted.x[rows(shifted, 2), 2]) ≈ 4 + 2 * sqrt(2) atol = 0.08
    @test slope(shifted.x[rows(shifted, 2), :]) ≈ 1 atol = 0.05
    @test std(shifted.x[rows(shifted, 2), 2]) ≈ sqrt(2) atol = 0.05
    mktempdir() do folder
        path = joinpath(folder, "soft.toml")
        write(
            path,
            "name = \"soft\"\nbase = \"linear\"\n[[intervention]]\nmodel = \"soft\"\ntargets = 0.5\nfactor = { uniform = [0.1, 0.6] }\n",
        )
        @test sum(simulate(path; d = 4, n_obs = 3, n_int = 8).interventions) == 8
        write(path, "name = \"soft\"\nbase = \"linear\"\n[[intervention]]\nmodel = \"soft\"\ntargets = 0.5\n")
        @test occursin("factor or shift", refusal(() -> load_domain(path)))
    end
end

@testset "signs and strengths of what is in the table" begin
    weights = Domain("linear"; mechanism = AviciSim.LinearMechanism(Parameter(-0.7, ""), Parameter(0.0, "")))
    clean = simulate(weights; SIZE...)
    @test clean.signs == -Int.(clean.graph) && clean.strengths ≈ 0.7 .* clean.graph
    @test simulate(weights; SIZE..., truth = false).signs === nothing
    data = simulate(Domain(weights; imperfection = [MeasurementError(0.1), LeftOut(0.5)]); SIZE...)
    direct = data.signs .!= 0
    @test all(data.graph[direct] .== 1) && data.strengths[direct] ≈ fill(0.7, sum(direct)) && all(data.signs[direct] .== -1)
    through = (data.graph .== 1) .& .!direct
    @test any(through) && all(isnan, data.strengths[through])
end
