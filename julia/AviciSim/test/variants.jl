# Scaled mechanisms within a graph, standardised models, distortions, noise inside, mixed families, and the effects of edges.

using AviciSim: DoIntervention, EdgeEffects, Parameter, Stream, read_mechanism, read_noise, simulate_scm!

table(model, entries) = Dict{String, Any}("model" => model, (string(k) => v for (k, v) in pairs(entries))...)
"A model with mechanism and noise as domain files name them."
function simulate_variant(graph, mechanism, noise, n_obs, n_int = 0; value = 7.0, seed = 1, effects = nothing)
    x = zeros(Float32, n_obs + n_int, size(graph, 1))
    mask = zeros(UInt8, size(x))
    parts = read_mechanism(table(mechanism...), "test"), read_noise(table(noise...), "test")
    do_ = DoIntervention(1.0, Parameter(value, ""))
    simulate_scm!(x, mask, Stream(seed, 0), parts..., do_, graph, n_obs; effects = effects)
    return x, mask
end

chain(d) = UInt8[i + 1 == j for i in 1:d, j in 1:d]
const SCALED = ["mlp", "polynomial", "additive", "sigmoids", "multiple-index", "product", "piecewise", "steps"]
const QUIET = ("gaussian", (scale = 0.0,))
const UNIT = ("gaussian", (scale = 1.0,))

@testset "values of a scaled mechanism have its scale: $name" for name in SCALED
    graph = UInt8[0 0 1; 0 0 1; 0 0 0]
    quiet = ("gaussian", (scale = 0.0, roots = Dict("model" => "gaussian", "scale" => 3.0)))
    x, _ = simulate_variant(graph, (name, (output_scale = 2.5, bias = -4.0)), quiet, 500, 30)
    @test mean(x[1:500, 3]) ≈ -4 atol = 1.0e-3
    @test std(x[1:500, 3]; corrected = false) ≈ 2.5 rtol = 1.0e-3
    @test std(x[1:500, 1]) ≈ 3 rtol = 0.1
end

@testset "the scale may grow with the number of causes" begin
    graph = UInt8[j == 10 && i < 10 for i in 1:10, j in 1:10]
    quiet = ("gaussian", (scale = 0.0, roots = Dict("model" => "gaussian", "scale" => 1.0)))
    x, _ = simulate_variant(graph, ("steps", (output_scale = 2.0, growth = 0.5)), quiet, 100)
    @test std(x[:, 10]; corrected = false) ≈ 2 * 3 rtol = 1.0e-3
end

@testset "the same function in interventional rows" begin
    # A polynomial of degree 1 is a line: in every row x2 = bias + slope · x1, as far as the limit of the arguments.
    quiet = ("gaussian", (scale = 0.0, roots = Dict("model" => "gaussian", "scale" => 2.0)))
    line = ("polynomial", (degree = 1, coefficient = 1.0, output_scale = 3.0, bias = 1.0))
    x, mask = simulate_variant(chain(2), line, quiet, 200, 20)
    design = [ones(200) x[1:200, 1]]
    constant, slope = design \ x[1:200, 2]
    @test slope ≈ 3 / std(x[1:200, 1]; corrected = false) rtol = 1.0e-3
    reached = findall(mask[:, 1] .== 1)
    @test x[reached, 2] ≈ fill(constant + slope * 7, 10) rtol = 1.0e-3
    far, mask = simulate_variant(chain(2), line, quiet, 200, 20; value = 1.0e6)
    reached = findall(mask[:, 1] .== 1)
    @test far[reached, 2] ≈ fill(constant + slope * (mean(x[1:200, 1]) + 6 * std(x[1:200, 1]; corrected = false)), 10) rtol = 1.0e-2
end

@testset "values do not grow along a deep graph: $name" for name in SCALED
    deep = UInt8[i < j <= i + 3 for i in 1:300, j in 1:300]
    x, _ = simulate_variant(deep, (name, NamedTuple()), ("student", (scale = 1.0, degrees_of_freedom = 2.5)), 60, 30)
    early, late = [median(vec(maximum(abs, x[1:60, part]; dims = 1))) for part in (4:50, 251:300)]
    @test late < 4 * early
    @test maximum(abs, x[1:60, :]) < 200
