"""Two workers beside a server. In every round one of them is killed, or stopped and later let go on, while it renders.

Every media has to end, the other worker has to take over in time, and nothing may be left: no process, no scratch file, no
rendition that the catalog does not name. ROUNDS (30) and SEED (random, printed) come from the environment. Stops at the first
round that fails, and keeps its data directory. Prints how long take-overs took. Ends with `N passed, M failed`.
"""

import os
import pathlib
import random
import signal
import sqlite3
import statistics
import struct
import subprocess
import tempfile
import time

from pictures import PHOTO, noise_png
from report import Report
from sending import send
from server import Caller, Server, delivered_urls, wait_settled
from stuck_children import is_below, is_gone, processes
from watching import descendants
from worker import Worker

ROUNDS = int(os.environ.get("ROUNDS", "30"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 32)))
# The server only sweeps. Room for every job at once in each worker, so that a take-over waits for the lease and nothing else.
SETTINGS = {"SWEEP__INTERVAL_SECONDS": 0.5, "SWEEP__GRACE_SECONDS": 5, "RENDER__PHOTO_WORKERS": 2, "RENDER__FILM_WORKERS": 2}
TAKEOVER_SECONDS = 15
SETTLED_SECONDS = 120
SWEPT_SECONDS = 20
LEASE_SECONDS = 12


def film():
    """Twenty seconds that have to be encoded, which takes some seconds."""
    return ffmpeg("-f lavfi -i testsrc2=s=1280x720:r=25:d=20 -f lavfi -i sine=d=20 -c:v mpeg4 -q:v 5", ".mp4")


def gif(choice):
    """Forty pictures of noise."""
    return ffmpeg("-f rawvideo -pix_fmt rgb24 -s 160x120 -r 20 -i -", ".gif", choice.randbytes(40 * 3 * 160 * 120))


def ffmpeg(words, ending, content=b""):
    with tempfile.NamedTemporaryFile(suffix=ending) as file:
        subprocess.run(["ffmpeg", "-v", "error", "-y", *words.split(), file.name], input=content, check=True)
        return pathlib.Path(file.name).read_bytes()


