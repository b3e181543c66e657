"""A vault moves from the embedded default to PostgreSQL and S3, while clients read from it, and the move is killed 20 times.

A vault with everything in it: photos that are ready, one that failed, the trash, lists, people, release forms with documents, uploads
under way with parts in slots and beside them. Readers fetch deliveries and pages all the time, and an uploading client goes on until
writes are held. `strongroom move` is killed with SIGKILL at a random moment, ROUNDS times (20), and run again to its end. The old
place must answer every read throughout, and refuse writes in a way that clients understand; the new one must have every row and byte,
take the links that the old one gave out, and go on with the uploads. SEED (random, printed) and ROUNDS come from the environment. Ends
with `N passed, M failed`.
"""

import json
import os
import random
import signal
import subprocess
import threading
import time

import engines
from pictures import noise_png, small_jpeg
from report import Report
from sending import send
from server import START_SECONDS, Caller, Server, binary, delivered_urls, wait_settled
from session import Session

ROUNDS = int(os.environ.get("ROUNDS", "20"))
PHOTOS = int(os.environ.get("PHOTOS", "60"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 32)))
PART_BYTES = 8 << 20
SETTINGS = {"UPLOAD__MIN_PART_BYTES": PART_BYTES, "SWEEP__GRACE_SECONDS": 3600, "SWEEP__INTERVAL_SECONDS": 1, "LOG__LEVEL": "warn"}
MOVE_SECONDS = 300
# What `move` says once the old place answers reads alone.
HELD = "writes are held"
SELF = "/v2/access/self"
PAGES = ["/v2/access/vault/media?limit=40", "/v2/access/vault/media?limit=40&sortBy=likes", "/v2/access/vault/media?limit=40&query=lima",
         "/v2/access/vault/media?limit=40&query=%C3%BC-1", "/v2/access/vault/media?limit=40&trash=true", "/v2/access/vault/lists?limit=40",
         "/v2/access/uploads?limit=40", f"{SELF}", f"{SELF}/tagged-friend-users", f"{SELF}/release-forms", f"{SELF}/release-forms/audit",
         "/v2/account/whoami", "/v2/account/connections", "/v2/vault-plus/store/stats", "/v2/vault-plus/store/status"]


# Those that tell of a new media or of its upload.
COUNTING = {path for path in PAGES if "vault/media?" in path or path.startswith(("/v2/access/vault/lists", "/v2/access/uploads", "/v2/vault-plus"))}


