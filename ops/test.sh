#!/usr/bin/env bash
# Builds once and runs every test, with private servers in a home that is thrown away afterwards.
#
#   ops/test.sh             format, build, all tests
#   ops/test.sh --chaos     only the tests that break a whole fleet, with 100,000 messages (FLOTILLA_CHAOS_MESSAGES)
#   ops/test.sh --asan      the integration tests under the address sanitizer
set -euo pipefail
cd "$(dirname "$0")/.."

# Each stage is a process of its own, and its tests run side by side: so no stage starves or disturbs another.
stages=('^[A-Za-z]+Tests\.' '^Conformance\.' '^Integration\.' '^EndToEnd\.')
build=(--build-tests)
run=(--skip-build)
scratch=.build
case "${1-}" in
    "") ;;
    --chaos)
        run+=(--filter 'FleetTests')
        export FLOTILLA_CHAOS_MESSAGES="${FLOTILLA_CHAOS_MESSAGES:-100000}"
        ;;
    --asan)
        scratch=.build/asan
        build+=(--scratch-path "$scratch" --sanitize address)
        run+=(--scratch-path "$scratch" --sanitize address)
        stages=('^Integration\.')
        # The Swift runtime keeps metadata for ever, which the leak check would report.
        export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=0}"
        ;;
    *)
        echo "test: unknown option $1; see the top of ops/test.sh" >&2
        exit 2
        ;;
esac

if [ "${1-}" = "" ]; then
    echo "Checking the format"
    swift format lint --strict -r Sources Tests bench examples Package.swift
fi
echo "Building"
swift build "${build[@]}"

FLOTILLA_HOME=$(mktemp -d "${TMPDIR:-/tmp}/flotilla-test.XXXXXX")
export FLOTILLA_HOME
flotilla=$PWD/$scratch/debug/flotilla
finish() {
    status=$?
    trap - EXIT
    "$flotilla" services reset --yes 2>/dev/null || echo "test: something is left in $FLOTILLA_HOME" >&2
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

echo "Starting the servers in $FLOTILLA_HOME"
"$flotilla" services start
eval "$("$flotilla" services env)"
export RABBITMQ_URL RABBITMQ_MANAGEMENT_URL DATABASE_URL REDIS_URL
export FLEET_COMMAND=$flotilla
failed=0
for stage in "${stages[@]}"; do
    echo "Testing $stage"
    # A stage takes a few minutes at most; one that hangs has failed.
    timeout --kill-after=10 1200 swift test "${run[@]}" --filter "$stage" || failed=1
done
if [ "${1-}" = "" ]; then
    ops/test-examples.sh || failed=1
    # What users run: the optimizer sees more than the tests' build does.
    echo "Building a release"
    swift build -c release --product flotilla || failed=1
fi
exit "$failed"
