"""Several nodes on one PostgreSQL and one S3, behind nginx: what a client sees is one server."""

import pathlib
import shutil
import subprocess
import tempfile
import time

import engines
from server import Server

# Parts are numbered from one and each goes to another node than the one before: round robin. A request that a node did not take, since
# it is gone or drains, goes to the next; nginx sends no part twice that a node may have begun to read, unless it is told to.
CONFIGURATION = """
worker_processes 1;
pid {home}/nginx.pid;
error_log {home}/error.log warn;
events {{ worker_connections 2048; }}
http {{
    access_log off;
    client_body_temp_path {home}/body;
    proxy_temp_path {home}/proxy;
    fastcgi_temp_path {home}/fastcgi;
    uwsgi_temp_path {home}/uwsgi;
    scgi_temp_path {home}/scgi;
    client_max_body_size 0;
    upstream strongroom {{
        {servers}
        keepalive 64;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://strongroom;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_request_buffering off;
            proxy_buffering off;
            proxy_connect_timeout 2s;
            proxy_read_timeout 90s;
            proxy_next_upstream error timeout;
        }}
    }}
}}
"""


class Node(Server):
    """One of several servers on the same database and bucket, on a port that it keeps."""

    def __init__(self, shared, **settings):
        super().__init__(shared=shared, **settings)
        self.listen = f"127.0.0.1:{engines.free_port()}"

    def spawn(self):
        self.run("serve", "--no-worker", "--listen", self.listen)


class WorkerNode(Server):
    """A node that renders and serves nothing."""

    def __init__(self, shared, **settings):
        super().__init__(shared=shared, **settings)

    def spawn(self):
        self.run("worker")


class Nginx:
    """The one address in front of several. One process, so that its end cuts every connection at once."""

    def __init__(self, addresses):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="strongroom-nginx-"))
        self.home.chmod(0o755)
        self.port = engines.free_port()
        servers = "\n        ".join(f"server {address} max_fails=0;" for address in addresses)
        (self.home / "nginx.conf").write_text(CONFIGURATION.format(home=self.home, servers=servers, port=self.port))
        self.address = f"127.0.0.1:{self.port}"
        self.process = None
        self.start()

    def start(self):
        # In the foreground, and ended with us whatever becomes of us.
        (self.home / "nginx.pid").unlink(missing_ok=True)
        self.process = subprocess.Popen(["nginx", "-c", self.home / "nginx.conf", "-p", self.home, "-e", self.home / "error.log",
                                         "-g", "daemon off; master_process off;"], stdin=subprocess.DEVNULL, start_new_session=True,
                                        preexec_fn=engines.die_with_parent)
        deadline = time.monotonic() + 10
        while not (self.home / "nginx.pid").exists():
            assert self.process.poll() is None and time.monotonic() < deadline, (self.home / "error.log").read_text()
            time.sleep(0.02)

    def cut(self):
        """Ends every connection and takes no new one."""
        self.process.kill()
        self.process.wait(timeout=10)

    def close(self):
        self.cut()
        shutil.rmtree(self.home, ignore_errors=True)
