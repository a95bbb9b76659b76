# Interventions that are not what the record says.

"""
    InterventionErrors(; failing=0, ineffective=0, off_target=0, unlabelled=0)

Interventions that are not what the record says. Each is a share:

- `failing`: of the rows with a variable as their target, those in which nothing happened to it; drawn per variable;
- `ineffective`: of the targets, those that nothing ever happens to;
- `off_target`: of the targets, those with which another variable, always the same, is changed too;
- `unlabelled`: of the rows with interventions, those whose record says that there was none.

The last three are drawn per dataset. The dataset's `true_interventions` are those that took place. The only imperfection that domains of genes
may have: there a second target is changed as the first is, cells that nothing is done to are wild type, and a guide's `failing` (see
[`crispri`](@ref)) may come on top.

```julia
simulate(Domain("linear"; imperfection=InterventionErrors(failing=0.3)); d=10, n_obs=200, n_int=100).true_interventions
```
"""
struct InterventionErrors <: Imperfection
    failing::Settable
    ineffective::Settable
    off_target::Settable
    unlabelled::Settable

    InterventionErrors(failing, ineffective, off_target, unlabelled) = new(
        settable(failing, "failing"; least = 0, most = 1),
        settable(ineffective, "ineffective"; least = 0, most = 1),
        settable(off_target, "off_target"; least = 0, most = 1),
        settable(unlabelled, "unlabelled"; least = 0, most = 1),
    )
end
InterventionErrors(; failing = 0, ineffective = 0, off_target = 0, unlabelled = 0) = InterventionErrors(
    failing,
    ineffective,
    off_target,
    unlabelled,
)

stage(::InterventionErrors) = 3
label(::InterventionErrors) = "intervention-errors"

IMPERFECTIONS["intervention-errors"] = (table, location) -> begin
    known = ("failing", "ineffective", "off_target", "unlabelled")
    check_keys(table, location, (), known)
    any(key -> haskey(table, key), known) || refuse(location, "one of $(join(known, ", ")) is expected")
    InterventionErrors((parameter(table, key, location; least = 0, most = 1, default = 0.0) for key in known)...)
end

"""
    make_errors!(actual, record, errors, rng)

Change the interventions that take place, `actual`, and their `record`, both n × d and equal before. Returns the strengths.
"""
function make_errors!(actual::AbstractMatrix{UInt8}, record::AbstractMatrix{UInt8}, errors::InterventionErrors, rng::Stream)
    n, d = size(actual)
    ineffective, off_target, unlabelled = (draw(getfield(errors, k), rng) for k in (:ineffective, :off_target, :unlabelled))
    failing, others = Float64[], zeros(Int, d)
    for j in 1:d
        own = split(rng, j)
        targeted = any(!iszero, view(record, :, j))
        probability = draw(errors.failing, own)
        targeted && push!(failing, probability)
        uniform(own) < ineffective && (probability = 1.0)
        d > 1 && uniform(own) < off_target && (others[j] = mod1(j + randint(own, d - 1), d))
        for r in 1:n
            iszero(record[r, j]) && continue
            uniform(own) < probability && (actual[r, j] = 0)
            others[j] == 0 || (actual[r, others[j]] = 1)
        end
    end
    rows, recorded = split(rng, "unlabelled"), zeros(UInt8, n)
    for j in 1:d
        recorded .|= view(record, :, j)
    end
    for r in 1:n
        iszero(recorded[r]) || uniform(rows) >= unlabelled || (record[r, :] .= 0)
    end
    return (failing = average(failing), ineffective = ineffective, off_target = off_target, unlabelled = unlabelled)
end
