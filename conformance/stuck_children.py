"""A render child that is killed or hangs, alone or with its server: the media is settled, and nothing is left of the child."""

import os
import pathlib
import signal
import time

from pictures import noise_png
from sending import send
from server import ROOT, Caller, Server, wait_settled

FILM = ROOT / "samples" / "film.mp4"
SETTINGS = {"RENDER__PHOTO_WORKERS": 2, "RENDER__WALL_SECONDS": 5, "SWEEP__INTERVAL_SECONDS": 0.2}
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
        """Two photos that are being rendered, each by a child of its own: media ids by children."""
        busy = {}
        for _ in range(2):
            media_id = self.upload()
            busy[self.new_child(busy)] = media_id
        return busy

    def upload(self):
        picture = noise_png(13 << 20, SIDE)
        session = self.caller.expect("POST", "/v2/access/uploads/init", {"filename": "noise.png", "size": len(picture), "contentType": "image/png"})
        for part in session["parts"]:
            start, end = part["byteRange"]["start"], part["byteRange"]["end"]
            self.caller.expect("PUT", f"/v2/access/uploads/{session['mediaUploadId']}/parts/{part['partNumber']}", picture[start:end + 1])
        answer = self.caller.expect("POST", "/v2/access/uploads/complete", {"mediaUploadId": session["mediaUploadId"]}, {"prefer": "wait=0"})
        return answer["media"]["id"]

    def new_child(self, known):
        """A child, once it is in its scratch directory and so is past being started. Stopped, so that it does not end before its turn."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            for process in children(self.server.process.pid):
                if process not in known and is_below(process, self.server.data_dir):
                    os.kill(process, signal.SIGSTOP)
                    return process
        raise AssertionError("no child was seen within 10 s")

    def alone(self):
        """One child is killed, one hangs for ever."""
        busy = self.begin()
        killed, stopped = busy
        os.kill(killed, signal.SIGKILL)
        self.settled("one child killed and one stopped", busy)

    def with_server(self):
        """The server is killed while one child is at work and one is stopped."""
        busy = self.begin()
        working, stopped = busy
        os.kill(working, signal.SIGCONT)
        self.server.kill()
        gone = [is_gone(child) for child in busy]
        self.report.check(f"the server killed: its children, one at work and one stopped, are gone within {GONE_SECONDS} s", all(gone), gone)
        self.server.start()
        self.connect()
        self.settled("the server killed", busy)

    def film(self):
        """A film's ffmpeg is killed, as one that crashes; the next attempt is gone about with more care."""
        _, answer = send(self.caller, FILM.read_bytes(), "film.mp4")
        media_id = answer["media"]["id"]
        first = self.ffmpeg(None)
        os.kill(first, signal.SIGKILL)
        second = self.ffmpeg(first)
        words = pathlib.Path(f"/proc/{second}/cmdline").read_bytes().split(b"\0")
        self.report.check("a film's ffmpeg killed: the next one copies nothing and goes on after damage",
                          b"copy" not in words and b"ignore_err" in words, words)
        media = wait_settled(self.caller, media_id, SETTLED_SECONDS)
        self.report.check("a film's ffmpeg killed: the film is ready", media["isReady"], media)
        self.report.check("a film's ffmpeg killed: no process is left", not self.strays(), self.strays())

    def ffmpeg(self, known):
        """An ffmpeg that works for this server, another than the one known."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            for process in processes():
                if process != known and is_below(process, self.server.data_dir) and program(process) == "ffmpeg":
                    return process
        raise AssertionError("no ffmpeg was seen within 20 s")

    def settled(self, name, busy):
        began = time.monotonic()
        ends = [wait_settled(self.caller, media_id, SETTLED_SECONDS) for media_id in busy.values()]
        ready = sum(media["isReady"] for media in ends)
        self.report.check(f"{name}: {ready} of 2 media are ready after {time.monotonic() - began:.1f} s, the rest say that they may be tried again",
                          all(media["isReady"] or media["error"]["retryable"] for media in ends), ends)
        left = [child for child in busy if not is_gone(child)] + self.strays()
        self.report.check(f"{name}: no process is left", not left, left)
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


def program(process):
    """The name of what a process runs."""
    try:
        return pathlib.Path(os.readlink(f"/proc/{process}/exe")).name
    except OSError:
        return None


def is_gone(process):
    """Whether it ends in time. One that is dead and only waits for somebody to collect it has ended."""
    deadline = time.monotonic() + GONE_SECONDS
    while (seen := status(process)) and seen[0] not in "ZX":
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def stuck_children(report, _seed):
    """With the server alive, and with it."""
    with Server(**SETTINGS) as server:
        cases = StuckChildren(server, report)
        cases.alone()
        cases.film()
        cases.with_server()
        report.check("SIGTERM ends the server with status 0", server.stop() == 0)
        if report.failed:
            print(server.log())
