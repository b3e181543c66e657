"""Puts a maker note into a JPEG that has no metadata, as cameras do: an opaque block of bytes in the EXIF.

Usage: maker_note.py INPUT.jpg OUTPUT.jpg
"""

import struct
import sys

NOTE = b"STRONGROOM\0\0maker note: body SR-0042-7781, owner Ada Example\0" * 4


def exif():
    entries_end = 8 + 2 + 12 + 4
    ifd0 = struct.pack("<H", 1) + struct.pack("<HHII", 0x8769, 4, 1, entries_end) + struct.pack("<I", 0)
    note_at = entries_end + 2 + 12 + 4
    sub = struct.pack("<H", 1) + struct.pack("<HHII", 0x927C, 7, len(NOTE), note_at) + struct.pack("<I", 0)
    return b"Exif\0\0II*\0" + struct.pack("<I", 8) + ifd0 + sub + NOTE


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as source:
        image = source.read()
    body = exif()
    with open(sys.argv[2], "wb") as output:
        output.write(image[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + image[2:])
