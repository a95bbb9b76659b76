# The compatible mode against a second implementation: one number at a time, written from the equations, with Julia's own random numbers.

using Random: MersenneTwister

"Cells of one run: cell type by cell type, gene by gene, step by step."
function reference_run(rng, problem, order, height, factor, cells)
    d, types = length(problem), size(problem.basal, 2)
    λ, q, γ, dt = Float64(problem.decay[1]), Float64(problem.noise_scale[1]), 1.9, 0.01
    paths, taken, half = Dict{Tuple{Int, Int}, Vector{Float64}}(), zeros(d, types, cells), zeros(d)
    times = [rand(rng, 1:15cells) for _ in 1:types, _ in 1:cells]
    act(i, x) = half[i] == 0 ? 0.0 : x^γ / (half[i]^γ + x^γ)
    function production(gene, type, level_of)
        regulators = problem.regulators[gene]
        isempty(regulators) && return factor[gene] * problem.basal[gene, type]
        total = 0.0
        for (i, k) in zip(regulators, problem.interaction[gene])
            a = act(i, level_of(i))
            total += k > 0 ? k * a : -k * (1 - a)
        end
        return factor[gene] * total
    end
    for gene in order
        steps = 15cells + 10height[gene]
        for type in 1:types
            x = production(gene, type, i -> mean(taken[i, type, :])) / λ
            path = Float64[]
            for t in 1:steps
                p = production(gene, type, i -> paths[(i, type)][t])
                x = max(0.0, x + (p - λ * x) * dt + q * sqrt(p) * sqrt(dt) * randn(rng) + q * sqrt(λ * x) * sqrt(dt) * randn(rng))
                push!(path, x)
            end
            paths[(gene, type)] = path
            taken[gene, type, :] = path[10height[gene] .+ times[type, :]]
        end
        half[gene] = mean(taken[gene, :, :])
    end
    return reshape(taken, d, :)' # cells × genes
end

@testset "compatible cells are those of a second implementation" begin
    # 1 → 2 → 4, 1 ⊣ 3, 3 → 4, 5 ⊣ 2: activation, repression, two regulators, three levels.
    network = Network(["a" => "b", "b" => "d", "a" => "c", "c" => "d", "e" => "b"]; signs = [1, 1, -1, 1, -1])
    p = GRNProblem(
        network;
        basal = [2.0 1.0; 0 0; 0 0; 0 0; 1.5 2.5],
        interaction = [4.0, 3.0, 5.0, 2.0, 3.0],
        noise_scale = 0.7,
        hill = 1.9,
    )
    @test p.names == ["a", "b", "d", "c", "e"]
    order, height = [1, 5, 2, 4, 3], AviciSim.heights(adjacency(p))
    @test height == [2, 1, 0, 1, 2]
    runs, cells = 600, 3
    for gene in (0, 1)
        # wild type, knock-out of a
        factor = Float64[k != gene for k in 1:5]
        perturbations = gene == 0 ? Perturbation[] : [knockout(gene)]
        ours = [
            solve(
                p,
                EulerMaruyama(0.01);
                cells = (gene == 0 ? 2cells : 0),
                cells_each = 2cells,
                perturbations = perturbations,
                mode = :compatible,
                seed = s,
            )
            for s in 1:runs
        ]
        theirs = [reference_run(MersenneTwister(s), p, order, height, factor, cells) for s in 1:runs]
        for type in 1:2
            # One cell of each run, since those of one run depend on each other.
            x = reduce(vcat, (r.expression[findfirst(==(type), r.cell_types):findfirst(==(type), r.cell_types), :] for r in ours))
            y = reduce(vcat, (r[(0:cells - 1) .* 2 .+ type, :][1:1, :] for r in theirs))
            for g in 1:5
                error = 4.5 * sqrt((var(x[:, g]) + var(y[:, g])) / runs)
                @test abs(mean(x[:, g]) - mean(y[:, g])) <= error
                g == gene && continue
                @test 0.75 < var(x[:, g]) / var(y[:, g]) < 1.33
                for quantity in (0.1, 0.5, 0.9)
                    level = quantile(y[:, g], quantity)
                    @test abs(mean(x[:, g] .< level) - quantity) < 0.085
                end
            end
            kept = [g for g in 1:5 if g != gene]
            @test maximum(abs.(cor(x[:, kept]) .- cor(y[:, kept]))) < 0.2
        end
    end
end
