#!/usr/bin/env bash
# Finds a Chromium for the browser tests, or installs Debian's when we may. Without one those tests skip and say so.
set -euo pipefail
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" > /dev/null; then exit 0; fi
done
if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
    echo "No Chromium here and no right to install one: browser tests will be skipped (install the package 'chromium')"
    exit 0
fi
echo "Installing Chromium for the browser tests"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core > /dev/null
