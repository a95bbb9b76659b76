# The families of mechanisms: closed forms, and properties that define them.

using AviciSim: CURVES, MECHANISMS, Stream, evaluate!

"A mechanism as a domain file names it."
mechanism(model; entries...) = AviciSim.read_mechanism(
    Dict{String, Any}("model" => model, (string(k) => v for (k, v) in entries)...),
    "test",
)

"The function that a mechanism draws with a seed, at given causes."
values_of(m, causes, seed = 1) = evaluate!(zeros(Float32, size(causes, 1)), m, Float32.(causes), Stream(seed, 0))

const GRID = Float32.(range(-4, 4; length = 401))
const PAIRS = Float32[(GRID)'; reverse(GRID)'.^2 ./ 8]' # two causes that are not lines of each other

@testset "curves" begin
    exact = Dict(
        :tanh => tanh,
        :sigmoid => x -> 1 / (1 + exp(-x)),
        :softsign => x -> x / (1 + abs(x)),
        :relu => x -> max(x, 0),
        :leaky_relu => x -> max(x, x / 4),
        :elu => x -> x > 0 ? x : exp(x) - 1,
        :softplus => x -> log(1 + exp(x)),
        :sine => sin,
        :cosine => cos,
        :bump => x -> exp(-x^2 / 2),
        :square => abs2,
        :linear => identity,
    )
    @test sort(collect(keys(exact))) == sort(Symbol.(collect(CURVES)))
    for (name, f) in exact
        found = AviciSim.add_curve!(zeros(Float32, 401), 2.0f0, name, GRID)
        @test maximum(abs, found .- 2 .* f.(Float64.(GRID))) < 2.0e-5
    end
    @test AviciSim.portable_tanh(1.0f30) == 1 && AviciSim.portable_tanh(-1.0f30) == -1
end

@testset "polynomials" begin
    a, b = PAIRS[:, 1], PAIRS[:, 2]
    @test values_of(mechanism("polynomial"; degree = 3, coefficient = 0.5), PAIRS) ≈ 0.5 .* (a .+ a.^2 .+ a.^3 .+ b .+ b.^2 .+ b.^3)
    @test values_of(mechanism("polynomial"; degree = 2, coefficient = -0.5, cross = 1), PAIRS) ≈
        -0.5 .* (a .+ a.^2 .+ b .+ b.^2 .+ a .* b)
    held = values_of(mechanism("polynomial"; degree = 2, coefficient = 1, bound = 1.5), PAIRS)
    @test held ≈ clamp.(a .+ a.^2, -1.5, 1.5) .+ clamp.(b .+ b.^2, -1.5, 1.5)
    many = randn_matrix(20, 300)
    m = mechanism("polynomial"; degree = 1, coefficient = 1, cross = 1)
    products = (values_of(m, many) .- vec(sum(many; dims = 2)))
    @test 0 < std(products) < 2 * sqrt(4 * 300) # about four products for each cause, not 150
end

@testset "products" begin
    a, b = PAIRS[:, 1], PAIRS[:, 2]
    m = mechanism("product"; offset = 0.5)
    @test values_of(m, PAIRS) ≈ (0.5f0 .+ a) .* (0.5f0 .+ b) || values_of(m, PAIRS) ≈ -(0.5f0 .+ a) .* (0.5f0 .+ b)
    @test length(unique(sign(values_of(m, PAIRS, s)[end]) for s in 1:20)) == 2
    alone = values_of(mechanism("product"; offset = 0.5, together = 1), PAIRS)
    @test any(alone ≈ s .* (0.5f0 .+ a) .+ t .* (0.5f0 .+ b) for s in (-1, 1), t in (-1, 1))
end

