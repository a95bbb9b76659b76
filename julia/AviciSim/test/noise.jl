# Shapes of noise: mean, variance, and quantiles or moments that are known.

using AviciSim: DoIntervention, Parameter, Stream, read_noise, unit_noise!

sampled(shape, parameter = 0.0; n = 400_000, seed = 1) = unit_noise!(
    Vector{Float32}(undef, n),
    Val(shape),
    parameter,
    Stream(seed, 0),
)
skewness(x) = mean((x .- mean(x)).^3) / std(x)^3
excess(x) = mean((x .- mean(x)).^4) / std(x)^4 - 3

@testset "$shape $parameter" for (shape, parameter, skew, kurtosis) in (
        (:uniform, 0.0, 0, -1.2),
        (:exponential, 0.0, 2, 6),
        (:gumbel, 0.0, 1.1395, 2.4),
        (:gamma, 4.0, 1, 1.5),
        (:gamma, 0.6, 2 / sqrt(0.6), 10),
        (:chi2, 3.0, sqrt(8 / 3), 4),
        (:student, 9.0, 0, 6 / 5),
        (:lognormal, 0.4, (exp(0.16) + 2) * sqrt(exp(0.16) - 1), exp(0.64) + 2 * exp(0.48) + 3 * exp(0.32) - 6),
    )
    ε = Float64.(sampled(shape, parameter))
    @test all(isfinite, ε)
    @test mean(ε) ≈ 0 atol = 0.01
    @test std(ε) ≈ 1 rtol = 0.01
    @test skewness(ε) ≈ skew atol = 0.05 + 0.05 * abs(skew)
    @test excess(ε) ≈ kurtosis atol = 0.1 + 0.15 * abs(kurtosis)
end

@testset "quantiles" begin
    @test extrema(sampled(:uniform)) == (minimum(sampled(:uniform)), maximum(sampled(:uniform)))
    @test maximum(abs, sampled(:uniform)) <= sqrt(3) + 1.0e-5
    @test quantile(sampled(:exponential), [0.5, 0.9]) ≈ [log(2), log(10)] .- 1 atol = 0.02
    γ = 0.5772156649
    @test quantile(sampled(:gumbel), [0.5, 0.9]) ≈ (-log.(-log.([0.5, 0.9])) .- γ) .* (sqrt(6) / π) atol = 0.02
    # Student's t with 4 degrees of freedom has the 90 % quantile 1.5332 and the variance 2.
    @test quantile(sampled(:student, 4.0), 0.9) ≈ 1.5332 / sqrt(2) rtol = 0.02
    # A chi-squared variable with 2 degrees of freedom is exponential.
    @test quantile(sampled(:chi2, 2.0), [0.5, 0.9]) ≈ [log(2), log(10)] .- 1 atol = 0.02
    # chi-squared with 1 degree: quantiles are squares of the normal's.
    @test quantile(sampled(:chi2, 1.0), 0.9) ≈ (1.64485^2 - 1) / sqrt(2) rtol = 0.03
end

@testset "modes" begin
    for seed in 1:5
        ε = sampled(:bimodal, 8.0; n = 50_000, seed = seed)
        @test mean(ε) ≈ 0 atol = 0.03
        @test std(ε) ≈ 1 rtol = 0.02
        heights = [count(e -> low <= e < low + 0.1, ε) for low in -3:0.1:3]
        @test minimum(heights[5:end - 5]) < 0.05 * maximum(heights) # a gap between the two
        many = sampled(:multimodal, 8.0; n = 50_000, seed = seed)
        @test mean(many) ≈ 0 atol = 0.03
        @test std(many) ≈ 1 rtol = 0.02
    end
end

"Noise of roots, as a domain file names it: rows × variables."
function noise_of(model, n, d; entries...)
    x, mask = zeros(Float32, n, d), zeros(UInt8, n, d)
    noise = read_noise(Dict{String, Any}("model" => model, (string(k) => v for (k, v) in entries)...), "test")
    zero = AviciSim.LinearMechanism(Parameter(0.0, ""), Parameter(0.0, ""))
    AviciSim.simulate_scm!(x, mask, Stream(1, 0), zero, noise, DoIntervention(1.0, Parameter(0.0, "")), zeros(UInt8, d, d), n)
    return x
end

@testset "either skew, drawn per variable" begin
    for (model, expected) in (("exponential", 0.5), ("gumbel", 0.5), ("lognormal", 0.5), ("gamma", 0.5), ("chi2", 0.5))
        right = count(skewness(Float64.(column)) > 0 for column in eachcol(noise_of(model, 2000, 60; scale = 1.0)))
        @test 12 < right < 48
    end
    @test all(skewness(Float64.(c)) > 0 for c in eachcol(noise_of("exponential", 2000, 20; scale = 1.0, mirrored = 0)))
    @test all(skewness(Float64.(c)) < 0 for c in eachcol(noise_of("exponential", 2000, 20; scale = 1.0, mirrored = 1)))
end

@testset "scale" begin
    @test std(noise_of("gumbel", 50_000, 1; scale = 3.0)) ≈ 3 rtol = 0.03
    x = noise_of("uniform", 2000, 30; heteroscedastic = Dict("length_scale" => 1.0, "output_scale" => 2.0))
    @test length(unique(round.(vec(std(x; dims = 1)); digits = 2))) > 20 # a root's is a constant of its own
end

@testset "refusals" begin
    for (model, key, value, reason) in (
            ("student", "degrees_of_freedom", 2, "above 2"),
            ("gamma", "shape", 0, "above 0"),
            ("uniform", "mirrored", 2, "at most 1"),
            ("uniform", "sigma", 2, "unknown key"),
            ("uniform", "multiplicative", 1, "true or false"),
            ("uniform", "roots", 1, "table of a noise"),
            ("uniform", "roots", Dict("model" => "gaussian"), "roots: either scale"),
            ("uniform", "heteroscedastic", Dict("length_scale" => 1), "either scale"),
        )
        message = refusal(() -> read_noise(Dict{String, Any}("model" => model, "scale" => 1.0, key => value), "test"))
        @test occursin("test", message) && occursin(reason, message)
    end
end
