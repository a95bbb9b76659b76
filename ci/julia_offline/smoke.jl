# Whether this Julia can be used at all: some builds crash on the first exception that compiled code catches.
function catches()
    try
        error("x")
    catch exception
        return exception isa ErrorException
    end
end

function check(minimum)
    VERSION >= VersionNumber(minimum) || error("Julia $minimum or later is needed, this is $VERSION")
    catches() && BigFloat(2)^0.5 > 1 || error("this Julia does not work")
    return true
end
