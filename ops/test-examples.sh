#!/usr/bin/env bash
# Builds every package in examples/ and runs its tests. Nothing is fetched; the builds share one folder.
set -euo pipefail
cd "$(dirname "$0")/.."

# Without a manifest of its own a folder would be taken for the package above it.
for manifest in examples/*/Package.swift; do
    package=$(dirname "$manifest")
    echo "Testing $package"
    swift test --package-path "$package" --scratch-path .build/examples --disable-automatic-resolution
done
