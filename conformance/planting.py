"""Faults on disk and in the catalog, each with what a check of the vault has to call it."""

import contextlib
import os
import sqlite3
import time
import uuid

# Older than any grace that the campaigns set.
LONG_AGO = 3 * 24 * 3600


def flip_one_bit(path, choice):
    content = bytearray(path.read_bytes())
    content[choice.randrange(len(content))] ^= 1 << choice.randrange(8)
    _rewrite(path, content)


def truncate(path, choice):
    os.truncate(path, choice.randrange(path.stat().st_size))


def swap(one, other):
    """Two files change names; as often as not they have the same length, and then only their digests tell."""
    aside = one.with_suffix(".aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def age(path):
    then = time.time() - LONG_AGO
    os.utime(path, (then, then))
    return path


def _rewrite(path, content):
    """In place: a copy under another inode would be another file to whoever has it open."""
    with open(path, "r+b") as file:
        file.write(content)


class Planter:
    """Plants faults in one server's data directory, and remembers them as (kind, whose)."""

    def __init__(self, data_dir, choice):
        self.data_dir, self.choice = data_dir, choice
        self.expected = []
        self.catalog = sqlite3.connect(data_dir / "catalog.db", timeout=30, isolation_level=None)
        # As the server's own: what hangs on a row that goes is to go with it.
        self.catalog.execute("pragma foreign_keys = on")

    def close(self):
        self.catalog.close()

    def row(self, text, *values):
        return self.catalog.execute(text, values).fetchone()

    def rows(self, text, *values):
        return self.catalog.execute(text, values).fetchall()

    def expect(self, kind, whose):
        self.expected.append((kind, str(whose)))

    def original(self, key):
        return self.data_dir / "blobs" / key[:2] / key

    def rendition(self, key, name):
        ending = self.row("select format from rendition where blob_key = ? and name = ?", key, name)[0]
        return self.data_dir / "renditions" / key[:2] / f"{key}.{name}.{ending}"

    def staged(self, upload):
        return self.data_dir / "staging" / upload.name[:2] / upload.name

    def originals(self, keys, missing, truncated, flipped, swapped):
        """Damages as many originals of `keys` as the numbers say; `swapped` counts pairs. Gives back those that were left."""
        for _ in range(missing):
            self.original(key := keys.pop()).unlink()
            self.expect("original_missing", key)
        for _ in range(truncated):
            truncate(self.original(key := keys.pop()), self.choice)
            self.expect("original_size", key)
        for _ in range(flipped):
            flip_one_bit(self.original(key := keys.pop()), self.choice)
            self.expect("original_digest", key)
        for _ in range(swapped):
            self._swap(keys.pop(), keys.pop(), self.original, "original")
        return keys

    def renditions(self, keys, missing, truncated, flipped, swapped):
        """The same for a rendition of each."""
        names = [name for name, in self.rows("select distinct name from rendition where blob_key = ?", keys[0])]
        for kind, count, damage in (("missing", missing, lambda path: path.unlink()), ("size", truncated, lambda path: truncate(path, self.choice)),
                                    ("digest", flipped, lambda path: flip_one_bit(path, self.choice))):
            for _ in range(count):
                damage(self.rendition(key := keys.pop(), self.choice.choice(names)))
                self.expect(f"rendition_{kind}", key)
        for _ in range(swapped):
            name = self.choice.choice(names)
            self._swap(keys.pop(), keys.pop(), lambda key, name=name: self.rendition(key, name), "rendition")
        return keys

    def _swap(self, one, other, path, what):
        sizes = path(one).stat().st_size, path(other).stat().st_size
        swap(path(one), path(other))
        for key in (one, other):
            self.expect(f"{what}_{'digest' if sizes[0] == sizes[1] else 'size'}", key)

    def surplus(self, known_key):
        """Files that no row names, all of them long there."""
        for _ in range(10):
            key = str(uuid.uuid4())
            self.original(key).write_bytes(os.urandom(1000))
            age(self.original(key))
            self.expect("original_without_row", key)
        for _ in range(5):
            key = str(uuid.uuid4())
            path = self.data_dir / "renditions" / key[:2] / f"{key}.thumb.jpg"
            path.write_bytes(os.urandom(100))
            age(path)
            self.expect("rendition_without_row", key)
        # Of a blob that is there, but has no such rendition.
        path = self.data_dir / "renditions" / known_key[:2] / f"{known_key}.c50.jpg"
        path.write_bytes(b"a square")
        age(path)
        self.expect("rendition_without_row", known_key)
        for _ in range(5):
            name = str(uuid.uuid4())
            path = self.data_dir / "staging" / name[:2] / name
            path.write_bytes(os.urandom(1000))
            age(path)
            self.expect("staging_without_row", f"upload:{name}")
        for area in ("blobs", "renditions", "staging"):
            path = self.data_dir / area / "3f" / f"{area}.tmp"
            path.write_bytes(b"not ours")
            age(path)
            self.expect("foreign_file", f"{area}/3f/{area}.tmp")
        for number in range(3):
            name = f"{known_key}.{number:032x}"
            (self.data_dir / "scratch" / name / "out").mkdir(parents=True)
            self.expect("scratch_without_owner", f"scratch/{name}")

    def side_file_without_row(self, upload):
        path = self.staged(upload).with_name(f"{upload.name}.1.{0xc0ffee:016x}")
        path.write_bytes(b"a try that died")
        age(path)
        self.expect("side_file_without_row", upload.id)

    def parts(self, gone, short, flipped, side):
        """Damages acknowledged parts: a whole upload's, the last one's end, a bit of the first, a second try's own file."""
        self.staged(gone).unlink()
        for number in gone.received():
            self.expect("part_missing", f"{gone.id} part {number}")
        last = short.received()[-1]
        os.truncate(self.staged(short), self.staged(short).stat().st_size - 1)
        self.expect("part_size", f"{short.id} part {last}")
        path = self.staged(flipped)
        with open(path, "r+b") as file:
            byte = file.read(1)[0]
            file.seek(0)
            file.write(bytes([byte ^ 1]))
        self.expect("part_digest", f"{flipped.id} part 1")
        next(self.staged(side).parent.glob(f"{side.name}.2.*")).unlink()
        self.expect("part_missing", f"{side.id} part 2")

    def counters(self, owner):
        """Counters that are not what the rows come to."""
        with self.writing():
            self.catalog.execute("update usage set stored_bytes = stored_bytes + 1, rendition_bytes = 0 where connection_id = ?", [owner])
            self.catalog.execute("update media_tally set total = total + 7 where connection_id = ? and type = 'photo' and status = 'ready'", [owner])
        for counter in ("usage.stored_bytes", "usage.rendition_bytes", "media_tally.photo.ready"):
            self.expect("counter", counter)

    def media_rows(self, media):
        """Lists, words and states that are not what they follow from. `media` are 21 ids that nothing else happens to."""
        media = iter(media)
        with self.writing():
            for text in ("delete from listing where media_id = ?", "update listing set likes = 9 where media_id = ?",
                         "update listing set list_id = 77 where media_id = ?"):
                self._change(text, media, 3, "listing")
            for text in ("delete from media_text where rowid = ?", "update media_text set text = 'other words' where rowid = ?"):
                self._change(text, media, 3, "search_text")
            # The triggers count and list what this says, so that only the state itself is wrong.
            self._change("update media set status = 'error' where id = ?", media, 1, "media_state")
            for _ in range(2):
                key = self.blob_of(number := next(media))
                self.catalog.execute("update blob set status = 'processing' where key = ?", [key])
                self.catalog.execute("update media set status = 'processing' where id = ?", [number])
                self.expect("no_job", key)
            for _ in range(3):
                key = self.blob_of(number := next(media))
                self.catalog.execute("delete from media where id = ?", [number])
                self.catalog.execute("update blob set created_at = created_at - ? where key = ?", [LONG_AGO * 1000, key])
                self.expect("unreferenced", key)

    def blob_of(self, media):
        return self.row("select blob_key from media where id = ?", media)[0]

    def _change(self, text, media, count, kind):
        for _ in range(count):
            self.catalog.execute(text, [number := next(media)])
            self.expect(kind, number)

    @contextlib.contextmanager
    def writing(self):
        """One transaction, as the server's own writes are."""
        self.catalog.execute("begin immediate")
        yield
        self.catalog.execute("commit")


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
