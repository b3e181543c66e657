"""Two hundred and more faults of every kind in a vault that serves: `strongroom fsck` has to find each, call it by its name, find no
other, mend what can be mended, and find nothing the second time. Nothing that was damaged may be delivered as if it were whole.

MEDIA (240; there are fewer faults of each kind with fewer) and SEED (random, printed) come from the environment, and so do ENGINES. Ends with `N passed, M failed`.
"""

import collections
import hashlib
import json
import os
import random
import subprocess
import threading
import time

from behind import bytes_of
from engines import is_on_s3
from pictures import noise_png
from planting import Planter, found
from report import Report
from sending import send
from server import Caller, Server, binary, delivered_urls, wait_settled
from session import PART_BYTES, Session

MEDIA = int(os.environ.get("MEDIA", "240"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 32)))
# The sweep would clear what fsck is to find.
SETTINGS = {"UPLOAD__MIN_PART_BYTES": PART_BYTES, "SWEEP__INTERVAL_SECONDS": 3600, "SWEEP__GRACE_SECONDS": 24 * 3600}
# In a bucket nothing can be made older than it is: what was planted is checked with a short grace, once that is over.
SHORT_GRACE_SECONDS = 2
FSCK_SECONDS = 300


def fsck(server, *arguments, settings=()):
    """Exit status and report of a run."""
    environment = server.environment() | {f"STRONGROOM_{name}": str(value) for name, value in dict(settings).items()}
    run = subprocess.run([binary(), "fsck", "--data-dir", server.data_dir, "--json", *arguments], env=environment,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=FSCK_SECONDS)
    if run.returncode == 2:
        raise RuntimeError(run.stderr.decode(errors="replace"))
    return run.returncode, json.loads(run.stdout)


