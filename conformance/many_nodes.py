"""Three servers and two workers on one PostgreSQL and one S3, behind nginx, under 64 uploading clients, while processes die.

First what one node is told reaches the others; then every ten seconds a process of the five is killed and started again, PostgreSQL is
restarted twice and S3 cut off twice; then the servers are restarted one after another. No acknowledged byte may be lost, no media be
there twice, no job stay; every error must be one that the same call, made again, cures. DURATION (60, in seconds), CLIENTS (64), SEED (random,
printed) come from the environment. Ends with `N passed, M failed`.
"""

import collections
import hashlib
import http.client
import os
import random
import signal
import threading
import time

import engines
from nodes import Nginx, Node, WorkerNode
from pictures import small_jpeg
from report import Report
from server import Caller, delivered_urls, wait_settled

SECONDS = float(os.environ.get("DURATION", "60"))
CLIENTS = int(os.environ.get("CLIENTS", "64"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 32)))
PART_BYTES = 8 << 20
# How often a process is killed, how long it stays away, and how long the S3 server does.
KILL_EVERY_SECONDS, AWAY_SECONDS, CUT_SECONDS = 10, 1, 4
# A call that was not answered for this long, however often it was made, was not cured by making it again.
CURE_SECONDS = 60
SETTINGS = {"SWEEP__INTERVAL_SECONDS": 1, "SWEEP__GRACE_SECONDS": 20, "UPLOAD__MAX_OPEN": 10_000, "RENDER__PHOTO_WORKERS": 1,
            "SERVER__MAX_CONNECTIONS_PER_ADDRESS": 1000}
SETTLE_SECONDS = 120


class Uncured(Exception):
    """A call that failed, and went on failing."""


