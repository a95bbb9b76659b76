# Other packages that AviciSim works with where they are loaded, without depending on them: their names, and the extensions in ext/.

# Names that another package may export too. Where both are used, the other's is meant, without a warning, and an extension makes it work for
# AviciSim's types; `AviciSim.solve` is always this package's.
const YIELDING = (:solve, :Distribution)
yield_names() = foreach(name -> Base.isdeprecated(@__MODULE__, name) || Base.deprecate(@__MODULE__, name, 2), YIELDING)
yield_names()

# As in Project.toml, which Julia reads from 1.9 on. Before, the functions of this file do its work.
const COMPANIONS = (
    ("CommonSolve", "09ab397b-f2b6-538f-b94a-2f83cf4a842f"),
    ("Distributions", "31c24e10-a181-5473-b8eb-7969acd0382f"),
)

function __init__()
    yield_names() # older releases do not keep this in compiled code
    isdefined(Base, :get_extension) && return
    for (name, uuid) in COMPANIONS
        package = Base.PkgId(Base.UUID(uuid), name)
        Base.root_module_exists(package) && load_extension(package)
        push!(Base.package_callbacks, loaded -> loaded == package && load_extension(package))
    end
end

# Evaluates an extension in a module that has both packages, which need not be found by name where it is.
function load_extension(package::Base.PkgId)
    space = Module(Symbol("AviciSim", package.name, "Ext"))
    Core.eval(space, :(const AviciSim = $(@__MODULE__)))
    Core.eval(space, :(const $(Symbol(package.name)) = $(Base.root_module(package))))
    body(parsed) = Expr(:toplevel, filter(line -> !Meta.isexpr(line, :import), parsed.args[3].args)...)
    Base.include(parsed -> Meta.isexpr(parsed, :module) ? body(parsed) : parsed, space, extension_file(package))
end

extension_file(package::Base.PkgId) = joinpath(dirname(@__DIR__), "ext", "AviciSim$(package.name)Ext.jl")