end

@testset "standardised: every variable has variance 1 and acts so" begin
    graph = AviciSim.sample_graph(Stream(4, 0), AviciSim.ErdosRenyi(Parameter(2, "")), 12)
    x, mask = simulate_variant(graph, ("linear", (weight = 2.0, bias = 5.0, standardised = true)), UNIT, 4000, 12)
    @test all(abs.(mean(x[1:4000, :]; dims = 1)) .< 1.0e-5)
    @test all(abs.(std(x[1:4000, :]; dims = 1, corrected = false) .- 1) .< 1.0e-4)
    @test all(x[mask .== 1] .== 7)
    # x1 → x2 with weight w and noise of variance 1 has the correlation w / √(w² + 1), all along a chain.
    x, _ = simulate_variant(chain(6), ("linear", (weight = 2.0, bias = 0.0, standardised = true)), UNIT, 20_000)
    @test all(abs(cor(x[:, j], x[:, j + 1]) - 2 / sqrt(5)) < 0.01 for j in 1:5)
    shares = [
        std(simulate_variant(chain(2), ("linear", (weight = 3.0, bias = 0.0, standardised = 0.5)), UNIT, 50; seed = s)[1][:, 2])
        for s in 1:60
    ]
    @test 15 < count(s -> isapprox(s, 1; atol = 0.02), shares) < 45
end

@testset "distortion $name" for name in AviciSim.DISTORTIONS
    t = Float32.(range(-3, 3; length = 1001))
    for seed in 1:20
        y = copy(t) .* 2 .+ 1
        distortion = AviciSim.Distortion([Symbol(name)], Parameter(1.0, ""))
        scalings = AviciSim.Scalings()
        AviciSim.distort!(y, distortion, Stream(seed, 0), 1:1001, scalings)
        @test issorted(y) && y[end] - y[1] > 3 # monotone
        @test mean(y) ≈ 1 atol = 1.0e-3
        @test std(y; corrected = false) ≈ 2 * std(t; corrected = false) rtol = 1.0e-3
        again = copy(t) .* 2 .+ 1
        AviciSim.distort!(again, distortion, Stream(seed, 0), 1:10, AviciSim.rewind!(scalings))
        @test again == y
    end
    straight = mean(1:20) do seed
        y = copy(t)
        AviciSim.distort!(y, AviciSim.Distortion([Symbol(name)], Parameter(1.0, "")), Stream(seed, 0), 1:1001, AviciSim.Scalings())
        cor(y, t)
    end
    @test 0.6 < straight < 0.995
end

@testset "a share of the variables is distorted, their own noise included" begin
    linear = (weight = 1.0, bias = 0.0)
    plain, _ = simulate_variant(zeros(UInt8, 400, 400), ("linear", linear), UNIT, 40)
    bent, _ = simulate_variant(zeros(UInt8, 400, 400), ("linear", merge(linear, (distortion = "exp", distorted = 0.3))), UNIT, 40)
    changed = count(j -> !(plain[:, j] ≈ bent[:, j]), 1:400)
    @test 80 < changed < 160
    @test all(j -> sortperm(plain[:, j]) == sortperm(bent[:, j]), 1:400)
end

@testset "mixed families and noises" begin
    of = Any[
        Dict("model" => "steps", "steps" => 1, "jump" => 1),
        Dict("model" => "linear", "weight" => 1, "bias" => 0, "share" => 3),
    ]
    roots = Dict("model" => "gaussian", "scale" => 1.0)
    star = UInt8[i == 1 && j > 1 for i in 1:201, j in 1:201]
    x, _ = simulate_variant(star, ("mixed", (of = of,)), ("gaussian", (scale = 0.0, roots = roots)), 50)
    steps = count(j -> length(unique(x[:, j])) <= 2, 2:201)
    @test 25 < steps < 80
    @test all(j -> length(unique(x[:, j])) <= 2 || x[:, j] == x[:, 1], 2:201)
    noises = Any[Dict("model" => "uniform", "scale" => 1.0), Dict("model" => "gaussian", "scale" => 0.0)]
    x, _ = simulate_variant(zeros(UInt8, 200, 200), ("linear", (weight = 1.0, bias = 0.0)), ("mixed", (of = noises,)), 30)
    @test 60 < count(j -> all(iszero, x[:, j]), 1:200) < 140
