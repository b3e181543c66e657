"""What the server has acknowledged, as its clients remember it: the truth that it is judged by after a kill."""

import dataclasses
import hashlib
import math


@dataclasses.dataclass
class Part:
    """One part: what was acknowledged for it, and what was sent since without an answer."""

    head: bytes
    size_bytes: int
    content: bytes | None = None
    etag: str | None = None
    unanswered: bytes | None = None

    def make(self, random):
        """Bytes for a try of this part; a new try gets new ones."""
        return self.head + random.randbytes(self.size_bytes - len(self.head))

    def acknowledge(self, content, etag):
        self.content, self.etag, self.unanswered = content, etag, None


@dataclasses.dataclass
class Upload:
    """One file on its way."""

    id: str
    parts: list[Part]
    is_photo: bool
    complete_was_sent: bool = False
    media_id: int | None = None

    @classmethod
    def plan(cls, upload_id, size_bytes, part_bytes, head):
        count = math.ceil(size_bytes / part_bytes)
        sizes = [part_bytes] * (count - 1) + [size_bytes - part_bytes * (count - 1)]
        return cls(upload_id, [Part(head if not n else b"", size) for n, size in enumerate(sizes)], bool(head))

    @property
    def name(self):
        """The bare UUID, as the server names files."""
        return self.id.removeprefix("upload:")

    def missing(self):
        return [number for number, part in enumerate(self.parts, 1) if part.content is None]

    def received(self):
        return [number for number, part in enumerate(self.parts, 1) if part.content is not None]

    def content(self):
        return b"".join(part.content for part in self.parts)

    def reconcile(self, listed):
        """Compares with the parts that the server lists; what was sent without an answer may have arrived, whole or not at all.

        Gives back what is wrong, in words.
        """
        wrong = []
        for number, part in enumerate(self.parts, 1):
            seen = listed.get(number)
            if seen and seen["size"] != part.size_bytes:
                wrong.append(f"{self.id} part {number} has {seen['size']} bytes, not {part.size_bytes}")
            if seen and seen["etag"] != part.etag and part.unanswered is not None:
                part.acknowledge(part.unanswered, seen["etag"])
            elif seen and seen["etag"] != part.etag:
                wrong.append(f"{self.id} part {number} is {seen['etag']}, acknowledged was {part.etag}")
            elif not seen and part.content is not None:
                wrong.append(f"{self.id} part {number} was acknowledged and is lost")
            part.unanswered = None
        return wrong


@dataclasses.dataclass
class Completed:
    """A media that was acknowledged, and its bytes' digest."""

    upload_name: str
    is_photo: bool
    media_id: int
    sha256: str

    @classmethod
    def of(cls, upload):
        return cls(upload.name, upload.is_photo, upload.media_id, hashlib.sha256(upload.content()).hexdigest())
