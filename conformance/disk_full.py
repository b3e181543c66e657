"""A disk that fills up: refusals that a client can read, nothing acknowledged lost, and no repair once there is room again."""

from disk_image import DiskImage, kinds
from server import Server, wait_settled
from session import Session, is_unavailable

IMAGE_BYTES = {"ext4": 64 << 20, "xfs": 300 << 20}
PART_BYTES = 1 << 20
FILE_PARTS = 16
SETTINGS = {"UPLOAD__MIN_PART_BYTES": PART_BYTES, "SWEEP__INTERVAL_SECONDS": 0.5}
# A disk without a floor: uploads may take all of it.
NO_FLOOR = {"STORE__MIN_FREE_BYTES": 0}


class DiskFull:
    """The cases, one after another on one disk."""

    def __init__(self, server, disk, report, seed):
        self.server = server
        self.disk = disk
        self.report = report
        self.credentials = server.create_key(), server.create_connection()
        self.seed = seed
        self.session = None
        self.uploads = []

    def start(self, **settings):
        self.server.settings = SETTINGS | settings
        self.server.start()
        self.session = self.session or Session(self.server, self.credentials, self.seed)
        self.session.connect()

    def new_upload(self, parts=FILE_PARTS):
        return self.session.start(parts * PART_BYTES, PART_BYTES)

    def floor(self):
        """The floor is above what the disk has: new uploads are refused before anything is full, and those that are open go on."""
        self.start(**NO_FLOOR)
        self.done = self.new_upload(2)
        wrong = self.session.end_whole(self.done)
        upload = self.new_upload(2)
        self.server.stop()
        self.start()
        answer = self.session.ask("POST", "/v2/access/uploads/init", {"filename": "file.jpg", "size": PART_BYTES, "contentType": "image/jpeg"})
        self.report.check("below the floor a new upload is refused with 503", is_unavailable(*answer), answer)
        answer = self.session.ask("GET", "/health/ready")
        self.report.check("and the server says that it is not ready", answer[0] == 503 and not answer[1]["disk"]["hasRoom"], answer)
        wrong += self.session.end_whole(upload)
        self.report.check("an upload that was open goes on and ends whole", not wrong, wrong)
        self.server.stop()

    def fill(self):
        """Parts until none is taken, then whatever is left, to the last byte."""
        self.start(**NO_FLOOR)
        self.waiting = self.new_upload(2)
        for number in self.waiting.missing():
            self.session.put(self.waiting, number)
        refused, taken = [], 0
        while not refused:
            upload = self.new_upload()
            self.uploads.append(upload)
            for number in upload.missing():
                status, answer = self.session.put(upload, number)
                if status == 200:
                    taken += 1
                else:
                    refused.append((status, answer))
        readable = all(is_unavailable(*answer) for answer in refused)
        self.report.check(f"{taken} parts filled the disk; the other {len(refused)} were refused with 503", taken and readable, refused[:3])
        self.disk.fill()
        self.whole("the parts that were acknowledged, and only those, are listed")

    def whole(self, claim):
        wrong = [fault for upload in [self.waiting, *self.uploads] for fault in self.session.wrong_parts(upload)]
        self.report.check(claim, not wrong and self.session.is_whole(self.done), wrong[:5])

    def writes(self):
        """Calls that need room, again and again: each is done or refused, and the server lives."""
        answers = [self.session.put(self.uploads[0], 1) for _ in range(5)]
        answers += [self.session.ask("POST", "/v2/access/uploads/init", {"filename": "file.jpg", "size": 1, "contentType": "image/jpeg"})
                    for _ in range(200)]
        answers += [self.session.complete(self.waiting)]
        odd = [answer for answer in answers if answer[0] != 200 and not is_unavailable(*answer)]
        refused = sum(status == 503 for status, _ in answers)
        self.report.check(f"with no byte left, {refused} of {len(answers)} calls that write are refused with 503, the rest done",
                          not odd and self.server.process.poll() is None, odd[:3])

    def restart(self, end, name):
        end()
        self.disk.fill()
        try:
            self.start(**NO_FLOOR)
        except RuntimeError as error:
            self.server.kill()
            return self.report.check(f"the server starts on the full disk after {name}", False, error)
        self.report.check(f"the server starts on the full disk after {name}", True)
        return self.whole("and everything acknowledged is there")

    def delete(self):
        """Deleting is how an operator gets out, so it works with no byte left."""
        before = self.disk.free_bytes()
        status, answer = self.session.ask("DELETE", f"/v2/access/uploads/{self.uploads[0].id}")
        self.report.check("an upload is aborted, and its bytes are free", status == 200 and self.disk.free_bytes() > before, (status, answer))

    def heal(self):
        """With room again everything goes on, with no restart."""
        self.disk.empty()
        wrong = [fault for upload in [self.waiting, *self.uploads[1:]] for fault in self.session.end_whole(upload)]
        self.report.check("with room again every upload ends whole, without a restart", not wrong, wrong[:5])
        if wrong:
            return
        ends = [wait_settled(self.session.caller, upload.media_id) for upload in (self.done, self.waiting)]
        self.report.check("and every photo is ready", all(media["isReady"] for media in ends), ends)
        self.report.check("SIGTERM ends the server with status 0", self.server.stop() == 0)


def disk_full(report, seed):
    """The life of a disk, on each file system."""
    for kind in kinds():
        with DiskImage(kind, IMAGE_BYTES[kind]) as disk, Server(disk.data_dir, **SETTINGS) as server:
            failed_before = report.failed
            full = DiskFull(server, disk, report, f"{seed}/{kind}")
            print(f"      {kind}", flush=True)
            with report.holds(f"no error ended it early on {kind}"):
                full.floor()
                full.fill()
                full.writes()
                full.restart(server.kill, "SIGKILL")
                full.restart(server.stop, "SIGTERM")
                full.delete()
                full.heal()
            if report.failed > failed_before:
                print(server.log())
