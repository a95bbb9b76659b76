using AviciSim

# A graph model is a type and one method.
struct Chain <: AviciSim.GraphModel end

function AviciSim.sample_graph(rng, ::Chain, d)
    order = AviciSim.permutation(rng, d)
    graph = zeros(UInt8, d, d)
    for k in 1:d - 1
        graph[order[k], order[k + 1]] = 1
    end
    return graph
end

# So is a mechanism: f(causes) for all rows.
struct Threshold <: AviciSim.Mechanism
    height::AviciSim.Parameter
end

function AviciSim.evaluate!(y, mechanism::Threshold, causes, rng)
    fill!(y, 0)
    for k in axes(causes, 2)
        height = Float32(AviciSim.draw(mechanism.height, rng))
        y .+= height .* (view(causes, :, k) .> 0)
    end
    return y
end

# What a domain file may call them, and the keys that they read.
AviciSim.GRAPHS["chain"] = (table, location) -> Chain()
AviciSim.MECHANISMS["threshold"] = (table, location) -> begin
    AviciSim.check_keys(table, location, ("height",))
    Threshold(AviciSim.parameter(table, "height", location))
end
