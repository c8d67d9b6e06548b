#!/usr/bin/env bash
# Builds every package in examples/ and runs its tests; nothing is fetched, and the builds share one folder. Then looks at
# what a worker of another team links.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly scratch=.build/examples

# Without a manifest of its own a folder would be taken for the package above it.
for manifest in examples/*/Package.swift; do
    package=$(dirname "$manifest")
    echo "Testing $package"
    swift test --package-path "$package" --scratch-path "$scratch" --disable-automatic-resolution
done

# The runtime of workers needs six C libraries; a seventh in this list has come in through a domain.
echo "Checking what examples/greetings links"
needed=$(readelf -d "$scratch/debug/greetings-worker" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')
ours=$(grep -vE '^(lib(swift|Foundation|_Foundation|Testing|XCTest|dispatch|BlocksRuntime)[^ ]*|lib(c|m|stdc\+\+|gcc_s)\.so.*|ld-linux.*)$' \
    <<<"$needed" | sed 's/\.so.*//' | sort | tr '\n' ' ')
readonly expected="libcrypto libhiredis libpq librabbitmq libyaml-0 libz "
if [ "$ours" != "$expected" ]; then
    printf 'test-examples: greetings-worker links %s\n               expected          %s\n' "$ours" "$expected" >&2
    exit 1
fi
