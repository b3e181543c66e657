"""Maintenance that is killed at a random moment, while a server takes uploads and purges: the next run has to end right.

`fsck --scrub --repair` is given faults before each kill; after the next run nothing is wrong. `backup` may not harm the snapshot before
it, and the next run makes one that restores to a vault in which every row's blob exists. Each is an operation of `OPERATIONS`; another
one, such as `move`, is added there.

ROUNDS (20), MEDIA (40), OPERATION (all) and SEED (random, printed) come from the environment. Ends with `N passed, M failed`.
"""

import hashlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import tempfile
import threading
import time

from behind import has_tables
from engines import is_on_s3
from fsck import fsck
from pictures import noise_png
from planting import Planter
from report import Report
from sending import send
from server import Caller, Server, binary, wait_settled
from session import PART_BYTES, Session

ROUNDS = int(os.environ.get("ROUNDS", "20"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 32)))
# What a purge leaves to the sweep stays young, however long the campaign takes; what is planted is older.
SETTINGS = {"UPLOAD__MIN_PART_BYTES": PART_BYTES, "SWEEP__INTERVAL_SECONDS": 3600, "SWEEP__GRACE_SECONDS": 24 * 3600}
MEDIA = int(os.environ.get("MEDIA", "40"))
# So that a round on a busy machine costs what the first did.
MOST_KEPT = 100
# Slow enough to be killed in the middle.
SLOW = ["--max-mb-per-second", "20"]
RUN_SECONDS = 300


def run(server, *arguments):
    """A command to its end: exit status and its JSON."""
    ended = subprocess.run([binary(), *arguments, "--json"], env=server.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           timeout=RUN_SECONDS)
    if ended.returncode == 2:
        raise RuntimeError(f"{arguments}: {ended.stderr.decode(errors='replace')}")
    return ended.returncode, json.loads(ended.stdout)


def seconds_of(work):
    """How long something takes that is not killed."""
    began = time.monotonic()
    work()
    return time.monotonic() - began


def killed(server, seconds, *arguments):
    """A command that is killed after `seconds`. Whether it was still at work then."""
    process = spawned(server, *arguments)
    try:
        process.wait(timeout=seconds)
        return False
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True


