#!/usr/bin/env bash
# Builds every package in examples/ and runs its tests. Nothing is fetched; the builds share one folder.
set -euo pipefail
cd "$(dirname "$0")/.."

for package in examples/*/; do
    echo "Testing $package"
    swift test --package-path "$package" --scratch-path .build/examples --disable-automatic-resolution
done
