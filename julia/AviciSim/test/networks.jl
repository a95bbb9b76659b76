@testset "shipped networks" begin
    ecoli, yeast = load_network("ecoli"), load_network("yeast")
    @test (length(ecoli), length(ecoli.edges)) == (1565, 3758)
    @test (count(==(1), ecoli.signs), count(==(-1), ecoli.signs)) == (1993, 1541)
    @test (length(yeast), length(yeast.edges)) == (4441, 12873) && all(iszero, yeast.signs)
    @test list_networks() == ["ecoli", "yeast"]
end

@testset "a network of one's own" begin
    named = Network(["crp" => "lacZ", "lacI" => "lacZ"]; signs = [1, -1])
    @test named.names == ["crp", "lacZ", "lacI"] && adjacency(named) == [0 1 0; 0 0 0; 0 1 0]
    @test occursin("3 variables and 2 edges", sprint(show, named))
    signed = Network([0 -1; 0 0]; names = ["a", "b"])
    @test signed.signs == [-1] && signed.edges == [(1, 2)]
    @test Network([0 1; 0 0]).signs == [0]
    mktempdir() do folder
        path = joinpath(folder, "net.csv")
        write(path, "# regulator, target, sign\na, b, +\nb, c, -\na, c\na, b, -\n")
        read = load_network(path)
        @test read.names == ["a", "b", "c"] && read.signs == [0, -1, 0] # a, b has both signs
        write(path, "a\n")
        @test occursin("line 1", refusal(() -> load_network(path)))
        write(path, "\n")
        @test occursin("no edge", refusal(() -> load_network(path)))
    end
    @test occursin("ecoli, yeast", refusal(() -> load_network("human")))
    @test occursin("twice", refusal(() -> Network(["a", "a"], [(1, 2)])))
    @test occursin("twice", refusal(() -> Network(["a" => "b", "a" => "b"])))
    @test occursin("signs", refusal(() -> Network(["a" => "b"]; signs = [1, 1])))
    @test occursin("sign", refusal(() -> Network(["a" => "b"]; signs = [2])))
    @test occursin("outside", refusal(() -> Network(["a"], [(1, 2)])))
    @test occursin("2 × 2", refusal(() -> Network([0 1 0; 0 0 0]; names = ["a", "b"])))
end
