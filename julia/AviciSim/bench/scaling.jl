# How time grows with cells, genes and threads, and what a large experiment takes. Prints one line per measurement: its name, then median and
# quartiles of the time in ms (or GB, for memory). `benchmarks/simulators.py` runs it with one thread and with two.
#
#     julia --project=julia/AviciSim --threads=2 julia/AviciSim/bench/scaling.jl

using AviciSim
using AviciSim: ErdosRenyi, Parameter, Stream, sample_graph

function problem(genes, types)
    graph = sample_graph(Stream(1, 0), ErdosRenyi(Parameter(2, "")), genes)
    return GRNProblem(graph; basal = Distribution(:uniform, 1, 3), interaction = Distribution(:uniform, 1, 5), cell_types = types)
end

"The times of f(1), f(2), ... after one run that is not counted."
function report(f, name; repeats = 9)
    f(0)
    times = sort([1.0e3 * @elapsed(f(k)) for k in 1:repeats])
    println(join([name, round.(times[[cld(repeats, 2), cld(repeats, 4), cld(3repeats, 4)]]; digits = 3)...], " "))
end

# `cells` wild-type cells, and a tenth of them for each of ten knock-outs.
experiment(p, cells, mode) = k -> solve(
    p,
    EulerMaruyama(0.01);
    cells = cells,
    cells_each = cells ÷ 10,
    perturbations = [knockout(gene) for gene in 1:10],
    mode = mode,
    seed = k,
)

for mode in (:compatible, :physical)
    for cells in (600, 1200, 2400)
        report(experiment(problem(50, 5), cells, mode), "$mode-50-genes-$(2cells)-cells"; repeats = 25)
    end
    for genes in (100, 200)
        report(experiment(problem(genes, 5), 1200, mode), "$mode-$genes-genes-2400-cells"; repeats = mode === :physical ? 5 : 25)
    end
end
for name in ("grn", "grn-paper", "grn-physical", "rff", "linear")
    report(k -> simulate_batch(name, 100; d = 30, n_obs = 200, n_int = 200, seed = k), "100-datasets-$name"; repeats = 25)
end
ds2 = problem(400, 9) # as many genes, cell types and cells as the data set DS2 of SERGIO
for mode in (:compatible, :physical)
    report(k -> solve(ds2, EulerMaruyama(0.01); cells = 2700, mode = mode, seed = k), "$mode-DS2"; repeats = 3)
end
println("peak-memory ", round(Sys.maxrss() / 2^30; digits = 2))