class Vault:
    """What was put in, and how to ask for it."""

    def __init__(self, server):
        self.server = server
        self.credentials = server.create_key(), server.create_connection()
        self.caller = Caller(server.address, *self.credentials)
        self.session = Session(server, self.credentials, SEED)
        self.media, self.trash, self.uploads = {}, {}, []

    def fill(self, choice):
        for number in range(PHOTOS):
            content = noise_png(4_000 + number, 24) if number % 3 else small_jpeg() + choice.randbytes(100 + number)
            self.send(content, f"ü-{number}.png")
        # Larger than one part of an upload, and than a block of anything.
        self.send(noise_png(PART_BYTES + 12_345, 64), "large.png")
        self.send(b"no picture at all" + choice.randbytes(50_000), "broken.jpg")
        for number in self.media:
            wait_settled(self.caller, number, 120)
        numbers = list(self.media)
        self.lists(numbers)
        self.people(numbers)
        for number in numbers[10:14]:
            self.caller.send("DELETE", f"/v2/access/vault/media/{number}")
            self.trash[number] = self.media.pop(number)
        self.gone = numbers[14]
        self.caller.send("DELETE", f"/v2/access/vault/media/{self.gone}?purge=true")
        self.media.pop(self.gone)
        # The highest number is purged, too: it must not be given out again.
        self.send(noise_png(5_555, 24), "last.png")
        self.last = max(self.media)
        wait_settled(self.caller, self.last)
        self.caller.send("DELETE", f"/v2/access/vault/media/{self.last}?purge=true")
        self.media.pop(self.last)
        self.open_uploads()

    def send(self, content, name):
        status, answer = send(self.caller, content, name)
        assert status == 200, (status, answer)
        self.media[answer["media"]["id"]] = content

    def lists(self, numbers):
        for name in ("Sömmer", "Winter"):
            made = self.caller.expect("POST", "/v2/access/vault/lists", {"name": name})
            self.caller.expect("POST", f"/v2/access/vault/lists/{made['id']}/media", {"mediaIds": numbers[:20:2]})

    def people(self, numbers):
        """Two people with a form each, on which media and a signed document hang."""
        for index, name in enumerate(("Ana Lima", "Zoë Ünal")):
            person = self.caller.expect("POST", f"{SELF}/tagged-friend-users", {"name": name, "username": f"person{index}"})
            form = self.caller.expect("POST", f"{SELF}/release-forms", {"name": f"form {name}", "type": "model", "personId": person["id"]})
            status, _, body = self.caller.send("PUT", f"{SELF}/release-forms/{form['id']}/document", b"%PDF-1.7\nsigned by " + name.encode())
            assert status == 200, body
            for number in numbers[20 + index:24 + index]:
                self.caller.expect("PUT", f"/v2/access/vault/media/{number}/release-forms", {"releaseFormIds": [form["id"]]})

    def open_uploads(self):
        """One whole, one with a gap, one whose part was sent again and lies beside its slot, one of a single part, one untouched."""
        for parts in ([1, 2, 3], [1, 3], [1, 2, 1], []):
            upload = self.session.start(2 * PART_BYTES + 70_000, PART_BYTES)
            for number in parts:
                status, answer = self.session.put(upload, number)
                assert status == 200, (status, answer)
            self.uploads.append(upload)

    def pages(self, caller):
        """Every page that tells something of the vault, without what differs from call to call."""
        found = {}
        for path in PAGES:
            status, _, body = caller.send("GET", path)
            # The audit log is a line each.
            found[path] = status, [plain(json.loads(line)) for line in body.splitlines() if line]
        for number in self.media:
            status, answer = caller.json("GET", f"/v2/access/vault/media/{number}")
            found[number] = status, plain(answer)
        return found

    def links(self, caller):
        found = []
        for number in self.media:
            status, answer = caller.json("GET", f"/v2/access/vault/media/{number}")
            if status == 200:
                found += delivered_urls(answer).values()
        return found

    def wrong_originals(self, caller):
        wrong = []
        for number, content in self.media.items():
            status, _, body = caller.send("GET", f"/v2/access/vault/media/{number}/original")
            if status != 200 or body != content:
                wrong.append((number, status, len(body)))
        return wrong


