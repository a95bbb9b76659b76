#!/bin/sh
# Gives the virtual environment of `python` a working Julia and writes .julia/env.sh, to be sourced before using it.
#
#   ensure.sh python
#
# Where the network allows it juliapkg does everything: it takes a suitable julia from PATH or installs one, and
# installs PythonCall. Otherwise setup.sh builds an environment from a Debian archive and the Python package index.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)/.julia
python=$1

network() {
    timeout 20 "$python" -c "from juliapkg.install_julia import all_julia_versions as ask; ask()" >/dev/null 2>&1
}

starts() {
    "$python" -c "import juliacall; juliacall.Main.include('$here/smoke.jl'); juliacall.Main.check('1.10')"
}

mkdir -p "$root"
if network && starts; then
    echo "# juliapkg manages Julia: nothing to set." >"$root/env.sh"
else
    echo "No current Julia can be installed from here: setting up the offline one."
    "$here/setup.sh" "$python"
fi
