"Stand-in for Tables: the names that PythonCall extends, without any methods."
module Tables

function istable end
function columns end
function rows end
function rowaccess end
function columnaccess end
function materializer end
function getcolumn end
function columnnames end

struct Schema
    names
    types
end

end
