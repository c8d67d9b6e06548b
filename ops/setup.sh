#!/usr/bin/env bash
# Installs what Flotilla needs from Debian's packages, and says nothing when nothing is missing.
#
#   ops/setup.sh            to build and to run
#   ops/setup.sh --test     and to test
#   ops/setup.sh --bench    and to compare
#
# No system-wide server is started or enabled: what a package would start or enable stays as it was.
set -euo pipefail

readonly swift_needed="6.2"
packages=(
    # What the Swift toolchain itself links and calls.
    g++ libncurses6 libxml2 libsqlite3-0 libedit2 zlib1g-dev tzdata
    librabbitmq-dev libpq-dev libhiredis-dev libyaml-dev libmicrohttpd-dev libcurl4-openssl-dev libidn2-dev libssl-dev
    libglib2.0-dev libxlsxwriter-dev pkg-config
    # Tickets: codes, pages, reading codes from pictures, and letters of every script.
    libqrencode-dev libcairo2-dev libpango1.0-dev libzbar-dev fonts-dejavu-core fonts-noto-core fonts-noto-cjk
    fonts-noto-color-emoji
    redis-server rabbitmq-server amqp-tools
)

say() { printf '%s\n' "$*"; }
fail() {
    printf 'setup: %s\n' "$*" >&2
    exit 1
}

# Whether the test partners from PyPI are wanted.
partners=no

for option in "$@"; do
    case "$option" in
        --test)
            packages+=(python3 python3-venv python3-pika python3-aiosmtpd openssl zbar-tools qpdf poppler-utils pgbouncer faketime)
            partners=yes
            ;;
        --bench) packages+=(python3-venv python3-dev gcc libc6-dev openssl zbar-tools qpdf poppler-utils) ;;
        -h | --help)
            sed -n '2,8s/^# \{0,1\}//p' "$0"
            exit 0
            ;;
        *)
            printf 'setup: unknown option %s; see ops/setup.sh --help\n' "$option" >&2
            exit 2
            ;;
    esac
done

readonly swift_hint="install Swift $swift_needed or newer from https://www.swift.org/install/linux, then run this again"

swift_version() { swift --version 2>&1 | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1; }

# Fails when the version is known and too old; one that can't tell yet may lack a library that is about to come.
check_swift() {
    command -v swift >/dev/null || fail "Swift is missing; $swift_hint"
    local version
    version=$(swift_version) || true
    [ -n "$version" ] || return 1
    [ "$(printf '%s\n' "$swift_needed" "$version" | sort -V | head -n 1)" = "$swift_needed" ] ||
        fail "Swift $version is too old; $swift_hint"
}

# Debian's own Python, which the tests run; a virtual environment whose list has not changed is left alone.
install_partners() {
    [ "$partners" = yes ] || return 0
    local -r list="$(dirname "$0")/../Tests/TestSupport/requirements.txt"
    local -r venv="${XDG_CACHE_HOME:-$HOME/.cache}/flotilla/test-venv"
    cmp -s "$list" "$venv/installed.txt" && return 0
    say "Installing the test partners into $venv"
    rm -rf "$venv"
    /usr/bin/python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement "$list"
    cp "$list" "$venv/installed.txt"
}

is_installed() { dpkg-query -W -f '${db:Status-Status}\n' "$1" 2>/dev/null | grep -qx installed; }

# Any PostgreSQL will do; Debian 12 has version 15.
has_postgres() { compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; }

runs_swift=yes
check_swift || runs_swift=no
command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    fail "this is not Debian: install the equivalents of ${packages[*]} postgresql by hand"

missing=()
for package in "${packages[@]}"; do is_installed "$package" || missing+=("$package"); done
has_postgres || missing+=(postgresql)
if [ ${#missing[@]} -eq 0 ]; then
    [ "$runs_swift" = yes ] || fail "swift --version does not answer; $swift_hint"
    install_partners
    exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "missing packages: ${missing[*]}; install them as root (there is no sudo here)"
    as_root=(sudo)
fi
root() { "${as_root[@]}" "$@"; }

readonly policy=/usr/sbin/policy-rc.d
readonly policy_kept=/usr/sbin/policy-rc.d.before-flotilla
readonly cluster_setting=/etc/postgresql-common/createcluster.d/flotilla-setup.conf
readonly links=/etc/systemd/system
log=$(mktemp)
links_before=$(mktemp)
forbids_starting=no

# While this is in place, package scripts may start nothing (101 means forbidden).
forbid_starting() {
    # One that an interrupted set-up left is not what was here before it.
    [ -e "$policy_kept" ] || [ -L "$policy_kept" ] || ! { [ -e "$policy" ] || [ -L "$policy" ]; } ||
        root mv "$policy" "$policy_kept"
    forbids_starting=yes
    printf '#!/bin/sh\n# For the length of a flotilla set-up.\nexit 101\n' | root tee "$policy" >/dev/null
    root chmod 755 "$policy"
}

allow_starting() {
    [ "$forbids_starting" = yes ] || return 0
    root rm -f "$policy"
    if [ -e "$policy_kept" ] || [ -L "$policy_kept" ]; then root mv "$policy_kept" "$policy"; fi
}

list_links() {
    find "$links" -type l \( -name '*.service' -o -name '*.socket' \) 2>/dev/null || true
    find /etc/rc[2-5].d -name 'S*' 2>/dev/null || true
}

# Takes back the links by which the new packages had their servers started at boot.
undo_enabling() {
    local link unit
    list_links | sort | comm -13 "$links_before" - | while read -r link; do
        [ -L "$link" ] || continue
        unit=${link##*/}
        case "$link" in
            "$links"/*)
                root systemctl disable --quiet "$unit" >/dev/null 2>&1 || true
                root rm -f "$link"
                ;;
            *) root update-rc.d "${unit#S[0-9][0-9]}" disable >/dev/null 2>&1 || true ;;
        esac
    done
}

finish() {
    local status=$?
    trap - EXIT
    undo_enabling || true
    allow_starting
    root rm -f "$cluster_setting"
    rm -f "$log" "$links_before"
    exit "$status"
}

# On a terminal the count stays on one line.
line_start="" line_end=$'\n'
if [ -t 1 ]; then line_start=$'\r\033[K' line_end=""; fi

# apt's own account is long: show one line per package, and all of it only when it fails.
apt() {
    local -r what=$1
    shift
    : >"$log"
    if ! root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get "$@" 2>&1 | tee "$log" |
        awk -v start="$line_start" -v end="$line_end" '/newly installed/ { total = $3 }
            /^Setting up/ { printf "%s  %d/%d %s%s", start, ++n, total, $3, end; fflush() }'; then
        tail -n 20 "$log" >&2
        fail "$what failed"
    fi
}

list_links | sort >"$links_before"
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
forbid_starting
if ! has_postgres; then
    # The package would make a cluster of its own, which nobody here uses.
    root mkdir -p "${cluster_setting%/*}"
    echo "create_main_cluster = false" | root tee "$cluster_setting" >/dev/null
fi

say "Reading Debian's package lists"
apt "apt-get update" update -q
say "Installing ${missing[*]}"
apt "installing the packages" install -q -y --no-install-recommends "${missing[@]}"
[ -n "$line_end" ] || printf '\r\033[K'
check_swift || fail "swift --version does not answer; $swift_hint"
install_partners
