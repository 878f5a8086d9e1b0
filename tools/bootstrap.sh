#!/bin/sh
# Make .venv with mutau (editable) and its development tools in it; `make` runs this before everything else.
# Does nothing when that was done already for this pyproject.toml in this place. PYTHON=/path/to/python is tried first.
set -eu
cd "$(dirname "$0")/.."
here=$(pwd -P)
venv_python=.venv/bin/python
stamp=.venv/.mutau-installed

# The interpreter is asked, not its name: a pyenv shim may exist for a version that is not there.
probe='import sys; assert sys.version_info >= (3, 12); import ensurepip, venv; print(sys.executable)'

# Prints the path of a Python that can make the environment. A second round from / passes by .python-version, which
# stops pyenv's shims where its 3.12 is missing and another good version is its default.
find_python() {
    for directory in "$here" /; do
        for candidate in ${PYTHON:+"$PYTHON"} python3.14 python3.13 python3.12 python3 python; do
            found=$(cd "$directory" && "$candidate" -c "$probe" 2>/dev/null) || continue
            [ -n "$found" ] || continue
            printf '%s\n' "$found"
            return 0
        done
    done
    return 1
}

fingerprint="$(cksum <pyproject.toml) $here"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$fingerprint" ] && "$venv_python" -c '' 2>/dev/null; then
    exit 0
fi

if ! "$venv_python" -c "$probe" >/dev/null 2>&1; then
    python=$(find_python) || {
        echo "mutau needs Python 3.12 or newer (with venv) and none was found: install one, or name one that is elsewhere: make demo PYTHON=/path/to/python3.12" >&2
        exit 1
    }
    echo "mutau: making .venv with $("$python" --version)" >&2
    "$python" -m venv --clear .venv
fi

echo "mutau: installing the package and its tools into .venv (once; about a minute)" >&2
export PIP_DISABLE_PIP_VERSION_CHECK=1
rm -f "$stamp"
"$venv_python" -m pip --version >/dev/null 2>&1 || "$venv_python" -m ensurepip >/dev/null
"$venv_python" -m pip install --quiet "pip>=25.1"
"$venv_python" -m pip install --quiet --editable . --group dev
printf '%s\n' "$fingerprint" >"$stamp"
