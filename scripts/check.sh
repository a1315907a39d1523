#!/usr/bin/env bash
# Lint, format, types, documentation: all of them, then one verdict. (House rules are tests: tests/test_house.py.)
set -uo pipefail
cd "$(dirname "$0")/.."
export NO_MKDOCS_2_WARNING=1  # an advert of its successor
bad=0
ask() {
    "$@" || { echo "failed: $*"; bad=1; }
}
ask ruff check --quiet .
ask ruff format --check --quiet .
ask mypy
ask mkdocs build --strict --quiet
exit $bad
