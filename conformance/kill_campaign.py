"""kill -9 at random moments under eight uploading clients; after each restart everything acknowledged has to be whole.

ROUNDS (10) and SEED (random, printed) come from the environment. Stops at the first round that fails, and keeps its data
directory. Ends with `N passed, M failed`.
"""

import hashlib
import http.client
import os
import random
import threading
import time

import engines
from ledger import Completed, Upload
from pictures import small_jpeg
from report import Report
from server import Caller, Server, wait_settled

CLIENTS = 8
PART_BYTES = engines.smallest_part(64 << 10)
LARGEST_BYTES = (3 if engines.is_on_s3() else 8) * PART_BYTES
ROUNDS = int(os.environ.get("ROUNDS", "10"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 32)))
# The sweeper runs all the time, between the clients' calls. The grace is longer than any request here takes.
SETTINGS = {"UPLOAD__MIN_PART_BYTES": PART_BYTES, "UPLOAD__MAX_OPEN": 10_000,
            "SWEEP__INTERVAL_SECONDS": 0.2, "SWEEP__GRACE_SECONDS": 5}
# Expiry of an idle upload after a second, for the last start.
EXPIRING = SETTINGS | {"UPLOAD__IDLE_HOURS": f"{1 / 3600:.6f}"}
SWEEP_PATIENCE_SECONDS = 60


class Client:
    """One uploading client. Its uploads live on from round to round."""

    def __init__(self, number):
        self.number = number
        self.open = []
        self.completed = []

    def run(self, caller, seed, killed, failures):
        """Uploads until the server is gone. An error before it was killed is a failure."""
        choice = random.Random(seed)
        try:
            while not killed.is_set():
                self.step(caller, choice)
        except (OSError, http.client.HTTPException, AssertionError) as error:
            if not killed.is_set():
                failures.append(f"client {self.number}, while the server was up: {type(error).__name__}: {error}")
        finally:
            caller.close()

    def step(self, caller, choice):
        if len(self.open) < 3:
            self.open.append(start_upload(caller, choice))
        upload = choice.choice(self.open)
        missing, received = upload.missing(), upload.received()
        if received and choice.random() < 0.2:
            put(caller, upload, choice.choice(received), choice)
        elif missing:
            put(caller, upload, choice.choice(missing), choice)
        else:
            complete(caller, upload)
            self.finish(upload)

    def finish(self, upload):
        self.open.remove(upload)
        self.completed.append(upload)


