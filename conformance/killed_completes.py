"""kill -9 at every system call with which one complete changes the disk; the next complete ends it the same way.

Two threads do that work, the store's and the catalog's, and strace counts for every thread and call by itself: so each of
them, and each call, is stepped through alone.
"""

import itertools

from injection import Injection
from server import Server, wait_settled
from session import PART_BYTES, Session

SETTINGS = {"UPLOAD__MIN_PART_BYTES": PART_BYTES, "SWEEP__INTERVAL_SECONDS": 3600}
# Those that a complete makes; one that it no longer makes is to be noticed.
STORE_CALLS = ("copy_file_range", "fdatasync", "rename", "fsync", "unlink")
CATALOG_CALLS = ("pwrite64", "fsync")


class KilledCompletes:
    """One server, started again after each kill."""

    def __init__(self, server, report, seed):
        self.server = server
        self.report = report
        self.session = Session.begin(server, seed)
        self.media = {}

    def step_through(self, name, call, paths):
        """Kills at the first such call, at the second, … until a complete is answered before that many were made."""
        states, status = [], None
        for number in itertools.count(1):
            upload = self.session.uploaded()
            # A second try lies in a file of its own, which the complete copies into its place.
            self.session.put(upload, 2)
            with Injection(self.server, call, f"signal=KILL:when={number}", paths(upload)) as injection:
                status, _ = self.session.complete(upload)
                if status is None:
                    injection.outlive_server()
            # Also after an answer: the render that it began may have met the kill.
            self.restart()
            state, wrong = self.judge(upload)
            if wrong or (status == 200 and state != "completed"):
                return self.report.check(f"killed at {call} {number} of the {name}", False, (status, state, wrong))
            if status == 200:
                break
            states.append(state)
        return self.report.check(f"killed at each {call} of the {name} ({summary(states)}): all ended whole", states, "no such call was made")

    def restart(self):
        self.server.kill()
        self.server.start()
        self.session.connect()

    def judge(self, upload):
        """The state that the kill left, and what is wrong after two more completes, in words."""
        session = self.session.look(upload)
        state, known = session["state"], session.get("media")
        wrong = []
        if state == "open":
            wrong += self.session.wrong_parts(upload)
        wrong += self.session.end_whole(upload) if state == "open" else self.end(upload)
        first = upload.media_id
        wrong += self.end(upload)
        if not first == upload.media_id == (known or {"id": first})["id"]:
            wrong.append(f"{upload.id} became media {known and known['id']}, {first} and {upload.media_id}")
        if first in self.media:
            wrong.append(f"media {first} is that of two uploads")
        self.media[first] = upload
        return state, wrong

    def end(self, upload):
        status, answer = self.session.complete(upload)
        if status != 200:
            return [f"the next complete of {upload.id} answered {status}: {answer}"]
        return [] if self.session.is_whole(upload) else [f"media {upload.media_id} of {upload.id} has other bytes"]

    def is_rendered(self, media_id):
        """A render that was met by three kills has had its attempts, which happens on a busy machine: its owner may ask for another."""
        caller = self.session.caller
        media = wait_settled(caller, media_id)
        if media["hasError"] and media["error"]["retryable"]:
            caller.expect("POST", f"/v2/access/vault/media/{media_id}/reprocess")
            media = wait_settled(caller, media_id)
        return media["isReady"]

    def aftermath(self):
        """Each upload has become one media, and each photo is rendered."""
        wrong = [media_id for media_id in self.media if not self.is_rendered(media_id)]
        self.report.check(f"all {len(self.media)} photos are ready", not wrong, wrong)
        blobs = {path.name for path in (self.server.data_dir / "blobs").rglob("*") if path.is_file()}
        listed, offset = [], 0
        while offset is not None:
            page = self.session.caller.expect("GET", f"/v2/access/vault/media?limit=40&offset={offset}")
            listed += [media["id"] for media in page["list"]]
            offset = len(listed) if page["hasMore"] else None
        expected = {upload.name for upload in self.media.values()}
        self.report.check("there is one media and one blob for each upload", sorted(listed) == sorted(self.media) and blobs == expected,
                          (set(listed) ^ set(self.media), blobs ^ expected))


def summary(states):
    """How many kills there were, by the state that they left."""
    return ", ".join(f"{states.count(state)} left it {state}" for state in sorted(set(states)))


def killed_completes(report, seed):
    """Every call of the store, then every call of the catalog."""
    with Server(**SETTINGS) as server:
        kills = KilledCompletes(server, report, seed)
        data_dir = server.data_dir

        def of_store(upload):
            return [data_dir / area / upload.name[:2] / name for area in ("staging", "blobs") for name in ("", upload.name)] + \
                   list((data_dir / "staging" / upload.name[:2]).glob(f"{upload.name}.*"))

        def of_catalog(_):
            return [data_dir / f"catalog.db{end}" for end in ("", "-wal", "-shm")]

        for name, calls, paths in (("store", STORE_CALLS, of_store), ("catalog", CATALOG_CALLS, of_catalog)):
            for call in calls:
                kills.step_through(name, call, paths)
        kills.aftermath()
        if report.failed:
            print(server.log())
