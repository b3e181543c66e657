"""A file meant to do harm, and what may come of it."""

import dataclasses
import typing

# What a photo or a film that is none may end in.
REFUSED = frozenset({"not_media", "unsupported_codec", "malformed", "too_large", "too_long"})
# Bytes of ours in files where no rendition has any business to take them from.
STRAY = b"strayscript"


@dataclasses.dataclass(frozen=True)
class Hostile:
    """`read` gives the bytes; `expected` are the outcomes that are right, all of them if it is none."""

    label: str
    read: typing.Callable[[], bytes]
    filename: str = "file.bin"
    declared: str = "application/octet-stream"
    expected: frozenset = frozenset()


def hostile(label, content, filename="file.bin", expected=(), declared="application/octet-stream"):
    """`content` are bytes, or what makes them when they are needed."""
    read = content if callable(content) else lambda: content
    return Hostile(label, read, filename, declared, frozenset(expected))
