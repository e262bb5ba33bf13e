#!/bin/sh
# Installs opscentre from this checkout into a virtual environment: deploy/install.sh /opt/opscentre
# The image, a server without containers and the tests all install by this one script.
set -eu
prefix=${1:?"usage: deploy/install.sh PREFIX"}
source=$(cd "$(dirname "$0")/.." && pwd)

"${PYTHON:-python3}" -m venv "$prefix"
"$prefix/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --require-hashes \
  -r "$source/requirements.lock"
# In place: profiles, assets and the packages stay where they were put.
"$prefix/bin/python" -m pip install --quiet --disable-pip-version-check --no-cache-dir --no-deps -e "$source"
"$prefix/bin/opscentre" --version