end

@testset "noise that multiplies, and roots of their own" begin
    noise = ("uniform", (scale = 0.2, multiplicative = true, roots = Dict("model" => "gaussian", "scale" => 1.0)))
    x, _ = simulate_variant(chain(2), ("linear", (weight = 3.0, bias = 0.0)), noise, 20_000)
    e = x[:, 2] ./ (3 .* x[:, 1]) .- 1
    @test mean(e) ≈ 0 atol = 0.01
    @test std(e) ≈ 0.2 rtol = 0.02
    @test maximum(abs, e) < 0.2 * sqrt(3) + 1.0e-3
    @test std(x[:, 1]) ≈ 1 rtol = 0.03
    @test maximum(abs, x[:, 1]) > 3
end

@testset "noise as a cause" begin
    # The variance of the effect depends on the cause, which no additive noise of one scale does.
    inside = ("product", (offset = 0.0, noise_inside = true, output_scale = 1.0))
    x, _ = simulate_variant(chain(2), inside, UNIT, 20_000)
    near, far = abs.(x[:, 1]) .< 0.3, abs.(x[:, 1]) .> 1.5
    @test std(x[far, 2]) > 4 * std(x[near, 2])
    @test std(x[:, 2]; corrected = false) ≈ 1 rtol = 1.0e-3
end

@testset "signs and strengths of edges" begin
    graph = AviciSim.sample_graph(Stream(4, 0), AviciSim.ErdosRenyi(Parameter(2, "")), 8)
    effects = EdgeEffects(8)
    noisy = ("laplace", (scale = 0.5,))
    x, _ = simulate_variant(graph, ("linear", (weight = -1.5, bias = 2.0)), noisy, 100, 20; effects = effects)
    @test x == simulate_variant(graph, ("linear", (weight = -1.5, bias = 2.0)), noisy, 100, 20)[1] # nothing else changes
    @test effects.signs == -1 .* graph
    @test effects.strengths ≈ 1.5 .* graph rtol = 1.0e-3
    found(mechanism; noise = UNIT) = (
        e = EdgeEffects(2);
        x = simulate_variant(chain(2), mechanism, noise, 3000, 100; effects = e)[1];
        (e.signs[1, 2], e.strengths[1, 2], x)
    )
    sign, strength, x = found(("polynomial", (degree = 1, coefficient = 1.0, output_scale = 3.0)))
    @test sign == 1
    @test strength ≈ 3 / std(x[1:3000, 1]) rtol = 0.01
    @test first(found(("multiple-index", (curve = "square", gain = 1.0, indices = 1)))) in (-1, 0, 1)
    even = ("polynomial", (degree = 2, coefficient = 1.0))
    sign, strength, _ = found(("product", (offset = 0.0, noise_inside = true)))
    @test sign == 0 && strength > 0.5
    up = ("sigmoids", (weight = 1.0, slope = 2.0, distortion = "quantile", standardised = true))
    down = ("sigmoids", (weight = -1.0, slope = 2.0, distortion = "quantile", standardised = true))
    @test first(found(up)) == 1 && first(found(down)) == -1
    # A standardised line with noise of variance 1: slope w / √(w² + 1).
    sign, strength, _ = found(("linear", (weight = -2.0, bias = 0.0, standardised = true)))
    @test sign == -1 && isapprox(strength, 2 / sqrt(5); rtol = 0.03)
    for name in SCALED
        effects = EdgeEffects(3)
        simulate_variant(UInt8[0 0 1; 0 0 1; 0 0 0], (name, NamedTuple()), UNIT, 200; effects = effects)
        @test all(effects.strengths[1:2, 3] .> 0) && all(iszero, effects.signs[3, :])
    end
end
