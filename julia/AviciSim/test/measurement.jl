using AviciSim: PROFILES, Stream, TechnicalNoise, measure!, quantile_of!

@testset "quantiles are NumPy's" begin
    @test quantile_of!(Float32[4, 1, 3, 2], 0.5) == 2.5
    @test quantile_of!(Float32[4, 1, 3, 2], 0.74) ≈ 3.22
    @test quantile_of!(Float32[5], 0.9) == 5
end

@testset "$name" for (name, noise) in PROFILES
    x = Float32[1 + (7k + 3g) % 11 for k in 1:400, g in 1:40]
    counts = measure!(copy(x), Stream(1, 0), noise)
    @test all(counts .>= 0) && all(counts .== floor.(counts))
    @test counts == measure!(copy(x), Stream(1, 0), noise) != measure!(copy(x), Stream(2, 0), noise)
    @test mean(counts .== 0) ≈ noise.dropout[2] / 100 atol = 0.17
end

@testset "each step alone" begin
    x = Float32[1 + (7k + 3g) % 11 for k in 1:400, g in 1:40]
    only(; steps...) = (none = (outlier = false, library = false, dropout = false, umi = false); merge(none, (; steps...)))
    noised(name; steps...) = measure!(copy(x), Stream(1, 0), profile(name; only(; steps...)...))
    @test noised("smart-seq") == x
    # One factor for all cells of an outlier gene.
    gained = measure!(copy(x), Stream(1, 0), TechnicalNoise((0.25, 5.0, 0.0), nothing, nothing, false)) ./ x
    @test all(column -> all(≈(column[1]), column), eachcol(gained))
    @test mean(gained[1, :] .> 2) ≈ 0.25 atol = 0.2
    totals = vec(sum(noised("illumina"; library = true); dims = 2))
    @test mean(log.(totals)) ≈ 7 atol = 0.1
    @test std(log.(totals)) ≈ 0.4 atol = 0.06
    # A value is kept with probability 1 / (1 + exp(-shape (y - y_q))), whatever the order of magnitude of the others.
    many = repeat(Float32.(1:100)', 4000)
    dropped = measure!(copy(many), Stream(1, 0), TechnicalNoise(nothing, nothing, (8.0, 60.0), false))
    middle = quantile(vec(log.(many .+ 1)), 0.6)
    kept = 1 ./ (1 .+ exp.(-8 .* (log.((1:100) .+ 1) .- middle)))
    @test maximum(abs.(vec(mean(dropped .> 0; dims = 1)) .- kept)) < 0.04
    @test all((dropped .== 0) .| (dropped .== many))
    counted = noised("drop-seq"; umi = true)
    @test all(counted .== round.(counted))
    @test mean(counted .- x) ≈ 0 atol = 0.1
    @test var(counted .- x) ≈ mean(x) rtol = 0.05 # Poisson
end

@testset "special cases" begin
    @test all(measure!(zeros(Float32, 5, 5), Stream(1, 0), PROFILES["smart-seq"]) .== 0)
    x = rand(Float32, 3, 3)
    @test measure!(copy(x), Stream(1, 0), nothing) == x
    @test measure!(zeros(Float32, 0, 4), Stream(1, 0), PROFILES["illumina"]) == zeros(Float32, 0, 4)
    huge = TechnicalNoise((1.0, 60.0, 0.0), nothing, nothing, true)
    @test occursin("2^24", refusal(() -> measure!(ones(Float32, 2, 2), Stream(1, 0), huge)))
    @test occursin("illumina", refusal(() -> profile("11x")))
    for (table, reason) in (
            Dict("outlier" => [0.1, 2]) => "3 numbers",
            Dict("library" => true) => "2 numbers",
            Dict("umi" => 1) => "true or false",
            Dict("dropout" => [8, 120]) => "percentile",
            Dict("outlier" => [2, 3, 1]) => "probability",
            Dict("droput" => 1) => "droput",
        )
        @test occursin(reason, refusal(() -> TechnicalNoise(table, "file")))
    end
    @test TechnicalNoise(Dict("profile" => "illumina", "dropout" => false), "file") == profile("illumina"; dropout = false)
    @test occursin("10x-chromium-1", refusal(() -> TechnicalNoise(Dict("profile" => "11x"), "file")))
end
