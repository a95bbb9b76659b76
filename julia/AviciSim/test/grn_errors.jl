# Interventions on genes that are not what the experiment's record says.

@testset "knock-outs that fail, hit another gene, or are not read" begin
    none, rows = zeros(Int, 12, 12), (n_obs = 20, n_int = 480, seed = 2)
    knockout_of(mode) = Domain(
        mode == "physical" ? "grn-physical" : "grn-paper";
        measurement = AviciSim.Assay(AviciSim.TechnicalNoise(nothing, nothing, nothing, true)),
    )
    for mode in ("physical", "compatible")
        screen(; errors...) = simulate(
            Domain(knockout_of(mode); imperfection = InterventionErrors(; errors...));
            graph = none,
            rows...,
        )
        clean = simulate(knockout_of(mode); graph = none, rows...)
        @test clean.true_interventions === nothing
        # Where something is done, a gene is silent; elsewhere it hardly ever is.
        agrees(data) = (
            done = data.true_interventions .== 1;
            all(iszero, data.expression[done]) && mean(iszero, data.expression[.!done]) < 0.05
        )
        for (errors, missed, extra, lost) in (
                ((failing = 0.25,), 0.25, 0.0, 0.0),
                ((ineffective = 0.4,), 0.4, 0.0, 0.0),
                ((off_target = 0.5,), 0.0, 0.5, 0.0),
                ((unlabelled = 0.3,), 0.0, 0.0, 0.3),
            )
            data = screen(; errors...)
            done, label, plan = data.true_interventions .== 1, data.interventions .== 1, clean.interventions .== 1
            @test agrees(data) && !any(done[1:20, :]) && !any(label[1:20, :])
            @test count(plan .& .!done) / 480 ≈ missed atol = (haskey(errors, :ineffective) ? 0.35 : 0.08)
            @test count(done .& .!plan) / 480 ≈ extra atol = 0.35
            @test count(plan .& .!label) / 480 ≈ lost atol = 0.08
            @test all(label .<= plan)
            @test data.drawn["imperfections"][1]["model"] == "intervention-errors"
        end
        # By target: all rows or none, and always the same second gene.
        useless, second = screen(; ineffective = 0.4), screen(; off_target = 0.5)
        targets = [j for j in 1:12 if any(!iszero, clean.interventions[:, j])]
        share = [mean(useless.true_interventions[useless.interventions[:, j] .== 1, j]) for j in targets]
        @test Set(share) == Set([0.0, 1.0])
        partners = [unique(eachrow(second.true_interventions[second.interventions[:, j] .== 1, :])) for j in targets]
        @test all(==(1), length.(partners)) && Set(sum.(first.(partners))) == Set([1, 2])
        @test screen(; failing = 0).interventions == clean.interventions
    end
end

@testset "in the domain of screens" begin
    shipped = [simulate("grn-screen"; d = 5, n_obs = 5, n_int = 40, index = k) for k in 0:14]
    with_errors = [data for data in shipped if haskey(data.drawn, "imperfections")]
    @test 0 < length(with_errors) < 15 && any(data -> data.true_interventions !== nothing, with_errors)
    @test occursin("measurement", refusal(() -> Domain("grn"; imperfection = MeasurementError(0.1))))
end
