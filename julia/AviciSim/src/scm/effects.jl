# What an edge does: the sign and the strength of its effect.

"""
    EdgeEffects(d)

Signs and strengths of the edges of a graph of d variables, to be filled by [`simulate_scm!`](@ref).

With D_r = (f(x_i + h) - f(x_i - h)) / 2h in row r, everything else of the row as it is (the noise too) and h half a standard
deviation of x_i, over the reference rows:

# Fields
- `signs`: d × d, Int8: 1 where the positive D add up to more than nine tenths of all, -1 where the negative do, 0 otherwise (an effect that is
  not monotone) and where there is no edge.
- `strengths`: d × d, Float32: the root mean square of D, in units of the effect per unit of the cause; 0 where there is no edge.

A linear edge of weight w has the sign of w and the strength |w|.
"""
struct EdgeEffects
    signs::Matrix{Int8}
    strengths::Matrix{Float32}
end

EdgeEffects(d::Int) = EdgeEffects(zeros(Int8, d, d), zeros(Float32, d, d))

# The effects of the causes of variable j: it is evaluated twice for each, with the random numbers and the scalings of the first time.
function edge_effects!(
    effects::EdgeEffects,
    j::Int,
    parents,
    f,
    @nospecialize(ε),
    x,
    arguments,
    variables::Stream,
    rows,
    scalings::Scalings,
)
    effects.signs[:, j] .= 0
    effects.strengths[:, j] .= 0
    isempty(parents) && return effects
    raw, high, low = x[:, parents], similar(x, size(x, 1)), similar(x, size(x, 1))
    scaled = arguments === nothing ? nothing : arguments.z[:, parents]
    seen = Causes(all_columns(raw), scaled === nothing ? nothing : all_columns(scaled))
    for (k, i) in enumerate(parents)
        _, spread = moments(view(x, :, i), rows)
        h = Float32(spread > 1.0e-30 ? spread / 2 : 0.5)
        for (y, step) in ((high, h), (low, -h))
            view(raw, :, k) .= view(x, :, i) .+ step
            scaled === nothing ||
                standardise_argument!(view(scaled, :, k), view(raw, :, k), arguments.centre[i], arguments.spread[i])
            fill_variable!(y, f, ε, seen, split(variables, j), rows, rewind!(scalings))
        end
        view(raw, :, k) .= view(x, :, i)
        scaled === nothing || (view(scaled, :, k) .= view(arguments.z, :, i))
        high .= (high .- low) ./ (2 * h)
        effects.signs[i, j], effects.strengths[i, j] = sign_and_strength(high, rows)
    end
    return effects
end

function sign_and_strength(slopes, rows)
    total, all = lane_sum(identity, slopes, rows), lane_sum(abs, slopes, rows)
    strength = Float32(sqrt(lane_sum(abs2, slopes, rows) / length(rows)))
    # (up - down) / (up + down) is 0.8 where up is nine tenths
    return Int8(total > 0.8 * all ? 1 : total < -0.8 * all ? -1 : 0), strength
end