def plain(value):
    """Without signed URLs, which name the server and a moment, and the ids of requests."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key not in ("requestId", "_meta", "meta")}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.split("?")[0].split("/", 3)[-1] if isinstance(value, str) and value.startswith("http") else value


class Readers(threading.Thread):
    """Reads from the old place all the time."""

    def __init__(self, vault):
        super().__init__(daemon=True)
        self.vault, self.ended = vault, threading.Event()
        self.reads, self.wrong, self.slowest = 0, [], 0.0

    def run(self):
        caller = Caller(self.vault.server.address, *self.vault.credentials)
        links, choice = self.vault.links(caller), random.Random(SEED)
        while not self.ended.is_set():
            began = time.monotonic()
            number = choice.choice(list(self.vault.media))
            status, _, body = caller.fetch(choice.choice(links))
            page, _, _ = caller.send("GET", "/v2/access/vault/media?limit=20")
            original, _, content = caller.send("GET", f"/v2/access/vault/media/{number}/original")
            if (status, page, original) != (200, 200, 200) or not body or content != self.vault.media[number]:
                self.wrong.append((status, page, original))
            self.reads += 3
            self.slowest = max(self.slowest, time.monotonic() - began)
            time.sleep(0.02)
        caller.close()


class Writer(threading.Thread):
    """Uploads until it is told that this place takes no writes any more."""

    def __init__(self, vault):
        super().__init__(daemon=True)
        self.vault, self.ended, self.sent, self.refusals, self.wrong = vault, threading.Event(), {}, [], []

    def run(self):
        caller, number = Caller(self.vault.server.address, *self.vault.credentials), 0
        while not self.ended.is_set():
            number += 1
            content = noise_png(9_000 + number, 24)
            status, headers, body = self.once(caller, content, number)
            if status == 503 and headers.get("retry-after") and b"moving" in body:
                self.refusals.append(status)
                time.sleep(0.2)
            elif status != 200:
                self.wrong.append((status, body))
            time.sleep(0.3)
        caller.close()

    def once(self, caller, content, number):
        status, headers, body = caller.send("POST", "/v2/access/uploads/init", {"filename": f"meanwhile-{number}.png", "size": len(content), "contentType": "image/png"})
        if status != 200:
            return status, headers, body
        upload = json.loads(body)["mediaUploadId"]
        status, headers, body = caller.send("PUT", f"/v2/access/uploads/{upload}", content, {"prefer": "wait=0"})
        if status == 200:
            self.sent[json.loads(body)["media"]["id"]] = content
        return status, headers, body


class Mover:
    """Runs `strongroom move` from a server's data directory: to a new database, to a new store ("s3" or "disk"), or to both."""

    def __init__(self, server, to_database=True, to_store="s3"):
        self.server, self.environment, self.options = server, server.environment(), []
        # Where the vault is afterwards.
        self.shared = dict(server.engines)
        if to_database:
            self.shared["DATABASE__URL"] = self.environment["STRONGROOM_TO_DATABASE"] = engines.postgres().new_database()
        if to_store == "s3":
            self.shared |= engines.s3().settings(f"moved-{random.SystemRandom().randrange(1 << 40)}")
            self.options = ["--to-store", self.shared["STORE__URL"]]
            # How to reach the bucket; the store's own URL is still the old one's.
            self.environment |= {f"STRONGROOM_{name}": value for name, value in self.shared.items() if name.startswith("STORE__") and name != "STORE__URL"}
        elif to_store == "disk":
            self.shared = {name: value for name, value in self.shared.items() if not name.startswith("STORE__")}
            self.options = ["--to-store", "disk"]

    def command(self, *arguments):
        return [binary(), "move", "--data-dir", str(self.server.data_dir), *self.options, *arguments]

    def start(self):
        return subprocess.Popen(self.command("--json"), env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *arguments):
        run = subprocess.run(self.command("--json", *arguments), env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True, timeout=MOVE_SECONDS, check=False)
        return run.returncode, run.stdout, run.stderr

    def kill_while_held(self, seconds):
        """As `kill_after`, so long after writes were held."""
        process, said = self.start(), ""
        for line in process.stderr:
            said += line
            if HELD in line:
                time.sleep(seconds)
                process.send_signal(signal.SIGKILL)
                break
        out, err = process.communicate()
        return process.returncode == -signal.SIGKILL, process.returncode, (out, said + err)

    def kill_after(self, seconds):
        """Whether it was killed, and what it had said by then."""
        process = self.start()
        try:
            said = process.communicate(timeout=seconds)
            return False, process.returncode, said
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            return True, None, process.communicate()


def abort(server):
    """Gives a move up: the old place takes writes again."""
    return subprocess.run([binary(), "move", "--data-dir", str(server.data_dir), "--abort"], env=server.environment(), check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=START_SECONDS)


def measure(report, choice):
    """How long a move of such a vault takes when nothing disturbs it, how long writes are held, and that it can be given up."""
    with Server(**SETTINGS) as server:
        server.start()
        vault = Vault(server)
        vault.fill(choice)
        mover = Mover(server)
        status, out, err = mover.run("--dry-run")
        found = json.loads(out or "{}")
        report.check("a dry run tells what there is, and changes nothing", status == 0 and found["blobs"] > PHOTOS and found["parts"] == 7, (status, out, err))
        killed, status, said = mover.kill_after(0.9)
        run = abort(server)
        sent, _ = send(vault.caller, noise_png(7_000, 24), "after.png")
        report.check("a move that is given up leaves a vault that takes writes", sent == 200, (killed, status, said, run, sent))
        again = Mover(server)
        began = time.monotonic()
        status, out, err = again.run()
        seconds = time.monotonic() - began
        report.check(f"and can be moved to another place, in {seconds:.1f} s", status == 0, (status, out, err))
        held = json.loads(out)["heldMilliseconds"] / 1000
        print(f"      writes were held for {held:.1f} s of it", flush=True)
        return seconds, held


