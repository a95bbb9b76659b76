using AviciSim
using LinearAlgebra
using Statistics
using Test

const ROOT = dirname(@__DIR__)

# What every Julia release and processor must give.
const GOLDEN_UNIFORM = 0.6460219240544889
const GOLDEN_DATASETS = """
    grn 3f57fad4429486f5
    grn-ecoli 7fa01a7ad3ab79f5
    grn-paper 3f31f0be69b3f9f5
    grn-paper-ood 878fb7365c086575
    grn-paper-ood-graph 73d2c46b35d2b9f5
    grn-paper-ood-mechanism 33dd5e70d684f9f5
    grn-paper-ood-noise f04bd2a71e2c61b5
    grn-physical b6c01688e3f9f5
    grn-screen 1b27ee6fe3e779f5
    grn-yeast d6417f2116cdf9f5
    linear 53987215cc0f0954
    linear-ood b06ca93c7381c759
    linear-ood-graph e9629f4b5ac2f7dc
    linear-ood-mechanism ebddcfabc755293f
    linear-ood-noise cba5219ee4fde25
    linear-rff be3412c77a70a3f7
    rff 841389f4e396523
    rff-ood 6c00c03f7fdfd682
    rff-ood-graph 51e3852f2b1bb1c7
    rff-ood-mechanism b1047dd411833568
    rff-ood-noise bc5715d69146c606
    scm 9d6525893ed5b4c0
    scm-broad ef7542d1f682c8c6
    scm-standardised f1f84b436c838de9
    scm-world 3bf09a5dac5319a5
    """

const GOLDEN_GRAPHS = (
    "4c343861a17639c6",
    "bec0590bf58dd73",
    "997cad5b58adc5d2",
    "9cb6d0ebc4f6e940",
    "23f49fe75d2c67d3",
    "9c43227692f8254a",
    "ccc49b9cc2bc9815",
)

# A chain 1 → 2 → 3 → 4 with a second input 5 of gene 2.
const CHAIN = UInt8[0 1 0 0 0; 0 0 1 0 0; 0 0 0 1 0; 0 0 0 0 0; 0 1 0 0 0]
const ALONE = zeros(UInt8, 2, 2)

problem(graph; changes...) = GRNProblem(graph; merge((basal = 2.0, interaction = 4.0, sign_probability = 1.0), (; changes...))...)
cells(mode, graph, n; dt = 0.01, seed = 1, changes...) = solve(
    problem(graph; changes...),
    EulerMaruyama(dt);
    cells = n,
    mode = mode,
    seed = seed,
).expression

"Standard normal numbers, the same in every run."
randn_matrix(n, d; seed = 7) = AviciSim.fill_normal!(AviciSim.Stream(seed, 0, :test), zeros(Float32, n, d))

"The message of the ArgumentError that `f` throws."
function refusal(f)
    try
        f()
    catch failure
        failure isa ArgumentError && return failure.msg
        rethrow()
    end
    return "nothing was refused"
end

"A domain file with some of its text replaced, as a temporary file that `f` gets the path of."
function with_domain(f, name, changes...)
    text = read(joinpath(ROOT, "domains", "$name.toml"), String)
    for change in changes
        occursin(first(change), text) || error("$(first(change)) is not in $name.toml")
        text = replace(text, change)
    end
    return mktempdir() do folder
        path = joinpath(folder, "changed.toml")
        write(path, text)
        f(path)
    end
end

# `runtests.jl grn cli` runs only these files.
const FILES = Base.split(
    "elementary random distributions networks graphs scm mechanisms noise variants measurement grn grn_kinetics grn_screen grn_time " *
        "grn_mended grn_errors perturbations agreement domain simulate sortability imperfections feedback extend robust io cli package docs",
)

@testset "AviciSim" begin
    @testset "$file" for file in (isempty(ARGS) ? FILES : ARGS)
        include("$file.jl")
    end
end
