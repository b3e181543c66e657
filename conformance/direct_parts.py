"""Parts that a client sends to the bucket itself, with URLs that init hands out: what arrives is checked at complete, whatever goes
wrong in between. On a disk there are no such URLs, and a client that asks for them goes on as ever.

Plain HTTP alone, as any client would. Ends with `N passed, M failed`.
"""

import base64
import hashlib
import http.client
import json
import os
import random
import re
import subprocess
import threading
import time
import urllib.parse
import urllib.request

import engines
from report import Report
from server import Caller, Server, binary

PART_BYTES = engines.smallest_part(64 << 10)
SEED = int(os.environ.get("SEED", random.randrange(1 << 32)))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
RACERS = 8
SETTINGS = {"UPLOAD__MIN_PART_BYTES": PART_BYTES, "STORE__DIRECT_PARTS": "true"}


def b3sum(content):
    run = subprocess.run(["b3sum", "--no-names"], input=content, stdout=subprocess.PIPE, check=True)
    return run.stdout.decode().strip()


def put(url, body):
    """Status and entity tag of a PUT to the bucket, with no header but those that HTTP needs."""
    parts = urllib.parse.urlsplit(url)
    bucket = http.client.HTTPConnection(parts.netloc, timeout=60)
    try:
        bucket.request("PUT", f"{parts.path}?{parts.query}", body=body)
        answer = bucket.getresponse()
        answer.read()
        return answer.status, answer.headers.get("ETag")
    except (BrokenPipeError, ConnectionResetError):
        # Refused before all of the body was sent.
        return 403, None
    finally:
        bucket.close()


