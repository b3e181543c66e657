"""One uploading client's view of one upload, for the tests that break things at a chosen moment."""

import http.client
import random

import engines
from ledger import Upload
from pictures import small_jpeg
from server import Caller

PART_BYTES = engines.smallest_part(64 << 10)


class Session:
    """A caller with a ledger of its uploads."""

    def __init__(self, server, credentials, seed):
        self.server = server
        self.credentials = credentials
        self.choice = random.Random(seed)
        self.caller = None
        self.connect()

    @classmethod
    def begin(cls, server, seed):
        """Starts the server; the session is of a key and a connection that are new."""
        credentials = server.create_key(), server.create_connection()
        server.start()
        return cls(server, credentials, seed)

    def connect(self):
        """After every start: the server has another address then."""
        if self.caller:
            self.caller.close()
        self.caller = Caller(self.server.address, *self.credentials)

    def start(self, size_bytes=5 * PART_BYTES // 2, part_bytes=PART_BYTES):
        """A new upload: a photo with random bytes behind it, so that no two are the same."""
        answer = self.caller.expect("POST", "/v2/access/uploads/init",
                                    {"filename": "file.jpg", "size": size_bytes, "contentType": "image/jpeg"})
        assert answer["partSize"] == part_bytes or answer["totalParts"] == 1, answer
        return Upload.plan(answer["mediaUploadId"], size_bytes, answer["partSize"], small_jpeg())

    def put(self, upload, number):
        """Sends new bytes for a part; the answer's status and JSON, or `None` where the server was gone."""
        part = upload.parts[number - 1]
        content = part.make(self.choice)
        part.unanswered = content
        status, answer = self.ask("PUT", f"/v2/access/uploads/{upload.id}/parts/{number}", content)
        if status == 200:
            part.acknowledge(content, answer["etag"])
        return status, answer

    def complete(self, upload):
        status, answer = self.ask("POST", "/v2/access/uploads/complete", {"mediaUploadId": upload.id}, {"prefer": "wait=0"})
        if status == 200:
            upload.media_id = answer["media"]["id"]
        return status, answer

    def uploaded(self):
        """A new upload with all its parts in it."""
        upload = self.start()
        for number in upload.missing():
            status, answer = self.put(upload, number)
            assert status == 200, f"part {number} answered {status}: {answer}"
        return upload

    def ask(self, method, path, body=None, headers=()):
        """As the caller's `json`, but `None, None` where the connection broke."""
        try:
            return self.caller.json(method, path, body, headers)
        except (OSError, http.client.HTTPException):
            self.caller.close()
            return None, None

    def look(self, upload):
        return self.caller.expect("GET", f"/v2/access/uploads/{upload.id}")

    def wrong_parts(self, upload):
        """Where the server's list of parts and the ledger differ, in words."""
        return upload.reconcile({part["partNumber"]: part for part in self.look(upload)["receivedParts"]})

    def is_whole(self, upload):
        """Whether its media's original has exactly the acknowledged bytes."""
        status, _, content = self.caller.send("GET", f"/v2/access/vault/media/{upload.media_id}/original")
        return status == 200 and content == upload.content()

    def end_whole(self, upload):
        """Sends what is missing, completes, and says what is wrong with the media, in words."""
        wrong = self.wrong_parts(upload)
        for number in upload.missing():
            status, answer = self.put(upload, number)
            if status != 200:
                return wrong + [f"part {number} of {upload.id} answered {status}: {answer}"]
        status, answer = self.complete(upload)
        if status != 200:
            return wrong + [f"the complete of {upload.id} answered {status}: {answer}"]
        return wrong if self.is_whole(upload) else wrong + [f"media {upload.media_id} of {upload.id} has other bytes"]


def is_unavailable(status, answer):
    """A refusal that a client can read: 503 with our JSON, and nothing about the disk beyond its state."""
    return status == 503 and answer["code"] == "STORAGE_UNAVAILABLE" and answer["requestId"].startswith("req_")
