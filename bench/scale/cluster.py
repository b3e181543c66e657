"""A PostgreSQL of a measurement's own, with Strongroom's schema, in a directory that goes when it does."""

import contextlib
import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MIGRATIONS = ROOT / "crates" / "strongroom-catalog" / "migrations" / "postgres"
BINARIES = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Cluster:
    """Reached by a socket in its own directory; synchronous commits and full page writes as on a server that means it."""

    def __init__(self, home):
        self.home = home
        # PostgreSQL refuses to run as root.
        self.as_user = ["runuser", "--user", "postgres", "--"] if os.getuid() == 0 else []

    def run(self, program, *arguments, **options):
        command = [*self.as_user, BINARIES / program, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, cwd=self.home, **options).stdout

    def sql(self, text):
        """The rows that a statement answers, as text, columns separated by `|`."""
        rows = self.run("psql", "-h", self.home, "-d", "postgres", "-XqAt", "-v", "ON_ERROR_STOP=1", "-f", "-", input=text)
        return [line.split("|") for line in rows.splitlines()]

    def number(self, text):
        return float(self.sql(text)[-1][0])

    def cpu_seconds(self):
        """What all backends that have ended used. Those of a run may still be ending when it is over: they are waited for."""
        pid = (pathlib.Path(self.home) / "data" / "postmaster.pid").read_text().split()[0]
        while self.backends(pid):
            time.sleep(0.05)
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[13]) + int(fields[14])) / TICKS_PER_SECOND

    @staticmethod
    def backends(postmaster):
        """The processes that serve clients, and those that have ended and not been waited for: they have no title any more."""
        children = pathlib.Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        titles = []
        for child in children:
            with contextlib.suppress(OSError):
                titles.append(pathlib.Path(f"/proc/{child}/cmdline").read_bytes())
        return [title for title in titles if b"[local]" in title or not title]

    def bench(self, script, clients, seconds, transactions=None, mode="prepared"):
        """Runs a pgbench script; what one run of it takes of the database: CPU, write-ahead log, and how many there were a second."""
        path = pathlib.Path(self.home) / "script.sql"
        path.write_text(script)
        length = ["-t", str(transactions)] if transactions else ["-T", str(round(seconds))]
        cpu, wal = self.cpu_seconds(), self.number("select pg_current_wal_insert_lsn() - '0/0'")
        told = self.run("pgbench", "-h", self.home, "-n", "-M", mode, "-c", str(clients), "-j", "2", *length, "-f", path, "postgres")
        done = int(next(line for line in told.splitlines() if "actually processed" in line).split(":")[1].split("/")[0])
        rate = float(next(line for line in told.splitlines() if line.startswith("tps")).split()[2])
        wal = self.number("select pg_current_wal_insert_lsn() - '0/0'") - wal
        return {"cpu_microseconds": round((self.cpu_seconds() - cpu) / done * 1e6), "wal_bytes": round(wal / done),
                "per_second": round(rate), "clients": clients}


@contextlib.contextmanager
def cluster():
    home = tempfile.mkdtemp(prefix="strongroom-scale-")
    if os.getuid() == 0:
        os.chown(home, *pwd.getpwnam("postgres")[2:4])
    made = Cluster(home)
    try:
        made.run("initdb", "-D", f"{home}/data", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        settings = f"-k {home} -c listen_addresses='' -c shared_buffers=512MB -c max_wal_size=4GB -c max_connections=200"
        made.run("pg_ctl", "-D", f"{home}/data", "-w", "-l", f"{home}/log", "-o", settings, "start")
        for migration in sorted(MIGRATIONS.glob("*.sql")):
            made.sql(f"begin;\n{migration.read_text()}\ncommit;")
        yield made
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            made.run("pg_ctl", "-D", f"{home}/data", "-m", "immediate", "stop")
        shutil.rmtree(home, ignore_errors=True)
