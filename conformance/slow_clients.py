"""A thousand clients that say nothing or half a head, and fifty whose body stops: they are put out, and nobody else notices.

Head and first byte have the default deadlines. Prints the healthy client's p99 beside them. Ends with `N passed, M failed`.
"""

import os
import selectors
import socket
import threading
import time

from report import Report
from server import Caller, Server

SILENT, HALF, STOPPED = 500, 500, 50
# All come from one address. A body may pause for 30 s by default, and once refused it is read for 10 s more, for clients that
# send first and read later: 40 s, where a test waits 13.
SETTINGS = {"SERVER__MAX_CONNECTIONS_PER_ADDRESS": SILENT + HALF + STOPPED + 50, "SERVER__BODY_IDLE_SECONDS": 3}
PATIENCE_SECONDS = 15
# One VM of two cores runs both sides here.
SLOWEST_SECONDS = 0.5


class Slow:
    """The bad clients, all connected at once."""

    def __init__(self, server, credentials, upload_id):
        host, port = server.address.split(":")
        key, connection_id = credentials
        head = f"PUT /v2/access/uploads/{upload_id}/parts/1 HTTP/1.1\r\nhost: x\r\napikey: {key}\r\nx-connection-id: {connection_id}\r\n"
        beginnings = {"silent": (SILENT, b""), "half a head": (HALF, b"GET /health/live HTTP/1.1\r\nhost: x\r\nx-a: "),
                      "a body that stops": (STOPPED, f"{head}content-length: {8 << 20}\r\n\r\n".encode() + b"x" * 100)}
        self.open = {}
        for kind, (count, first) in beginnings.items():
            for _ in range(count):
                client = socket.create_connection((host, int(port)))
                client.sendall(first)
                client.setblocking(False)
                self.open[client] = kind, time.monotonic()

    def wait_gone(self):
        """How long the most patient treatment of each kind lasted, in seconds from the client's own first byte."""
        gone, deadline = {}, time.monotonic() + PATIENCE_SECONDS + 5
        with selectors.DefaultSelector() as selector:
            for client in self.open:
                selector.register(client, selectors.EVENT_READ)
            while self.open and time.monotonic() < deadline:
                for key, _ in selector.select(0.5):
                    if ended(key.fileobj):
                        selector.unregister(key.fileobj)
                        kind, began = self.open.pop(key.fileobj)
                        gone[kind] = max(gone.get(kind, 0), time.monotonic() - began)
                        key.fileobj.close()
        return gone


def ended(client):
    try:
        return not client.recv(4096)
    except BlockingIOError:
        return False
    except OSError:
        return True


class Healthy(threading.Thread):
    """A client that asks, and times the answers."""

    def __init__(self, server, credentials):
        super().__init__(daemon=True)
        self.caller = Caller(server.address, *credentials, timeout=10)
        self.caller.http.connect()
        self.seconds, self.wrong = [], []
        self.is_over = threading.Event()

    def run(self):
        while not self.is_over.wait(0.01):
            began = time.monotonic()
            try:
                status, _, _ = self.caller.send("GET", "/health/live")
                if status != 200:
                    self.wrong.append(status)
            except Exception as error:
                self.wrong.append(repr(error))
            self.seconds.append(time.monotonic() - began)

    def p99(self):
        return sorted(self.seconds)[len(self.seconds) * 99 // 100]


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def main():
    report = Report()
    with Server(**SETTINGS) as server:
        credentials = server.create_key(), server.create_connection()
        server.start()
        caller = Caller(server.address, *credentials)
        session = caller.expect("POST", "/v2/access/uploads/init", {"filename": "f", "size": 16 << 20, "contentType": "image/png"})
        before = descriptors(server)
        healthy = Healthy(server, credentials)
        healthy.start()
        slow = Slow(server, credentials, session["mediaUploadId"])
        gone = slow.wait_gone()
        healthy.is_over.set()
        healthy.join()
        for kind, seconds in gone.items():
            print(f"      {kind}: put out after {seconds:.1f} s at most", flush=True)
        left = [kind for kind, _ in slow.open.values()]
        report.check(f"all {SILENT + HALF + STOPPED} are put out within {PATIENCE_SECONDS} s",
                     not left and max(gone.values()) <= PATIENCE_SECONDS, {kind: left.count(kind) for kind in set(left)} or gone)
        report.check(f"a healthy client's {len(healthy.seconds)} requests beside them are all answered", not healthy.wrong, healthy.wrong[:3])
        report.check(f"its p99 is {healthy.p99() * 1000:.1f} ms, at most {SLOWEST_SECONDS * 1000:.0f}", healthy.p99() <= SLOWEST_SECONDS)
        deadline = time.monotonic() + 5
        while descriptors(server) > before + 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        report.check("the server holds no connection of theirs any more", descriptors(server) <= before + 2, (before, descriptors(server)))
        state = caller.expect("GET", f"/v2/access/uploads/{session['mediaUploadId']}")
        report.check("and none of their bytes count", state["receivedParts"] == [], state)
    report.end()


if __name__ == "__main__":
    main()
