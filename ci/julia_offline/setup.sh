#!/bin/sh
# Julia and juliacall on a machine that reaches only a Debian archive and a Python package index.
#
#   setup.sh python     python: of the virtual environment that is to use Julia; it gets a juliacall that fits
#
# Unpacks Debian 11's Julia 1.5.3, the last that Debian built in a usable way, into .julia/ of this checkout, without
# root, together with PythonCall and stand-ins for its dependencies, and writes .julia/env.sh, which is to be sourced.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)/.julia
python=$1
juliacall=0.9.25 # the last release that works with Julia 1.5

# Which Debian package brings what Julia links to. The second list is for what most systems have already: those
# files are taken only where they are missing, so that newer ones are never hidden from other programs.
packages="julia julia-common libjulia1 libjulia-dev libllvm9 libunwind8 libgit2-1.1 libmbedtls12 libmbedcrypto3
libmbedx509-0 libopenlibm3 libffi7 libhttp-parser2.9 libdsfmt-19937-1 libutf8proc2 libpcre3 libpcre2-8-0 libz3-4
libssh2-1 libgfortran5 libquadmath0 libopenblas0-pthread libgmp10 libmpfr6"
fallbacks="libedit.so.2:libedit2 libbsd.so.0:libbsd0 libmd.so.0:libmd0 libgcrypt.so.20:libgcrypt20
libgpg-error.so.0:libgpg-error0 libtinfo.so.6:libtinfo6 libgssapi_krb5.so.2:libgssapi-krb5-2 libkrb5.so.3:libkrb5-3
libk5crypto.so.3:libk5crypto3 libkrb5support.so.0:libkrb5support0 libkeyutils.so.1:libkeyutils1
libcom_err.so.2:libcom-err2"

"$python" -m pip install --quiet --disable-pip-version-check "juliacall==$juliacall"

mark="# Written by ci/julia_offline/setup.sh $(cd "$here" && find . -type f | LC_ALL=C sort | xargs cat | cksum)"
if [ "$(head -n 1 "$root/env.sh" 2>/dev/null)" = "$mark" ]; then
    exit 0
fi
rm -f "$root/env.sh"
mkdir -p "$root"

unpack_julia() {
    work=$root/apt
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/debs"
    cat >"$work/apt.conf" <<CONFIGURATION
Dir::State::Lists "$work/lists";
Dir::State::status "/dev/null";
Dir::Cache "$work/cache";
Dir::Etc::SourceList "$work/sources.list";
Dir::Etc::SourceParts "/dev/null";
APT::Sandbox::User "root";
Acquire::Check-Valid-Until "false";
CONFIGURATION
    wanted=$packages
    for pair in $fallbacks; do
        PATH=$PATH:/sbin:/usr/sbin ldconfig -p | grep -q "${pair%%:*} " || wanted="$wanted ${pair#*:}"
    done
    # The machine's own archives, by whatever names its apt sources give them; one of them has the old suite.
    for site in $(apt-get indextargets --no-release-info --format '$(SITE)' 'Created-By: Packages' | sort -u); do
        echo "deb [trusted=yes] $site bullseye main" >"$work/sources.list"
        if (cd "$work/debs" && export APT_CONFIG="$work/apt.conf" && apt-get -qq update && apt-get -qq download $wanted)
        then
            break
        fi
        rm -f "$work"/debs/*.deb
    done
    if ! ls "$work"/debs/julia_*.deb >/dev/null 2>&1; then
        echo "$0: no package archive in this machine's apt sources has Debian 11 (bullseye)" >&2
        exit 1
    fi
    for deb in "$work"/debs/*.deb; do dpkg -x "$deb" "$root/prefix.new"; done
    mv "$root/prefix.new" "$root/prefix"
    rm -rf "$work"
}

[ -x "$root/prefix/usr/bin/julia" ] || { rm -rf "$root/prefix.new" && unpack_julia; }

libraries=
for folder in "$root"/prefix/usr/lib/*-linux-gnu "$root"/prefix/lib/*-linux-gnu; do
    [ ! -d "$folder" ] || libraries="$libraries${libraries:+:}$folder"
done

mkdir -p "$root/bin" "$root/project" "$root/depot"
cat >"$root/bin/julia" <<WRAPPER
#!/bin/sh
LD_LIBRARY_PATH="$libraries\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}" exec "$root/prefix/usr/bin/julia" "\$@"
WRAPPER
chmod +x "$root/bin/julia"
"$root/bin/julia" --startup-file=no --load "$here/smoke.jl" --eval 'check("1.5")'

rm -rf "$root/packages" "$root/sdist"
cp -R "$here/packages" "$root/packages"
"$python" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary juliacall \
    --dest "$root/sdist" "juliacall==$juliacall"
mkdir -p "$root/packages/PythonCall"
tar -xzf "$root/sdist/juliacall-$juliacall.tar.gz" -C "$root/packages/PythonCall" --strip-components 1 \
    "juliacall-$juliacall/Project.toml" "juliacall-$juliacall/src" "juliacall-$juliacall/pysrc"
rm -rf "$root/sdist"

cat >"$root/env.sh.new" <<ENVIRONMENT
$mark
# Source this file before starting Python or Julia.
case ":\$PATH:" in *":$root/bin:"*) ;; *) export PATH="$root/bin:\$PATH" ;; esac
case ":\${LD_LIBRARY_PATH:-}:" in
*":$libraries:"*) ;;
*) export LD_LIBRARY_PATH="$libraries\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}" ;;
esac
export JULIA_DEPOT_PATH="$root/depot"
export JULIA_LOAD_PATH="@:$root/packages:@stdlib"
export PYTHON_JULIAPKG_OFFLINE=yes
export PYTHON_JULIAPKG_EXE="$root/bin/julia"
export PYTHON_JULIAPKG_PROJECT="$root/project"
export PYTHON_JULIACALL_HANDLE_SIGNALS=yes
ENVIRONMENT
mv "$root/env.sh.new" "$root/env.sh"