@testset "sigmoids" begin
    s = Dict("tanh" => tanh, "softsign" => x -> x / (1 + abs(x)), "sigmoid" => x -> 1 / (1 + exp(-x)))
    for (name, f) in s
        m = mechanism("sigmoids"; curve = name, weight = 1.5, slope = -2, threshold = 0.5)
        @test values_of(m, PAIRS) ≈ 1.5 .* vec(sum(f.(-2 .* (Float64.(PAIRS) .- 0.5)); dims = 2)) rtol = 1.0e-5
    end
    m = mechanism("sigmoids"; shared = 1)
    swapped = PAIRS[:, [2, 1]]
    @test values_of(m, PAIRS) ≈ values_of(m, swapped) # the same function of every cause
    @test !(values_of(mechanism("sigmoids"), PAIRS) ≈ values_of(mechanism("sigmoids"), swapped))
end

@testset "sums of functions of one cause each: $name" for (name, options) in (
        ("additive", (length_scale = 1.0,)),
        ("sigmoids", ()),
        ("piecewise", (pieces = 4,)),
        ("steps", (steps = 3,)),
        ("polynomial", (degree = 3,)),
    )
    m = mechanism(name; options...)
    at(x, y) = values_of(m, Float32[x y], 3)[1]
    for (x, y, u, v) in ((0.3, -0.7, 1.9, 2.2), (-2.1, 0.4, 0.9, -1.3))
        @test at(x, y) + at(u, v) ≈ at(x, v) + at(u, y) atol = 1.0e-4
    end
end

@testset "additive smooth functions have the squared exponential covariance" begin
    m = mechanism("additive"; length_scale = 1.5, features = 50)
    points = reshape(Float32[0, 1, 3], 3, 1)
    draws = [values_of(m, points, s) for s in 1:4000]
    for (i, j) in ((1, 1), (1, 2), (2, 3), (1, 3))
        expected = exp(-(points[i] - points[j])^2 / (2 * 1.5^2))
        @test mean(f[i] * f[j] for f in draws) ≈ expected atol = 0.07
    end
end

@testset "multiple-index models" begin
    z = randn_matrix(300, 3)
    design = [ones(300) z]
    y = values_of(mechanism("multiple-index"; curve = "linear", indices = 1, gain = 2.5), z)
    slopes = (design \ y)[2:4]
    @test norm(slopes) ≈ 2.5 rtol = 1.0e-4
    @test minimum(abs, slopes) > 2.5 * 0.5 / sqrt(0.5^2 + 2 * 2.0^2) - 1.0e-4 # every cause counts
    y = values_of(mechanism("multiple-index"; curve = "tanh", indices = 1, gain = 0.5), z, 2)
    inner = atanh.(Float64.(y))
    @test inner ≈ design * (design \ inner) atol = 1.0e-3 # a function of one projection
    two = values_of(mechanism("multiple-index"; curve = "square", indices = 2, gain = 1), z, 3)
    quadratic = [design z.^2 z[:, 1] .* z[:, 2] z[:, 1] .* z[:, 3] z[:, 2] .* z[:, 3]]
    @test two ≈ quadratic * (quadratic \ two) rtol = 1.0e-4
end

kinks(y; tolerance) = count(abs.(diff(diff(Float64.(y)))) .> tolerance)

@testset "perceptrons" begin
    z = randn_matrix(200, 2)
    design = [ones(200) z]
    y = values_of(mechanism("mlp"; activation = "linear", layers = 2), z)
    @test y ≈ design * (design \ y) rtol = 1.0e-3
    # With linear units the slope of a cause has the variance hidden · gain² / K, and the constant the variance hidden · gain².
    draws = [values_of(mechanism("mlp"; activation = "linear", hidden = 9, gain = 0.5), Float32[0 0; 1 0], s) for s in 1:3000]
    @test var(f[2] - f[1] for f in draws) ≈ 9 * 0.25 / 2 rtol = 0.12
    @test var(f[1] for f in draws) ≈ 9 * 0.25 rtol = 0.12
    line = reshape(GRID, :, 1)
    relu = values_of(mechanism("mlp"; activation = "relu", hidden = 6, gain = 1), line)
    @test 1 <= kinks(relu; tolerance = 1.0e-4) <= 2 * 6 # a kink lies between two points or on one
    deep = values_of(mechanism("mlp"; activation = "relu", hidden = 6, layers = 2), line)
    @test kinks(deep; tolerance = 1.0e-4) > 0 && !(deep ≈ relu)
    for name in CURVES, layers in 1:2
        @test all(isfinite, values_of(mechanism("mlp"; activation = name, layers = layers, gain = 5), 6 .* sign.(z)))
    end
    several = [values_of(mechanism("mlp"; activation = ["linear", "relu"], hidden = 1), line, s) for s in 1:30]
    @test 0 < count(f -> kinks(f; tolerance = 1.0e-4) == 0, several) < 30 # drawn per variable
