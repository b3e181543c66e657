"""Writes HEIC stills that heif-enc cannot: grids of tiles, turned by a box, ten bits deep. ffmpeg and x265 make the pixels.

Boxes and items as in ISO/IEC 14496-12 and 23008-12.
"""

import pathlib
import struct
import subprocess
import tempfile

TILE = 256


def write_heic(picture, path, columns=1, rows=1, quarters=0, pixel_format="yuv420p"):
    """`picture` (a Pillow image) as `rows` × `columns` tiles, to be turned clockwise by so many quarters when it is shown."""
    width, height = picture.width // columns, picture.height // rows
    tiles = [
        picture.crop((x * width, y * height, (x + 1) * width, (y + 1) * height)) for y in range(rows) for x in range(columns)
    ]
    configuration, samples = _encode(tiles, pixel_format)
    is_grid = len(tiles) > 1
    payloads = list(samples)
    if is_grid:
        payloads.append(struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, picture.width, picture.height))
    depth = 10 if "10" in pixel_format else 8
    properties = [
        _box(b"hvcC", configuration),
        _full(b"ispe", struct.pack(">II", width, height)),
        _box(b"colr", b"nclx" + struct.pack(">HHHB", 1, 13, 1, 0)),
        _full(b"pixi", bytes([3, depth, depth, depth])),
        _full(b"ispe", struct.pack(">II", picture.width, picture.height)),
        _box(b"irot", bytes([-quarters % 4])),
    ]
    turned = [0x80 | 6] if quarters else []
    shown = [5, 3, 4, *turned] if is_grid else [0x80 | 1, 2, 3, 4, *turned]
    tile = [0x80 | 1, 2, 3, 4]
    associations = [tile] * len(samples) + [shown] if is_grid else [shown]
    path.write_bytes(_file(payloads, properties, associations, is_grid))


def _encode(tiles, pixel_format):
    """The decoder's configuration and one key frame for every tile."""
    with tempfile.TemporaryDirectory(prefix="strongroom-heic-") as folder:
        folder = pathlib.Path(folder)
        for index, tile in enumerate(tiles):
            tile.save(folder / f"{index}.png")
        film = folder / "tiles.mp4"
        subprocess.run(
            [
                "ffmpeg",
                "-v",
                "error",
                "-i",
                folder / "%d.png",
                "-vf",
                f"scale=out_color_matrix=bt709:out_range=tv,format={pixel_format}",
                "-colorspace",
                "bt709",
                "-color_primaries",
                "bt709",
                "-color_trc",
                "iec61966-2-1",
                "-c:v",
                "libx265",
                "-tag:v",
                "hvc1",
                "-x265-params",
                "keyint=1:qp=14:info=0:log-level=none",
                film,
            ],
            check=True,
            stdin=subprocess.DEVNULL,
        )
        content = film.read_bytes()
    sizes_at = content.index(b"stsz") + 8
    fixed, count = struct.unpack_from(">II", content, sizes_at)
    sizes = [fixed] * count if fixed else struct.unpack_from(f">{count}I", content, sizes_at + 8)
    offset = struct.unpack_from(">I", content, content.index(b"stco") + 12)[0]
    configuration_at = content.index(b"hvcC") - 4
    configuration = content[configuration_at + 8 : configuration_at + struct.unpack_from(">I", content, configuration_at)[0]]
    samples = []
    for size in sizes:
        samples.append(content[offset : offset + size])
        offset += size
    return configuration, samples


def _file(payloads, properties, associations, is_grid):
    kinds = [b"hvc1"] * (len(payloads) - is_grid) + [b"grid"] * is_grid
    primary = len(payloads) if is_grid else 1
    start = _box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")
    entries = b"".join(_box(b"infe", struct.pack(">IHH4sB", 2 << 24, number, 0, kind, 0)) for number, kind in enumerate(kinds, 1))
    iinf = _full(b"iinf", struct.pack(">H", len(kinds)) + entries)
    references = b""
    if is_grid:
        numbers = struct.pack(f">{primary - 1}H", *range(1, primary))
        references = _full(b"iref", _box(b"dimg", struct.pack(">HH", primary, primary - 1) + numbers))
    lists = b"".join(struct.pack(">HB", number, len(indexes)) + bytes(indexes) for number, indexes in enumerate(associations, 1))
    iprp = _box(b"iprp", _box(b"ipco", b"".join(properties)) + _full(b"ipma", struct.pack(">I", len(associations)) + lists))
    head = _full(b"hdlr", struct.pack(">I4s12xB", 0, b"pict", 0)) + _full(b"pitm", struct.pack(">H", primary))

    def meta(offset):
        places = b""
        for number, payload in enumerate(payloads, 1):
            places += struct.pack(">HHHII", number, 0, 1, offset, len(payload))
            offset += len(payload)
        iloc = _full(b"iloc", struct.pack(">BBH", 0x44, 0, len(payloads)) + places)
        return _full(b"meta", head + iloc + iinf + references + iprp)

    data_at = len(start) + len(meta(0)) + 8
    return start + meta(data_at) + _box(b"mdat", b"".join(payloads))


def _box(kind, body):
    return struct.pack(">I4s", len(body) + 8, kind) + body


def _full(kind, body):
    return _box(kind, bytes(4) + body)
