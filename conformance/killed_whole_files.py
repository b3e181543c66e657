"""kill -9 at every system call with which one whole file (`PUT /uploads/{id}`) changes the disk; the same request again ends it.

Nothing is between open and completed: a kill leaves the one or the other, and at most a blob that no row names.
"""

import contextlib
import itertools
import time

from injection import Injection
from server import Server
from session import Session

# A file of less than a block is written under its final name; one of more is renamed to it.
SMALL_BYTES, LARGE_BYTES = 64 << 10, 1 << 20
SETTINGS = {"UPLOAD__MIN_PART_BYTES": LARGE_BYTES, "SWEEP__INTERVAL_SECONDS": 3600}
# Of the store's thread and the catalog's, each counted for itself.
CALLS = [(SMALL_BYTES, "open"), (SMALL_BYTES, "pwrite64"), (SMALL_BYTES, "fdatasync"), (SMALL_BYTES, "fsync"), (LARGE_BYTES, "fdatasync"), (LARGE_BYTES, "rename"),
         (LARGE_BYTES, "fsync")]
SWEEPING = SETTINGS | {"SWEEP__INTERVAL_SECONDS": 0.05, "SWEEP__GRACE_SECONDS": 0}
PATIENCE_SECONDS = 60


class KilledWholeFiles:
    """One server, started again after each kill."""

    def __init__(self, server, report, seed):
        self.server = server
        self.report = report
        self.session = Session.begin(server, seed)
        self.media = {}

    def step_through(self, size_bytes, call):
        """Kills at the first such call, at the second, … until a request is answered before that many were made."""
        states, status = [], None
        for number in itertools.count(1):
            upload = self.session.start(size_bytes=size_bytes)
            content = upload.parts[0].make(self.session.choice)
            with Injection(self.server, call, f"signal=KILL:when={number}") as injection:
                status, _ = self.put(upload, content)
                if status is None:
                    injection.outlive_server()
            self.server.kill()
            self.server.start()
            self.session.connect()
            state, wrong = self.judge(upload, content)
            if wrong or (status == 200 and state != "completed"):
                return self.report.check(f"killed at {call} {number} of a whole file of {size_bytes >> 10} KiB", False, (status, state, wrong))
            if status == 200:
                break
            states.append(state)
        left = ", ".join(f"{states.count(state)} left it {state}" for state in sorted(set(states)))
        return self.report.check(f"killed at each {call} of a whole file of {size_bytes >> 10} KiB ({left}): all ended whole", states, "no such call was made")

    def put(self, upload, content):
        return self.session.ask("PUT", f"/v2/access/uploads/{upload.id}", content, {"prefer": "wait=0"})

    def judge(self, upload, content):
        """The state that the kill left, and what is wrong after two more requests, in words."""
        before, wrong = self.session.look(upload), []
        if before["state"] not in ("open", "completed"):
            wrong.append(f"{upload.id} is {before['state']}")
        answers = [self.put(upload, content) for _ in range(2)]
        if any(status != 200 for status, _ in answers):
            return before["state"], wrong + [f"the next requests for {upload.id} answered {answers}"]
        ids = {answer["media"]["id"] for _, answer in answers} | ({before["media"]["id"]} if "media" in before else set())
        upload.media_id = answers[0][1]["media"]["id"]
        upload.parts[0].acknowledge(content, None)
        if len(ids) != 1 or upload.media_id in self.media:
            wrong.append(f"{upload.id} became media {ids}")
        if not self.session.is_whole(upload):
            wrong.append(f"media {upload.media_id} of {upload.id} has other bytes")
        self.media[upload.media_id] = upload
        return before["state"], wrong

    def aftermath(self):
        """A sweep deletes the bytes that no row names, and no others."""
        self.server.kill()
        self.server.settings = SWEEPING
        self.server.start()
        self.session.connect()
        deadline, left = time.monotonic() + PATIENCE_SECONDS, None
        while time.monotonic() < deadline and left != (len(self.media), 0):
            time.sleep(0.2)
            # Files go while they are listed.
            with contextlib.suppress(FileNotFoundError):
                left = len(self.server.stored("blobs")), len(self.server.stored("staging"))
        self.report.check(f"after a sweep each of the {len(self.media)} has one blob", left == (len(self.media), 0), left)
        wrong = [media_id for media_id, upload in self.media.items() if not self.session.is_whole(upload)]
        self.report.check("and all its bytes", not wrong, wrong)


def killed_whole_files(report, seed):
    with Server(**SETTINGS) as server:
        kills = KilledWholeFiles(server, report, seed)
        for size_bytes, call in CALLS:
            kills.step_through(size_bytes, call)
        kills.aftermath()
        if report.failed:
            print(server.log())