def start_upload(caller, choice):
    """A new session: a photo with random bytes behind it, or only random bytes."""
    size_bytes = choice.randrange(PART_BYTES // 2, LARGEST_BYTES)
    head = small_jpeg() if choice.random() < 0.3 else b""
    session = caller.expect("POST", "/v2/access/uploads/init", {"filename": "file.jpg", "size": size_bytes, "contentType": "image/jpeg"})
    return Upload.plan(session["mediaUploadId"], size_bytes, session["partSize"], head)


def put(caller, upload, number, choice):
    """Sends a part: new bytes, or the same again, which has to answer the same etag."""
    part = upload.parts[number - 1]
    again = part.content is not None and choice.random() < 0.5
    content = part.content if again else part.make(choice)
    part.unanswered = content
    answer = caller.expect("PUT", f"/v2/access/uploads/{upload.id}/parts/{number}", content)
    assert not again or answer["etag"] == part.etag, f"the same bytes answered {answer['etag']}, then {part.etag}"
    part.acknowledge(content, answer["etag"])


def complete(caller, upload):
    upload.complete_was_sent = True
    answer = caller.expect("POST", "/v2/access/uploads/complete", {"mediaUploadId": upload.id}, {"prefer": "wait=0"})
    upload.media_id = answer["media"]["id"]


def original(caller, media_id):
    status, _, content = caller.send("GET", f"/v2/access/vault/media/{media_id}/original")
    assert status == 200, f"the original of media {media_id} answered {status}: {content[:300]}"
    return content


def is_right_end(done, media):
    """A photo ends ready. One whose every attempt was killed is dead, which is said to be retryable; that is rare, and right."""
    if done.is_photo and media["hasError"]:
        return media["error"]["retryable"]
    return media["isReady"] == done.is_photo


class Campaign:
    """The rounds, on one data directory."""

    def __init__(self, server, report):
        self.server = server
        self.report = report
        self.choice = random.Random(SEED)
        self.clients = [Client(number) for number in range(CLIENTS)]
        self.completed = []
        self.credentials = server.create_key(), server.create_connection()

    def caller(self):
        return Caller(self.server.address, *self.credentials)

    def round(self, number):
        """Start, upload, kill, perhaps kill the start, restart, verify. True if all was whole."""
        self.server.start()
        killed, failures = threading.Event(), []
        threads = [threading.Thread(target=client.run, args=(self.caller(), f"{SEED}/{number}/{client.number}", killed, failures))
                   for client in self.clients]
        for thread in threads:
            thread.start()
        seconds = self.choice.uniform(0.02, 1.5)
        time.sleep(seconds)
        killed.set()
        self.server.kill()
        for thread in threads:
            thread.join()
        interrupted = self.kill_while_starting()
        self.server.start()
        parts = sum(len(upload.received()) for client in self.clients for upload in client.open)
        media = sum(len(client.completed) for client in self.clients)
        failures += self.verify()
        self.server.kill()
        return self.report.check(f"round {number}: killed after {seconds:.3f} s and {interrupted} time(s) while starting; "
                                 f"{parts} parts and {media} media acknowledged, all whole", not failures, "; ".join(failures[:10]))

    def kill_while_starting(self):
        times = self.choice.choice([0, 0, 0, 0, 1, 3])
        for _ in range(times):
            self.server.spawn()
            time.sleep(self.choice.uniform(0, 0.3))
            self.server.kill()
        return times

    def verify(self):
        """What is wrong, in words. Ends some of the open uploads on the way, and leaves the rest to the next round."""
        caller, wrong = self.caller(), []
        for client in self.clients:
            for upload in list(client.open):
                wrong += self.verify_open(caller, client, upload)
            for upload in client.completed:
                if original(caller, upload.media_id) != upload.content():
                    wrong.append(f"media {upload.media_id} of {upload.id} has other bytes")
                self.completed.append(Completed.of(upload))
            client.completed.clear()
        for done in self.choice.sample(self.completed, min(5, len(self.completed))):
            wrong += self.verify_completed(caller, done)
        caller.close()
        return wrong

    def verify_open(self, caller, client, upload):
        session = caller.expect("GET", f"/v2/access/uploads/{upload.id}")
        if upload.complete_was_sent and session["state"] != "open":
            wrong = []
        elif session["state"] != "open":
            return [f"{upload.id} is {session['state']}, but nobody completed it"]
        else:
            wrong = upload.reconcile({part["partNumber"]: part for part in session["receivedParts"]})
        if wrong or not (upload.complete_was_sent or self.choice.random() < 0.3):
            return wrong
        for number in upload.missing():
            put(caller, upload, number, self.choice)
        complete(caller, upload)
        client.finish(upload)
        return []

    def verify_completed(self, caller, done):
        digest = hashlib.sha256(original(caller, done.media_id)).hexdigest()
        return [] if digest == done.sha256 else [f"media {done.media_id} has other bytes than it had"]

    def aftermath(self):
        """Every media ever acknowledged is whole and settled, and nothing is left behind."""
        self.server.start()
        caller = self.caller()
        wrong = [fault for done in self.completed for fault in self.verify_completed(caller, done)]
        self.report.check(f"all {len(self.completed)} media of the campaign are whole", not wrong, wrong[:10])
        ends = [(done, wait_settled(caller, done.media_id)) for done in self.completed]
        wrong = [media for done, media in ends if not is_right_end(done, media)]
        ready = sum(media["isReady"] for _, media in ends)
        self.report.check(f"no media is left in processing: {ready} photos are ready, other files say that they are none", not wrong, wrong[:3])
        open_ids = self.open_uploads(caller)
        self.swept(f"after a sweep only the {len(open_ids)} open uploads have files in staging", open_ids)
        for upload_id in open_ids:
            caller.expect("DELETE", f"/v2/access/uploads/{upload_id}")
        self.swept("after those were aborted, staging and scratch are empty", set())
        caller.close()
        self.server.kill()
        self.expiry()
        self.blobs()
        self.report.check("SIGTERM ends the server with status 0", self.server.stop() == 0)

    def expiry(self):
        """An idle upload ends on time, and its bytes with it."""
        self.server.settings = EXPIRING
        self.server.start()
        caller = self.caller()
        upload = start_upload(caller, self.choice)
        put(caller, upload, 1, self.choice)
        # Parts of a multipart upload are no objects yet: in a bucket only the session tells.
        self.wait_until(lambda: caller.json("GET", f"/v2/access/uploads/{upload.id}")[1]["state"] == "expired")
        self.swept("an idle upload's bytes go when it expires", set())
        status, answer = caller.json("PUT", f"/v2/access/uploads/{upload.id}/parts/1", upload.parts[0].content)
        self.report.check("and a part for it is 410", (status, answer["code"]) == (410, "UPLOAD_EXPIRED"), answer)
        caller.close()

    def blobs(self):
        expected = {done.upload_name for done in self.completed}
        self.wait_until(lambda: self.server.stored("blobs").keys() == expected)
        blobs = set(self.server.stored("blobs"))
        self.report.check("the blobs are exactly the originals of the completed media", blobs == expected, list(blobs ^ expected)[:10])
        strays = [name for name in self.server.stored("renditions") if name.split(".")[0] not in expected]
        self.report.check("every rendition belongs to one of them", not strays, strays[:10])

    def swept(self, claim, wanted_ids):
        """Waits until staging has files of the wanted uploads only, and scratch none."""
        wanted = {upload_id.removeprefix("upload:") for upload_id in wanted_ids}

        def left():
            return [name for name in self.server.stored("staging") if name.split(".")[0] not in wanted] + self.scratch()

        self.wait_until(lambda: not left())
        self.report.check(claim, not left(), left()[:10])

    def wait_until(self, holds):
        deadline = time.monotonic() + SWEEP_PATIENCE_SECONDS
        while not holds() and time.monotonic() < deadline:
            time.sleep(0.2)

    def open_uploads(self, caller):
        ids = set()
        while True:
            page = caller.expect("GET", f"/v2/access/uploads?state=open&limit=40&offset={len(ids)}")
            ids |= {session["mediaUploadId"] for session in page["list"]}
            if not page["hasMore"]:
                return ids

    def scratch(self):
        return [path.name for path in (self.server.data_dir / "scratch").rglob("*") if path.is_file()]


def main():
    print(f"SEED={SEED} ROUNDS={ROUNDS}", flush=True)
    report = Report()
    with Server(**SETTINGS) as server:
        campaign = Campaign(server, report)
        with report.holds("no error ended the campaign early"):
            if all(campaign.round(number) for number in range(1, ROUNDS + 1)):
                campaign.aftermath()
        if report.failed:
            server.keep(SEED)
    report.end()


if __name__ == "__main__":
    main()
