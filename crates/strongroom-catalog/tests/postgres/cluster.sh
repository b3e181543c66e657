#!/usr/bin/env bash
# Starts a PostgreSQL of the tests' own in a directory, unless it runs there. It listens on a socket in that directory and nowhere
# else, syncs nothing, begins empty, and stops by itself once nobody has held a lock on `in-use` for a while, however the tests
# ended. Whoever calls this holds that lock already.
#
# Usage: tests/postgres/cluster.sh DIRECTORY
set -euo pipefail
home=${1:?usage: cluster.sh DIRECTORY}
bin=/usr/lib/postgresql/15/bin

[[ -x $bin/postgres ]] || {
    echo "PostgreSQL 15 is missing ($bin/postgres): apt-get install postgresql-15" >&2
    exit 1
}

# It refuses to run as root.
as=()
[[ $EUID -ne 0 ]] || as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
control=("${as[@]}" "$bin/pg_ctl" --pgdata "$home/data")

# Its own directory of work must be one that it may enter.
cd /
! "${control[@]}" status >/dev/null 2>&1 || exit 0

rm -rf "$home/data" "$home/log"
mkdir "$home/data"
[[ $EUID -ne 0 ]] || chown postgres:postgres "$home" "$home/data"
# The locale that knows the least: what depends on one fails here.
"${as[@]}" "$bin/initdb" --pgdata "$home/data" --username postgres --auth trust --encoding UTF8 --no-locale --no-sync >/dev/null
cat >>"$home/data/postgresql.conf" <<END
listen_addresses = ''
unix_socket_directories = '$home'
max_connections = 300
fsync = off
full_page_writes = off
synchronous_commit = off
deadlock_timeout = 100ms
END
"${control[@]}" --wait --silent --log "$home/log" start || {
    cat "$home/log" >&2
    exit 1
}

# shellcheck disable=SC2016 # expanded by the shell that it starts
setsid --fork bash -c '
    idle_seconds=0
    while ((idle_seconds < 15)); do
        sleep 1
        if flock --nonblock --exclusive "$1/in-use" true; then idle_seconds=$((idle_seconds + 1)); else idle_seconds=0; fi
    done
    exec flock --exclusive "$1/in-use" "${@:2}" stop --mode immediate
' watchdog "$home" "${control[@]}" </dev/null >/dev/null 2>&1
