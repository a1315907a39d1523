#!/usr/bin/env bash
# Makes requirements/*.txt again from pyproject.toml: pins and hashes, and no address of any index (needs `uv`).
set -euo pipefail
cd "$(dirname "$0")/.."
compile() {
    uv pip compile "$@" --quiet --python-version 3.11 --universal --no-header --generate-hashes --no-emit-index-url --no-annotate \
        ${UPGRADE:+--upgrade} > /dev/null
}
compile pyproject.toml requirements/build.in -o requirements/run.txt
compile pyproject.toml requirements/build.in --extra iceberg --extra spark --extra test -c requirements/run.txt -o requirements/test.txt
compile requirements/sample.in --no-deps -o requirements/sample.txt

# The npm lock: no addresses either (.npmrc leaves the registry's out, the rest are adverts of authors).
cd tests/clients/npm
npm install --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel=error
python3 - package-lock.json <<'PY'
import json
import sys

lock = json.load(open(sys.argv[1]))
for package in lock["packages"].values():
    package.pop("funding", None)
json.dump(lock, open(sys.argv[1], "w"), indent=2)
PY
echo >> package-lock.json
