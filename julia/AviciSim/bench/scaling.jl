# How time grows with cells, genes and threads, and what a large experiment takes. One line of numbers per measurement:
#     julia --project=julia/AviciSim --threads=2 julia/AviciSim/bench/scaling.jl

using AviciSim
using AviciSim: ErdosRenyi, Parameter, Stream, sample_graph

function problem(genes, types)
    graph = sample_graph(Stream(1, 0), ErdosRenyi(Parameter(2, "")), genes)
    return GRNProblem(graph; basal = Distribution(:uniform, 1, 3), interaction = Distribution(:uniform, 1, 5), cell_types = types)
end

"Median and quartiles of the time of f(1), f(2), ... in ms."
function measure(f; repeats = 9)
    f(0)
    times = sort([1.0e3 * @elapsed(f(k)) for k in 1:repeats])
    return times[[cld(repeats, 2), cld(repeats, 4), cld(3repeats, 4)]]
end

report(name, times) = println(join([name, Threads.nthreads(), round.(times; digits = 3)...], " "))

cells(p, n; mode) = k -> solve(p, EulerMaruyama(0.01); cells = n, mode = mode, seed = k)

for mode in (:compatible, :physical)
    for n in (300, 600, 1200)
        report("$mode-30-genes-$n-cells", measure(cells(problem(30, 5), n; mode = mode)))
    end
    for genes in (50, 100, 200)
        report("$mode-$genes-genes-600-cells", measure(cells(problem(genes, 5), 600; mode = mode); repeats = 5))
    end
end
for name in ("grn-paper", "grn-physical", "rff", "linear")
    report("batch-of-40-$name", measure(k -> simulate_batch(name, 40; d = 30, n_obs = 200, n_int = 200, seed = k); repeats = 5))
end
large = problem(400, 9) # as many genes and cells as the data set DS2 of SERGIO
for mode in (:compatible, :physical)
    report("$mode-400-genes-2700-cells", measure(cells(large, 2700; mode = mode); repeats = 3))
    println("peak-memory-GB-after-$mode $(Threads.nthreads()) $(round(Sys.maxrss() / 2^30; digits = 2))")
end
