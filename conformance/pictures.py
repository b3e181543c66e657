"""Pictures to upload: the sample photograph, and generated ones. Standard library only."""

import os
import struct
import zlib

from server import ROOT

PHOTO = ROOT / "samples" / "photo.jpg"
# What the sample's metadata says; none of it may be in anything delivered. The place is as EXIF has it: 51°, 28′ and 0°, 17′,
# each a fraction of two 32-bit numbers, and as XMP has it, in text.
PRIVATE = {
    "the artist": b"Ada Example",
    "the serial number": b"SR-0042-7781",
    "the camera": b"Sample Camera One",
    "the comment": b"family only",
    "the latitude in EXIF": struct.pack(">IIII", 51, 1, 28, 1),
    "the longitude in EXIF": struct.pack(">IIII", 0, 1, 17, 1),
    "the latitude in XMP": b"51,28.7",
    "the longitude in XMP": b"0,17.7",
}


def noise_png(size_bytes, side=3736):
    """A PNG of random pixels, padded with a private chunk to exactly `size_bytes`: nothing in it compresses or repeats."""
    row_bytes = 1 + 3 * side
    deflate = zlib.compressobj(level=0)
    pixels = b"".join(deflate.compress(b"\0" + os.urandom(row_bytes - 1)) for _ in range(side)) + deflate.flush()
    image = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)) + _chunk(b"IDAT", pixels)
    end = _chunk(b"IEND", b"")
    padding = size_bytes - len(image) - len(end) - 12
    if padding < 0:
        raise ValueError(f"{size_bytes} bytes are too few for {side}x{side}")
    return image + _chunk(b"paDd", os.urandom(padding)) + end


def small_jpeg():
    """The thumbnail inside the sample photograph's EXIF: a whole little JPEG."""
    photo = PHOTO.read_bytes()
    start = photo.index(b"\xff\xd8\xff", 2)
    return photo[start:photo.index(b"\xff\xd9", start) + 2]


def _chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
