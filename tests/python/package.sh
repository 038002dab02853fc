#!/usr/bin/env bash
# Builds the Python package, installs it into a clean environment and runs its tests there.
#
#   tests/python/package.sh [OPTIONS OF PYTEST]
#
# AERBM_PYTHON_PROFILE names the cargo profile (default: wheel). A machine that cannot install Python packages
# skips the work and says why.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
environment=.venv-python
rm -rf "$environment"
python3 -m venv "$environment"
if ! reason=$("$environment/bin/pip" install --quiet --disable-pip-version-check "maturin>=1.9.4,<2" 2>&1); then
    echo "python: skipped, because packages cannot be installed: ${reason##*$'\n'}" >&2
    exit 0
fi
wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT
(cd python && "../$environment/bin/maturin" build --locked --profile "${AERBM_PYTHON_PROFILE:-wheel}" --out "$wheels")
wheel=$(echo "$wheels"/*.whl)
size=$(stat -c %s "$wheel")
echo "$(basename "$wheel"): $((size / 1000)) kB"
"$environment/bin/pip" install --quiet --disable-pip-version-check "${wheel}[test]"
# Run from another folder, so that the installed package is tested and not the one in the sources.
cp -r python/tests python/notebooks "$wheels"
program=${CARGO_TARGET_DIR:-target}/debug/aerbm
if [[ -x "$program" ]]; then AERBM_PROGRAM=$(realpath "$program"); export AERBM_PROGRAM; fi
python=$(realpath -s "$environment/bin/python")
cd "$wheels"
"$python" -m pytest tests -q "$@"
if [[ "${AERBM_PYTHON_PROFILE:-wheel}" == wheel ]] && ((size > 8000000)); then
    echo "the wheel has $size bytes: expected at most 8,000,000" >&2
    exit 1
fi
