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
        @test occursin("12 × 5 like x, got 3 × 3", refusal(() -> load_dataset(path)))
        @test occursin("meta.toml", refusal(() -> load_dataset(folder)))
    end
end

@testset "all that may be known of a dataset survives" begin
    mask = UInt8[0 0; 0 1; 1 0]
    truth = (
        batch = [1, 2, 0],
        cell_types = [1, 1, 2],
        signs = [0 -1; 0 0],
        strengths = [0 0.5; 0 0],
        confounded = [0 1; 1 0],
        true_interventions = 1 .- mask,
        drawn = Dict("mode" => "physical", "imperfections" => [Dict("model" => "outliers", "cells" => 0.5)], "depths" => [1, 2]),
    )
    data = Dataset(Float32[1 NaN; 3 4; 5 6], mask, UInt8[0 1; 0 0]; truth...)
    @test data.batch isa Vector{Int32} && data.signs isa Matrix{Int8} && data.expression === nothing
    @test occursin("outliers", sprint(show, data))
    mktempdir() do folder
        again = load_dataset(save_dataset(folder, data))
        @test all(isequal(getfield(data, name), getfield(again, name)) for name in fieldnames(Dataset))
        write_npy(joinpath(folder, "batch.npy"), Float32[1, 2, 0.5])
        @test occursin("batch must hold whole numbers", refusal(() -> load_dataset(folder)))
        write_npy(joinpath(folder, "batch.npy"), Int32[1, 2])
        @test occursin("batch must be 3, got 2", refusal(() -> load_dataset(folder)))
        save_dataset(folder, Dataset(data.x, mask))
        @test readdir(folder) == ["interventions.npy", "meta.toml", "x.npy"]
    end
    @test occursin("has no depth", refusal(() -> Dataset(data.x, mask; depth = 3)))
    @test occursin("2 names", refusal(() -> Dataset(data.x, mask; names = ["a"])))
end

@testset "NumPy's format" begin
    mktempdir() do folder
        path = joinpath(folder, "m.npy")
        write_npy(path, Float32[1 2 3; 4 5 6])
        bytes = read(path)
        @test bytes[1:8] == UInt8[0x93, codeunits("NUMPY")..., 1, 0] && length(bytes) % 64 == 24
        @test read_npy(path) == [1 2 3; 4 5 6]
        write_npy(path, Int32[7, 8])
        @test read_npy(path) == Int32[7, 8] && read_npy(path) isa Vector{Int32}
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
        for shape in ("(90000, 90000)", "(99999999999999999999, 2)", "(4611686018427387904, 4)")
            huge = rpad("{'descr': '<f4', 'fortran_order': True, 'shape': $shape, }", 117) * "\n"
            write(path, vcat(UInt8[0x93], codeunits("NUMPY"), UInt8[1, 0, 118, 0], codeunits(huge)))
            @test occursin("cut short: it declares", refusal(() -> read_npy(path)))
        end
        write(path, "text")
        @test occursin("NumPy", refusal(() -> read_npy(path)))
        @test occursin("there is no", refusal(() -> read_npy(path * "x")))
    end
end

@testset "AnnData" begin
    # Bob Jenkins' own example; that anndata reads the files is tested in Python.
    @test AviciSim.lookup3(Vector{UInt8}("Four score and seven years ago")) == 0x17770551
    mktempdir() do folder
        data = simulate("grn"; d = 3, n_obs = 4, n_int = 2)
        path = save_dataset(joinpath(folder, "new", "cells.h5ad"), data)
        bytes = read(path)
        @test bytes[1:8] == UInt8[0x89, codeunits("HDF\r\n\x1a\n")...]
        @test ltoh(reinterpret(UInt64, bytes[29:36])[1]) == length(bytes)
        @test AviciSim.with_checksum(bytes[1:44]) == bytes[1:48]
    end
end
