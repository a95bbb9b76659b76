using AviciSim: main

"Exit status and output of the command line."
function shell(arguments...)
    return mktemp() do path, file
        status = redirect_stdout(file) do
            redirect_stderr(file) do
                main(collect(String, arguments))
            end
        end
        flush(file)
        (status, read(path, String))
    end
end

@testset "command line" begin
    mktempdir() do folder
        out = joinpath(folder, "data")
        status, text = shell("simulate", "linear", "--d", "4", "--n-obs", "6", "--seed", "9", "--out", out)
        @test status == 0 && occursin(out, text)
        @test load_dataset(out).x == simulate("linear"; d = 4, n_obs = 6, seed = 9).x
    end
    mktempdir() do folder
        arguments = ("simulate", "--domain", "grn-ecoli", "--d", "6", "--n-obs", "5", "--n-int", "3", "--index", "2", "-n", "3")
        status, text = shell(arguments..., "--out", folder)
        @test status == 0 && occursin("3/3 datasets", text)
        @test sort(readdir(folder)) == ["dataset-000002", "dataset-000003", "dataset-000004"]
        data = load_dataset(joinpath(folder, "dataset-000003"))
        again = simulate("grn-ecoli"; d = 6, n_obs = 5, n_int = 3, index = 3)
        @test data.x == again.x && data.expression == again.expression && data.index == 3
        other = joinpath(folder, "other")
        program = joinpath(ROOT, "bin", "avicisim")
        @test success(`$(Base.julia_cmd()) --startup-file=no -p 2 $program $arguments --out $other`)
        @test load_dataset(joinpath(other, "dataset-000004")).x == load_dataset(joinpath(folder, "dataset-000004")).x
    end
    mktempdir() do folder
        network, out = joinpath(folder, "net.tsv"), joinpath(folder, "data")
        write(network, "crp\tlacZ\t+\nlacI\tlacZ\t-\n")
        @test shell("simulate", "grn-physical", "--network", network, "--n-obs", "4", "--out", out)[1] == 0
        data = load_dataset(out)
        @test data.names == ["crp", "lacZ", "lacI"] && data.graph == [0 1 0; 0 0 0; 0 1 0]
        @test data.x == simulate("grn-physical"; n_obs = 4, graph = network).x
        status, text = shell("simulate", "grn-physical", "--network", network, "--d", "4", "--n-obs", "4", "--out", out)
        @test status == 1 && occursin("4 × 4", text)
    end
    mktempdir() do folder
        out = joinpath(folder, "new", "table.csv")
        size = (d = 3, n_obs = 4, n_int = 2)
        @test shell("simulate", "--domain=linear", "--d=3", "--n-obs=4", "--n-int", "2", "--out=$out")[1] == 0
        data = simulate("linear"; size...)
        table = Base.split.(readlines(out), ',')
        @test table[1] == data.names && [parse(Float32, table[i + 1][j]) for i in 1:6, j in 1:3] == data.x
        @test readlines(joinpath(folder, "new", "table-interventions.csv"))[2] == "0,0,0"
        edges = readlines(joinpath(folder, "new", "table-graph.csv"))
        @test edges[1] == "cause,effect" && length(edges) == 1 + sum(Int, data.graph)
    end
    @test shell("--version") == (0, "avicisim $(AviciSim.VERSION_OF_PACKAGE)\n")
    @test shell("domains")[1] == 0 && all(name -> occursin(name, shell("domains")[2]), list_domains())
    for arguments in (("--help",), ("-h",), ("help",), ("simulate", "--help"), ("simulate", "linear", "-h"))
        status, text = shell(arguments...)
        @test status == 0 && occursin("usage", text)
    end
    @test shell()[1] == 2 && shell("simulat")[1] == 2
    for (arguments, reason) in (
            ("simulate", "linear") => "--out",
            ("simulate", "linear", "--rows", "3") => "--rows",
            ("simulate", "linear", "--rows=3") => "unknown option --rows",
            ("simulate", "linear", "-n", "2", "--out", "y.csv") => "no .csv",
            ("simulate", "linear", "-n", "2", "--out", "y.h5ad") => "no .csv or .h5ad",
            ("simulate", "linear", "--d", "x", "--out", "y") => "whole number",
            ("simulate", "linear", "--d") => "needs a value",
            ("simulate", "lin", "--out", "y") => "lin",
            ("simulate", "--out", "y") => "domain is missing",
            ("simulate", "linear", "-n", "0", "--out", "y") => "from 1 on",
            ("simulate", "lin", "-n", "2", "--out", "y") => "lin",
            ("simulate", "linear", "--n-obs", "2", "--out", joinpath(@__FILE__, "y")) => "cli.jl",
        )
        status, text = shell(arguments...)
        @test status == 1 && occursin(reason, text)
    end
end
