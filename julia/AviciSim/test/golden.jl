# A word for the bytes of each domain's datasets, to compare with GOLDEN_DATASETS.

using AviciSim

function print_golden(io::IO)
    for name in list_domains()
        data = simulate_batch(name, 5; d = 6, n_obs = 20, n_int = 10, seed = 3)
        word = foldl((h, bits) -> (h ⊻ bits) * 0x00000100000001b3, reinterpret(UInt32, vec(data[1])); init = 0xcbf29ce484222325)
        println(io, name, " ", string(word; base = 16))
    end
end
