"""A Strongroom server of a test's own, and a plain HTTP caller for it. Standard library only."""

import atexit
import http.client
import json
import os
import pathlib
import re
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse

import engines

ROOT = pathlib.Path(__file__).resolve().parent.parent
START_SECONDS = 30
# More than server.drain_seconds.
STOP_SECONDS = 45


def binary():
    """The built program: STRONGROOM_BIN, or the profile's (PROFILE=dev or release) in cargo's target directory."""
    folder = "release" if os.environ.get("PROFILE", "dev") == "release" else "debug"
    target = os.environ.get("CARGO_TARGET_DIR", ROOT / "target")
    return os.environ.get("STRONGROOM_BIN") or str(pathlib.Path(target) / folder / "strongroom")


class Server:
    """One server on a free loopback port, with a data directory that goes when it does."""

    def __init__(self, data_dir=None, arguments=(), shared=None, **settings):
        """`settings` are environment variables without their prefix: UPLOAD__MIN_PART_BYTES=65536; `arguments` are more of `serve`.

        A `data_dir` on a disk that a test breaks is given; the log is kept away from it. `shared` are the database and the bucket that
        several servers have in common.
        """
        home = pathlib.Path(tempfile.mkdtemp(prefix="strongroom-")) if data_dir is None else pathlib.Path(data_dir)
        self.data_dir = home
        self.arguments = arguments
        self.settings = settings
        # Where its rows and bytes are; the data directory, unless ENGINES says otherwise.
        self.engines = engines.settings() if shared is None else shared
        self.log_path = pathlib.Path(tempfile.gettempdir()) / f"{home.name}.log"
        self.process = None
        self.address = None
        self.is_kept = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        if not self.is_kept:
            shutil.rmtree(self.data_dir, ignore_errors=True)
            self.log_path.unlink(missing_ok=True)

    def keep(self, seed):
        """Leaves the data directory and the log for whoever looks into a failure, and says so."""
        self.is_kept = True
        print(f"SEED={seed}; the data directory is kept: {self.data_dir}\n{self.log()}", flush=True)

    def command(self, *arguments):
        """Runs the program on this data directory and gives back the JSON it prints."""
        run = subprocess.run([binary(), *arguments, "--data-dir", self.data_dir, "--json"], env=self.environment(),
                             stdout=subprocess.PIPE, check=True, timeout=START_SECONDS)
        return json.loads(run.stdout)

    def tell(self, *arguments):
        """As `command`, for those that print a line or none."""
        subprocess.run([binary(), *arguments, "--data-dir", self.data_dir], env=self.environment(), stdout=subprocess.DEVNULL, check=True,
                       timeout=START_SECONDS)

    def create_key(self, name="tests"):
        """A key with every scope and permission."""
        return self.command("key", "create", "--name", name)["key"]

    def create_connection(self, name="tests"):
        """A connection's id."""
        return self.command("connection", "create", "--name", name, "--username", name)["id"]

    def spawn(self):
        """Starts the process and does not wait for it."""
        self.run("serve", "--listen", "127.0.0.1:0", *self.arguments)

    def run(self, role, *arguments):
        """Runs `serve` or `worker`. In a session of its own: a Ctrl-C is for the script, not for it."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([binary(), role, "--data-dir", self.data_dir, *arguments], env=self.environment(),
                                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
        # However the script ends: nothing of it stays.
        atexit.register(self.kill)

    def wait_ready(self):
        """Waits for the ready line and takes the address from it."""
        deadline, text = time.monotonic() + START_SECONDS, b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while not (ready := re.search(rb"ready(?: at http://([0-9.:]+))?\n", text)):
                if not selector.select(max(0, deadline - time.monotonic())):
                    raise RuntimeError(f"the server was not ready within {START_SECONDS} s\n{self.log()}")
                chunk = os.read(self.process.stdout.fileno(), 4096)
                if not chunk:
                    raise RuntimeError(f"the server ended before it was ready\n{self.log()}")
                text += chunk
        self.address = ready[1].decode() if ready[1] else None

    def start(self):
        """Starts it and waits until it serves."""
        self.spawn()
        self.wait_ready()
        return self

    def kill(self):
        """SIGKILL, to the server alone: its children have to notice by themselves."""
        if self.process and self.process.poll() is None:
            self.process.kill()
        self._reap()

    def stop(self):
        """SIGTERM, as an operator would; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self._reap()

    def log(self):
        """The end of what the server said."""
        return self.log_path.read_text(errors="replace")[-4000:]

    @property
    def url(self):
        return f"http://{self.address}"

    def _reap(self):
        if not self.process:
            return None
        status = self.process.wait(timeout=STOP_SECONDS)
        self.process.stdout.close()
        self.process = None
        return status

    def stored(self, area):
        """Names and lengths of what the store holds in `staging`, `blobs` or `renditions`."""
        if "STORE__URL" in self.engines:
            prefix = self.engines["STORE__URL"].removeprefix(f"s3://{engines.BUCKET}/")
            return {path.rsplit("/", 1)[1]: size for path, size in engines.s3().files(f"{prefix}/{area}").items()}
        paths = (path for path in (self.data_dir / area).rglob("*") if path.is_file())
        return {path.name: path.stat().st_size for path in paths}

    def environment(self):
        """What the program is started with."""
        # Tests call more often than people do.
        settings = {"LIMITS__REQUESTS_PER_MINUTE": 0} | self.engines | self.settings
        return os.environ | {f"STRONGROOM_{name}": str(value) for name, value in settings.items()}


