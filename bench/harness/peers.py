"""The servers that take uploads: how each is started, and how `load` is told to speak to it."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import time

from . import MIB, install
from .process import Process, free_port

S3_ACCESS, S3_SECRET, S3_BUCKET = "GK0123456789abcdef01234567", "0123456789abcdef" * 4, "vault"
# What rustus may keep of a request in memory is its limit of a PATCH, too.
RUSTUS_CHUNK_BYTES = 64 * MIB


class Peer:
    """A server with a data directory of its own. `start` and `stop` are repeatable; `clear` forgets what was uploaded."""

    name = ""

    def __init__(self, home):
        self.home = pathlib.Path(home) / self.name.replace("/", "-").replace(" ", "-")
        self.data = self.home / "data"
        self.port = free_port()
        self.process = None
        self.program = self.install()

    def start(self):
        self.data.mkdir(parents=True, exist_ok=True)
        self.process = Process(self.arguments(), self.home / "log", self.environment())
        self.process.wait_port(self.port)
        return self

    def stop(self):
        if self.process:
            self.process.stop()
            self.process = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def clear(self, names=()):
        """Files are all that these keep."""
        for path in self.data.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def environment(self):
        return {}

    def load(self):
        """What `load upload` has to know."""
        return ["--address", f"127.0.0.1:{self.port}"]

    def version(self):
        """What it says of itself, in a word or two."""
        run = subprocess.run([str(word) for word in self.version_arguments()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return " ".join(run.stdout.split()[:8])


class Nginx(Peer):
    """DAV PUT, the floor: no digest, no sync, no catalog. Also what files are served with."""

    name = "nginx"

    def install(self):
        return install.program("nginx")

    def arguments(self):
        user = "user root;" if os.geteuid() == 0 else ""
        for folder in ("put", "other", "served"):
            (self.home / folder).mkdir(exist_ok=True)
        others = "".join(f"{kind}_temp_path {self.home}/other;" for kind in ("proxy", "fastcgi", "uwsgi", "scgi"))
        (self.home / "nginx.conf").write_text(f"""
            {user} daemon off; worker_processes auto; pid {self.home}/pid; error_log stderr warn;
            events {{ worker_connections 2048; }}
            http {{
                access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
                client_max_body_size 0; client_body_buffer_size 256k; client_body_temp_path {self.home}/put; {others}
                server {{
                    listen 127.0.0.1:{self.port};
                    location /put/ {{ alias {self.data}/; dav_methods PUT; }}
                    location /served/ {{ alias {self.home}/served/; }}
                }}
            }}""")
        return [self.program, "-c", self.home / "nginx.conf", "-p", self.home]

    def load(self):
        return [*super().load(), "--protocol", "put", "--prefix", "/put/"]

    def version_arguments(self):
        return [self.program, "-v"]


class Rustus(Peer):
    name = "rustus"

    def install(self):
        return install.cargo("rustus")

    def arguments(self):
        return [self.program, "-h", "127.0.0.1", "-p", self.port, "--data-dir", self.data, "--info-dir", self.data, "-m", "83886080", "-w", "2",
                "--log-level", "ERROR"]

    def load(self):
        return [*super().load(), "--protocol", "tus", "--prefix", "/files", "--chunk-bytes", str(RUSTUS_CHUNK_BYTES)]

    def version_arguments(self):
        return [self.program, "--version"]


class TusNode(Peer):
    name = "tus-node"

    def install(self):
        return install.node("tus.mjs")

    def arguments(self):
        return ["node", self.program, self.port, self.data]

    def load(self):
        return [*super().load(), "--protocol", "tus", "--prefix", "/files"]

    def version_arguments(self):
        return ["node", "-p", f"'@tus/server '+require('{self.program.parent}/node_modules/@tus/server/package.json').version+', node '+process.version"]


class S3(Peer):
    """An S3 server. Cleared by starting anew on an empty directory: they keep deleted bytes for a while."""

    region = "us-east-1"

    def clear(self, names=()):
        self.stop()
        shutil.rmtree(self.data)
        self.start()

    def load(self):
        return [*super().load(), "--protocol", "s3", "--bucket", S3_BUCKET, "--region", self.region, "--access-key", S3_ACCESS, "--secret-key", S3_SECRET]


class Garage(S3):
    name, region = "garage", "garage"

    def install(self):
        return install.cargo("garage")

    def arguments(self):
        (self.home / "garage.toml").write_text(f"""
            metadata_dir = "{self.data}/meta"
            data_dir = "{self.data}/data"
            replication_factor = 1
            rpc_bind_addr = "127.0.0.1:{free_port()}"
            rpc_secret = "{S3_SECRET}"
            [s3_api]
            s3_region = "garage"
            api_bind_addr = "127.0.0.1:{self.port}"
            """)
        return [self.program, "-c", self.home / "garage.toml", "server", "--single-node", "--default-bucket"]

    def environment(self):
        return {"GARAGE_DEFAULT_ACCESS_KEY": S3_ACCESS, "GARAGE_DEFAULT_SECRET_KEY": S3_SECRET, "GARAGE_DEFAULT_BUCKET": S3_BUCKET, "RUST_LOG": "warn"}

    def version_arguments(self):
        return [self.program, "--version"]


class SeaweedFs(S3):
    name = "seaweedfs"

    def install(self):
        return install.python().parent / "weed"

    def arguments(self):
        (self.home / "s3.json").write_text(f"""{{"identities": [{{"name": "bench", "actions": ["Admin", "Read", "Write", "List"],
            "credentials": [{{"accessKey": "{S3_ACCESS}", "secretKey": "{S3_SECRET}"}}]}}]}}""")
        ports = [word for kind in ("master", "volume", "filer") for word in (f"-{kind}.port={free_port()}", f"-{kind}.port.grpc={free_port()}")]
        return [self.program, "mini", "-dir", self.data, "-ip", "127.0.0.1", "-ip.bind", "127.0.0.1", "-s3.config", self.home / "s3.json",
                f"-s3.port={self.port}", "-bucket", S3_BUCKET, "-admin.ui=false", "-webdav=false", "-master.telemetry=false", *ports]

    def start(self):
        super().start()
        # Its buckets come a moment after its port, and its log says so.
        self._wait_bucket()
        return self

    def _wait_bucket(self, seconds=10):
        deadline = time.monotonic() + seconds
        while "bucket" not in self.process.log() and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(1)

    def version_arguments(self):
        return [self.program, "version"]


UPLOAD_PEERS = (Nginx, Rustus, TusNode, SeaweedFs, Garage)


@contextlib.contextmanager
def running(kinds, bench):
    """Starts what can be had; gives the peers, and a line for each that is missing."""
    peers, missing = [], []
    left_out = os.environ.get("BENCH_WITHOUT", "").split()
    try:
        for kind in kinds:
            if kind.name in left_out:
                missing.append(f"{kind.name}: left out of this run (BENCH_WITHOUT)")
                continue
            try:
                peer = kind(bench.home)
                peers.append(peer)
                peer.start()
                bench.remember(*peer.process.popen.args)
            except (install.Missing, RuntimeError, OSError) as error:
                missing.append(f"{kind.name}: {error}")
                if peers and isinstance(peers[-1], kind):
                    peers.pop().remove()
        yield peers, missing
    finally:
        for peer in peers:
            peer.remove()
