@testset "shipped domains" begin
    @test list_domains() == ["grn", "linear", "rff"]
    for name in list_domains()
        domain = load_domain(name)
        @test domain.name == name && !isempty(domain.description)
        @test load_domain(domain.path) === domain === load_domain(domain)
    end
end

@testset "refusals name file, key and reason" begin
    @test occursin("\"genome\"", refusal(() -> load_domain("genome")))
    @test occursin("linear", refusal(() -> load_domain("genome")))
    for (name, change, reasons) in (
        ("linear", "[[noise]]" => "[[niose]]", ("niose", "noise")),
        ("linear", "bias = {" => "bais = {", ("[[mechanism]] 1", "bais")),
        ("linear", "kind = \"values\"" => "kind = \"reals\"", ("kind", "reals")),
        ("linear", "acyclic = true" => "acyclic = 1", ("acyclic", "bool")),
        ("linear", "model = \"linear\"" => "model = \"quadratic\"", ("quadratic", "rff")),
        ("linear", "targets = 1.0" => "targets = 1.5", ("targets", "(0, 1]")),
        ("linear", "model = \"do\"" => "model = \"knockout\"", ("[[intervention]] 1", "do")),
        ("linear", "kind = \"values\"" => "kind = \"counts\"", ("noise", "measurement")),
        ("linear", "name = \"linear\"" => "name = ", ("TOML",)),
        ("rff", "features = 100" => "features = 0", ("features", "whole number")),
        ("rff", "uniform = [7.0, 10.0]" => "uniform = [-7.0, 10.0]", ("length_scale", "above 0")),
        ("grn", "model = \"erdos-renyi\"" => "share = 0\nmodel = \"erdos-renyi\"", ("[[graph]] 1: share", "positive")),
    )
        with_domain(name, change) do path
            message = refusal(() -> load_domain(path))
            @test occursin(path, message) && all(reason -> occursin(reason, message), reasons)
        end
    end
end

@testset "shares" begin
    with_domain("linear", "edges_per_variable = [1, 2, 3]\n[[graph]]\nmodel = \"scale-free\"" =>
        "edges_per_variable = [1, 2, 3]\nshare = 100000\n[[graph]]\nmodel = \"scale-free\"") do path
        graphs = [simulate(path; d=4, n_obs=1, index=k).graph for k in 1:200]
        @test any(g -> sum(Int, g) == 0, graphs)        # only Erdős–Rényi graphs can be empty
    end
end
