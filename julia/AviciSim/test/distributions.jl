using AviciSim: Parameter, Stream, check_keys, draw, lower, settle, upper

values_of(value; n = 2000) = (p = Parameter(value, "file"); rng = Stream(1, 0); [draw(settle(p, rng), rng) for _ in 1:n])

@testset "draws" begin
    @test all(values_of(2.5) .== 2.5)
    @test Set(values_of([1, 2.5])) == Set([1.0, 2.5])
    @test extrema(values_of(Dict("uniform" => [1, 3]))) |> x -> 1 <= x[1] < 1.02 && 2.98 < x[2] <= 3
    signed = values_of(Dict("signed_uniform" => [1.0, 3.0]))
    @test all(1 .<= abs.(signed) .<= 3) && abs(mean(signed .> 0) - 0.5) < 0.05
    @test mean(values_of(Dict("beta" => [1, 3]))) ≈ 0.25 atol = 0.02
    @test std(values_of(Dict("normal" => [1, 3]))) ≈ 3 atol = 0.2
    @test median(values_of(Dict("lognormal" => [1, 0.5]))) ≈ exp(1) atol = 0.1
    mixed = values_of([Dict("uniform" => [0, 1]), 7])
    @test abs(mean(mixed .== 7) - 0.5) < 0.05
end

@testset "a list is settled once" begin
    p, rng = Parameter([Dict("uniform" => [0, 1]), Dict("uniform" => [10, 11])], "file"), Stream(1, 0)
    settled = settle(p, rng)
    @test length(unique(draw(settled, rng) > 5 for _ in 1:50)) == 1
end

@testset "refusals name the place and the reason" begin
    for (value, reason) in (
            "one" => "expected",
            true => "expected",
            [] => "empty",
            Inf => "finite",
            Dict("gauss" => [0, 1]) => "gauss",
            Dict("uniform" => [3, 1]) => "swapped",
            Dict("uniform" => [1]) => "two numbers",
            Dict("beta" => [0, 1]) => "positive",
            Dict("normal" => [0, -1]) => "negative",
            Dict("uniform" => [0, 1], "beta" => [1, 1]) => "exactly one",
        )
        message = refusal(() -> Parameter(value, "file.toml: weight"))
        @test startswith(message, "file.toml: weight") && occursin(reason, message)
    end
    @test occursin("\"b\"", refusal(() -> check_keys(Dict("a" => 1, "b" => 2), "file", ("a",))))
    @test occursin("missing", refusal(() -> check_keys(Dict(), "file", ("a",))))
end

@testset "bounds" begin
    bounds(value) = (p = Parameter(value, "file"); (lower(p), upper(p)))
    @test bounds([1, Dict("uniform" => [2, 3])]) == (1, 3)
    @test bounds(Dict("signed_uniform" => [1, 2])) == (-2, 2) && bounds(Dict("beta" => [1, 1])) == (0, 1)
    @test bounds(Dict("normal" => [0, 1])) == (-Inf, Inf) && bounds(Dict("lognormal" => [0, 1])) == (0, Inf)
    @test Distribution(:uniform, 1, 3) == Parameter(Dict("uniform" => [1, 3]), "file").choices[1]
    @test occursin("swapped", refusal(() -> Distribution(:uniform, 3, 1)))
    @test sprint(show, MeasurementError(0.25)) == "MeasurementError(0.25, 1.0)" &&
        sprint(show, Parameter([1, 2], "")) == "[1.0, 2.0]"
end
