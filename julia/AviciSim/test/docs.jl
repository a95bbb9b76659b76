# What the README and the docstrings say.

using AviciSim: GRAPHS, IMPERFECTIONS, INTERVENTIONS, MECHANISMS, NOISES, PROFILES

const README = read(joinpath(ROOT, "README.md"), String)

"The code blocks of a language in the README."
code_blocks(language) = [block.captures[1] for block in eachmatch(Regex("```$language\\n(.*?)```", "s"), README)]

"All docstrings of a name, as one text."
function docstring(name)
    found = get(Base.Docs.meta(AviciSim), Base.Docs.Binding(AviciSim, name), nothing)
    return found === nothing ? "" : join((join(found.docs[signature].text) for signature in found.order), "\n")
end

const EXPORTS = filter(name -> name !== :AviciSim, union(names(AviciSim), AviciSim.YIELDING))

@testset "every export has a docstring with an example that runs" begin
    @test [name for name in [EXPORTS; :AviciSim] if isempty(docstring(name))] == []
    examples = [name => [block[1] for block in eachmatch(r"```julia\n(.*?)```"s, docstring(name))] for name in EXPORTS]
    @test [name for (name, blocks) in examples if isempty(blocks)] == []
    mktempdir() do folder
        cd(folder) do
            for (name, blocks) in examples, block in blocks
                occursin(".txt", block) && continue # reads files of the user's
                space = Module(:Example)
                Core.eval(space, :(using AviciSim))
                Core.eval(space, :(problem = GRNProblem([0 1; 0 0]; basal = 2.0, interaction = 4.0))) # of which some speak
                @test (name, include_string(space, block)) isa Tuple
            end
        end
    end
end

@testset "the README's examples run" begin
    mktempdir() do folder
        cd(folder) do
            space = Module(:Readme)
            Core.eval(space, :(import AviciSim))
            Core.eval(space, :(eval(x) = Core.eval($space, x)))
            blocks = code_blocks("julia")
            @test length(blocks) >= 4
            for block in blocks
                occursin("AviciSim.GRAPHS", block) && continue # that of the next test
                @test include_string(space, block) !== missing
            end
            @test isfile(joinpath(folder, "my-data", "meta.toml"))
        end
    end
end

@testset "the README shows the example of own models as it is" begin
    example = joinpath(ROOT, "examples", "own_models")
    @test read(joinpath(example, "threshold.jl"), String) in code_blocks("julia")
    @test read(joinpath(example, "threshold.toml"), String) in code_blocks("toml")
end

@testset "the README names every domain, network, model, profile and key" begin
    names = [
        list_domains()
        list_networks()
        [collect(keys(models)) for models in (GRAPHS, MECHANISMS, NOISES, INTERVENTIONS, IMPERFECTIONS)]...
    ]
    filter!(name -> !(name in ("chain", "threshold")), names) # the example's
    keys_ = Set{String}()
    for name in list_domains()
        table, _ = AviciSim.read_tables(load_domain(name).path)
        union!(keys_, keys(table))
        for list in (AviciSim.LISTS..., "imperfection"), entry in get(table, list, [])
            union!(keys_, keys(entry))
        end
    end
    named(name) = any(text -> occursin(text, README), ("`$name`", "\"$name\"", "[[$name]]", "`$name = "))
    @test filter(!named, [names; collect(keys(PROFILES)); collect(keys_)]) == []
end
