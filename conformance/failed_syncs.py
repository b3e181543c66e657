"""A sync that fails: what it was for is never acknowledged, and never retried into success."""

import time

from injection import SYNCS, Injection
from server import Server
from session import PART_BYTES, Session, is_unavailable

# No sweep beside the tests: its calls would meet the faults that are meant for ours.
SETTINGS = {"UPLOAD__MIN_PART_BYTES": PART_BYTES, "SWEEP__INTERVAL_SECONDS": 3600}


class FailedSyncs:
    """The cases, on one server that is started again where it has to end."""

    def __init__(self, server, report, seed):
        self.server = server
        self.report = report
        self.session = Session.begin(server, seed)

    def places(self, upload):
        """The paths that an upload's bytes and names are synced at."""
        staging, blobs = (self.server.data_dir / area / upload.name[:2] for area in ("staging", "blobs"))
        return {"the part's bytes": staging / upload.name, "the part's name": staging, "the blob's name": blobs}

    def part(self, error, place):
        """A part whose sync fails, again and again while the disk is bad, and once more when it is good."""
        upload = self.session.start()
        with Injection(self.server, SYNCS, f"error={error}", [self.places(upload)[place]]) as injection:
            first = self.session.put(upload, 2)
            listed = self.session.look(upload)["receivedParts"]
        self.report.check(f"{error} at {place}: the part is refused and not listed",
                          injection.has_hit and is_unavailable(*first) and not listed, (first, listed, injection.text[-500:]))
        wrong = self.session.end_whole(upload)
        self.report.check(f"{error} at {place}: the next try is taken, and the file is whole", not wrong, wrong)

    def side_file(self, error):
        """The second try of an acknowledged part has a file of its own; that its sync fails does not touch the first."""
        upload = self.session.uploaded()
        self.settle()
        with Injection(self.server, SYNCS, f"error={error}") as injection:
            again = self.session.put(upload, 2)
        wrong = self.session.end_whole(upload)
        self.report.check(f"{error} at a part's second try: it is refused, and the first one still counts",
                          injection.has_hit and is_unavailable(*again) and not wrong, (again, wrong))

    def settle(self):
        """Waits until no render is left that would write to the catalog: where the name of a file is not known beforehand, a fault meets
        whatever is synced, and a catalog that cannot sync ends its process."""
        while self.session.caller.expect("GET", "/v2/access/vault/media?status=processing")["list"]:
            time.sleep(0.05)

    def publishing(self, error, place):
        """A complete whose sync fails is not answered 200; the next one ends it. Its file is synced only where a part's second try is
        copied into place: what lies there was synced before."""
        upload = self.session.uploaded()
        if place == "the part's bytes":
            self.session.put(upload, 2)
        with Injection(self.server, SYNCS, f"error={error}", [self.places(upload)[place]]) as injection:
            first = self.session.complete(upload)
        second, _ = self.session.complete(upload)
        whole = second == 200 and self.session.is_whole(upload)
        self.report.check(f"{error} at {place} in a complete: refused, and the next one ends it",
                          injection.has_hit and is_unavailable(*first) and whole, (first, second, injection.text[-500:]))

    def catalog(self, error, calls, act, name):
        """A catalog that cannot be trusted ends the process; the next one goes on from what is on disk."""
        upload = self.session.uploaded()
        log = self.server.data_dir / "catalog.db-wal"
        with Injection(self.server, calls, f"error={error}", [log]) as injection:
            status, answer = act(self.session, upload)
            ended = self.server.process.wait(timeout=20)
        self.server.kill()
        self.report.check(f"{error} at the catalog's {calls} in {name}: not acknowledged, and the process ends with an error",
                          injection.has_hit and status != 200 and ended > 0, (status, answer, ended))
        self.restart()
        wrong = self.session.end_whole(upload) if self.session.look(upload)["state"] == "open" else self.ended_whole(upload)
        self.report.check("after a restart everything acknowledged is there, and the upload ends whole", not wrong, wrong)

    def full_catalog(self):
        """No room for the catalog's log is no reason to end: nothing was changed, and the next call may find some."""
        upload = self.session.uploaded()
        with Injection(self.server, "pwrite64", "error=ENOSPC", [self.server.data_dir / "catalog.db-wal"]) as injection:
            refused = self.session.complete(upload)
        self.report.check("ENOSPC at the catalog's pwrite64: 503, and the server lives",
                          injection.has_hit and is_unavailable(*refused) and self.server.process.poll() is None, refused)
        wrong = self.session.end_whole(upload)
        self.report.check("and the next call does it", not wrong, wrong)

    def ended_whole(self, upload):
        status, answer = self.session.complete(upload)
        return [] if status == 200 and self.session.is_whole(upload) else [f"{status} {answer}"]

    def restart(self):
        self.server.start()
        self.session.connect()


def failed_syncs(report, seed):
    """Every place that is synced, with EIO; and ENOSPC, which a delayed allocation reports as late as that."""
    with Server(**SETTINGS) as server:
        cases = FailedSyncs(server, report, seed)
        for error in ("EIO", "ENOSPC"):
            for place in ("the part's bytes", "the part's name"):
                cases.part(error, place)
            cases.side_file(error)
            for place in ("the part's bytes", "the blob's name"):
                cases.publishing(error, place)
        cases.catalog("EIO", SYNCS, lambda session, upload: session.put(upload, 2), "a part")
        cases.catalog("EIO", SYNCS, lambda session, upload: session.complete(upload), "a complete")
        cases.catalog("ENOSPC", SYNCS, lambda session, upload: session.complete(upload), "a complete")
        cases.catalog("EIO", "pwrite64", lambda session, upload: session.put(upload, 2), "a part")
        cases.full_catalog()
        if report.failed:
            print(server.log())
