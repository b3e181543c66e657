#!/usr/bin/env bash
# Runs a PgBouncer in transaction mode for the PostgreSQL whose socket is in one directory, with its own socket in another. Ends when
# its standard input does, which happens however the test ends.
#
# Usage: tests/postgres/pooler.sh SOCKETS_OF_THE_SERVER DIRECTORY
set -euo pipefail
server=${1:?usage: pooler.sh SOCKETS_OF_THE_SERVER DIRECTORY}
home=${2:?usage: pooler.sh SOCKETS_OF_THE_SERVER DIRECTORY}

command -v pgbouncer >/dev/null || {
    echo "PgBouncer is missing: apt-get install pgbouncer" >&2
    exit 1
}

# Fewer connections to the server than the catalog has to it, so that transactions change places.
cat >"$home/pgbouncer.ini" <<END
[databases]
* = host=$server
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = $home
auth_type = trust
auth_file = $home/users
pool_mode = transaction
default_pool_size = 3
logfile = $home/log
END
printf '"%s" ""\n' owner guest >"$home/users"

# It refuses to run as root.
as=()
if [[ $EUID -eq 0 ]]; then
    chown -R postgres:postgres "$home"
    as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
fi
"${as[@]}" pgbouncer --quiet "$home/pgbouncer.ini" </dev/null &
read -r _ || true
kill $!
wait $! || true
