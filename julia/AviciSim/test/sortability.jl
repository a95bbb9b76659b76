# Var- and R²-sortability: cases that can be counted by hand, and models whose order is known.

using AviciSim: share_in_order

@testset "counted by hand" begin
    chain = UInt8[0 1 0; 0 0 1; 0 0 0] # paths: 1 → 2, 2 → 3 and, of length 2, 1 → 3
    @test share_in_order([1, 2, 3], chain) == 1
    @test share_in_order([3, 2, 1], chain) == 0
    @test share_in_order([2, 2, 2], chain) == 1 / 2
    @test share_in_order([1, 3, 2], chain) == 2 / 3
    triangle = UInt8[0 1 1; 0 0 1; 0 0 0] # 1 → 3 has paths of two lengths
    @test share_in_order([1, 3, 2], triangle) == 3 / 4
    @test isnan(share_in_order([1, 2], zeros(UInt8, 2, 2)))
end

@testset "known models" begin
    # x2 = x1 + noise, x3 = x2 + noise: variances 1, 2, 3; R² is 1/2, 3/4, 2/3.
    chain = UInt8[0 1 0; 0 0 1; 0 0 0]
    z = Float64.(randn_matrix(50_000, 3))
    x = cumsum(z; dims = 2)
    @test sortability(x, chain).variance == 1
    centred = x .- sum(x; dims = 1) ./ 50_000
    @test AviciSim.explained(centred) ≈ [1 / 2, 3 / 4, 2 / 3] atol = 0.02
    @test sortability(-3 .* x[:, 3:-1:1] .+ 7, UInt8[0 0 0; 1 0 0; 0 1 0]).variance == 1 # any order of the columns, any unit
    @test sortability(x ./ [1 10 100], chain).variance == 0
    @test AviciSim.explained([ones(5) [1, 2, 3, 4, 5] .- 3] .* [0 1])[1] == 0 # a constant
end

@testset "domains" begin
    values = [sortability(simulate("scm-standardised"; d = 15, n_obs = 400, n_int = 10, index = k)) for k in 1:40]
    @test all(v -> v.variance == 1 / 2, values)
    @test 0.4 < mean(v.r2 for v in values) < 0.6
    @test mean(sortability(simulate("linear"; d = 15, n_obs = 400, index = k)).variance for k in 1:10) > 0.9
    mktemp() do _, io
        AviciSim.print_sortability(io, ["linear"]; d = 5, n = 50, count = 4)
        seekstart(io)
        @test occursin(r"\| `linear` \| \d\.\d\d \| \d\.\d\d \|", read(io, String))
    end
end

@testset "refusals" begin
    @test occursin("cycle", refusal(() -> sortability(zeros(5, 2), [0 1; 1 0])))
    @test occursin("2 × 2", refusal(() -> sortability(zeros(5, 2), zeros(Int, 3, 3))))
    @test isnan(sortability(zeros(1, 2), [0 1; 0 0]).variance)
    @test isnan(sortability(randn_matrix(2, 3), UInt8[0 1 0; 0 0 1; 0 0 0]).r2)
end
