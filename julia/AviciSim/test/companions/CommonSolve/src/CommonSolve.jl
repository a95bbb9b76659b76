# A stand-in with the names of the package CommonSolve.
module CommonSolve

export init, solve, solve!

function init end
function solve! end
solve(arguments...; options...) = solve!(init(arguments...; options...))

end
