"""What a server keeps, seen behind its back: its bytes by the names of strongroom-store's `names.rs`, on a disk or in a bucket, and its
rows, in SQLite or PostgreSQL. For tests that damage things."""

import json
import os
import pathlib
import sqlite3
import time
import urllib.error
import urllib.request

import engines

# Older than any grace that the campaigns set.
LONG_AGO = 3 * 24 * 3600


def bytes_of(server):
    url = server.engines.get("STORE__URL")
    return Bucket(url.removeprefix("s3://")) if url else Disk(server.data_dir)


def rows_of(server):
    url = server.engines.get("DATABASE__URL")
    return PostgresRows(url.rpartition("/")[2]) if url else SqliteRows(server.data_dir / "catalog.db")


def has_tables(server):
    """Whether its catalog has been made. Opening an SQLite file that is not there would make it."""
    if "DATABASE__URL" not in server.engines:
        return (server.data_dir / "catalog.db").exists()
    return bool(rows_of(server).all("select 1 from pg_tables where schemaname = 'public' limit 1"))


class Disk:
    """A data directory."""

    can_age = True

    def __init__(self, root):
        self.root = pathlib.Path(root)

    def read(self, name):
        return (self.root / name).read_bytes()

    def write(self, name, content):
        """In place: a copy under another inode would be another file to whoever has it open."""
        path = self.root / name
        with open(path, "r+b" if path.exists() else "xb") as file:
            file.write(content)
            file.truncate()

    def delete(self, name):
        (self.root / name).unlink()

    def names(self, beginning):
        folder, _, start = beginning.rpartition("/")
        return [f"{folder}/{path.name}" for path in (self.root / folder).iterdir() if path.name.startswith(start)]

    def age(self, name):
        then = time.time() - LONG_AGO
        os.utime(self.root / name, (then, then))


class Bucket:
    """A prefix of SeaweedFS's bucket, by way of its filer: that needs no signatures."""

    # Nobody can tell an object store when something was written: wait for longer than the grace instead.
    can_age = False

    def __init__(self, place):
        self.place = place

    def read(self, name):
        return self._ask("GET", name)

    def write(self, name, content):
        self._ask("PUT", name, bytes(content))

    def delete(self, name):
        self._ask("DELETE", name)

    def names(self, beginning):
        folder, _, start = beginning.rpartition("/")
        prefix = self.place.partition("/")[2]
        files = (path.rpartition("/")[2] for path in engines.s3().files(f"{prefix}/{folder}"))
        return [f"{folder}/{name}" for name in files if name.startswith(start)]

    def age(self, name):
        """See `can_age`."""

    def _ask(self, method, name, body=None):
        headers = {"content-type": "application/octet-stream"}
        request = urllib.request.Request(f"{engines.s3().filer}/buckets/{self.place}/{name}", body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            raise FileNotFoundError(f"{method} {name}: {error}") from error


class SqliteRows:
    """A catalog in a file."""

    # What the column of `media_text` is called that has a media's id.
    text_id = "rowid"

    def __init__(self, path):
        self.connection = sqlite3.connect(path, timeout=30, isolation_level=None)
        # As the server's own: what hangs on a row that goes is to go with it.
        self.connection.execute("pragma foreign_keys = on")

    def all(self, text, *values):
        return self.connection.execute(text, values).fetchall()

    def change(self, *statements):
        """Statements, each with its values, in one transaction as the server's own writes are."""
        self.connection.execute("begin immediate")
        for text, *values in statements:
            self.connection.execute(text, values)
        self.connection.execute("commit")

    def close(self):
        self.connection.close()


class PostgresRows:
    """A catalog in a database, by way of psql."""

    text_id = "id"

    def __init__(self, database):
        self.database = database

    def all(self, text, *values):
        # An object's members keep the order of the columns.
        rows = engines.postgres().query(f"select coalesce(json_agg(found), '[]') from ({_filled(text, values)}) as found", self.database)
        return [tuple(row.values()) for row in json.loads(rows)]

    def change(self, *statements):
        engines.postgres().query("; ".join(_filled(*_split(statement)) for statement in statements), self.database)

    def close(self):
        """Nothing is held open."""


def _split(statement):
    text, *values = statement
    return text, values


def _filled(text, values):
    """The text with its values in the places of its question marks."""
    pieces = text.split("?")
    quoted = [str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'" for value in values]
    return "".join(piece + value for piece, value in zip(pieces, [*quoted, ""], strict=True))
