# Multilayer perceptrons with random weights.

"""
    PerceptronMechanism(activation, layers, hidden, gain, scale)

A [`ScaledMechanism`](@ref): a multilayer perceptron with `layers` (1 or 2) hidden layers of `hidden` units and random weights,

    f(z) = Σ_h v_h a(u_h),   u_h = gain · (Σ_k w_hk z_k / √K + b_h)   with v_h, w_hk, b_h ~ N(0, 1)

and K causes; a second layer has the first one's units for causes. The activation a is one of the names in `activation`, drawn per
variable like all the numbers; `gain` says how far it is from linear.
"""
struct PerceptronMechanism <: ScaledMechanism
    activation::Vector{Symbol}
    layers::Settable
    hidden::Settable
    gain::Settable
    scale::OutputScale
end

MECHANISMS["mlp"] = (table, location) -> begin
    check_keys(table, location, (), ("activation", "layers", "hidden", "gain", SCALE_KEYS...))
    PerceptronMechanism(
        read_names(table, "activation", location, CURVES; default = "tanh"),
        whole_parameter(table, "layers", location; least = 1, most = 2, default = 1),
        whole_parameter(table, "hidden", location; least = 1, most = 1000, default = 20),
        parameter(table, "gain", location; least = 0, default = 1.0),
        OutputScale(table, location),
    )
end

function evaluate!(y, m::PerceptronMechanism, causes, rng::Stream)
    name, layers, units = choose(rng, m.activation), Int(draw(m.layers, rng)), Int(draw(m.hidden, rng))
    gain, n = Float32(draw(m.gain, rng)), length(y)
    fill!(y, 0.0f0)
    if layers == 1
        with_memory(argument -> add_units!(y, Val(name), units, gain, causes, argument, rng), n)
    else
        with_memory(n * (units + 1)) do memory
            inner, argument = reshape(view(memory, 1:n * units), n, units), view(memory, n * units + 1:n * (units + 1))
            for h in 1:units
                unit = fill!(view(inner, :, h), 0.0f0)
                add_units!(unit, Val(name), 1, gain, causes, argument, rng; weight = 1.0f0)
            end
            add_units!(y, Val(name), units, gain, inner, argument, rng)
        end
    end
    return y
end

# The sum of `units` units over the causes, with weights drawn from N(0, 1) where none is given.
function add_units!(y, name::Val, units::Int, gain::Float32, causes, argument, rng::Stream; weight = nothing)
    numbers, causes_number = Vector{Float32}(undef, size(causes, 2) + 2), size(causes, 2)
    scale = gain / sqrt(Float32(max(causes_number, 1)))
    for _ in 1:units
        fill_normal!(rng, numbers)
        project!(argument, gain * numbers[causes_number + 1], scale .* view(numbers, 1:causes_number), causes)
        add_curve!(y, weight === nothing ? numbers[causes_number + 2] : weight, name, argument)
    end
    return y
end
