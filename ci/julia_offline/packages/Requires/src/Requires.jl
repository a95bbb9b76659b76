"Stand-in for Requires: optional glue to other packages is never loaded."
module Requires

macro require(args...)
    return nothing
end

end
