"Stand-in for CondaPkg: Python is the one that is already running, no environment is managed."
module CondaPkg

backend() = :Null

end
