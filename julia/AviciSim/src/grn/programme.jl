# Hidden programmes: something in a cell, such as its place in the cell cycle, that moves many genes at once and is not in the table.

"""
    Programme(; share=0.5, strength=0.5, cyclic=true)

A hidden programme. It multiplies the production of a random `share` of the genes by exp(a_g s), where s is the cell's own: with `cyclic`,
s = cos(2π(φ - ψ_g)) of the cell's phase φ, uniform, and a gene's own ψ_g, as in a cell cycle; else one standard normal number, as of a
stress response or of cell size. A gene's a_g is normal with the standard deviation `strength`.

Throws an `ArgumentError` if `share` is not within [0, 1], or `strength` not within [0, 10].

```julia
solve(problem, EulerMaruyama(0.01); cells=500, programmes=[Programme(share=0.3)]).programmes     # 500 × 1: phases, in turns
```
"""
struct Programme
    share::Float64
    strength::Float64
    cyclic::Bool

    function Programme(; share::Real = 0.5, strength::Real = 0.5, cyclic::Bool = true)
        0 <= share <= 1 || throw(ArgumentError("the share of the genes that a programme moves is within [0, 1], got $share"))
        0 <= strength <= 10 || throw(ArgumentError("the strength of a programme is within [0, 10], got $strength"))
        return new(share, strength, cyclic)
    end
end

# A programme's scores of all cells, and its loading a and phase ψ of all genes.
struct DrawnProgramme
    cyclic::Bool
    score::Vector{Float32}
    loading::Vector{Float32}
    phase::Vector{Float32}
end

function DrawnProgramme(rng::Stream, programme::Programme, cells::Int, d::Int)
    gene_rng, cell_rng = split(rng, "genes"), split(rng, "cells")
    moved = permutation(gene_rng, d)[1:round(Int, programme.share * d)]
    loading, phase = zeros(Float32, d), zeros(Float32, d)
    for gene in moved
        loading[gene], phase[gene] = programme.strength * normal(gene_rng), uniform(gene_rng)
    end
    score = Vector{Float32}(undef, cells)
    programme.cyclic ? fill_uniform!(cell_rng, score) : fill_normal!(cell_rng, score)
    return DrawnProgramme(programme.cyclic, score, loading, phase)
end

draw_programmes(rng::Stream, programmes, cells::Int, d::Int) = [
    DrawnProgramme(split(rng, k), programme, cells, d)
    for (k, programme) in enumerate(programmes)
]

# What the programme multiplies a gene's production by in a cell.
function programme_factor(programme::DrawnProgramme, cell::Int, gene::Int)
    iszero(programme.loading[gene]) && return 1.0f0
    s = programme.score[cell]
    programme.cyclic && (s = cos_turns(s - programme.phase[gene]))
    return portable_exp(programme.loading[gene] * s)
end
