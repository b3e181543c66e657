"""64 parallel uploads that together exceed the quota by one byte, with kill -9 in between: never a byte more than the quota.

Every round has a connection and a quota of its own. Sixty-four clients upload at once; the server is killed and started again
under them, and they go on until each has its media or was refused. Then, after a sweep, what was accepted, what the catalog
counts and what lies on the disk have to be the same, and no more than the quota. ROUNDS (20) and SEED (random, printed) come
from the environment. Ends with `N passed, M failed`.
"""

import hashlib
import http.client
import os
import random
import threading
import time

from report import Report
from server import Caller, Server

UPLOADS = 64
PART_BYTES = 64 << 10
ROUNDS = int(os.environ.get("ROUNDS", "20"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 32)))
SETTINGS = {"UPLOAD__MIN_PART_BYTES": PART_BYTES, "SWEEP__INTERVAL_SECONDS": 0.1, "SWEEP__GRACE_SECONDS": 1}
SWEEP_PATIENCE_SECONDS = 60
ROUND_PATIENCE_SECONDS = 120


class Upload:
    """A client that does not give up before it has a media, or was told that there is no room."""

    def __init__(self, round_, choice, size_bytes):
        self.round = round_
        self.content = choice.randbytes(size_bytes)
        self.id = None
        self.outcome = None

    def run(self):
        deadline = time.monotonic() + ROUND_PATIENCE_SECONDS
        while self.outcome is None and time.monotonic() < deadline:
            caller = self.round.caller()
            try:
                self.outcome = self.attempt(caller)
            except (OSError, http.client.HTTPException):
                time.sleep(0.02)
            finally:
                caller.close()

    def attempt(self, caller):
        """`media` or `refused`, or nothing yet."""
        if self.id is None:
            body = {"filename": "noise.bin", "size": len(self.content), "contentType": "application/octet-stream"}
            status, answer = caller.json("POST", "/v2/access/uploads/init", body)
            if status == 413:
                return self.refused(answer)
            assert status == 200, answer
            self.id = answer["mediaUploadId"]
        for start in range(0, len(self.content), PART_BYTES):
            path = f"/v2/access/uploads/{self.id}"
            path += f"/parts/{start // PART_BYTES + 1}" if len(self.content) > PART_BYTES else ""
            status, answer = caller.json("PUT", path, self.content[start:start + PART_BYTES], {"prefer": "wait=0"})
            if status == 409 and answer["code"] == "UPLOAD_CLOSED":
                break
            assert status == 200, answer
        status, answer = caller.json("POST", "/v2/access/uploads/complete", {"mediaUploadId": self.id}, {"prefer": "wait=0"})
        assert status == 200, answer
        return "media"

    def refused(self, answer):
        """An init whose answer was lost may have left a promise behind; such an upload is never finished, and its room is not free."""
        details = answer["details"]
        assert answer["code"] == "QUOTA_EXCEEDED", answer
        assert details["used"] + details["reserved"] + details["requested"] > details["limit"] == self.round.quota, details
        return "refused"