class Caller:
    """One keep-alive connection to a server, with a key's headers. Not for two threads at once."""

    def __init__(self, address, key, connection_id, timeout=60):
        self.http = http.client.HTTPConnection(address, timeout=timeout)
        self.headers = {"apiKey": key, "x-connection-id": connection_id}

    def send(self, method, path, body=None, headers=()):
        """Status, headers and bytes of the answer. A dict is sent as JSON."""
        headers = self.headers | dict(headers)
        if isinstance(body, dict):
            body = json.dumps(body).encode()
            headers["content-type"] = "application/json"
        self.http.request(method, path, body=body, headers=headers)
        answer = self.http.getresponse()
        return answer.status, answer.headers, answer.read()

    def json(self, method, path, body=None, headers=()):
        """Status and the JSON of the answer."""
        status, _, answer = self.send(method, path, body, headers)
        return status, json.loads(answer)

    def expect(self, method, path, body=None, headers=()):
        """The JSON of an answer that has to be 200."""
        status, answer = self.json(method, path, body, headers)
        if status != 200:
            raise AssertionError(f"{method} {path} answered {status}: {answer}")
        return answer

    def fetch(self, url):
        """A signed URL's answer. Only its path is used: the server may know itself by another name."""
        parts = urllib.parse.urlsplit(url)
        self.http.request("GET", f"{parts.path}?{parts.query}")
        answer = self.http.getresponse()
        return answer.status, answer.headers, answer.read()

    def close(self):
        self.http.close()


def wait_settled(caller, media_id, seconds=60):
    """The media once it is ready or has failed."""
    deadline = time.monotonic() + seconds
    while True:
        media = caller.expect("GET", f"/v2/access/vault/media/{media_id}")
        if media["isReady"] or media["hasError"]:
            return media
        if time.monotonic() > deadline:
            raise AssertionError(f"media {media_id} was still {media.get('status')} after {seconds} s")
        time.sleep(0.05)


def delivered_urls(media):
    """Every URL of a media, each under a name."""
    files = media.get("files") or {}
    urls = {}
    for name in ("full", "preview", "squarePreview", "thumb"):
        rendition = files.get(name)
        if rendition:
            urls[name] = rendition["url"]
            for index, source in enumerate(rendition.get("sources", []) + rendition.get("options", [])):
                urls[f"{name}[{index}]"] = source["url"]
    return urls | {f"video {name}": url for name, url in (media.get("videoSources") or {}).items() if url}