def campaign(report, choice, seconds, held):
    with Server(**SETTINGS) as server:
        server.start()
        vault = Vault(server)
        vault.fill(choice)
        readers, writer, mover = Readers(vault), Writer(vault), Mover(server)
        readers.start()
        writer.start()
        kills, ends, was_held = 0, [], 0
        while kills < ROUNDS:
            # By turns at any moment, and in the shorter time in which both sides know of the move.
            kill, longest = (mover.kill_while_held, held) if kills % 2 else (mover.kill_after, seconds)
            killed, status, (out, err) = kill(choice.uniform(0.02, 0.8) * longest)
            kills += killed
            was_held += killed and HELD in err
            if not killed:
                # It came to its end: given up, the old place goes on, and the next move goes elsewhere.
                ends.append((status, err[-300:]))
                abort(server)
                mover = Mover(server)
        status, out, err = mover.run()
        readers.ended.set()
        writer.ended.set()
        readers.join()
        writer.join()
        report.check(f"the run after {kills} kills ({was_held} of them while writes were held) ends well", status == 0 and all(end == 0 for end, _ in ends),
                     (status, out, err, ends))
        report.check(f"{readers.reads} reads from the old place were all answered, the slowest three in {readers.slowest:.1f} s", readers.reads > 50 and not readers.wrong, readers.wrong[:5])
        report.check(f"{len(writer.sent)} uploads went on until writes were held; then {len(writer.refusals)} were told to come back",
                     writer.sent and writer.refusals and not writer.wrong, writer.wrong[:5])
        vault.media |= writer.sent
        with Server(shared=mover.shared, arguments=("--no-worker",), **SETTINGS) as target:
            compare(report, vault, server, target)
        if report.failed:
            server.keep(SEED)


def compare(report, vault, server, target):
    """The old place, which takes no writes any more, with the new one, which is checked and started, and where the vault is from here on."""
    old = Caller(server.address, *vault.credentials)
    before, links = vault.pages(old), vault.links(old)
    status, _ = old.json("POST", "/v2/access/vault/lists", {"name": "late"})
    report.check("the old place takes no writes", status == 503, status)
    run = subprocess.run([binary(), "fsck", "--data-dir", str(target.data_dir), "--scrub", "--json"], env=target.environment(), check=False,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=MOVE_SECONDS)
    faults = json.loads(run.stdout or "{}").get("faults")
    report.check("a check of the new place finds nothing", run.returncode == 0 and faults == [], (run.returncode, (faults or [])[:5], run.stderr[-500:]))
    if target.data_dir == server.data_dir:
        # Two servers on one directory is one too many.
        server.stop()
    target.start()
    new = Caller(target.address, *vault.credentials)
    after = vault.pages(new)
    # A complete that the hold cut off is ended by the new place, which then has one media more.
    is_cut_off = '"completing"' in json.dumps(before["/v2/access/uploads?limit=40"])
    differing = [key for key in before if before[key] != after[key] and not (is_cut_off and key in COUNTING)]
    report.check(f"{len(before)} pages are the same", not differing, [(key, before[key], after[key]) for key in differing[:2]])
    wrong = [status for status, _, body in map(new.fetch, links) if status != 200 or not body]
    report.check(f"{len(links)} links that the old place gave out are good at the new one", links and not wrong, wrong[:9])
    report.check(f"{len(vault.media)} originals are what was sent", not (wrong := vault.wrong_originals(new)), wrong[:5])
    vault.session.server, vault.session.caller = target, new
    wrong = [words for upload in vault.uploads for words in vault.session.wrong_parts(upload)]
    report.check("no acknowledged part of an upload under way is lost", not wrong, wrong)
    whole = [end(vault.session, upload) for upload in vault.uploads]
    report.check("and all of them end whole at the new place", all(whole), whole)
    status, answer = send(new, noise_png(8_000, 24), "first.png")
    number = answer["media"]["id"] if status == 200 else None
    report.check("new media get numbers that were never given out", number and number > max(vault.last, *vault.media, *vault.trash), (status, number, vault.last))
    if report.failed:
        print(target.log())


def end(session, upload):
    for number in upload.missing():
        status, _ = session.put(upload, number)
        if status != 200:
            return status
    status, answer = session.complete(upload)
    return session.is_whole(upload) if status == 200 else (status, answer)


def main():
    print(f"SEED={SEED} ROUNDS={ROUNDS} PHOTOS={PHOTOS}", flush=True)
    report, choice = Report(), random.Random(SEED)
    with report.holds("no error ended the campaign early"):
        campaign(report, choice, *measure(report, choice))
    report.end()


if __name__ == "__main__":
    main()
