"""Real engines for tests: a PostgreSQL and an S3 server of our own on loopback, gone with the script that started them.

ENGINES names what the servers of a script run on: "sqlite,disk" (the default), "postgres,disk", "sqlite,s3" or "postgres,s3". Each
server gets a database and a bucket's prefix of its own. `on_engines.py` runs scripts on several combinations; the two engines are
started once then, and found by TEST_POSTGRES and TEST_S3.
"""

import atexit
import base64
import contextlib
import ctypes
import json
import os
import pathlib
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
START_SECONDS = 60
ACCESS_KEY, SECRET_KEY = "strongroomtest", "strongroom-test-secret"
BUCKET = "strongroom"


def chosen():
    """Which database and which store the servers of this script run on."""
    database, store = os.environ.get("ENGINES", "sqlite,disk").split(",")
    if database not in ("sqlite", "postgres") or store not in ("disk", "s3"):
        sys.exit(f"ENGINES={database},{store}: expected sqlite or postgres, a comma, disk or s3")
    return database, store


def is_on_s3():
    return chosen()[1] == "s3"


def smallest_part(wanted):
    """The part length to test with: no S3 server takes parts below 5 MiB, but for the last."""
    return max(wanted, 8 << 20) if is_on_s3() else wanted


def settings():
    """What a new server is told, as environment variables without their prefix: a database and a place in the bucket of its own."""
    database, store = chosen()
    told = {}
    if database == "postgres":
        told["DATABASE__URL"] = postgres().new_database()
    if store == "s3":
        told |= s3().settings(f"vault-{secrets.token_hex(6)}")
    return told


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def die_with_parent():
    """Ends the process when its parent does, however that ends."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Postgres:
    """A cluster with one superuser, or the URL of one that runs already."""

    def __init__(self, url=None):
        self.process, self.url = None, url
        if url is None:
            self.home = pathlib.Path(tempfile.mkdtemp(prefix="strongroom-postgres-"))
            self.port = free_port()
            self.url = f"postgres://strongroom:secret@127.0.0.1:{self.port}"
            self._create()
            self.start()
            atexit.register(self.close)

    @staticmethod
    def tool(name):
        for folder in sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
            if (folder / name).exists():
                return str(folder / name)
        sys.exit(f"PostgreSQL's {name} is missing: run tools/setup test")

    def _as_postgres(self):
        """PostgreSQL refuses to run as root."""
        if os.geteuid() != 0:
            return {}
        user = pwd.getpwnam("postgres")
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def _create(self):
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self.home, user.pw_uid, user.pw_gid)
        password = self.home / "password"
        password.write_text("secret\n")
        password.chmod(0o644)
        subprocess.run([self.tool("initdb"), "-D", self.home / "data", "-U", "strongroom", "--pwfile", password, "-A", "scram-sha-256",
                        "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"], check=True, stdout=subprocess.DEVNULL, cwd="/", **self._as_postgres())

    def start(self):
        # What fsync is good for is tested elsewhere; here it would only make the disk the bottleneck.
        options = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "", "fsync": "off",
                   "max_connections": 200, "log_min_messages": "warning"}
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with open(self.home / "log", "ab") as log:
            self.process = subprocess.Popen([self.tool("postgres"), "-D", self.home / "data", *arguments], stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, cwd="/", start_new_session=True, preexec_fn=die_with_parent,
                                            **self._as_postgres())
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"PostgreSQL did not start:\n{(self.home / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def answers(self):
        return subprocess.run([self.tool("pg_isready"), "-q", "-d", f"{self.url}/postgres"], check=False).returncode == 0

    def restart(self, how=signal.SIGINT):
        """A fast shutdown, which cuts every session off, or with SIGQUIT a crash; and a start."""
        self.process.send_signal(how)
        self.process.wait(timeout=START_SECONDS)
        self.start()

    def query(self, text, database="postgres"):
        run = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", f"{self.url}/{database}", "-c", text],
                             check=True, stdout=subprocess.PIPE, text=True, timeout=START_SECONDS)
        return run.stdout.strip()

    def new_database(self):
        name = f"vault_{secrets.token_hex(6)}"
        self.query(f"create database {name}")
        return f"{self.url}/{name}"

    def close(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(timeout=START_SECONDS)
        shutil.rmtree(self.home, ignore_errors=True)


class S3:
    """A SeaweedFS with one bucket, or the endpoints of one that runs already."""

    def __init__(self, endpoints=None):
        self.process = None
        if endpoints:
            self.endpoint, self.filer = endpoints.split(",")
            return
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="strongroom-s3-"))
        # Its gRPC ports are 10,000 above the others, unless they are told.
        self.ports = {name: free_port() for name in ("s3", "s3.grpc", "filer", "filer.grpc", "master", "master.grpc", "volume",
                                                     "volume.grpc", "admin", "admin.grpc", "webdav")}
        self.endpoint = f"http://127.0.0.1:{self.ports['s3']}"
        self.filer = f"http://127.0.0.1:{self.ports['filer']}"
        self.start()
        atexit.register(self.close)

    @staticmethod
    def program():
        beside = pathlib.Path(sys.executable).parent / "weed"
        found = os.environ.get("STRONGROOM_TEST_WEED") or (str(beside) if beside.exists() else shutil.which("weed"))
        return found or sys.exit("SeaweedFS (weed) is missing: run tools/setup test")

    def start(self):
        grants = {"identities": [{"name": "strongroom", "actions": ["Admin", "Read", "Write", "List", "Tagging"],
                                  "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}]}]}
        (self.home / "s3.json").write_text(json.dumps(grants))
        flags = {"dir": self.home / "data", "ip": "127.0.0.1", "ip.bind": "127.0.0.1", "s3.config": self.home / "s3.json",
                 "bucket": BUCKET, "webdav": "false", "admin.ui": "false", "master.telemetry": "false",
                 "s3.port": self.ports["s3"], "s3.port.grpc": self.ports["s3.grpc"],
                 "filer.port": self.ports["filer"], "filer.port.grpc": self.ports["filer.grpc"],
                 "master.port": self.ports["master"], "master.port.grpc": self.ports["master.grpc"],
                 "volume.port": self.ports["volume"], "volume.port.grpc": self.ports["volume.grpc"],
                 "admin.port": self.ports["admin"], "admin.port.grpc": self.ports["admin.grpc"]}
        (self.home / "data").mkdir(exist_ok=True)
        with open(self.home / "log", "ab") as log:
            self.process = subprocess.Popen([self.program(), "mini", *(f"-{name}={value}" for name, value in flags.items())],
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.home, start_new_session=True,
                                            preexec_fn=die_with_parent)
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"SeaweedFS did not start:\n{(self.home / 'log').read_text()[-3000:]}")
            time.sleep(0.1)

    def answers(self):
        """Whether the bucket is there: that comes last."""
        try:
            with urllib.request.urlopen(f"{self.filer}/buckets/{BUCKET}/?limit=1", timeout=2):
                pass
            with contextlib.suppress(urllib.error.HTTPError), urllib.request.urlopen(self.endpoint, timeout=2):
                pass
            return True
        except (OSError, urllib.error.URLError):
            return False

    def stop(self, how=signal.SIGKILL):
        self.process.send_signal(how)
        self.process.wait(timeout=START_SECONDS)

    def settings(self, prefix):
        return {"STORE__URL": f"s3://{BUCKET}/{prefix}", "STORE__ENDPOINT": self.endpoint, "STORE__ACCESS_KEY_ID": ACCESS_KEY,
                "STORE__SECRET_ACCESS_KEY": SECRET_KEY}

    def entries(self, folder):
        """What is in a folder, as SeaweedFS itself sees it."""
        request = urllib.request.Request(f"{self.filer}/buckets/{BUCKET}/{folder}/?limit=100000", headers={"accept": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.load(answer).get("Entries") or []
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            return []

    def multiparts(self, vault):
        """The multipart uploads of a vault that are under way, and what each is of: folders that have the upload's record. A part that
        lands after the end of its upload makes the folder anew, without one: its client is told NoSuchUpload, no S3 call shows it,
        and SeaweedFS deletes it, unless it is too busy (`checkUploadStillOpen` in its weed/s3api)."""
        keys = {entry["FullPath"].rsplit("/", 1)[-1]: (entry.get("Extended") or {}).get("key") for entry in self.entries(".uploads")}
        keys = {name: base64.b64decode(key).decode() for name, key in keys.items() if key}
        return {name: key for name, key in keys.items() if key.startswith(f"{vault}/")}

    def files(self, prefix):
        """Paths and lengths of all objects below a prefix."""
        found, folders = {}, [prefix]
        while folders:
            folder = folders.pop()
            for entry in self.entries(folder):
                path = entry["FullPath"].removeprefix(f"/buckets/{BUCKET}/")
                if entry.get("Mode", 0) & (1 << 31):
                    folders.append(path)
                else:
                    found[path] = entry.get("FileSize") or sum(chunk["size"] for chunk in entry.get("chunks") or [])
        return found

    def close(self):
        if self.process and self.process.poll() is None:
            self.stop()
        shutil.rmtree(self.home, ignore_errors=True)


_running = {}


def postgres():
    """The PostgreSQL of this run, started when first asked for."""
    return _running.get("postgres") or _running.setdefault("postgres", Postgres(os.environ.get("TEST_POSTGRES")))


def s3():
    """The S3 server of this run, started when first asked for."""
    return _running.get("s3") or _running.setdefault("s3", S3(os.environ.get("TEST_S3")))
