using AviciSim
using Statistics
using Test

const ROOT = dirname(@__DIR__)

# What every Julia release and processor must give.
const GOLDEN_UNIFORM = 0.6460219240544889
const GOLDEN_DATASETS = """
    grn d3612eca252379f5
    linear 53987215cc0f0954
    rff 841389f4e396523
    """

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

@testset "AviciSim" begin
    for file in ("elementary", "random", "distributions", "graphs", "scm", "measurement", "grn", "domain", "simulate", "io", "cli")
        @testset "$file" begin
            include("$file.jl")
        end
    end
end
