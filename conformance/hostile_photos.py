"""Pictures that lie about themselves, swell, or are something else: T1 to T10, T16 to T18 and T23 of the threat model.

Standard library and Pillow. Every function gives bytes; nothing here is larger than a few megabytes until a decoder believes it.
"""

import io
import pathlib
import struct
import tempfile
import zlib

from PIL import Image

from clips import card
from heic import write_heic
from hostile_file import REFUSED, STRAY, hostile

TOO_LARGE = {"too_large"}
LIE = {"too_large", "malformed"}
SCRIPT = b"<script>" + STRAY + b"()</script>"


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_head(width, height, depth=8, colour=2):
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def zeros(count):
    """`count` zero bytes, deflated: one mebibyte's blocks, again and again, so that a gibibyte costs no time here."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    mebibyte = deflate.compress(bytes(1 << 20)) + deflate.flush(zlib.Z_FULL_FLUSH)
    rest = zlib.compressobj(9, zlib.DEFLATED, -15)
    checksum = struct.pack(">I", (count % 65_521) << 16 | 1)
    return b"\x78\xda" + mebibyte * (count >> 20) + rest.compress(bytes(count & 0xFFFFF)) + rest.flush() + checksum


def png_flood(width, height, depth, colour, row_bytes):
    return png_head(width, height, depth, colour) + chunk(b"IDAT", zeros((row_bytes + 1) * height)) + chunk(b"IEND", b"")


def saved(picture, kind, **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def small(kind, **options):
    return saved(card(96, 64), kind, **options)


def png_with(*chunks):
    plain = small("PNG")
    return plain[:33] + b"".join(chunks) + plain[33:]


def jpeg_with(*segments):
    plain = small("JPEG")
    return (
        plain[:2]
        + b"".join(b"\xff" + bytes([kind]) + struct.pack(">H", len(body) + 2) + body for kind, body in segments)
        + plain[2:]
    )


def jpeg_claiming(width, height, **options):
    content = bytearray(small("JPEG", **options))
    frame = content.index(b"\xff\xc2" if options.get("progressive") else b"\xff\xc0")
    struct.pack_into(">HH", content, frame + 5, height, width)
    return bytes(content)


def scan_bomb(count):
    content = small("JPEG", progressive=True)
    last = content.rindex(b"\xff\xda")
    return content[:last] + content[last:-2] * count + b"\xff\xd9"


def exif(body):
    return jpeg_with((0xE1, b"Exif\0\0" + body))


def exif_loop():
    """A directory whose next directory is itself, and a tag with 2³²−1 values."""
    return exif(b"II*\0\x08\0\0\0" + struct.pack("<HHHIIHHIII", 2, 0x8769, 4, 1, 8, 0x010E, 2, 0xFFFFFFFF, 8, 8))


def gif_frames(width, height, count, delay=0):
    frame = (
        b"\x21\xf9\x04\0"
        + struct.pack("<H", delay)
        + b"\0\0"
        + b"\x2c"
        + struct.pack("<HHHHB", 0, 0, 1, 1, 0)
        + b"\x02\x02\x44\x01\0"
    )
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff" + frame * count + b"\x3b"


def gif_animation(side, count):
    """Every frame is drawn over the whole of the canvas."""
    still = saved(Image.new("P", (side, side), 3), "GIF")
    start = still.index(b"\x2c\0\0\0\0")
    return still[:start] + (b"\x21\xf9\x04\0\x02\0\0\0" + still[start:-1]) * count + b"\x3b"


def apng(claimed, real):
    head, out = png_head(4, 4), [chunk(b"acTL", struct.pack(">II", claimed, 0))]
    pixels, number = zlib.compress(bytes(13 * 4)), 0
    for index in range(real):
        out.append(chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, 4, 4, 0, 0, 0, 100, 0, 0)))
        number += 1
        out.append(chunk(b"IDAT", pixels) if index == 0 else chunk(b"fdAT", struct.pack(">I", number) + pixels))
        number += index > 0
    return head + b"".join(out) + chunk(b"IEND", b"")


def webp(*chunks):
    body = b"WEBP" + b"".join(
        kind + struct.pack("<I", len(content)) + content + bytes(len(content) & 1) for kind, content in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def webp_lossless_claiming(width, height):
    return webp((b"VP8L", b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + bytes(64)))


def webp_animation(count, side=16):
    still = small("WEBP", lossless=True)[12:]
    size = struct.pack("<I", side - 1)[:3]
    frame = bytes(6) + struct.pack("<I", 95)[:3] + struct.pack("<I", 63)[:3] + bytes(3) + b"\0" + still
    canvas = b"\x02\0\0\0" + (size * 2 if side > 96 else struct.pack("<I", 95)[:3] + struct.pack("<I", 63)[:3])
    return webp((b"VP8X", canvas), (b"ANIM", bytes(6)), *[(b"ANMF", frame)] * count)


def tiff(*entries, following=0, data=b""):
    """One directory of `(tag, type, count, value)`, at offset 8."""
    listed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + listed + struct.pack("<I", following) + data


def tiff_of(width, height, *more, compression=1, bits=8, samples=1, **options):
    return tiff(
        (256, 4, 1, width),
        (257, 4, 1, height),
        (258, 3, 1, bits),
        (259, 3, 1, compression),
        (262, 3, 1, 1),
        (277, 3, 1, samples),
        *more,
        **options,
    )


def heif(change):
    """A good HEIC grid, then changed."""
    with tempfile.TemporaryDirectory(prefix="strongroom-heif-") as folder:
        path = pathlib.Path(folder) / "grid.heic"
        write_heic(card(256, 256), path, 2, 2)
        content = bytearray(path.read_bytes())
    change(content)
    return bytes(content)


def put(content, after, offset, form, *values):
    struct.pack_into(form, content, content.index(after) + offset, *values)


def pixel_bombs():
    yield hostile("T1 PNG 30000×30000 of one bit", lambda: png_flood(30_000, 30_000, 1, 0, 3750), expected=TOO_LARGE)
    yield hostile("T1 PNG 10000×10000 grey", lambda: png_flood(10_000, 10_000, 8, 0, 10_000), expected=TOO_LARGE)
    yield hostile("T2 PNG 12000×12000 RGBA of 16 bits", lambda: png_flood(12_000, 12_000, 16, 6, 96_000), expected=TOO_LARGE)
    yield hostile(
        "T2 PNG 7000×7000 RGBA of 16 bits", lambda: png_flood(7_000, 7_000, 16, 6, 56_000), expected={"ready", "too_large"}
    )
    for width, height in [(100_000, 100_000), (0x7FFFFFFF, 0x7FFFFFFF), (0xFFFFFFFF, 1), (16_385, 1), (6000, 6000), (0, 10)]:
        yield hostile(f"T3 PNG header {width}×{height}", png_head(width, height), "a.png", LIE)
    for width, height in [(60_000, 60_000), (60_000, -60_000), (0x7FFFFFFF, 1), (-1, -1), (0, 0), (5000, 5000)]:
        head = b"BM" + struct.pack("<IIIIiiHHIIiiII", 54, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
        yield hostile(f"T3 BMP header {width}×{height}", head, "a.bmp", LIE)
    for compression in (1, 2, 3, 4, 5, 99):
        head = (
            b"BM" + struct.pack("<IIIIiiHHIIiiII", 80, 0, 54, 40, 64, 64, 1, 8, compression, 0, 0, 0, 0xFFFFFFFF, 0) + bytes(26)
        )
        yield hostile(f"T3 BMP compression {compression}, 2³²−1 colours", head, "a.bmp", REFUSED | {"ready"})
    yield hostile("T3 GIF 65535×65535", gif_frames(65_535, 65_535, 1), "a.gif", LIE)
    yield hostile("T3 GIF of a header alone", gif_frames(64, 64, 0)[:13], "a.gif", {"malformed"})
    for width, height in [(65_500, 65_500), (6000, 6000), (65_500, 1)]:
        for progressive in (False, True):
            yield hostile(
                f"T3 JPEG frame {width}×{height}, progressive {progressive}",
                jpeg_claiming(width, height, progressive=progressive),
                "a.jpg",
                LIE | {"ready"},
            )
    yield hostile(
        "T5 JPEG 9000×5500, progressive",
        lambda: saved(Image.new("L", (9000, 5500), 77), "JPEG", progressive=True),
        expected={"ready", "too_large"},
    )
    yield hostile("T6 JPEG of 400 scans more", scan_bomb(400), "a.jpg", TOO_LARGE)
    yield hostile("T6 JPEG of 40 scans more", scan_bomb(40), "a.jpg", {"ready", "too_large", "malformed"})
    for side in (16_383, 12_000):
        yield hostile(f"T9 WebP {side}×{side}, lossless", webp_lossless_claiming(side, side), "a.webp", LIE)
    yield hostile(
        "T9 WebP canvas 16777216×16777216", webp((b"VP8X", bytes(4) + b"\xff" * 6), (b"VP8L", b"\x2f" + bytes(32))), "a.webp", LIE
    )
    yield hostile(
        "T9 WebP of 16383×16383, lossy", webp((b"VP8 ", b"\x10\0\0\x9d\x01\x2a\xff\x3f\xff\x3f" + bytes(64))), "a.webp", LIE
    )


def metadata_bombs():
    for kind, prefix in ((b"iCCP", b"icc\0\0"), (b"zTXt", b"Comment\0\0"), (b"iTXt", b"Comment\0\x01\0\0\0")):
        for mebibytes in (64, 1024):
            yield hostile(
                f"T4 PNG with {mebibytes} MiB of {kind.decode()}",
                lambda k=kind, p=prefix, m=mebibytes: png_with(chunk(k, p + zeros(m << 20))),
                expected={"ready", "too_large", "malformed"},
            )
    yield hostile(
        "T4 PNG with 100000 texts",
        lambda: png_with(*[chunk(b"tEXt", b"Comment\0" + STRAY)] * 100_000),
        expected={"ready", "too_large"},
    )
    yield hostile("T4 PNG chunk of 2³¹−1 bytes", png_head(64, 64) + b"\x7f\xff\xff\xffIDAT", expected={"malformed"})
    yield hostile("T4 JPEG with 5000 comments", lambda: jpeg_with(*[(0xFE, STRAY * 100)] * 5000), expected={"ready", "too_large"})
    yield hostile(
        "T4 JPEG with 255 parts of a profile of zeros",
        lambda: jpeg_with(*[(0xE2, b"ICC_PROFILE\0" + bytes([n, 255]) + bytes(60_000)) for n in range(1, 256)]),
        expected={"ready"},
    )
    yield hostile(
        "T4 JPEG with a profile's part 0 of 0", jpeg_with((0xE2, b"ICC_PROFILE\0\0\0" + bytes(200))), expected={"ready"}
    )
    yield hostile("T4 EXIF that loops", exif_loop(), "a.jpg", {"ready"})
    yield hostile("T4 EXIF of nothing", exif(b"II*\0\xff\xff\xff\xff"), "a.jpg", {"ready"})
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + BILLION_LAUGHS
    yield hostile("T4 XMP with entities", jpeg_with((0xE1, xmp)), "a.jpg", {"ready"})


def animations():
    yield hostile("T7 GIF 8000×8000 of 10000 frames", lambda: gif_frames(8000, 8000, 10_000), expected=TOO_LARGE)
    yield hostile("T7 GIF 64×64 of 10000 frames", lambda: gif_frames(64, 64, 10_000), expected=TOO_LARGE)
    yield hostile("T7 GIF 64×64 of 400 frames without delay", lambda: gif_frames(64, 64, 400), expected={"ready"})
    yield hostile(
        "T7 GIF 64×64, each of 300 frames 65535 hundredths",
        lambda: gif_frames(64, 64, 300, 65_535),
        expected={"too_long"},
    )
    yield hostile("T7 GIF 2000×2000 of 70 frames", lambda: gif_animation(2000, 70), expected=TOO_LARGE)
    yield hostile("T7 APNG that claims a million frames", apng(1_000_000, 3), "a.png", {"ready"})
    yield hostile("T7 APNG of 3000 frames", lambda: apng(3000, 3000), "a.png", {"too_large"})
    yield hostile("T7 APNG without frames", apng(0, 0), "a.png", {"malformed"})
    yield hostile(
        "T7 APNG frame outside its canvas",
        apng(3, 3).replace(
            chunk(b"fcTL", struct.pack(">IIIIIHHBB", 1, 4, 4, 0, 0, 0, 100, 0, 0)),
            chunk(b"fcTL", struct.pack(">IIIIIHHBB", 1, 4000, 4000, 0x7FFFFFFF, 4, 0, 0, 9, 9)),
        ),
        "a.png",
        {"ready"},
    )
    pixels = zlib.compress(bytes(13 * 4))
    second = [chunk(b"fdAT", struct.pack(">I", 2) + body) for body in (pixels, b"\xff" * len(pixels))]
    yield hostile("T7 APNG whose second frame is broken", apng(2, 2).replace(*second), "a.png", {"ready"})
    yield hostile("T7 WebP of 2000 frames", lambda: webp_animation(2000), expected={"too_large"})
    yield hostile("T7 WebP 16000×16000 of 20 frames", lambda: webp_animation(20, 16_000), expected=TOO_LARGE)
    yield hostile("T7 GIF that never ends", gif_frames(64, 64, 2)[:-1], "a.gif", {"ready"})
    yield hostile(
        "T7 GIF with an LZW code of 255 bits",
        gif_frames(64, 64, 1).replace(b"\x02\x02\x44\x01\0", b"\xff\x02\x44\x01\0"),
        "a.gif",
        {"malformed"},
    )
    yield hostile(
        "T7 GIF with a megabyte of extensions",
        lambda: gif_frames(64, 64, 1)[:-1] + (b"\x21\xfe\xff" + b"x" * 255 + b"\0") * 4000 + b"\x3b",
        expected={"ready"},
    )


def tiffs_and_strangers():
    huge = {"too_large", "malformed", "unsupported_codec"}
    yield hostile(
        "T8 TIFF G4 40000×40000",
        tiff_of(40_000, 40_000, (273, 4, 1, 200), (279, 4, 1, 40_000), compression=4, bits=1, data=b"\xff" * 40_000),
        "a.tif",
        huge,
    )
    yield hostile("T8 TIFF of 2³¹ strips", tiff_of(64, 64, (273, 4, 1 << 31, 8), (279, 4, 1 << 31, 8)), "a.tif", huge)
    yield hostile(
        "T8 TIFF whose directory follows itself",
        tiff_of(64, 64, (273, 4, 1, 8), (279, 4, 1, 4096), following=8, data=bytes(4096)),
        "a.tif",
        huge | {"ready"},
    )
    yield hostile("T8 TIFF of 65535 samples", tiff_of(64, 64, samples=65_535, data=bytes(4096)), "a.tif", huge)
    yield hostile(
        "T8 TIFF tiles of 2³¹ pixels",
        tiff_of(64, 64, (322, 4, 1, 1 << 31), (323, 4, 1, 1 << 31), (324, 4, 1, 8), (325, 4, 1, 99)),
        "a.tif",
        huge,
    )
    yield hostile("T8 TIFF 2³²−1 wide", tiff_of(0xFFFFFFFF, 0xFFFFFFFF, (273, 4, 1, 8), (279, 4, 1, 9)), "a.tif", huge)
    yield hostile("T8 TIFF of 65535 entries", b"II*\0\x08\0\0\0\xff\xff" + bytes(100), "a.tif", huge)
    yield hostile(
        "T8 TIFF 7000×7000, deflated zeros",
        lambda: tiff_of(
            7000, 7000, (273, 4, 1, 110), (278, 4, 1, 7000), (279, 4, 1, 1 << 18), compression=8, data=zeros(49_000_000)
        ),
        "a.tif",
        huge | {"ready"},
    )
    for compression in (2, 3, 5, 6, 7, 8, 34_712, 50_001, 65_535):
        yield hostile(
            f"T8 TIFF of noise, compression {compression}",
            tiff_of(64, 64, (273, 4, 1, 110), (279, 4, 1, 4096), compression=compression, data=bytes(range(256)) * 16),
            "a.tif",
            huge | {"ready"},
        )
    plain = card(64, 64)
    for kind, name in (
        ("JPEG2000", "jp2"),
        ("ICO", "ico"),
        ("PPM", "ppm"),
        ("TGA", "tga"),
        ("PCX", "pcx"),
        ("SGI", "sgi"),
        ("ICNS", "icns"),
        ("DDS", "dds"),
        ("EPS", "eps"),
        ("PDF", "pdf"),
        ("MPO", "mpo"),
    ):
        expected = {"ready"} if kind == "MPO" else {"not_media", "unsupported_codec"}
        yield hostile(f"T8 {kind}", lambda k=kind: saved(plain, k), f"a.{name}", expected)
    for name, head in {
        "JXL": b"\xff\x0a" + bytes(64),
        "JXL box": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(64),
        "EXR": b"\x76\x2f\x31\x01" + bytes(64),
        "HDR": b"#?RADIANCE\n" + b"x" * 64,
        "PSD": b"8BPS\0\1" + bytes(64),
        "QOI": b"qoif" + struct.pack(">II", 99_999, 99_999) + bytes(64),
        "FLI": bytes(4) + b"\x11\xaf" + bytes(122),
        "farbfeld": b"farbfeld" + b"\xff" * 64,
        "BigTIFF": b"II+\0\x08\0\0\0" + bytes(64),
    }.items():
        yield hostile(f"T8 {name}", head, "a.jpg", {"not_media", "unsupported_codec", "malformed"})


def heifs():
    broken = {"malformed", "unsupported_codec", "too_large", "decoder_crash"}
    changes = {
        "grid of 256×256 tiles": lambda c: c.__setitem__(slice(len(c) - 6, len(c) - 4), b"\xff\xff"),
        "grid 65535×65535": lambda c: c.__setitem__(slice(len(c) - 4, len(c)), b"\xff" * 4),
        "ispe 2³¹": lambda c: put(c, b"ispe", 8, ">II", 1 << 31, 1 << 31),
        "grid made of itself": lambda c: put(c, b"dimg", 8, ">H", 5),
        "properties that are not there": lambda c: put(c, b"ipma", 15, ">B", 0x7F),
        "extents beyond the end": lambda c: put(c, b"iloc", 16, ">I", 0xFFFFFFF0),
        "65535 items told": lambda c: put(c, b"iloc", 10, ">H", 0xFFFF),
        "iloc with 15-byte offsets": lambda c: put(c, b"iloc", 8, ">B", 0xFF),
        "no primary item": lambda c: put(c, b"pitm", 8, ">H", 77),
        "a decoder configuration of ones": lambda c: put(c, b"hvcC", 4, "12s", b"\xff" * 12),
        "a meta box of 0 bytes": lambda c: put(c, b"meta", -4, ">I", 0),
        "a meta box of 2³² bytes": lambda c: put(c, b"meta", -4, ">I", 0xFFFFFFFF),
    }
    for what, change in changes.items():
        yield hostile(f"T10 HEIC: {what}", lambda change=change: heif(change), "a.heic", broken | {"ready"})
    for eighths in range(1, 8):
        yield hostile(
            f"T10 HEIC, {eighths} eighths of it",
            lambda e=eighths: (whole := heif(lambda _: None))[: len(whole) * e // 8],
            "a.heic",
            broken | {"ready"},
        )
    yield hostile("T10 AVIF, half of it", lambda: (whole := small("AVIF"))[: len(whole) // 2], "a.avif", broken)
    yield hostile(
        "T10 AVIF 2³¹ wide", lambda: bytes(_changed(small("AVIF"), b"ispe", 8, ">II", 1 << 31, 1 << 31)), "a.avif", broken
    )
    yield hostile("T10 HEIC of a brand alone", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a.heic", broken)


def _changed(content, *where):
    content = bytearray(content)
    put(content, *where)
    return content


LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
BILLION_LAUGHS = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">' + LAUGHS + b"]><x>&l9;</x>"


def texts(port):
    """What other programs would run, open or fetch."""
    address = b"http://127.0.0.1:%d/canary" % port
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="64" height="64">%s</svg>'
    nothing = {"not_media"}
    for name, content in {
        "MVG": b'push graphic-context\nviewbox 0 0 640 480\nimage over 0,0 0,0 "%s"\npop graphic-context\n' % address,
        "MVG with https": b"push graphic-context\nfill 'url(%s)'\npop graphic-context" % address,
        "MSL": b'<?xml version="1.0"?><image><read filename="%s"/><write filename="/tmp/strayscript"/></image>' % address,
        "label": b"label:@/etc/passwd",
        "PostScript": b"%!PS\n(%s) run\n/etc/passwd (r) file\n",
        "EPS": b"\xc5\xd0\xd3\xc6" + bytes(64),
        "PDF": b"%PDF-1.4\n1 0 obj<</OpenAction<</S/JavaScript/JS(strayscript())>>>>endobj\n",
        "DjVu": b"AT&TFORM\0\0\0\xb0DJVMDIRM\0\0\0\x2e\x81"
        + b'ANTa\0\0\0\x30(metadata\n(Copyright "\\\n" . qx{id} . \\\n" b ") )',
    }.items():
        yield hostile(f"T16 {name} as .jpg", content, "a.jpg", nothing, "image/jpeg")
    for name, inside in {
        "onload": b'<rect onload="strayscript()" width="9" height="9"/>',
        "script": SCRIPT,
        "use of data": b'<use href="data:image/svg+xml,strayscript"/>',
        "link": b'<a href="javascript:strayscript()"><rect width="9" height="9"/></a>',
        "foreignObject": b"<foreignObject><iframe src='%s'/></foreignObject>" % address,
        "form": b"<foreignObject><form action='%s'/></foreignObject>" % address,
        "image": b'<image href="%s" width="9" height="9"/>' % address,
        "billions of uses": b'<g id="a0"><rect width="1" height="1"/></g>'
        + b"".join(b'<g id="a%d">%s</g>' % (n, b'<use xlink:href="#a%d"/>' % (n - 1) * 10) for n in range(1, 10)),
    }.items():
        yield hostile(f"T17 SVG with {name}", svg % inside, "a.svg", nothing, "image/svg+xml")
    yield hostile(
        "T18 SVG with XXE",
        b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + svg % b"<text>&x;</text>",
        "a.svg",
        nothing,
        "image/svg+xml",
    )
    yield hostile("T18 billion laughs", BILLION_LAUGHS, "a.svg", nothing, "image/svg+xml")
    yield hostile("T24 HTML as .png", b"<!doctype html>" + SCRIPT, "a.png", nothing, "image/png")
    for declared in ("text/html; charset=utf-7", "image/svg+xml", "multipart/x-mixed-replace", "application/javascript"):
        yield hostile(
            f"T24 PNG declared {declared}", small("PNG", compress_level=len(declared) % 9), "a.html", {"ready"}, declared
        )


def polyglots():
    with_zip = small("PNG") + b"PK\3\4" + STRAY * 20 + b"PK\5\6" + bytes(18)
    yield hostile(
        "T23 GIF and JavaScript",
        gif_frames(10799, 1, 1)[:-1] + b"\x21\xfe\x20*/=1;strayscript();//" + b" " * 9 + b"\0\x3b",
        "a.gif",
        {"ready", "malformed"},
    )
    yield hostile("T23 JPEG and HTML", jpeg_with((0xFE, b"--><html>" + SCRIPT)) + SCRIPT, "a.html", {"ready"}, "text/html")
    yield hostile("T23 PNG and ZIP", with_zip, "a.jar", {"ready"}, "application/java-archive")
    yield hostile("T23 PDF and JPEG", jpeg_with((0xFE, b"\n%PDF-1.4\n" + SCRIPT)), "a.pdf", {"ready"}, "application/pdf")
    yield hostile(
        "T23 WebP and PHP",
        webp((b"VP8L", small("WEBP", lossless=True)[20:]), (b"EXIF", b"<?php strayscript(); ?>")),
        "a.php",
        {"ready", "malformed"},
    )
    yield hostile("T23 BMP and HTML", small("BMP") + SCRIPT, "a.html", {"ready"}, "text/html")


def photos(port):
    """All of them."""
    for group in (pixel_bombs(), metadata_bombs(), animations(), tiffs_and_strangers(), heifs(), texts(port), polyglots()):
        yield from group
    for size in (1, 2, 3, 4, 11, 12, 13, 20, 100):
        for name, content in (("JPEG", small("JPEG")), ("PNG", small("PNG")), ("WebP", small("WEBP")), ("GIF", small("GIF"))):
            yield hostile(f"T3 {name} of {size} bytes", content[:size], "a.jpg", REFUSED | {"ready"})
