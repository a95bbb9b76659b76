# What an imperfection costs, as a share of the time that the same dataset takes without it: random Fourier features, 50 variables, 1000 rows,
# one thread. Imperfections that need more rows or variables are compared with a dataset that has as many.
#
#     julia --project=julia/AviciSim julia/AviciSim/bench/imperfections.jl [repeats]

using AviciSim
using AviciSim: ErdosRenyi, Parameter

const REPEATS = isempty(ARGS) ? 40 : parse(Int, ARGS[1])
const CLEAN = Domain("rff"; graph = ErdosRenyi(Parameter(2, "")))
const SIZE = (d = 50, n_obs = 500, n_int = 500)

median(values) = sort(values)[cld(end, 2)]

"Median time of both in ms, measured in turns after one run that is not counted; each the faster of two."
function side_by_side(clean, spoiled)
    times = ([], [])
    for k in 0:REPEATS, (f, found) in zip((clean, spoiled), times)
        t = minimum([1.0e3 * @elapsed(f(k)) for _ in 1:2])
        k == 0 || push!(found, t)
    end
    return median(times[1]), median(times[2]), median(times[2] .- times[1])
end

of(domain, size) = k -> simulate(domain; size..., seed = k)

println("imperfection                 clean ms  spoiled ms  cost / clean")
for (name, imperfection, size) in (
        ("measurement error", MeasurementError(0.25), SIZE),
        ("outliers", Outliers(; cells = 0.02, rows = 0.01), SIZE),
        ("rounding", Rounding(0.3), SIZE),
        ("detection limit", DetectionLimit(0.2), SIZE),
        ("levels, 2", Levels(2), SIZE),
        ("levels, 5", Levels(5), SIZE),
        ("counts", Counts(4), SIZE),
        ("batches", Batches(5; shift = 0.5, scale = 0.2), SIZE),
        ("missing, random", MissingValues(0.2), SIZE),
        ("missing, by value", MissingValues(0.2; pattern = "values"), SIZE),
        ("missing, blocks", MissingValues(0.2; pattern = "blocks"), SIZE),
        ("repeats", Repeats(5), (d = 50, n_obs = 100, n_int = 100)),
        ("selection", Selection(0.5), (d = 50, n_obs = 1000, n_int = 1000)),
        ("autocorrelation", Autocorrelation(0.9), SIZE),
        ("hidden causes", HiddenCauses(0.2), (d = 60, n_obs = 500, n_int = 500)),
        ("left out", LeftOut(0.2), (d = 60, n_obs = 500, n_int = 500)),
        ("intervention errors", InterventionErrors(; failing = 0.3, off_target = 0.2, unlabelled = 0.1), SIZE),
    )
    clean, spoiled, difference = side_by_side(of(CLEAN, size), of(Domain(CLEAN; imperfection = imperfection), SIZE))
    columns = (rpad(name, 28), lpad(round(clean; digits = 2), 8), lpad(round(spoiled; digits = 2), 11))
    println(columns..., lpad(round(difference / clean; digits = 3), 14))
end
