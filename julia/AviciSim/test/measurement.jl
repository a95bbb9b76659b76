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

@testset "each step" begin
    x = fill(2.0f0, 5000, 10)
    library = measure!(copy(x), Stream(1, 0), TechnicalNoise((0.0, 0.0, 0.0), (6.0, 0.3), (0.0, 50.0)))
    # Shape 0: half of the entries are dropped, whatever their value; the rest are Poisson of total / 10.
    totals = vec(sum(library; dims=2))
    @test mean(totals) ≈ exp(6 + 0.3^2 / 2) / 2 rtol = 0.02
    outliers = measure!(fill(2.0f0, 50, 4000), Stream(1, 0), TechnicalNoise((0.25, 5.0, 0.0), (9.0, 0.0), (0.0, 50.0)))
    @test mean(vec(maximum(outliers; dims=1)) .> mean(outliers)) ≈ 0.25 atol = 0.03
    sharp = measure!(repeat(Float32.(1:100)', 20), Stream(1, 0), TechnicalNoise((0.0, 0.0, 0.0), (12.0, 0.0), (1e3, 60.0)))
    @test all(sharp[:, 1:58] .== 0) && all(sharp[:, 63:end] .> 0)
end

@testset "special cases" begin
    @test all(measure!(zeros(Float32, 5, 5), Stream(1, 0), PROFILES["smart-seq"]) .== 0)
    x = rand(Float32, 3, 3)
    @test measure!(copy(x), Stream(1, 0), nothing) == x
    @test occursin("10x-chromium-1", refusal(() -> TechnicalNoise(Dict("profile" => "11x"), "file")))
end
