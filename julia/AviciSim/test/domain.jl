@testset "shipped domains" begin
    shifts = ["", "-ood", "-ood-graph", "-ood-mechanism", "-ood-noise"]
    expected = [
        "grn",
        "grn-ecoli",
        "grn-physical",
        "grn-screen",
        "grn-yeast",
        "linear-rff",
        "scm",
        "scm-broad",
        "scm-standardised",
        "scm-world",
        (a * b for a in ("linear", "rff", "grn-paper") for b in shifts)...
    ]
    @test list_domains() == sort(expected)
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
            ("linear", "acyclic = true" => "", ("acyclic", "missing")),
            ("linear", "acyclic = true" => "acyclic = true\nspeed = 3", ("speed", "unknown")),
            ("linear", "acyclic = true" => "acyclic = 1", ("acyclic", "bool")),
            ("linear", "model = \"linear\"" => "model = \"quadratic\"", ("quadratic", "rff")),
            ("linear", "targets = 1.0" => "targets = 1.5", ("targets", "(0, 1]")),
            ("linear", "model = \"do\"" => "model = \"knockout\"", ("[[intervention]] 1", "value")),
            ("linear", "kind = \"values\"" => "kind = \"counts\"", ("kind", "grn")),
            ("linear", "scale = {" => "heteroscedastic = {", ("heteroscedastic", "uniform")),
            ("linear-ood", "length_scale = 10.0," => "", ("[[noise]] 1: heteroscedastic", "length_scale")),
            ("linear-ood", "base = \"linear\"" => "base = \"line\"", ("base", "line")),
            (
                "linear",
                "model = \"do\"\ntargets = 1.0\nvalue = { signed_uniform = [1.0, 3.0] }" => "model = \"knockout\"\ntargets = 1.0",
                ("[[intervention]] 1", "do"),
            ),
            (
                "grn",
                "[[measurement]]\nprofile = \"illumina\"" => "[[measurement]]\nprofile = \"illumina\"\numi = false",
                ("umi", "counts"),
            ),
            ("grn-paper-ood", "network = \"ecoli\"" => "network = \"ecoli\"\ncycles = \"keep\"", ("cycles", "physical")),
            ("grn-paper", "model = \"knockout\"" => "model = \"do\"\nvalue = 1.0", ("[[intervention]] 1", "knockout")),
            (
                "grn-paper",
                "[[measurement]]\nprofile = \"10x-chromium-1\"" =>
                    "[[noise]]\nmodel = \"gaussian\"\nscale = 1.0\n[[measurement]]\nprofile = \"10x-chromium-1\"",
                ("noise", "measurement"),
            ),
            ("linear", "name = \"linear\"" => "name = ", ("TOML",)),
            ("rff", "features = 100" => "features = 0", ("features", "whole number from 1")),
            ("rff", "uniform = [7.0, 10.0]" => "uniform = [-7.0, 10.0]", ("length_scale", "above 0")),
            ("grn-paper", "model = \"erdos-renyi\"" => "share = 0\nmodel = \"erdos-renyi\"", ("[[graph]] 1: share", "positive")),
        )
        with_domain(name, change) do path
            message = refusal(() -> load_domain(path))
            @test occursin(path, message) && all(reason -> occursin(reason, message), reasons)
        end
    end
end

@testset "a base and what stands on it" begin
    linear, noise, ood = load_domain.(("linear", "linear-ood-noise", "linear-ood"))
    @test length(noise.graphs) == length(linear.graphs) == 3 && noise.kind == "values" && length(ood.graphs) == 4
    @test [last(entry).shape for entry in ood.noises] == [:laplace, :cauchy]
    mktempdir() do folder
        write(joinpath(folder, "net.tsv"), "a\tb\t+\nb\tc\t-\nc\ta\t+\n")
        write(
            joinpath(folder, "first.toml"),
            """
            name = "first"
            base = "grn-physical"
            [[graph]]
            model = "subnetwork"
            network = "net.tsv"
            cycles = "keep"
            """,
        )
        write(joinpath(folder, "second.toml"), "name = \"second\"\nbase = \"first.toml\"\ndescription = \"mine\"\n")
        domain = load_domain(joinpath(folder, "second.toml"))
        @test domain.name == "second" && domain.description == "mine"
        data = simulate(domain; d = 3, n_obs = 4)
        @test sum(Int, data.graph) == 3 && sort(data.names) == ["a", "b", "c"]
        write(joinpath(folder, "first.toml"), "name = \"first\"\nbase = \"second.toml\"\n")
        @test occursin("each other", refusal(() -> load_domain(joinpath(folder, "first.toml"))))
    end
end

@testset "shares" begin
    with_domain(
        "linear",
        "edges_per_variable = [1, 2, 3]\n[[graph]]\nmodel = \"scale-free\"" =>
            "edges_per_variable = [1, 2, 3]\nshare = 100000\n[[graph]]\nmodel = \"scale-free\"",
    ) do path
        graphs = [simulate(path; d = 4, n_obs = 1, index = k).graph for k in 1:200]
        @test any(g -> sum(Int, g) == 0, graphs) # only Erdős–Rényi graphs can be empty
    end
end
