#!/usr/bin/env bash
# Builds once and runs every test, with private servers in a home that is thrown away afterwards.
#
#   ops/test.sh             format, build, all tests
#   ops/test.sh --fleet     only the tests of a whole fleet, with 100,000 messages (FLOTILLA_CHAOS_MESSAGES)
#   ops/test.sh --asan      the integration tests under the address sanitizer
set -euo pipefail
cd "$(dirname "$0")/.."

# Each stage is a process of its own, and its tests run side by side: so no stage starves or disturbs another. The tests
# of the HTTP server have one of their own, since it closes connections that wait for a processor as those that are slow. The tests
# with servers are three stages: 500 tests at once outlast their own deadlines, and come near the 1,024 descriptors above
# which Foundation's Process no longer sees that a program has ended.
stages=('^HTTPServerTests\.' '^[A-GI-Z][A-Za-z]*Tests\.' '^Conformance\.' '^Integration\.[A-J]' '^Integration\.[K-R]' '^Integration\.[^A-R]' '^EndToEnd\.')
build=(--build-tests)
run=(--skip-build)
scratch=.build
case "${1-}" in
    "") ;;
    --fleet)
        run+=(--filter 'Fleet(Fault)?Tests')
        export FLOTILLA_CHAOS_MESSAGES="${FLOTILLA_CHAOS_MESSAGES:-100000}"
        ;;
    --asan)
        scratch=.build/asan
        build+=(--scratch-path "$scratch" --sanitize address)
        run+=(--scratch-path "$scratch" --sanitize address)
        stages=('^Integration\.[A-J]' '^Integration\.[K-R]' '^Integration\.[^A-R]')
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

# Hundreds of schemas are made and dropped, and a disk makes each checkpoint wait for their files: memory does not.
FLOTILLA_TEST_HOMES=${TMPDIR:-/tmp}
if [ -w /dev/shm ] && [ "$(df --output=avail -k /dev/shm | tail -n 1)" -gt 4000000 ]; then FLOTILLA_TEST_HOMES=/dev/shm; fi
FLOTILLA_HOME=$(mktemp -d "$FLOTILLA_TEST_HOMES/flotilla-test.XXXXXX")
export FLOTILLA_TEST_HOMES FLOTILLA_HOME
flotilla=$PWD/$scratch/debug/flotilla
log=$FLOTILLA_HOME.log
finish() {
    status=$?
    trap - EXIT
    rm -f "$log"
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
failed=()

# Runs a stage, and remembers its name and what it said when it fails: the end of a long output is what people see first.
stage() {
    local name=$1 status=0
    shift
    echo "Testing $name"
    "$@" 2>&1 | tee "$log" || status=$?
    [ "$status" -eq 0 ] && return
    failed+=("$name (exit status $status)")
    # The testing library's mark of a failure, and the words of the other stages.
    while IFS= read -r line; do failed+=("    $line"); done < <(
        { grep -aE '^(✘ Test .* recorded an issue|✘ .*Crash|.*: error: |Fatal error|FAIL: |FAILED|chaos: .* failed: .*)' "$log" || tail -n 5 "$log"; } |
            cut -c 1-300 | head -n 20
    )
}

for filter in "${stages[@]}"; do
    # A stage takes a few minutes at most; one that hangs has failed.
    stage "$filter" timeout --kill-after=10 1200 swift test "${run[@]}" --filter "$filter"
done
if [ "${1-}" = "" ]; then
    stage "what takes all descriptors and threads" env FLOTILLA_TESTS_ALONE=yes timeout --kill-after=10 300 \
        swift test "${run[@]}" --filter '^PlatformTests\.ShortageTests'
    stage "examples" ops/test-examples.sh
    stage "the ledger's own tests" \
        /usr/bin/python3 -m unittest discover --quiet --start-directory Tests/Chaos --pattern '*_test.py'
    # Starts a home of its own.
    stage "a few cells of the ledger (make chaos has them all)" env -u FLOTILLA_HOME timeout --kill-after=60 600 \
        /usr/bin/python3 Tests/Chaos --quick --messages 300 --binary "$flotilla"
    # With keys of all scopes: python3 Tests/Contract --binary .build/debug/flotilla, on the partners' Python.
    stage "the API's description, and the API by it" env -u FLOTILLA_HOME timeout --kill-after=60 600 \
        "${XDG_CACHE_HOME:-$HOME/.cache}/flotilla/test-venv/bin/python" Tests/Contract --binary "$flotilla" \
        --examples 1 --scopes admin enqueue
    stage "what the guides show" env -u FLOTILLA_HOME timeout --kill-after=60 300 \
        "${XDG_CACHE_HOME:-$HOME/.cache}/flotilla/test-venv/bin/python" Tests/Contract --binary "$flotilla" --guides
    # What users run: the optimizer sees more than the tests' build does.
    stage "a release build" swift build -c release --product flotilla
fi
if [ "${#failed[@]}" -gt 0 ]; then
    printf '\nFailed:\n'
    printf '  %s\n' "${failed[@]}"
    exit 1
fi
printf '\nEvery stage passed.\n'
