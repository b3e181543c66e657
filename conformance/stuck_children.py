"""A render child that is killed or hangs, alone or with its server: the media is settled, and nothing is left of the child."""

import os
import pathlib
import signal
import time

from pictures import noise_png
from server import Caller, Server, wait_settled

WALL_SECONDS = 3
SETTINGS = {"RENDER__WALL_SECONDS": WALL_SECONDS, "SWEEP__INTERVAL_SECONDS": 0.2}
# Large enough that its render is met while it runs, small enough to end within the wall clock.
SIDE = 2000
# Retries come after 2 s and 10 s; a lease that nobody renews ends after 12 s.
SETTLED_SECONDS = 60
GONE_SECONDS = 2


class StuckChildren:
    """The cases, on one server."""

    def __init__(self, server, report):
        self.server = server
        self.report = report
        self.credentials = server.create_key(), server.create_connection()
        server.start()
        self.connect()

    def connect(self):
        self.caller = Caller(self.server.address, *self.credentials)

    def begin(self):
        """A photo that is being rendered: its media's id, and the child at work on it."""
        picture = noise_png(13 << 20, SIDE)
        session = self.caller.expect("POST", "/v2/access/uploads/init", {"filename": "noise.png", "size": len(picture), "contentType": "image/png"})
        for part in session["parts"]:
            start, end = part["byteRange"]["start"], part["byteRange"]["end"]
            self.caller.expect("PUT", f"/v2/access/uploads/{session['mediaUploadId']}/parts/{part['partNumber']}", picture[start:end + 1])
        media = self.caller.expect("POST", "/v2/access/uploads/complete", {"mediaUploadId": session["mediaUploadId"]}, {"prefer": "wait=0"})
        return media["media"]["id"], self.child()

    def child(self):
        """The child, once it has changed into its scratch directory and so is past being started."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for process in children(self.server.process.pid):
                if is_below(process, self.server.data_dir):
                    return process
        raise AssertionError("no child was seen within 10 s")

    def alone(self, name, number):
        """The child is met by a signal, and its server is not."""
        media_id, child = self.begin()
        os.kill(child, number)
        self.settled(f"{name} to the child", media_id, child)

    def with_server(self, name, number):
        """The server is killed while a child of its is at work, or hangs."""
        media_id, child = self.begin()
        if number:
            os.kill(child, number)
        self.server.kill()
        gone = is_gone(child)
        self.report.check(f"the server killed, {name}: the child is gone within {GONE_SECONDS} s", gone, child)
        self.server.start()
        self.connect()
        self.settled(f"the server killed, {name}", media_id, child)

    def settled(self, name, media_id, child):
        began = time.monotonic()
        media = wait_settled(self.caller, media_id, SETTLED_SECONDS)
        end = "ready" if media["isReady"] else f"an error: {media['error']}"
        self.report.check(f"{name}: the media ends {end}, after {time.monotonic() - began:.1f} s",
                          media["isReady"] or media["error"]["retryable"], media)
        self.report.check(f"{name}: no process is left", is_gone(child) and not self.strays(), self.strays())
        scratch = self.server.data_dir / "scratch"
        deadline = time.monotonic() + 5
        while list(scratch.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.report.check(f"{name}: scratch is empty after a sweep", not list(scratch.iterdir()), list(scratch.iterdir()))

    def strays(self):
        return [process for process in processes() if process != self.server.process.pid and is_below(process, self.server.data_dir)]


def processes():
    return [int(path.name) for path in pathlib.Path("/proc").iterdir() if path.name.isdigit()]


def children(parent):
    return [process for process in processes() if (seen := status(process)) and seen[1] == parent and seen[0] != "Z"]


def status(process):
    """A process's state and parent, or `None` where it is gone."""
    try:
        state, parent = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return None
    return state, int(parent)


def is_below(process, directory):
    """Whether a process works in a directory."""
    try:
        return pathlib.Path(os.readlink(f"/proc/{process}/cwd")).is_relative_to(directory)
    except OSError:
        return False


def is_gone(process):
    """Whether it ends in time. One that is dead and only waits for somebody to collect it has ended."""
    deadline = time.monotonic() + GONE_SECONDS
    while (seen := status(process)) and seen[0] not in "ZX":
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def stuck_children(report, _seed):
    """Both signals, with and without the server's end."""
    with Server(**SETTINGS) as server:
        cases = StuckChildren(server, report)
        cases.alone("SIGKILL", signal.SIGKILL)
        cases.alone("SIGSTOP", signal.SIGSTOP)
        cases.with_server("its child at work", None)
        cases.with_server("its child stopped", signal.SIGSTOP)
        report.check("SIGTERM ends the server with status 0", server.stop() == 0)
        if report.failed:
            print(server.log())
