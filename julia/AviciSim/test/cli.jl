using AviciSim: main

"Exit status and output of the command line."
function shell(arguments...)
    return mktemp() do path, file
        status = redirect_stdout(() -> redirect_stderr(() -> main(collect(String, arguments)), file), file)
        flush(file)
        (status, read(path, String))
    end
end

@testset "command line" begin
    mktempdir() do folder
        out = joinpath(folder, "data")
        status, text = shell("simulate", "linear", "--d", "4", "--n-obs", "6", "--seed", "9", "--out", out)
        @test status == 0 && occursin(out, text)
        @test load_dataset(out).x == simulate("linear"; d=4, n_obs=6, seed=9).x
    end
    @test shell("domains")[1] == 0 && all(name -> occursin(name, shell("domains")[2]), list_domains())
    for arguments in (("--help",), ("-h",), ("help",), ("simulate", "--help"), ("simulate", "linear", "-h"))
        status, text = shell(arguments...)
        @test status == 0 && occursin("usage", text)
    end
    @test shell()[1] == 2 && shell("simulat")[1] == 2
    for (arguments, reason) in (
        ("simulate", "linear") => "--out", ("simulate", "linear", "--rows", "3") => "--rows",
        ("simulate", "linear", "--d", "x", "--out", "y") => "whole number", ("simulate", "linear", "--d") => "needs a value",
        ("simulate", "lin", "--out", "y") => "lin",
        ("simulate", "linear", "--n-obs", "2", "--out", joinpath(@__FILE__, "y")) => "cli.jl",
    )
        status, text = shell(arguments...)
        @test status == 1 && occursin(reason, text)
    end
end
