using AviciSim: Stream, beta, choose, fill_normal!, normal, permutation, poisson, randint, split, uniform

@testset "streams are functions of their names" begin
    take(rng) = [uniform(rng) for _ in 1:4]
    @test take(Stream(1, 2, :a)) == take(Stream(1, 2, :a))
    names = [(1, 2, :a), (2, 1, :a), (1, 2, :b), (1, 2), (1, 2, :a, 1), (-1, 2, :a)]
    @test length(unique([take(Stream(name...)) for name in names])) == length(names)
    parent = Stream(1, 2)
    child = take(split(parent, 7))
    uniform(parent)
    @test take(split(parent, 7)) == child != take(split(parent, 8))
    # Golden numbers: every release and processor must give these.
    @test uniform(Stream(1, 2, :golden)) == GOLDEN_UNIFORM
end

@testset "distributions" begin
    rng, n = Stream(3, 0), 200_000
    u = [uniform(rng) for _ in 1:n]
    @test 0 <= minimum(u) && maximum(u) < 1
    @test mean(u) ≈ 0.5 atol = 0.003
    @test var(u) ≈ 1 / 12 atol = 0.001
    @test cor(u[1:end - 1], u[2:end]) ≈ 0 atol = 0.01
    for x in ([normal(rng) for _ in 1:n], fill_normal!(rng, zeros(Float32, n + 1)))
        @test mean(x) ≈ 0 atol = 0.01
        @test var(x) ≈ 1 atol = 0.02
        @test mean(x.^3) ≈ 0 atol = 0.05
        @test mean(x.^4) ≈ 3 atol = 0.15
        @test mean(abs.(x) .< 1) ≈ 0.6827 atol = 0.005
    end
    for λ in (0.3, 4.0, 9.99, 10.01, 300.0)
        k = [poisson(rng, λ) for _ in 1:n]
        @test mean(k) ≈ λ rtol = 0.01
        @test var(k) ≈ λ rtol = 0.03
    end
    @test poisson(rng, 0.0) == 0
    @test all(occursin("$m", refusal(() -> poisson(rng, m))) for m in (-1.0, NaN, Inf))
    for (a, b) in ((0.2588, 0.2499), (0.5, 0.5), (1, 1), (3, 2))
        x = [beta(rng, a, b) for _ in 1:n]
        @test 0 <= minimum(x) && maximum(x) <= 1
        @test mean(x) ≈ a / (a + b) atol = 0.005
        @test var(x) ≈ a * b / ((a + b)^2 * (a + b + 1)) atol = 0.003
    end
end

@testset "many normal numbers at once" begin
    @test fill_normal!(Stream(5, 0), zeros(Float32, 7))[1:4] == fill_normal!(Stream(5, 0), zeros(Float32, 8))[1:4]
    matrix = zeros(Float32, 4, 2)
    @test vec(fill_normal!(Stream(5, 0), matrix)) == fill_normal!(Stream(5, 0), zeros(Float32, 8))
    rng = Stream(5, 0)
    first = fill_normal!(rng, zeros(Float32, 10))
    @test first != fill_normal!(rng, zeros(Float32, 10))
    @test (@allocated fill_normal!(rng, first)) == 0
end

@testset "choices" begin
    rng = Stream(4, 0)
    counts = zeros(Int, 5)
    foreach(_ -> counts[randint(rng, 5)] += 1, 1:50_000)
    @test all(abs.(counts .- 10_000) .< 500)
    @test_throws ArgumentError randint(rng, 0)
    @test Set(choose(rng, ["a", "b"]) for _ in 1:50) == Set(["a", "b"])
    orders = Dict{Vector{Int}, Int}()
    for _ in 1:6000
        order = permutation(rng, 3)
        orders[order] = get(orders, order, 0) + 1
    end
    @test length(orders) == 6 && all(abs.(values(orders) .- 1000) .< 200)
end
