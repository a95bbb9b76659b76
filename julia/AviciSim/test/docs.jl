# What the README and the docstrings say.

using AviciSim: GRAPHS, IMPERFECTIONS, INTERVENTIONS, MECHANISMS, NOISES, PROFILES

const README = read(joinpath(ROOT, "README.md"), String)

"The code blocks of a language in the README."
code_blocks(language) = [block.captures[1] for block in eachmatch(Regex("```$language\\n(.*?)```", "s"), README)]

@testset "every export has a docstring" begin
    documented = keys(Base.Docs.meta(AviciSim))
    for name in names(AviciSim)
        @test Base.Docs.Binding(AviciSim, name) in documented
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
