"""
Stand-in for CompilerSupportLibraries_jll, the first package that juliacall loads. Its libraries
come from the system; on Julia 1.5 it also adds the two later methods that juliacall relies on.
"""
module CompilerSupportLibraries_jll

using Pkg

function __init__()
    if VERSION < v"1.6"
        # Replaces the method without `io`, which juliacall passes to keep it quiet.
        Core.eval(Pkg.API, quote
            function activate(path::AbstractString; shared::Bool = false, io::IO = devnull)
                project = shared ? joinpath(Base.DEPOT_PATH[1], "environments", path) : abspath(path)
                Base.ACTIVE_PROJECT[] = Base.load_path_expand(project)
                return nothing
            end
        end)
        Core.eval(Base.Meta, quote
            function parseall(text::AbstractString; filename = "none")
                expressions, position = Any[], 1
                while position <= ncodeunits(text)
                    expression, position = parse(text, position)
                    expression === nothing || push!(expressions, expression)
                end
                return Expr(:toplevel, expressions...)
            end
        end)
    end
end

end