class Round:
    """One connection with a quota, and sixty-four uploads that are a byte too much for it."""

    def __init__(self, campaign, number):
        self.server, self.key = campaign.server, campaign.key
        self.choice = random.Random(f"{SEED}/{number}")
        self.connection = self.server.create_connection(f"round {number}")
        sizes = [self.choice.randrange(1, 4 * PART_BYTES) for _ in range(UPLOADS)]
        self.quota = sum(sizes) - 1
        self.uploads = [Upload(self, self.choice, size) for size in sizes]

    def caller(self):
        return Caller(self.server.address, self.key, self.connection, timeout=20)

    def run(self):
        """What is wrong, in words; and how many times the server was killed."""
        caller = self.caller()
        caller.expect("PATCH", self.settings_path(), {"quotaBytes": self.quota})
        caller.close()
        threads = [threading.Thread(target=upload.run) for upload in self.uploads]
        for thread in threads:
            thread.start()
        kills = self.choice.choice([0, 1, 2, 3])
        for _ in range(kills):
            time.sleep(self.choice.uniform(0.01, 0.6))
            self.server.kill()
            self.server.start()
        for thread in threads:
            thread.join()
        return kills, self.verify()

    def verify(self):
        wrong = [f"{upload.id} came to no end" for upload in self.uploads if upload.outcome is None]
        accepted = sum(len(upload.content) for upload in self.uploads if upload.outcome == "media")
        refused = sum(upload.outcome == "refused" for upload in self.uploads)
        if accepted > self.quota:
            wrong.append(f"{accepted} bytes were accepted, {self.quota} is the quota")
        if not refused:
            wrong.append("all were accepted")
        caller = self.caller()
        self.abandon_lost_promises(caller)
        wrong += self.compare(caller, accepted)
        caller.close()
        return wrong

    def abandon_lost_promises(self, caller):
        """Aborts the sessions whose init was answered to nobody."""
        known = {upload.id for upload in self.uploads}
        listed = caller.expect("GET", "/v2/access/uploads?state=open&limit=100")
        assert not listed["hasMore"]
        for session in listed["list"]:
            assert session["mediaUploadId"] not in known, session
            caller.expect("DELETE", f"/v2/access/uploads/{session['mediaUploadId']}")

    def compare(self, caller, accepted):
        """Once all is settled, what the server counts and what lies on the disk are what was accepted, and no more fits than is left."""
        deadline = time.monotonic() + SWEEP_PATIENCE_SECONDS
        while (counted := self.counted(caller)) != accepted and time.monotonic() < deadline:
            time.sleep(0.1)
        wrong = [] if counted == accepted else [f"the server counts {counted} bytes, {accepted} were accepted"]
        expected = {hashlib.sha256(upload.content).hexdigest() for upload in self.uploads if upload.outcome == "media"}
        if missing := expected - self.on_disk().keys():
            wrong.append(f"{len(missing)} accepted files are not on the disk")
        left = self.quota - accepted
        for size, status in ((left, 200), (left + 1, 413)):
            body = {"filename": "rest", "size": size, "contentType": "application/octet-stream"}
            answered, answer = caller.json("POST", "/v2/access/uploads/init", body) if size > 0 else (200, {})
            if answered != status:
                wrong.append(f"{size} bytes more were answered {answered}, {left} are left: {answer}")
            if "mediaUploadId" in answer:
                caller.expect("DELETE", f"/v2/access/uploads/{answer['mediaUploadId']}")
        return wrong

    def counted(self, caller):
        return caller.expect("GET", self.settings_path())["vaultPlus"]["stats"]["totalStorageBytes"]

    def on_disk(self):
        paths = (path for path in self.server.data_dir.glob("blobs/**/*") if path.is_file())
        return {hashlib.sha256(path.read_bytes()).hexdigest(): path.stat().st_size for path in paths}

    def settings_path(self):
        return f"/v2/account/connections/{self.connection}/settings"


class Campaign:
    """The rounds, on one data directory."""

    def __init__(self, server, report):
        self.server, self.report = server, report
        self.key = server.create_key()
        self.accepted = {}

    def run(self):
        self.server.start()
        for number in range(1, ROUNDS + 1):
            round_ = Round(self, number)
            kills, wrong = round_.run()
            accepted = [upload for upload in round_.uploads if upload.outcome == "media"]
            self.accepted |= {hashlib.sha256(upload.content).hexdigest(): len(upload.content) for upload in accepted}
            total = sum(len(upload.content) for upload in accepted)
            claim = f"round {number}: killed {kills} time(s); {len(accepted)} of {UPLOADS} accepted, {total} of {round_.quota} bytes"
            if not self.report.check(claim, not wrong, "; ".join(wrong)):
                return
        self.nothing_else_is_on_the_disk(round_)
        self.report.check("SIGTERM ends the server with status 0", self.server.stop() == 0)

    def nothing_else_is_on_the_disk(self, round_):
        """Blobs are looked through a shard a sweep, so this takes a while after a kill."""
        deadline = time.monotonic() + SWEEP_PATIENCE_SECONDS
        while (found := round_.on_disk()) != self.accepted and time.monotonic() < deadline:
            time.sleep(0.5)
        stray = found.keys() ^ self.accepted.keys()
        self.report.check(f"after a sweep the disk holds the {sum(self.accepted.values())} accepted bytes and no others", not stray, f"{len(stray)} files differ")


def main():
    print(f"SEED={SEED} ROUNDS={ROUNDS}", flush=True)
    report = Report()
    with Server(**SETTINGS) as server:
        with report.holds("no error ended the campaign early"):
            Campaign(server, report).run()
        if report.failed:
            server.keep(SEED)
    report.end()


if __name__ == "__main__":
    main()