class Vault:
    """A server with some hundred media, and what their originals and renditions really are."""

    def __init__(self, server):
        self.server = server
        self.credentials = server.create_key(), server.create_connection()
        server.start()
        self.caller = Caller(server.address, *self.credentials)
        self.sent, self.media = {}, []
        for _ in range(MEDIA):
            # Pairs of the same length, for swaps that only a digest can tell.
            content = noise_png(20_000 + len(self.media) // 2 * 10, 72)
            status, answer = send(self.caller, content, "noise.png")
            assert status == 200, answer
            self.media.append(answer["media"]["id"])
            self.sent[self.media[-1]] = hashlib.sha256(content).hexdigest()
        for number in self.media:
            assert wait_settled(self.caller, number)["isReady"]
        self.made = {url.split("?")[0]: digest(self.caller.fetch(url)[2]) for number in self.media
                     for url in delivered_urls(self.look(number)).values()}

    def look(self, number):
        return self.caller.expect("GET", f"/v2/access/vault/media/{number}")

    def wrong_deliveries(self, numbers):
        """Answers of 200 with other bytes than were sent or made, in words."""
        wrong = []
        for number in numbers:
            status, _, content = self.caller.send("GET", f"/v2/access/vault/media/{number}/original")
            if status == 200 and digest(content) != self.sent[number]:
                wrong.append(f"the original of {number}")
            status, media = self.caller.json("GET", f"/v2/access/vault/media/{number}")
            for url in delivered_urls(media).values() if status == 200 else ():
                status, _, content = self.caller.fetch(url)
                if status == 200 and digest(content) != self.made.get(url.split("?")[0]):
                    wrong.append(url.split("?")[0])
        return wrong


def digest(content):
    return hashlib.sha256(content).hexdigest()


def quiet_beside_traffic(vault, report):
    """While others upload, replace parts, complete, show and purge, a check finds nothing."""
    over = threading.Event()
    # Parts of a bucket are large: one client sends as many bytes there as three do to a disk.
    workers = [threading.Thread(target=traffic, args=(vault, over, seed)) for seed in range(1 if is_on_s3() else 3)]
    for worker in workers:
        worker.start()
    try:
        runs = [fsck(vault.server, "--scrub", *arguments) for arguments in ((), ("--repair",), ())]
    finally:
        over.set()
        for worker in workers:
            worker.join()
    report.check("beside uploads and purges, three runs find nothing", not any(status for status, _ in runs),
                 [run["faults"][:5] for _, run in runs])


def traffic(vault, over, seed):
    session = Session(vault.server, vault.credentials, seed)
    while not over.is_set():
        upload = session.uploaded()
        session.put(upload, 2)
        status, _ = session.complete(upload)
        assert status == 200
        time.sleep(session.choice.uniform(0, 0.3))
        session.caller.send("DELETE", f"/v2/access/vault/media/{upload.media_id}?purge=true")


def main():
    print(f"SEED={SEED} MEDIA={MEDIA}", flush=True)
    report, choice = Report(), random.Random(SEED)
    with Server(**SETTINGS) as server, report.holds("no error ended the campaign early"):
        vault = Vault(server)
        status, whole = fsck(server, "--scrub")
        report.check(f"a vault of {whole['checked']['blobs']} blobs and {whole['checked']['renditions']} renditions is whole",
                     status == 0 and not whole["faults"], whole["faults"][:5])
        quiet_beside_traffic(vault, report)
        if is_on_s3():
            # A purge that met a render leaves renditions to the sweep. Here they are as old as what is planted next.
            check(vault, "--repair")

        session = Session(server, vault.credentials, SEED)
        uploads = [session.uploaded() for _ in range(5)]
        planter = Planter(server, choice)
        plant(planter, vault, session, uploads)
        expected = collections.Counter(planter.expected)
        left = {number for number, in planter.rows("select id from media")}
        deleted = {number for number in vault.media if number not in left}

        status, first = check(vault)
        seen = collections.Counter(found(first))
        report.check(f"{sum(expected.values())} faults of {len({kind for kind, _ in expected})} kinds are found, and no other",
                     status == 1 and seen == expected, f"status {status}; missed {list((expected - seen).items())[:9]}; "
                     f"made up {list((seen - expected).items())[:9]}")
        report.check("a check without --repair changes nothing", not any(fault["repaired"] for fault in first["faults"]))
        status, second = check(vault, "--repair")
        seen = collections.Counter(found(second))
        left = {fault["kind"] for fault in second["faults"] if not fault["repaired"]}
        report.check(f"{len(second['faults'])} faults are mended; what is not ours stays in a bucket alone",
                     status == 1 and seen == expected and left == ({"foreign_file"} if is_on_s3() else set()),
                     f"status {status}; not mended {left}; missed {list((expected - seen).items())[:9]}; made up {list((seen - expected).items())[:9]}")
        planter.clear_foreign()
        wrong = vault.wrong_deliveries([number for number in vault.media if number not in deleted])
        report.check("right after it nothing damaged is delivered", not wrong, wrong[:9])
        verify_mended(vault, planter, session, uploads, report, deleted)
        planter.close()
        if report.failed:
            server.keep(SEED)
    report.end()


def check(vault, *arguments):
    """A scrub to which all that was planted is old."""
    # It may take longer than the server keeps a silent connection.
    vault.caller.close()
    if not bytes_of(vault.server).can_age:
        time.sleep(SHORT_GRACE_SECONDS + 1)
        return fsck(vault.server, "--scrub", *arguments, settings={"SWEEP__GRACE_SECONDS": SHORT_GRACE_SECONDS})
    return fsck(vault.server, "--scrub", *arguments)


def share(count):
    """Of the faults that a vault of 240 media is given."""
    return max(1, count * MEDIA // 240)


def plant(planter, vault, session, uploads):
    """Faults of every kind that there can be in this store."""
    media = planter.choice.sample(vault.media, len(vault.media))
    keys = {key: number for number, key in planter.rows("select id, blob_key from media") if number in set(vault.media)}
    blob_of = {number: key for key, number in keys.items()}
    rest = [blob_of[number] for number in media]
    # Neighbours in the vault are of the same length: the pairs to swap.
    pairs = share(8)
    twins = [blob_of[number] for number in vault.media[:4 * pairs]]
    rest = [key for key in rest if key not in set(twins)]
    planter.originals(twins[:2 * pairs], 0, 0, 0, pairs)
    planter.renditions(twins[2 * pairs:], 0, 0, 0, pairs)
    planter.originals(rest, share(25), share(25), share(30), share(3))
    planter.renditions(rest, share(15), share(15), share(20), share(3))
    planter.surplus(rest.pop())
    planter.side_file_without_row(uploads[4])
    if is_on_s3():
        for upload in uploads[:4]:
            session.put(upload, 2)
        planter.side_objects(*uploads[:4])
        planter.multipart_without_row(session.uploaded())
        planter.object_deeper_down(rest.pop())
    else:
        for number in (1, 2):
            session.put(uploads[3], number)
        planter.parts(*uploads[:4])
    planter.counters(vault.credentials[1])
    planter.media_rows([keys[rest.pop()] for _ in range(21)])


def verify_mended(vault, planter, session, uploads, report, deleted):
    """What is there once all jobs have ended, and what clients can do about the rest."""
    left = [number for number in vault.media if number not in deleted]
    settled = {number: wait_settled(vault.caller, number, 120) for number in left}
    lost = {key for kind, key in planter.expected if kind.startswith("original_") and kind != "original_without_row"}
    lost = {number for number, in planter.rows(f"select id from media where blob_key in ({','.join('?' * len(lost))})", *lost)}
    failed = {number for number, media in settled.items() if media["hasError"]}
    report.check(f"{len(lost)} media whose originals are gone have failed, all others are ready", failed == lost, failed ^ lost)
    report.check("and say why", all(settled[number]["error"]["code"] == "damaged" for number in lost),
                 [settled[number].get("error") for number in lost][:2])
    wrong = vault.wrong_deliveries(left)
    report.check("what is delivered is what was sent and made", not wrong, wrong[:9])
    status, third = check(vault)
    report.check(f"the next run finds nothing; {third['checked']['inQuarantine']} originals are known to be lost",
                 status == 0 and third["checked"]["inQuarantine"] == len(lost), third["faults"][:9])
    session.connect()
    for upload in uploads[:4]:
        listed = {part["partNumber"] for part in session.look(upload)["receivedParts"]}
        for number, part in enumerate(upload.parts, 1):
            if number not in listed:
                part.content = part.etag = None
    missing = [len(upload.missing()) for upload in uploads[:4]]
    wrong = [words for upload in uploads for words in session.end_whole(upload)]
    report.check(f"clients are asked for the lost parts again ({missing} of four uploads), and end whole", not wrong and all(missing), wrong)
    heals(vault, report)


def heals(vault, report):
    """Bytes that were lost and come again are a good media; bytes that an operator puts back are used again."""
    content = noise_png(30_001, 72)
    status, answer = send(vault.caller, content, "again.png")
    number = answer["media"]["id"]
    assert wait_settled(vault.caller, number)["isReady"]
    planter = Planter(vault.server, random.Random(SEED))
    key = planter.row("select blob_key from media where id = ?", number)[0]
    name = planter.original(key)
    planter.originals([key], 1, 0, 0, 0)
    status, _ = fsck(vault.server, "--repair")
    is_lost = wait_settled(vault.caller, number)["hasError"]
    planter.bytes.write(name, content)
    status, _ = fsck(vault.server, "--scrub", "--repair")
    is_back = wait_settled(vault.caller, number)["isReady"]
    report.check("an original that is put back is used again", is_lost and status == 0 and is_back, (is_lost, status, is_back))
    planter.bytes.delete(name)
    fsck(vault.server, "--repair")
    status, answer = send(vault.caller, content, "again.png")
    fresh = wait_settled(vault.caller, answer["media"]["id"])
    report.check("a file that was lost can be sent again", status == 200 and fresh["isReady"], fresh.get("error"))
    status, last = fsck(vault.server, "--scrub", "--repair")
    is_back = wait_settled(vault.caller, number)["isReady"]
    report.check("and what showed it is mended by the next run", status == 0 and is_back, (last["faults"], is_back))
    planter.close()


if __name__ == "__main__":
    main()