class Campaign:
    """The rounds, on one data directory."""

    def __init__(self, server, report):
        self.server, self.report = server, report
        self.choice = random.Random(SEED)
        self.film, self.photo = film(), PHOTO.read_bytes()
        credentials = server.create_key(), server.create_connection()
        server.start()
        self.caller = Caller(server.address, *credentials)
        self.catalog = sqlite3.connect(f"file:{server.data_dir}/catalog.db?mode=ro", uri=True)
        self.workers = [Worker(server).wait_ready() for _ in range(2)]
        self.takeovers, self.in_commit, self.at_work = [], 0, 0
        self.ready, self.failed = 0, 0

    def files(self):
        """What one round uploads; no two rounds the same bytes, which would be ready at once."""
        tail = self.choice.randbytes(16)
        yield "photo.jpg", self.photo + tail
        yield "noise.png", noise_png(13 << 20, 2000)
        yield "noise.png", noise_png(3 << 20, 900)
        yield "film.mp4", self.film + struct.pack(">I4s", 8 + len(tail), b"free") + tail
        yield "film.gif", gif(self.choice)

    def round(self, number):
        """Upload, strike, watch, verify. True if all held."""
        media = [self.upload(name, content) for name, content in self.files()]
        moment = self.choice.uniform(0, 6)
        time.sleep(moment)
        victim = self.choice.choice([worker for worker in self.workers if worker.blobs()] or self.workers)
        kills, wrong = self.choice.random() < 0.5, []
        held, struck = self.strike(victim, kills)
        self.at_work += bool(held)
        if kills:
            said = f"killed after {moment:.2f} s"
            wrong += self.watch_takeover(held, struck)
            self.workers[self.workers.index(victim)] = Worker(self.server).wait_ready()
        else:
            seconds, late = self.let_go_on(victim, held, struck)
            said, wrong = f"stopped after {moment:.2f} s for {seconds:.1f} s", wrong + late
        settled = [wait_settled(self.caller, media_id, SETTLED_SECONDS) for media_id in media]
        wrong += self.verify(settled)
        return self.report.check(f"round {number}: a worker with {len(held)} job(s) {said}; {sum(m['isReady'] for m in settled)} "
                                 f"of {len(settled)} media are ready, nothing is left", not wrong, "; ".join(wrong[:10]))

    def upload(self, name, content):
        status, answer = send(self.caller, content, name)
        assert status == 200, answer
        return answer["media"]["id"]

    def strike(self, victim, kills):
        """The jobs that the victim held when it was struck, with their leases, and when that was. Its children go with it."""
        children = descendants(victim.pid)
        if kills:
            blobs, struck = victim.blobs(), time.monotonic()
            victim.kill()
            left = [child for child in children if not is_gone(child)]
            if left:
                raise AssertionError(f"a killed worker's children are still there: {left}")
        else:
            self.in_commit += victim.stop()
            blobs, struck = victim.blobs(), time.monotonic()
        return {blob: lease for blob in blobs if (lease := self.lease(blob))}, struck

    def lease(self, blob):
        """The lease of the job that runs for a blob."""
        row = self.catalog.execute("select lease_token from job where blob_key = ? and state = 'running'", [blob]).fetchone()
        return row and row[0]

    def watch_takeover(self, held, struck):
        """Waits until other workers have the jobs; which of them came too late, in words."""
        waiting, took = dict(held), {}
        while waiting and time.monotonic() < struck + TAKEOVER_SECONDS + 5:
            for blob in [blob for blob, lease in waiting.items() if self.lease(blob) != lease]:
                took[blob] = time.monotonic() - struck
                del waiting[blob]
            time.sleep(0.02)
        self.takeovers += took.values()
        return [f"{blob} was taken over after {seconds:.1f} s" for blob, seconds in took.items() if seconds > TAKEOVER_SECONDS] + \
               [f"{blob} was never taken over" for blob in waiting]

    def let_go_on(self, victim, held, struck):
        """Lets a stopped worker go on: before its leases run out, while another is at its jobs, or long after that."""
        wrong = []
        if self.choice.random() < 0.2:
            time.sleep(self.choice.uniform(0.1, LEASE_SECONDS - 2))
        else:
            wrong = self.watch_takeover(held, struck)
            time.sleep(self.choice.uniform(0, 10))
        victim.signal(signal.SIGCONT)
        return time.monotonic() - struck, wrong

    def verify(self, settled):
        """What is wrong once every media has ended, in words."""
        self.ready += sum(media["isReady"] for media in settled)
        self.failed += sum(media["hasError"] for media in settled)
        wrong = [f"media {media['id']} is neither ready nor failed" for media in settled if media["isReady"] == media["hasError"]]
        wrong += self.undelivered(settled)
        self.wait_until(lambda: not self.left())
        return wrong + self.left() + self.mismatches()

    def undelivered(self, settled):
        answers = [(url, self.caller.fetch(url)[0]) for media in settled if media["isReady"] for url in delivered_urls(media).values()]
        return [f"{url} answered {status}" for url, status in answers if status != 200]

    def left(self):
        """Processes and scratch directories that should be gone."""
        known = {self.server.process.pid, *(worker.pid for worker in self.workers)}
        strays = [process for process in processes() if process not in known and (is_below(process, self.server.data_dir) or self.is_told(process))]
        return [f"process {process} is left" for process in strays] + \
               [f"scratch/{path.name} is left" for path in (self.server.data_dir / "scratch").iterdir()]

    def is_told(self, process):
        """Whether a process has the data directory among its words."""
        try:
            return str(self.server.data_dir).encode() in pathlib.Path(f"/proc/{process}/cmdline").read_bytes()
        except OSError:
            return False

    def mismatches(self):
        """Rendition rows without their file, or with another one; files without a row."""
        rows = {f"{blob}.{name}": size for blob, name, size in self.catalog.execute("select blob_key, name, size_bytes from rendition")}
        files = {path.stem: path.stat().st_size for path in (self.server.data_dir / "renditions").rglob("*") if path.is_file()}
        return [f"rendition {name}: {rows.get(name)} bytes in the catalog, {files.get(name)} on disk"
                for name in sorted(rows.keys() | files.keys()) if rows.get(name) != files.get(name)]

    def wait_until(self, holds):
        deadline = time.monotonic() + SWEPT_SECONDS
        while not holds() and time.monotonic() < deadline:
            time.sleep(0.1)

    def aftermath(self):
        """Figures, and a clean end."""
        jobs = dict(self.catalog.execute("select state, count(*) from job group by state").fetchall())
        self.report.check(f"every job is done: {jobs}", set(jobs) <= {"done", "dead"}, jobs)
        took = self.takeovers or [0]
        self.report.check(f"{len(self.takeovers)} jobs of {self.at_work} struck workers changed hands after {min(took):.1f} to {max(took):.1f} s, "
                          f"{statistics.median(took):.1f} s in the middle", max(took) <= TAKEOVER_SECONDS, took)
        self.report.check(f"{self.ready} media are ready, {self.failed} failed", self.ready > self.failed)
        print(f"      {self.in_commit} stop(s) fell into a commit and were put off", flush=True)
        statuses = [worker.terminate() for worker in self.workers] + [self.server.stop()]
        self.report.check("SIGTERM ends the workers and the server with status 0", not any(statuses), statuses)

    def kill(self):
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.kill()


def main():
    print(f"SEED={SEED} ROUNDS={ROUNDS}", flush=True)
    report = Report()
    with Server(arguments=["--no-worker"], **SETTINGS) as server:
        campaign = Campaign(server, report)
        try:
            with report.holds("no error ended the campaign early"):
                if all(campaign.round(number) for number in range(1, ROUNDS + 1)):
                    campaign.aftermath()
        finally:
            campaign.kill()
        if report.failed:
            server.keep(SEED)
    report.end()


if __name__ == "__main__":
    main()
