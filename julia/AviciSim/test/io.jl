using AviciSim: read_npy, write_npy

@testset "a dataset survives" begin
    data = simulate("grn"; d = 5, n_obs = 7, n_int = 5, seed = 2)
    mktempdir() do folder
        path = save_dataset(joinpath(folder, "a", "b"), data)
        again = load_dataset(path)
        @test all(getfield(data, name) == getfield(again, name) for name in fieldnames(Dataset))
        @test again.expression isa Matrix{Float32}
        rm(joinpath(path, "graph.npy"))
        unknown = load_dataset(path)
        @test unknown.graph === nothing && occursin("graph unknown", sprint(show, unknown))
        save_dataset(path, data)
        save_dataset(path, unknown) # an old graph does not stay behind
        @test load_dataset(path).graph === nothing
        for (line, reason) in ("names = [\"a\"]" => "5 names", "seed = \"one\"" => "seed", "kind = [values" => "TOML")
            write(joinpath(path, "meta.toml"), line)
            @test occursin(reason, refusal(() -> load_dataset(path)))
        end
        write(joinpath(path, "meta.toml"), "")
        @test load_dataset(path).names == ["x$j" for j in 1:5]
        write_npy(joinpath(path, "interventions.npy"), fill(0x02, 12, 5))
        @test occursin("0 and 1", refusal(() -> load_dataset(path)))
        write_npy(joinpath(path, "interventions.npy"), zeros(UInt8, 3, 3))
        @test occursin("differ", refusal(() -> load_dataset(path)))
        @test occursin("meta.toml", refusal(() -> load_dataset(folder)))
    end
end

@testset "NumPy's format" begin
    mktempdir() do folder
        path = joinpath(folder, "m.npy")
        write_npy(path, Float32[1 2 3; 4 5 6])
        bytes = read(path)
        @test bytes[1:8] == UInt8[0x93, codeunits("NUMPY")..., 1, 0] && length(bytes) % 64 == 24
        @test read_npy(path) == [1 2 3; 4 5 6]
        # Rows first, as np.save writes by default, in double precision.
        header = rpad("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", 117) * "\n"
        write(
            path,
            vcat(UInt8[0x93], codeunits("NUMPY"), UInt8[1, 0, 118, 0], codeunits(header), reinterpret(UInt8, [1.0, 2, 3, 4, 5, 6])),
        )
        @test read_npy(path) == Float32[1 2 3; 4 5 6]
        @test eltype(read_npy(path)) == Float64
        write(path, bytes[1:end - 1])
        @test occursin("cut short", refusal(() -> read_npy(path)))
        write(path, "text")
        @test occursin("NumPy", refusal(() -> read_npy(path)))
        @test occursin("there is no", refusal(() -> read_npy(path * "x")))
    end
end
