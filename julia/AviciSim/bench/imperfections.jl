# What an imperfection costs, as a share of the time of a dataset without it: random Fourier features, 50 variables, 1000 rows, one thread, alone
# (with signs and strengths of its effects) and as one of a batch (without). One that needs more rows, variables or edges is compared with a dataset
# that has as many. Times are the processor's, so that other work on the machine counts little.
#
#     julia --project=julia/AviciSim julia/AviciSim/bench/imperfections.jl [repeats]

using AviciSim
using AviciSim: ErdosRenyi, Parameter

const REPEATS = isempty(ARGS) ? 40 : parse(Int, ARGS[1])
const SIZE = (d = 50, n_obs = 500, n_int = 500)
rff(edges_per_variable) = Domain("rff"; graph = ErdosRenyi(Parameter(edges_per_variable, "")))
const CLEAN = rff(2)

quantile(values, q) = sort(values)[clamp(ceil(Int, q * length(values)), 1, end)]

"Processor time in ms, the least of three runs."
function milliseconds(f)
    clock() = ccall(:clock, Clong, ()) / 1.0e3 # of C, in microseconds
    return minimum((start = clock(); f(); clock() - start) for _ in 1:3)
end

"Times of both in ms, measured in turns after a first run that is not counted."
function side_by_side(clean, spoiled)
    times = (Float64[], Float64[])
    for k in 0:REPEATS, (f, found) in zip((clean, spoiled), times)
        time = milliseconds(() -> f(k))
        k == 0 || push!(found, time)
    end
    return times
end

with(imperfection, domain = CLEAN) = Domain(domain; imperfection = imperfection)
noise(name) = Domain(CLEAN; noise = AviciSim.NOISES[name](Dict("scale" => 1.0), "bench"))

const NOISES = ("laplace", "exponential", "cauchy", "gamma", "bimodal", "student")

# Name, domain, and the same without the imperfection.
const IMPERFECTIONS = (
    ("measurement error", with(MeasurementError(0.25)), CLEAN, SIZE),
    ("outliers", with(Outliers(; cells = 0.02, rows = 0.01)), CLEAN, SIZE),
    ("rounding", with(Rounding(0.3)), CLEAN, SIZE),
    ("detection limit", with(DetectionLimit(0.2)), CLEAN, SIZE),
    ("levels, 2", with(Levels(2)), CLEAN, SIZE),
    ("levels, 5", with(Levels(5)), CLEAN, SIZE),
    ("counts", with(Counts(4)), CLEAN, SIZE),
    ("batches", with(Batches(5; shift = 0.5, scale = 0.2)), CLEAN, SIZE),
    ("missing, random", with(MissingValues(0.2)), CLEAN, SIZE),
    ("missing, by value", with(MissingValues(0.2; pattern = "values")), CLEAN, SIZE),
    ("missing, blocks", with(MissingValues(0.2; pattern = "blocks")), CLEAN, SIZE),
    ("repeats, of 200 rows", with(Repeats(5)), CLEAN, (d = 50, n_obs = 100, n_int = 100)),
    ("selection, of 2000 rows", with(Selection(0.5)), CLEAN, (d = 50, n_obs = 1000, n_int = 1000)),
    ("autocorrelation", with(Autocorrelation(0.9)), CLEAN, SIZE),
    ("hidden causes, 10", with(HiddenCauses(0.2)), rff(130 / 60), (d = 60, n_obs = 500, n_int = 500)),
    ("left out, 10", with(LeftOut(0.2)), CLEAN, (d = 60, n_obs = 500, n_int = 500)),
    ("intervention errors", with(InterventionErrors(; failing = 0.3, off_target = 0.2, unlabelled = 0.1)), CLEAN, SIZE),
    (("autocorrelation, $name", with(Autocorrelation(0.9), noise(name)), noise(name), SIZE) for name in NOISES)...
)

println("                                    alone                                   in a batch")
println("imperfection                   clean ms   ms   cost / clean (quartiles)   clean ms   ms   cost / clean (quartiles)")
for (name, spoiled, clean, size) in IMPERFECTIONS
    print(rpad(name, 30))
    for truth in (true, false)
        of(domain, size) = k -> simulate(domain; size..., seed = k, truth = truth)
        before, after = side_by_side(of(clean, size), of(spoiled, SIZE))
        middle = quantile(before, 0.5)
        cost = [round(quantile((after .- before) ./ middle, q); digits = 3) for q in (0.5, 0.25, 0.75)]
        print(lpad(round(middle; digits = 2), 8), lpad(round(quantile(after, 0.5); digits = 2), 7), "   ")
        print(rpad("$(cost[1]) ($(cost[2]) to $(cost[3]))", 27))
    end
    println()
end