end

@testset "pieces and steps" begin
    line = reshape(GRID, :, 1)
    for pieces in 1:4
        y = values_of(mechanism("piecewise"; pieces = pieces), line, 5)
        @test kinks(y; tolerance = 1.0e-5) <= 2 * (pieces - 1)
        @test maximum(abs.(diff(y))) < 0.02 * 5 # continuous: a slope of five standard deviations
    end
    y = values_of(mechanism("steps"; steps = 3, jump = 2), line)
    @test issubset(unique(y), [0, 2, 4, 6]) && issorted(y) && y[1] == 0 && y[end] == 6
    jumps = [GRID[findfirst(>(0), values_of(mechanism("steps"; steps = 1, jump = 1), line, s))] for s in 1:500]
    @test mean(jumps) ≈ 0 atol = 0.1
    @test std(jumps) ≈ 0.7 rtol = 0.1
end

@testset "a mechanism without causes is a constant: $name" for name in sort(collect(keys(MECHANISMS)))
    name in ("grn", "mixed", "linear", "rff", "threshold") && continue
    @test all(iszero, values_of(mechanism(name), zeros(Float32, 5, 0)) .- values_of(mechanism(name), zeros(Float32, 5, 0))[1])
end

@testset "no allocation per row: $name" for name in (
        "mlp",
        "polynomial",
        "additive",
        "sigmoids",
        "multiple-index",
        "product",
        "piecewise",
        "steps",
    )
    m = mechanism(name)
    allocated(n) = (
        y = zeros(Float32, n);
        z = randn_matrix(n, 3);
        evaluate!(y, m, z, Stream(1, 0));
        @allocated evaluate!(y, m, z, Stream(1, 0))
    )
    few = allocated(100)
    @test allocated(20_000) < few + 20_000 # bytes: less than a number for every fourth row
end

@testset "refusals" begin
    for (model, key, value, reason) in (
            ("mlp", "activation", "swish", "tanh"),
            ("mlp", "activation", Any[], "one or more"),
            ("mlp", "layers", 3, "at most 2"),
            ("mlp", "hidden", 1.5, "whole"),
            ("polynomial", "degree", 4, "at most 3"),
            ("polynomial", "cross", 1.5, "at most 1"),
            ("sigmoids", "curve", "relu", "softsign"),
            ("additive", "features", 0, "whole number from 1"),
            ("additive", "length_scale", 0, "above 0"),
            ("steps", "output_scale", -1, "at least 0"),
            ("piecewise", "slope", 1, "unknown key"),
            ("steps", "standardised", 2, "share in [0, 1]"),
            ("steps", "distortion", "cube", "saturation"),
            ("steps", "distorted", 0.5, "needs the key distortion"),
            ("mixed", "of", Any[Dict("model" => "mixture")], "mlp"),
            ("mixed", "of", Any[], "at least one"),
            ("mixed", "of", Any[Dict("model" => "polynomial", "degree" => 9)], "[[of]] 1: degree"),
        )
        message = refusal(() -> mechanism(model; (Symbol(key) => value,)...))
        @test occursin("test", message) && occursin(reason, message)
    end
end
