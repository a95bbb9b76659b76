using AviciSim: cos_turns, portable_exp, portable_log, sin_turns

@testset "$T" for (T, tolerance) in ((Float64, 5.0e-16), (Float32, 3.0e-7))
    positive = T.(exp.(range(-60, 60; length = 20_001)))
    @test maximum(abs.(portable_log.(positive) .- log.(positive)) ./ max.(1, abs.(log.(positive)))) < tolerance
    x = T.(range(-80, 80; length = 20_001))
    exact = exp.(big.(x))
    @test maximum(abs.(portable_exp.(x) .- exact) ./ exact) < 2 * tolerance
end

@testset "circle" begin
    t = Float32.(range(-3, 3; length = 30_001))
    @test maximum(abs.(cos_turns.(t) .- cos.(2π .* Float64.(t)))) < 2.0e-6
    @test maximum(abs.(sin_turns.(t) .- sin.(2π .* Float64.(t)))) < 2.0e-6
    @test all(abs.(cos_turns.(1.0f6 .* t)) .<= 1.000001f0)
end
