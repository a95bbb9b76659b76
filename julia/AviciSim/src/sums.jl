# Sums of columns and within them, in an order that is the same everywhere.

"""
    weighted_sum!(y, constant, weights, column)

y = constant + weights[1] column(1) + weights[2] column(2) + ..., from first to last. A column has at least as many numbers as `y`.
"""
function weighted_sum!(y, constant::Float32, weights, column)
    isempty(weights) && return fill!(y, constant)
    for k in 1:2:length(weights)
        # two at a time: half of the passes over y
        if k < length(weights)
            add!(y, k == 1, constant, weights[k], column(k), weights[k + 1], column(k + 1))
        else
            add!(y, k == 1, constant, weights[k], column(k))
        end
    end
    return y
end

# y = constant, or itself if not `fresh`, plus one or two columns.
function add!(y, fresh::Bool, constant::Float32, k1::Float32, a1)
    if fresh
        @inbounds @simd ivdep for n in eachindex(y)
            y[n] = constant + k1 * a1[n]
        end
    else
        @inbounds @simd ivdep for n in eachindex(y)
            y[n] += k1 * a1[n]
        end
    end
end

function add!(y, fresh::Bool, constant::Float32, k1::Float32, a1, k2::Float32, a2)
    if fresh
        @inbounds @simd ivdep for n in eachindex(y)
            y[n] = (constant + k1 * a1[n]) + k2 * a2[n]
        end
    else
        @inbounds @simd ivdep for n in eachindex(y)
            y[n] = (y[n] + k1 * a1[n]) + k2 * a2[n]
        end
    end
end

# Sums of f(value) in an order that is the same everywhere; four side by side, which an ordered sum has not.
function lane_sum(f, values, rows::UnitRange{Int})
    a = b = c = d = 0.0
    r, stop = first(rows), last(rows)
    @inbounds while r + 3 <= stop
        a += f(Float64(values[r]))
        b += f(Float64(values[r + 1]))
        c += f(Float64(values[r + 2]))
        d += f(Float64(values[r + 3]))
        r += 4
    end
    @inbounds while r <= stop
        a += f(Float64(values[r]))
        r += 1
    end
    return (a + b) + (c + d)
end
