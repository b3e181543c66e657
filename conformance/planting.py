"""Faults in bytes and rows, each with what a check of the vault has to call it."""

import os
import uuid

from behind import LONG_AGO, bytes_of, rows_of


class Planter:
    """Plants faults in one server's vault, and remembers them as (kind, whose)."""

    def __init__(self, server, choice):
        self.data_dir, self.choice = server.data_dir, choice
        self.bytes, self.catalog = bytes_of(server), rows_of(server)
        self.expected = []

    def close(self):
        self.catalog.close()

    def row(self, text, *values):
        return next(iter(self.rows(text, *values)), None)

    def rows(self, text, *values):
        return self.catalog.all(text, *values)

    def expect(self, kind, whose):
        self.expected.append((kind, str(whose)))

    def original(self, key):
        return f"blobs/{key[:2]}/{key}"

    def rendition(self, key, name):
        ending = self.row("select format from rendition where blob_key = ? and name = ?", key, name)[0]
        return f"renditions/{key[:2]}/{key}.{name}.{ending}"

    def staged(self, upload):
        return f"staging/{upload.name[:2]}/{upload.name}"

    def side_file(self, upload, number):
        """What a second try of a part was written to."""
        return next(iter(self.bytes.names(f"{self.staged(upload)}.{number}.")))

    def flip_one_bit(self, name):
        content = bytearray(self.bytes.read(name))
        content[self.choice.randrange(len(content))] ^= 1 << self.choice.randrange(8)
        self.bytes.write(name, content)

    def truncate(self, name):
        content = self.bytes.read(name)
        self.bytes.write(name, content[:self.choice.randrange(len(content))])

    def old(self, name, content):
        """A file that has been there for long."""
        self.bytes.write(name, content)
        self.bytes.age(name)

    def originals(self, keys, missing, truncated, flipped, swapped):
        """Damages as many originals of `keys` as the numbers say; `swapped` counts pairs. Gives back those that were left."""
        for _ in range(missing):
            self.bytes.delete(self.original(key := keys.pop()))
            self.expect("original_missing", key)
        for _ in range(truncated):
            self.truncate(self.original(key := keys.pop()))
            self.expect("original_size", key)
        for _ in range(flipped):
            self.flip_one_bit(self.original(key := keys.pop()))
            self.expect("original_digest", key)
        for _ in range(swapped):
            self._swap(keys.pop(), keys.pop(), self.original, "original")
        return keys

    def renditions(self, keys, missing, truncated, flipped, swapped):
        """The same for a rendition of each."""
        names = [name for name, in self.rows("select distinct name from rendition where blob_key = ?", keys[0])]
        for kind, count, damage in (("missing", missing, self.bytes.delete), ("size", truncated, self.truncate), ("digest", flipped, self.flip_one_bit)):
            for _ in range(count):
                damage(self.rendition(key := keys.pop(), self.choice.choice(names)))
                self.expect(f"rendition_{kind}", key)
        for _ in range(swapped):
            name = self.choice.choice(names)
            self._swap(keys.pop(), keys.pop(), lambda key, name=name: self.rendition(key, name), "rendition")
        return keys

    def _swap(self, one, other, name, what):
        """Two files change names; as often as not they have the same length, and then only their digests tell."""
        contents = self.bytes.read(name(one)), self.bytes.read(name(other))
        is_same_size = len(contents[0]) == len(contents[1])
        for key, content in zip((one, other), reversed(contents), strict=True):
            self.bytes.write(name(key), content)
            self.expect(f"{what}_{'digest' if is_same_size else 'size'}", key)

    def surplus(self, known_key):
        """Files that no row names, all of them long there."""
        for _ in range(10):
            key = str(uuid.uuid4())
            self.old(self.original(key), os.urandom(1000))
            self.expect("original_without_row", key)
        for _ in range(5):
            key = str(uuid.uuid4())
            self.old(f"renditions/{key[:2]}/{key}.thumb.jpg", os.urandom(100))
            self.expect("rendition_without_row", key)
        # Of a blob that is there, but has no such rendition.
        self.old(f"renditions/{known_key[:2]}/{known_key}.c50.jpg", b"a square")
        self.expect("rendition_without_row", known_key)
        for _ in range(5):
            name = str(uuid.uuid4())
            self.old(f"staging/{name[:2]}/{name}", os.urandom(1000))
            self.expect("staging_without_row", f"upload:{name}")
        for area in ("blobs", "renditions", "staging"):
            self.old(name := f"{area}/3f/{area}.tmp", b"not ours")
            self.expect("foreign_file", name)
        for number in range(3):
            name = f"{known_key}.{number:032x}"
            (self.data_dir / "scratch" / name / "out").mkdir(parents=True)
            self.expect("scratch_without_owner", f"scratch/{name}")

    def object_deeper_down(self, known_key):
        """In a bucket, what ends as a name of ours does, and is none."""
        self.old(name := f"blobs/{known_key[:2]}/copies/{known_key}", b"not ours")
        self.expect("foreign_file", name)

    def clear_foreign(self):
        """As an operator would, where the check leaves what is not ours where it is."""
        for kind, name in self.expected:
            if kind == "foreign_file" and name in self.bytes.names(name):
                self.bytes.delete(name)

    def side_file_without_row(self, upload):
        self.old(f"{self.staged(upload)}.1.{0xc0ffee:016x}", b"a try that died")
        self.expect("side_file_without_row", upload.id)

    def parts(self, gone, short, flipped, side):
        """Damages acknowledged parts: a whole upload's, the last one's end, a bit of the first, a second try's own file."""
        self.bytes.delete(self.staged(gone))
        for number in gone.received():
            self.expect("part_missing", f"{gone.id} part {number}")
        last = short.received()[-1]
        self.bytes.write(self.staged(short), self.bytes.read(self.staged(short))[:-1])
        self.expect("part_size", f"{short.id} part {last}")
        content = self.bytes.read(self.staged(flipped))
        self.bytes.write(self.staged(flipped), bytes([content[0] ^ 1]) + content[1:])
        self.expect("part_digest", f"{flipped.id} part 1")
        self.bytes.delete(self.side_file(side, 2))
        self.expect("part_missing", f"{side.id} part 2")
        self.flip_one_bit(second := self.side_file(side, 1))
        self.bytes.age(second)
        self.expect("part_digest", f"{side.id} part 1")

    def side_objects(self, gone, short, flipped, other):
        """The same in a bucket, of second tries alone: what lies in a multipart upload nobody can read, nor harm."""
        for upload, kind, damage in ((gone, "missing", self.bytes.delete), (short, "size", self.truncate), (flipped, "digest", self.flip_one_bit),
                                     (other, "missing", self.bytes.delete)):
            damage(self.side_file(upload, 2))
            self.expect(f"part_{kind}", f"{upload.id} part 2")

    def multipart_without_row(self, upload):
        """A multipart upload of the bucket's that its session forgot."""
        self.catalog.change(("update upload set multipart_id = null where id = ?", upload.name))
        self.expect("multipart_without_row", upload.id)

    def counters(self, owner):
        """Counters that are not what the rows come to."""
        self.catalog.change(
            ("update usage set stored_bytes = stored_bytes + 1, rendition_bytes = 0 where connection_id = ?", owner),
            ("update media_tally set total = total + 7 where connection_id = ? and type = 'photo' and status = 'ready'", owner))
        for counter in ("usage.stored_bytes", "usage.rendition_bytes", "media_tally.photo.ready"):
            self.expect("counter", counter)

    def media_rows(self, media):
        """Lists, words and states that are not what they follow from. `media` are 21 ids that nothing else happens to."""
        media, key = iter(media), self.catalog.text_id
        for text in ("delete from listing where media_id = ?", "update listing set likes = 9 where media_id = ?",
                     "update listing set list_id = 77 where media_id = ?"):
            self._change(text, media, 3, "listing")
        for text in (f"delete from media_text where {key} = ?", f"update media_text set text = 'other words' where {key} = ?"):
            self._change(text, media, 3, "search_text")
        # The triggers count and list what this says, so that only the state itself is wrong.
        self._change("update media set status = 'error' where id = ?", media, 1, "media_state")
        for _ in range(2):
            key = self.blob_of(number := next(media))
            self.catalog.change(("update blob set status = 'processing' where key = ?", key),
                                ("update media set status = 'processing' where id = ?", number))
            self.expect("no_job", key)
        for _ in range(3):
            key = self.blob_of(number := next(media))
            self.catalog.change(("delete from media where id = ?", number),
                                ("update blob set created_at = created_at - ? where key = ?", LONG_AGO * 1000, key))
            self.expect("unreferenced", key)

    def blob_of(self, media):
        return self.row("select blob_key from media where id = ?", media)[0]

    def _change(self, text, media, count, kind):
        for _ in range(count):
            self.catalog.change((text, number := next(media)))
            self.expect(kind, number)


def found(report):
    """The faults of a report in the planter's words."""
    return [(fault["kind"], _whose(fault)) for fault in report["faults"]]


def _whose(fault):
    kind, detail = fault["kind"], fault["detail"]
    if kind.startswith("part_"):
        return f"{fault['upload']} {detail.split(':')[0]}"
    if kind == "counter":
        return detail.split()[0]
    if kind in ("foreign_file", "scratch_without_owner"):
        return detail.split(",")[0]
    return str(fault.get("media") or fault.get("blob") or fault.get("upload"))