class Client:
    """One uploading client. It makes every call again until it is answered."""

    def __init__(self, campaign, number):
        self.campaign = campaign
        self.choice = random.Random(f"{SEED}/{number}")
        self.caller = None
        self.completed = {}
        self.problems = []

    def run(self, until):
        while time.monotonic() < until:
            try:
                self.upload()
            except Exception as error:
                self.problems.append(f"{type(error).__name__}: {error}")
                return
            time.sleep(self.choice.uniform(0, 0.5))

    def upload(self):
        content = self.content()
        session = self.call("POST", "/v2/access/uploads/init", {"filename": "file.jpg", "size": len(content), "contentType": "image/jpeg"})
        upload, size = session["mediaUploadId"], session["partSize"]
        parts = [(number, content[start:start + size]) for number, start in enumerate(range(0, len(content), size), 1)]
        self.choice.shuffle(parts)
        for number, part in parts:
            path = f"/parts/{number}" if session["totalParts"] > 1 else ""
            self.call("PUT", f"/v2/access/uploads/{upload}{path}", part)
        media = self.call("POST", "/v2/access/uploads/complete", {"mediaUploadId": upload}, {"prefer": "wait=0"})["media"]
        self.completed[media["id"]] = hashlib.sha256(content).hexdigest(), content.startswith(b"\xff\xd8")

    def content(self):
        """Mostly small photos, each with other bytes behind it; now and then what takes three parts."""
        if self.choice.random() < 0.06:
            return self.choice.randbytes(2 * PART_BYTES + self.choice.randrange(1, PART_BYTES // 4))
        head = small_jpeg() if self.choice.random() < 0.3 else b""
        return head + self.choice.randbytes(self.choice.randrange(1000, 200_000))

    def call(self, method, path, body=None, headers=()):
        """The answer to a call, made again while it gets none, or one that says to come back."""
        tries, began, last = 0, time.monotonic(), None
        while tries == 0 or time.monotonic() - began < CURE_SECONDS:
            tries += 1
            try:
                if self.caller is None:
                    self.caller = Caller(*self.campaign.entrance, timeout=30)
                status, answer = self.caller.json(method, path, body, headers)
            except (OSError, http.client.HTTPException, ValueError) as error:
                # Cut off, or an answer of nginx's own.
                self.forget_connection()
                last = repr(error)
            else:
                if status == 200:
                    self.campaign.count(tries, last)
                    return answer
                last = f"{status} {answer.get('code')}: {answer.get('message')}"
                if status < 500:
                    break
            time.sleep(min(0.2 * tries, 2))
        raise Uncured(f"{method} {path} after {tries} tries: {last}")

    def forget_connection(self):
        if self.caller:
            self.caller.close()
        self.caller = None


class Campaign:
    """The nodes and what is done to them."""

    def __init__(self, report):
        self.report = report
        self.choice = random.Random(SEED)
        self.bucket = Nginx([engines.s3().endpoint.removeprefix("http://")])
        shared = {"DATABASE__URL": engines.postgres().new_database()} | engines.s3().settings(f"nodes-{SEED}")
        shared["STORE__ENDPOINT"] = f"http://{self.bucket.address}"
        self.nodes = [Node(shared, **SETTINGS) for _ in range(3)]
        self.workers = [WorkerNode(shared, **SETTINGS) for _ in range(2)]
        self.key, self.connection = self.nodes[0].create_key(), self.nodes[0].create_connection()
        for process in self.nodes + self.workers:
            process.start()
        self.front = Nginx([node.listen for node in self.nodes])
        self.entrance = self.front.address, self.key, self.connection
        self.lock, self.tries, self.cured = threading.Lock(), collections.Counter(), collections.Counter()

    def close(self, keep):
        for process in self.nodes + self.workers:
            if keep:
                process.keep(SEED)
            process.__exit__()
        self.front.close()
        self.bucket.close()

    def count(self, tries, last):
        with self.lock:
            self.tries[tries] += 1
            if tries > 1:
                self.cured[last.split(":")[0].split("(")[0]] += 1

    def callers(self):
        return [Caller(node.listen, self.key, self.connection) for node in self.nodes]

    def one_server(self):
        """What is done at one node holds at the others."""
        first, second, third = self.callers()
        parts = [os.urandom(PART_BYTES), os.urandom(PART_BYTES), os.urandom(1000)]
        content = b"".join(parts)
        session = first.expect("POST", "/v2/access/uploads/init", {"filename": "film", "size": len(content), "contentType": "video/mp4"})
        path = f"/v2/access/uploads/{session['mediaUploadId']}"
        for caller, (number, part) in zip((second, third, first), enumerate(parts, 1)):
            caller.expect("PUT", f"{path}/parts/{number}", part)
        media = third.expect("POST", "/v2/access/uploads/complete", {"mediaUploadId": session["mediaUploadId"]}, {"prefer": "wait=0"})["media"]
        original = second.send("GET", f"/v2/access/vault/media/{media['id']}/original")[2]
        self.report.check("parts sent to three nodes are one file, read at the second", original == content)

        photo = small_jpeg() + os.urandom(100)
        session = first.expect("POST", "/v2/access/uploads/init", {"filename": "a.jpg", "size": len(photo), "contentType": "image/jpeg"})
        second.expect("PUT", f"/v2/access/uploads/{session['mediaUploadId']}", photo)
        began = time.monotonic()
        answer = third.expect("POST", "/v2/access/uploads/complete", {"mediaUploadId": session["mediaUploadId"]}, {"prefer": "wait=10"})
        seconds = time.monotonic() - began
        self.report.check(f"a worker is woken at once and the waiting node told: ready after {seconds:.2f} s",
                          answer["media"]["isReady"] and seconds < 5, answer)
        media = answer["media"]
        urls = delivered_urls(media)
        seen = {name: [caller.fetch(url)[0] for caller in (first, second, third)] for name, url in urls.items()}
        self.report.check(f"each node delivers what any has signed: {len(urls)} URLs", all(set(s) == {200} for s in seen.values()), seen)

        self.nodes[1].tell("signing-key", "rotate")
        fresh = self.eventually(lambda: [url for url in delivered_urls(second.expect("GET", f"/v2/access/vault/media/{media['id']}")).values()
                                         if url not in urls.values()], 30)
        statuses = [caller.fetch(fresh[0])[0] for caller in (first, second, third)] if fresh else None
        self.report.check("a URL of a new signing key is good at every node", statuses == [200] * 3, statuses)
        self.consent(first, second, third, media)
        self.revocation()

    def consent(self, first, second, third, media):
        path = f"/v2/account/connections/{self.connection}/settings"
        first.expect("PATCH", path, {"consentPolicy": "require"})
        url = next(iter(delivered_urls(media).values()))
        began = time.monotonic()
        statuses = [caller.fetch(url)[0] for caller in (second, third)]
        self.report.check(f"a consent policy holds at the other nodes at once ({time.monotonic() - began:.3f} s)", statuses == [403, 403], statuses)
        first.expect("PATCH", path, {"consentPolicy": "off"})

    def revocation(self):
        key = self.nodes[0].command("key", "create", "--name", "revoked")
        callers = [Caller(node.listen, key["key"], self.connection) for node in self.nodes]
        for caller in callers:
            caller.expect("GET", "/v2/access/vault/media")
        self.nodes[0].tell("key", "revoke", key["id"])
        began = time.monotonic()
        refused = self.eventually(lambda: all(caller.json("GET", "/v2/access/vault/media")[0] == 401 for caller in callers), 5)
        self.report.check(f"a revoked key is refused at every node after {time.monotonic() - began:.2f} s", refused)

    def storm(self):
        """Clients upload; processes die, databases restart, the bucket is cut off."""
        until = time.monotonic() + SECONDS
        clients = [Client(self, number) for number in range(CLIENTS)]
        threads = [threading.Thread(target=client.run, args=(until,)) for client in clients]
        for thread in threads:
            thread.start()
        events = self.plan(time.monotonic())
        for moment, event in events:
            time.sleep(max(0, moment - time.monotonic()))
            event()
        for thread in threads:
            thread.join()
        problems = [problem for client in clients for problem in client.problems]
        completed = {media: facts for client in clients for media, facts in client.completed.items()}
        calls = sum(self.tries.values())
        print(f"      {calls} calls, {calls - self.tries[1]} of them more than once, {max(self.tries, default=0)} times at most; {dict(self.cured)}",
              flush=True)
        self.report.check(f"{len(completed)} uploads were completed while {len(events)} things happened; every error was cured by calling again",
                          completed and not problems, problems[:5])
        return completed

    def plan(self, start):
        events, names = [], {"postgres": self.restart_postgres, "s3": self.cut_bucket}
        for number in range(1, int(SECONDS // KILL_EVERY_SECONDS)):
            events.append((start + number * KILL_EVERY_SECONDS, self.kill_one))
        for share, name in ((0.25, "postgres"), (0.4, "s3"), (0.65, "postgres"), (0.8, "s3")):
            events.append((start + share * SECONDS, names[name]))
        return sorted(events, key=lambda event: event[0])

    def kill_one(self):
        victim = self.choice.choice(self.nodes + self.workers)
        print(f"      kill -9 {'node' if victim in self.nodes else 'worker'}", flush=True)
        victim.kill()
        time.sleep(AWAY_SECONDS)
        victim.start()

    def restart_postgres(self):
        how = self.choice.choice([signal.SIGINT, signal.SIGQUIT])
        print(f"      PostgreSQL is restarted by {how.name}", flush=True)
        engines.postgres().restart(how)

    def cut_bucket(self):
        print(f"      S3 is cut off for {CUT_SECONDS} s", flush=True)
        self.bucket.cut()
        time.sleep(CUT_SECONDS)
        self.bucket.start()

    def rolling_restart(self):
        """Each node is stopped as an operator would and started again, under load: one more try has to do."""
        before, until = self.tries.copy(), time.monotonic() + 12
        clients = [Client(self, f"rolling {number}") for number in range(min(CLIENTS, 16))]
        threads = [threading.Thread(target=client.run, args=(until,)) for client in clients]
        for thread in threads:
            thread.start()
        statuses = []
        for node in self.nodes:
            time.sleep(1)
            statuses.append(node.stop())
            node.start()
        for thread in threads:
            thread.join()
        tries = self.tries - before
        problems = [problem for client in clients for problem in client.problems]
        self.report.check(f"a rolling restart: {sum(tries.values())} calls, {tries[2]} of them twice and none more often",
                          not problems and set(tries) <= {1, 2}, (problems[:3], dict(tries)))
        self.report.check("every node drained with status 0", statuses == [0, 0, 0], statuses)
        return {media: facts for client in clients for media, facts in client.completed.items()}

    def verify(self, completed):
        """Every upload is one media with the bytes that were sent, every photo is ready, and no job is left."""
        caller = Caller(*self.entrance)
        began, wrong = time.monotonic(), []
        for media, (digest, is_photo) in completed.items():
            content = caller.send("GET", f"/v2/access/vault/media/{media}/original")[2]
            if hashlib.sha256(content).hexdigest() != digest:
                wrong.append(f"media {media} has other bytes")
        self.report.check(f"all {len(completed)} media have the bytes that were sent", not wrong, wrong[:5])
        settled = [(wait_settled(caller, media, SETTLE_SECONDS), is_photo) for media, (_, is_photo) in completed.items()]
        wrong = [media for media, is_photo in settled if media["isReady"] != is_photo]
        self.report.check(f"every photo of them is ready ({time.monotonic() - began:.0f} s)", not wrong, wrong[:3])
        listed = self.listed(caller)
        doubled = [media for media, times in collections.Counter(listed).items() if times > 1]
        # What was completed and never answered is a media, too: nobody can have sent it twice, since its bytes are its own.
        self.report.check("no media is there twice, and none is missing", not doubled and completed.keys() <= set(listed),
                          (doubled[:5], list(completed.keys() - set(listed))[:5]))
        etags = [media["etag"] for media in self.pages(caller)]
        self.report.check("no file became two media", len(etags) == len(set(etags)), len(etags) - len(set(etags)))
        jobs = self.nodes[0].command("jobs", "list")
        left = [job for job in jobs if job["state"] != "done"]
        self.report.check("no job is left waiting, running or dead", not left, left[:3])

    def pages(self, caller):
        found, offset = [], 0
        while True:
            page = caller.expect("GET", f"/v2/access/vault/media?limit=40&offset={offset}")
            found += page["list"]
            offset += len(page["list"])
            if not page["hasMore"]:
                return found

    def listed(self, caller):
        return [media["id"] for media in self.pages(caller)]

    @staticmethod
    def eventually(look, seconds):
        deadline = time.monotonic() + seconds
        while not (seen := look()) and time.monotonic() < deadline:
            time.sleep(0.05)
        return seen


def main():
    print(f"SEED={SEED} DURATION={SECONDS:.0f} CLIENTS={CLIENTS}", flush=True)
    report = Report()
    campaign = Campaign(report)
    try:
        with report.holds("no error ended the campaign early"):
            campaign.one_server()
            completed = campaign.storm()
            completed |= campaign.rolling_restart()
            campaign.verify(completed)
    finally:
        campaign.close(keep=report.failed > 0)
    report.end()


if __name__ == "__main__":
    main()