class Direct:
    """A client that sends its parts past the server."""

    def __init__(self, report, server):
        self.report, self.server = report, server
        self.credentials = server.create_key(), server.create_connection()
        self.choice = random.Random(SEED)
        self.connect()

    def connect(self):
        self.server.start()
        self.caller = Caller(self.server.address, *self.credentials)

    def content(self, parts=3):
        """Bytes of a file of so many parts, the last one short."""
        return self.choice.randbytes((parts - 1) * PART_BYTES + self.choice.randrange(1, PART_BYTES))

    def start(self, content, **headers):
        body = {"filename": "film.bin", "size": len(content), "contentType": "video/mp4", "directParts": True}
        return self.caller.expect("POST", "/v2/access/uploads/init", body, {name.replace("_", "-"): value for name, value in headers.items()})

    def urls(self, upload, first=1):
        path = f"/v2/access/uploads/{upload}/direct-parts?fromPart={first}"
        return {part["partNumber"]: part["url"] for part in self.caller.expect("GET", path)["parts"]}

    def send(self, content, number, url):
        status, etag = put(url, content[(number - 1) * PART_BYTES:number * PART_BYTES])
        assert status == 200, f"part {number} answered {status}"
        return etag

    def sent(self, content, **headers):
        """An upload with all its parts in the bucket: its id, its URLs, its parts' entity tags."""
        session = self.start(content, **headers)
        urls = {part["partNumber"]: part["url"] for part in session["directParts"]["parts"]}
        etags = {number: self.send(content, number, url) for number, url in urls.items()}
        return session["mediaUploadId"], urls, etags

    def complete(self, upload, etags=None):
        body = {"mediaUploadId": upload}
        if etags:
            body["parts"] = [{"partNumber": number, "etag": etag} for number, etag in etags.items()]
        return self.caller.json("POST", "/v2/access/uploads/complete", body, {"prefer": "wait=0"})

    def look(self, upload):
        return self.caller.expect("GET", f"/v2/access/uploads/{upload}")

    def is_whole(self, answer, content):
        """What is wrong with the media of an answer, in words."""
        status, body = answer
        if status != 200:
            return f"{status}: {body}"
        media = body["media"]
        if media["etag"].strip('"') != b3sum(content):
            return f"etag {media['etag']}"
        status, _, original = self.caller.send("GET", f"/v2/access/vault/media/{media['id']}/original")
        return None if status == 200 and original == content else f"its original answers {status} with {len(original)} bytes"

    def check_whole(self, claim, answer, content):
        wrong = self.is_whole(answer, content)
        self.report.check(claim, wrong is None, wrong)

    def is_refused(self, answer, status, code, words):
        return answer[0] == status and answer[1]["code"] == code and re.search(words, answer[1]["message"])

    def check_refused(self, claim, answer, status, code, words):
        self.report.check(claim, self.is_refused(answer, status, code, words), answer)

    # What is checked, in order.

    def whole(self):
        for parts in (1, 3):
            content = self.content(parts)
            session = self.start(content)
            offered = session["directParts"]
            sizes = [part["size"] for part in offered["parts"]]
            self.report.check(f"init offers {parts} URL(s), and no place here",
                              sum(sizes) == len(content) and session["parts"] == [] and session["uploadType"] == "multipart", session)
            for part in offered["parts"]:
                self.send(content, part["partNumber"], part["url"])
            self.check_whole(f"a file of {parts} part(s) is what was sent to the bucket", self.complete(session["mediaUploadId"]), content)
            again = self.complete(session["mediaUploadId"])
            self.check_whole("and completed again, the same", again, content)
            status, _ = put(offered["parts"][0]["url"], content[:PART_BYTES])
            self.report.check("a URL of before is good for nothing then", status in (403, 404), status)
            self.check_whole("and has changed nothing", self.complete(session["mediaUploadId"]), content)

    def resumed(self):
        content = self.content(4)
        session = self.start(content)
        upload = session["mediaUploadId"]
        sent = [self.send(content, part["partNumber"], part["url"]) for part in session["directParts"]["parts"][:2]]
        status = self.look(upload)
        received = [(part["partNumber"], part["etag"]) for part in status["receivedParts"]]
        self.report.check("a look tells what has arrived", received == list(enumerate(sent, 1)) and status["isDirect"], status)
        self.check_refused("a complete names what is missing", self.complete(upload), 409, "UPLOAD_INCOMPLETE", "2 of 4 parts .* part 3")
        more = self.urls(upload, 3)
        self.report.check("more URLs are had from any part on", list(more) == [3, 4], more)
        for number, url in more.items():
            self.send(content, number, url)
        self.check_whole("an upload that was broken off goes on", self.complete(upload), content)

    def refused(self):
        content = self.content(2)
        upload, urls, etags = self.sent(content)
        for claim, body in (("longer", content[:PART_BYTES] + b"x"), ("shorter", content[:PART_BYTES - 1]), ("empty", b"")):
            status, _ = put(urls[1], body)
            self.report.check(f"a {claim} part is refused by the bucket", status in (400, 403), status)
        status, _ = put(urls[1].replace("partNumber=1", "partNumber=9"), content[:PART_BYTES])
        self.report.check("a URL is good for its part alone", status == 403, status)
        whole = self.caller.json("PUT", f"/v2/access/uploads/{upload}", content)
        part = self.caller.json("PUT", f"/v2/access/uploads/{upload}/parts/1", content[:PART_BYTES])
        for claim, answer in (("the whole file", whole), ("a part", part)):
            self.check_refused(f"{claim} is refused here", answer, 409, "UPLOAD_DIRECT", "takes no bytes here")
        for query, field in (("fromPart=3", "fromPart"), ("fromPart=0", "fromPart"), ("limit=1001", "limit")):
            answer = self.caller.json("GET", f"/v2/access/uploads/{upload}/direct-parts?{query}")
            self.check_refused(f"{query} is refused", answer, 400, "BAD_REQUEST", f"^{field}: ")
        self.check_whole("and the upload is whole", self.complete(upload, etags), content)

    def overwritten(self):
        content = self.content(3)
        upload, urls, etags = self.sent(content)
        changed = self.choice.randbytes(PART_BYTES)
        # The bucket may tell the time by the second.
        time.sleep(1.1)
        put(urls[2], changed)
        self.check_refused("a part that was written over is named", self.complete(upload, etags), 409, "UPLOAD_INCOMPLETE", "parts: part 2 is ")
        changed = content[:PART_BYTES] + changed + content[2 * PART_BYTES:]
        self.check_whole("and without naming parts, the last of each counts", self.complete(upload), changed)

    def digests(self):
        content, wrong = self.content(2), self.content(2)[:PART_BYTES]
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        other = wrong + content[PART_BYTES:]
        upload, _, _ = self.sent(other, repr_digest=f"sha-256=:{digest}:")
        self.check_refused("another file than was announced is refused", self.complete(upload), 422, "DIGEST_MISMATCH", "^Repr-Digest: ")
        status = self.look(upload)
        self.report.check("its session is open, and empty", (status["state"], status["receivedBytes"]) == ("open", 0), status)
        for number, url in self.urls(upload).items():
            self.send(content, number, url)
        self.check_whole("and takes the right one", self.complete(upload), content)

    def aborted(self):
        content = self.content(2)
        upload, urls, _ = self.sent(content)
        self.caller.expect("DELETE", f"/v2/access/uploads/{upload}")
        status, _ = put(urls[1], content[:PART_BYTES])
        self.report.check("an aborted upload's URLs are good for nothing", status in (403, 404), status)
        gone = self.caller.json("GET", f"/v2/access/uploads/{upload}/direct-parts")
        self.check_refused("and there are no others", gone, 410, "UPLOAD_ABORTED", "aborted")

    def raced(self):
        content = self.content(3)
        upload, _, _ = self.sent(content)
        answers, gate = [], threading.Barrier(RACERS)

        def race():
            caller = Caller(self.server.address, *self.credentials)
            gate.wait()
            answers.append(caller.json("POST", "/v2/access/uploads/complete", {"mediaUploadId": upload}, {"prefer": "wait=0"}))
            caller.close()

        threads = [threading.Thread(target=race) for _ in range(RACERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        named = {answer["media"]["id"] if status == 200 else status for status, answer in answers}
        self.report.check(f"{RACERS} completes at once make one media", len(named) == 1 and len(answers) == RACERS, named)
        self.check_whole("which is whole", self.complete(upload), content)

    def killed(self):
        """kill -9 while a complete joins or reads the file, at another moment each time; the next one ends it."""
        states, seconds = {}, 0.5
        for round_number in range(ROUNDS):
            content = self.content(6)
            upload, _, _ = self.sent(content)
            began, answer = time.monotonic(), []

            def complete():
                try:
                    answer.append(self.complete(upload))
                except (OSError, http.client.HTTPException):
                    pass

            completing = threading.Thread(target=complete)
            completing.start()
            completing.join(seconds * (round_number + 1) / (ROUNDS + 1))
            self.server.kill()
            completing.join()
            if answer:
                # So long does a whole one take here; the next kills fall into the middle.
                seconds = time.monotonic() - began
            self.caller.close()
            self.connect()
            state = self.look(upload)["state"]
            states[state] = states.get(state, 0) + 1
            wrong = self.is_whole(self.complete(upload), content)
            if wrong:
                self.report.check(f"killed in round {round_number} in state {state}, the next complete ends it", False, wrong)
                return
        listed = self.caller.expect("GET", "/v2/access/vault/media?limit=40")["list"]
        etags = [media["etag"] for media in listed]
        self.report.check(f"killed {ROUNDS} times ({states}), each was ended by the next complete, once", len(set(etags)) == len(etags), etags)

    def by_command(self):
        """`strongroom upload --direct`: the server counts no part."""
        content = self.content(4)
        path = self.server.data_dir / "film.bin"
        path.write_bytes(content)
        taken = self.parts_taken()
        key, connection = self.credentials
        run = subprocess.run([binary(), "upload", "--direct", "--json", "--state-dir", self.server.data_dir / "journal", "--url",
                              self.server.url, "--api-key", key, "--connection", connection, path], stdout=subprocess.PIPE, check=False, timeout=120)
        media = json.loads(run.stdout or "{}")
        self.report.check("strongroom upload --direct ends with the media", media.get("etag", "").strip('"') == b3sum(content), run)
        self.report.check("and sent no part here", self.parts_taken() == taken, (taken, self.parts_taken()))

    def parts_taken(self):
        """The server's own count of the parts that were sent to it."""
        with urllib.request.urlopen(f"http://{self.server.settings['METRICS__LISTEN']}/metrics", timeout=10) as page:
            return re.findall(rb"^strongroom_upload_parts_total .*$", page.read(), re.MULTILINE)

    def expired(self):
        """A URL is good for as long as its answer says, and another one is to be had."""
        self.server.kill()
        self.server.settings["STORE__DIRECT_PART_SECONDS"] = 2
        self.connect()
        content = self.content(1)
        session = self.start(content)
        time.sleep(3.5)
        status, _ = put(session["directParts"]["parts"][0]["url"], content)
        self.report.check("a URL that has expired is refused by the bucket", status == 403, status)
        self.send(content, 1, self.urls(session["mediaUploadId"])[1])
        self.check_whole("and a fresh one is good", self.complete(session["mediaUploadId"]), content)

    def clean(self):
        # Others use this bucket too. What a kill cut off, SeaweedFS may still be at.
        vault = self.server.engines["STORE__URL"].rsplit("/", 1)[-1]
        deadline = time.monotonic() + 20
        while (left := engines.s3().multiparts(vault)) and time.monotonic() < deadline:
            time.sleep(0.2)
        self.report.check("nothing of all that is left under way in the bucket", not left, left)

    def not_offered(self):
        content = self.content(2)
        session = self.start(content)
        upload = session["mediaUploadId"]
        self.report.check("a client that asks in vain is told to send its parts here",
                          "directParts" not in session and len(session["parts"]) == 2, session)
        asked = self.caller.expect("GET", f"/v2/access/uploads/{upload}/direct-parts")
        self.report.check("and there are no other places", asked == {"parts": []}, asked)
        for part in session["parts"]:
            start, end = part["byteRange"]["start"], part["byteRange"]["end"]
            self.caller.expect("PUT", f"/v2/access/uploads/{upload}/parts/{part['partNumber']}", content[start:end + 1])
        self.check_whole("and the upload is whole", self.complete(upload), content)


def main():
    report = Report()
    print(f"SEED={SEED}")
    with Server(**SETTINGS | {"STORE__DIRECT_PARTS": "false"} if engines.is_on_s3() else SETTINGS) as server:
        Direct(report, server).not_offered()
    if engines.is_on_s3():
        with Server(**SETTINGS, METRICS__LISTEN=f"127.0.0.1:{engines.free_port()}") as server:
            direct = Direct(report, server)
            for step in (direct.whole, direct.resumed, direct.refused, direct.overwritten, direct.digests, direct.aborted, direct.raced,
                         direct.killed, direct.by_command, direct.expired, direct.clean):
                failed = report.failed
                try:
                    step()
                except Exception as error:
                    report.check(f"{step.__name__} comes to its end", False, f"{type(error).__name__}: {error}")
                if report.failed > failed:
                    print(server.log(), flush=True)
    report.end()


if __name__ == "__main__":
    main()
