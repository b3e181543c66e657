"""Good files with a few bytes wrong: sizes, counts, offsets, ends. The same for the same seed."""

import random
import re
import struct

from hostile_films import CLIPS, clip
from hostile_file import hostile
from hostile_photos import heif, small, webp_animation

# Four letters or more precede what boxes and chunks say of themselves.
TAG = re.compile(rb"[A-Za-z][A-Za-z0-9]{3}|\xff[\xc0-\xfe]|\x1a\x45\xdf\xa3|\x1f\x43\xb6\x75")
EXTREMES = [0, 1, 7, 8, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF]
STILLS = {
    "still.jpg": lambda: small("JPEG", progressive=True),
    "still.png": lambda: small("PNG"),
    "still.webp": lambda: small("WEBP"),
    "still.gif": lambda: small("GIF"),
    "still.tif": lambda: small("TIFF", compression="tiff_lzw"),
    "still.bmp": lambda: small("BMP"),
    "grid.heic": lambda: heif(lambda _: None),
    "still.avif": lambda: small("AVIF"),
    "moving.webp": lambda: webp_animation(5),
}


def mutate(content, choice):
    """One to three changes."""
    content = bytearray(content)
    for _ in range(choice.randint(1, 3)):
        if len(content) > 16:
            content = choice.choice([size_or_count, size_or_count, size_or_count, flip, cut, remove, repeat])(content, choice)
    return bytes(content)


def size_or_count(content, choice):
    """The four bytes before a box's name, or some behind it, become an extreme number; either byte order."""
    tags = [match.start() for match in TAG.finditer(content)]
    at = choice.choice(tags) + choice.choice([-4, 4, 8, 12, 16, 20]) if tags else choice.randrange(len(content))
    at = min(max(at, 0), len(content) - 4)
    struct.pack_into(choice.choice("<>") + "I", content, at, choice.choice([*EXTREMES, choice.getrandbits(32)]))
    return content


def flip(content, choice):
    for _ in range(choice.randint(1, 24)):
        content[choice.randrange(len(content))] ^= 1 << choice.randrange(8)
    return content


def cut(content, choice):
    return content[: choice.randrange(8, len(content))]


def remove(content, choice):
    start = choice.randrange(8, len(content))
    return content[:start] + content[start + choice.randint(1, 64) :]


def repeat(content, choice):
    start, length = choice.randrange(len(content)), choice.randint(1, 512)
    return content[: start + length] + content[start : start + length] + content[start + length :]


def mutants(seed, per_clip):
    """`per_clip` mutants of each of the good clips, half as many of each still."""
    sources = [(name, lambda name=name: clip(name), per_clip) for name in CLIPS]
    sources += [(name, make, (per_clip + 1) // 2) for name, make in STILLS.items()]
    for name, make, count in sources:
        for number in range(count):
            key = f"{seed}/{name}/{number}"
            yield hostile(f"mutant {key}", lambda make=make, key=key: mutate(make(), random.Random(key)), name)