def spawned(server, *arguments):
    return subprocess.Popen([binary(), *arguments], env=server.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Traffic:
    """Clients that upload, replace parts, complete, and purge what they sent; one of them keeps its first media."""

    def __init__(self, server, credentials):
        self.server, self.credentials = server, credentials
        self.over, self.kept, self.errors = threading.Event(), [], []
        self.threads = [threading.Thread(target=self.work, args=(seed,)) for seed in range(2 if is_on_s3() else 3)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def work(self, seed):
        session = Session(self.server, self.credentials, SEED + seed)
        while not self.over.is_set():
            try:
                upload = session.uploaded()
                session.put(upload, 2)
                status, answer = session.complete(upload)
                assert status == 200, answer
                if seed == 0 and len(self.kept) < MOST_KEPT:
                    self.kept.append((upload.media_id, hashlib.sha256(upload.content()).hexdigest()))
                    time.sleep(0.5)
                else:
                    time.sleep(session.choice.uniform(0, 0.2))
                    session.caller.send("DELETE", f"/v2/access/vault/media/{upload.media_id}?purge=true")
            except Exception as error:  # pylint: disable=broad-except; told at the end
                self.errors.append(repr(error))
                return


class Campaign:
    """One server, and what its clients were told."""

    def __init__(self, server, report):
        self.server, self.report, self.choice = server, report, random.Random(SEED)
        self.credentials = server.create_key(), server.create_connection()
        server.start()
        self.caller = Caller(server.address, *self.credentials)
        self.media = [self.upload() for _ in range(MEDIA)]
        self.at_work = 0

    def upload(self):
        content = noise_png(200_000, 240)
        status, answer = send(self.caller, content, "noise.png")
        assert status == 200, answer
        number = answer["media"]["id"]
        assert wait_settled(self.caller, number)["isReady"]
        return number, hashlib.sha256(content).hexdigest()

    def fsck_round(self, number):
        """Faults, a kill, a run that mends what the first has not, and one that finds nothing."""
        # The run before may have taken longer than the server keeps a silent connection.
        self.caller.close()
        planter = Planter(self.server, self.choice)
        fresh = [self.upload()[0] for _ in range(4)]
        keys = [planter.row("select blob_key from media where id = ?", media)[0] for media in fresh]
        planter.originals(keys, 0, 0, 1, 0)
        planter.renditions(keys, 1, 1, 0, 0)
        if planter.bytes.can_age:
            planter.surplus(keys[0])
        planter.counters(self.credentials[1])
        planter.close()
        moment = self.choice.uniform(0, self.seconds)
        was_at_work = killed(self.server, moment, "fsck", "--data-dir", self.server.data_dir, "--scrub", "--repair", *SLOW)
        self.at_work += was_at_work
        _, second = fsck(self.server, "--scrub", "--repair")
        left = [fault for fault in second["faults"] if not fault["repaired"]]
        self.caller.close()
        is_lost = sum(wait_settled(self.caller, media)["hasError"] for media in fresh)
        status, third = fsck(self.server, "--scrub")
        quarantine = third["checked"]["inQuarantine"]
        return self.report.check(
            f"fsck {number}: killed after {moment:.2f} s {'at work' if was_at_work else '(it had ended)'}; the next run mended "
            f"{len(second['faults'])} and skipped {second['checked']['shardsScrubbedBefore']} shards; then nothing is wrong",
            not left and status == 0 and is_lost == 1 and quarantine == number, (left[:3], third["faults"][:3], is_lost, quarantine))

    def backup_round(self, number):
        """A kill, the snapshot before it, a whole run, and now and then a restore."""
        home = self.homes[number % 2]
        before = (home / "LATEST").read_text()
        told = list(self.media) + list(self.traffic.kept)
        moment = self.choice.uniform(0, self.seconds)
        was_at_work = killed(self.server, moment, "backup", home, "--data-dir", self.server.data_dir, *SLOW)
        self.at_work += was_at_work
        wrong = []
        if was_at_work:
            # It may have been killed right after the last thing that it does.
            wrong += broken(home)
            left = [path for path in (home / "snapshots").iterdir() if before.split()[0] in path.name]
            wrong += ["the snapshot before it is gone"] * (not left)
        status, taken = run(self.server, "backup", home, "--data-dir", self.server.data_dir, "--keep", "3")
        wrong += broken(home)
        if taken["missing"]:
            wrong.append(f"missing: {taken['missing'][:3]}")
        restored = ""
        if number % 5 == 0 or number == ROUNDS:
            restored, worse = self.restore(home, told)
            wrong += worse
        return self.report.check(
            f"backup {number}: killed after {moment:.2f} s {'at work' if was_at_work else '(it had ended)'}; the next one linked {taken['linked']}, "
            f"copied {taken['copied']}, reused {taken['reused']}{restored}", status == 0 and not wrong, wrong[:5])

    def restore(self, home, told):
        """Restores into a new directory, killing that too, and asks a server there for everything that was told before the backup."""
        wrong, new = [], pathlib.Path(tempfile.mkdtemp(prefix="strongroom-restored-"))
        try:
            with Server(data_dir=new, **self.server.settings) as server:
                kills = self.killed_restores(home, server)
                if is_unfinished(new):
                    status, restored = run(server, "restore", home, "--data-dir", new)
                    if status or any(not fault["repaired"] for fault in restored["check"]["faults"]):
                        wrong.append(f"restore ended {status}: {restored['check']['faults'][:3]}")
                status, whole = fsck(server, "--scrub")
                wrong += [f"the restored vault has faults: {whole['faults'][:3]}"] * (status != 0)
                server.start()
                wrong += changed(Caller(server.address, *self.credentials), told)
            return f"; restored after {kills} kills, {len(told)} media are as they were told", wrong
        finally:
            shutil.rmtree(new, ignore_errors=True)

    def killed_restores(self, home, server):
        """Kills a restore at a random moment, and the next one once the rows are there. Answers how often it was at work."""
        command = "restore", home, "--data-dir", server.data_dir
        kills = int(killed(server, self.choice.uniform(0, self.seconds), *command))
        if is_unfinished(server.data_dir):
            process = spawned(server, *command)
            while process.poll() is None and not has_tables(server):
                time.sleep(0.005)
            kills += process.poll() is None
            process.kill()
            process.wait()
        return kills

    def fsck(self):
        with Traffic(self.server, self.credentials) as traffic:
            self.seconds = seconds_of(lambda: fsck(self.server, "--scrub", *SLOW))
            held = all(self.fsck_round(number) for number in range(1, ROUNDS + 1))
        self.report.check("the clients beside it saw no error", not traffic.errors, traffic.errors)
        return held

    def backup(self):
        """To two places in turn: on the same file system, where originals are linked, and on another, where they are copied."""
        near, far = self.server.data_dir.parent, pathlib.Path("/dev/shm")
        with tempfile.TemporaryDirectory(prefix="strongroom-near-", dir=near) as one, \
                tempfile.TemporaryDirectory(prefix="strongroom-far-", dir=far) as other, \
                Traffic(self.server, self.credentials) as self.traffic:
            self.homes = [pathlib.Path(one), pathlib.Path(other)]
            take = lambda home: run(self.server, "backup", home, "--data-dir", self.server.data_dir)
            for home in self.homes:
                take(home)
            # The first copies everything; those that are killed only what is new.
            self.seconds = max(seconds_of(lambda home=home: take(home)) for home in self.homes)
            held = all(self.backup_round(number) for number in range(1, ROUNDS + 1))
        self.report.check("the clients beside it saw no error", not self.traffic.errors, self.traffic.errors)
        return held


def is_unfinished(data_dir):
    """Whether a data directory is not yet a vault."""
    return (data_dir / "restore.unfinished").exists() or not any(data_dir.iterdir())


def changed(caller, told):
    """What is not as clients were told, in words: originals by their SHA-256, entity tags by b3sum."""
    wrong = []
    for number, sha256 in told:
        status, _, content = caller.send("GET", f"/v2/access/vault/media/{number}/original")
        etag = caller.json("GET", f"/v2/access/vault/media/{number}")[1].get("etag", "").strip('"')
        if status != 200 or hashlib.sha256(content).hexdigest() != sha256:
            wrong.append(f"media {number} answered {status} after the restore")
        elif etag != (blake3 := subprocess.run(["b3sum", "--no-names"], input=content, stdout=subprocess.PIPE, check=True).stdout.decode().strip()):
            wrong.append(f"media {number} has the entity tag {etag}, and its bytes have the BLAKE3 {blake3}")
    return wrong


# Each ends with whether every round held.
OPERATIONS = {"backup": Campaign.backup, "fsck": Campaign.fsck}


def broken(home):
    """What is wrong with the snapshot that LATEST names, in words: files of its manifest that are not there, or are short."""
    name, _ = (home / "LATEST").read_text().split()
    wrong, has_end = [], False
    for line in (home / "snapshots" / name / "manifest").read_text().splitlines():
        (kind, entry), = json.loads(line).items()
        has_end |= kind == "end"
        if kind == "file" and (not (home / entry["path"]).exists() or (home / entry["path"]).stat().st_size != entry["size"]):
            wrong.append(f"{entry['path']} is not what the manifest of {name} says")
    return wrong + [f"the manifest of {name} has no end"] * (not has_end)


def main():
    print(f"SEED={SEED} ROUNDS={ROUNDS}", flush=True)
    report = Report()
    wanted = os.environ.get("OPERATION", "").split() or list(OPERATIONS)
    for name in wanted:
        with Server(**SETTINGS) as server, report.holds(f"no error ended {name} early"):
            campaign = Campaign(server, report)
            OPERATIONS[name](campaign)
            report.check(f"{campaign.at_work} of {ROUNDS} kills of {name} met it at work", campaign.at_work * 2 >= ROUNDS)
            if report.failed:
                server.keep(SEED)
    report.end()


if __name__ == "__main__":
    main()
