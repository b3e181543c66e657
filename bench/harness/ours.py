"""A Strongroom server to measure."""

import http.client
import json
import os
import re
import subprocess
import time
import urllib.parse

from . import install
from .peers import Peer
from .process import Process


class Strongroom(Peer):
    """The product with its defaults, but for the rate limit and the number of connections that one address may have."""

    def __init__(self, home, name="strongroom", arguments=(), program=None, **settings):
        """`settings` are environment variables without their prefix: STORE__DURABILITY="relaxed"."""
        self.name, self.more, self.given = name, arguments, program
        self.settings = {"LIMITS__REQUESTS_PER_MINUTE": 0, "SERVER__MAX_CONNECTIONS_PER_ADDRESS": 2048, "LOG__LEVEL": "warn"} | settings
        super().__init__(home)
        self.key = self.connection = None

    def install(self):
        return self.given or binary()

    def arguments(self):
        return [self.program, "serve", "--data-dir", self.data, "--listen", f"127.0.0.1:{self.port}", *self.more]

    def environment(self):
        return {f"STRONGROOM_{name}": str(value) for name, value in self.settings.items()}

    def start(self):
        self.data.mkdir(parents=True, exist_ok=True)
        if not self.key:
            self.key = self.command("key", "create", "--name", "bench")["key"]
            self.connection = self.command("connection", "create", "--name", "bench", "--username", "bench")["id"]
        self.process = Process(self.arguments(), self.home / "log", self.environment(), stdout=subprocess.PIPE)
        line = self.process.popen.stdout.readline()
        self.ready_seconds = time.monotonic() - self.process.started
        if not re.search(rb"ready at http://", line):
            raise RuntimeError(f"strongroom did not start: {line!r} {self.process.log()}")
        return self

    def command(self, *arguments):
        run = subprocess.run([str(self.program), *arguments, "--data-dir", str(self.data), "--json"], env=os.environ | self.environment(),
                             stdout=subprocess.PIPE, check=True, timeout=60)
        return json.loads(run.stdout)

    def call(self, method, path, body=None, headers=()):
        """The JSON of an answer that has to be 200."""
        http_connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"apiKey": self.key, "x-connection-id": self.connection, "content-type": "application/json"} | dict(headers)
        http_connection.request(method, path, body=json.dumps(body) if isinstance(body, dict) else body, headers=headers)
        answer = http_connection.getresponse()
        text = answer.read()
        http_connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {text[:300]}")
        return json.loads(text)

    def media(self, media_id):
        return self.call("GET", f"/v2/access/vault/media/{media_id}")

    def clear(self, names=()):
        for media_id in filter(None, names):
            self.call("DELETE", f"/v2/access/vault/media/{media_id}?purge=true")

    def load(self):
        return ["--address", f"127.0.0.1:{self.port}", "--protocol", "strongroom", "--key", self.key, "--connection", self.connection]

    def version_arguments(self):
        return [self.program, "--version"]


def path_of(url):
    """A signed URL without the server's name."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.path}?{parts.query}"


_binary = None


def binary():
    """Built once a run."""
    global _binary
    _binary = _binary or install.strongroom()
    return _binary
