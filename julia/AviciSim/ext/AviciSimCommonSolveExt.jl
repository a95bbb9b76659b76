# The common interface of SciML: `solve(problem, algorithm)`, and `init` and `solve!` for the same in two steps.
module AviciSimCommonSolveExt

import AviciSim
import CommonSolve

CommonSolve.solve(problem::AviciSim.GRNProblem, algorithm::AviciSim.EulerMaruyama; options...) = AviciSim.solve(
    problem,
    algorithm;
    options...,
)

# A problem that is ready to be solved.
struct Initialized{Options}
    problem::AviciSim.GRNProblem
    algorithm::AviciSim.EulerMaruyama
    options::Options
end

CommonSolve.init(problem::AviciSim.GRNProblem, algorithm::AviciSim.EulerMaruyama; options...) = Initialized(
    problem,
    algorithm,
    options,
)

CommonSolve.solve!(ready::Initialized) = AviciSim.solve(ready.problem, ready.algorithm; ready.options...)

end
