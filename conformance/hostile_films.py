"""Films and sounds that read, fetch, swell or lie: T11 to T14, T19 and T20 of the threat model, and the good ones that mutants are made of."""

import functools
import pathlib
import struct
import subprocess
import tempfile

from hostile_file import REFUSED, STRAY, hostile

BROKEN = REFUSED | {"ready", "decoder_crash", "timeout"}
TWO = "-f lavfi -i testsrc2=s=160x120:r=10:d=1 -f lavfi -i sine=d=1"
# Small and quick: they are rendered by the hundred.
CLIPS = {
    "h264.mp4": f"{TWO} -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -movflags +faststart",
    "hevc.mov": f"{TWO} -c:v libx265 -preset ultrafast -x265-params log-level=none -pix_fmt yuv420p -tag:v hvc1 -c:a aac",
    "vp9.webm": f"{TWO} -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus",
    "av1.mkv": f"{TWO} -c:v libaom-av1 -cpu-used 8 -usage realtime -c:a libopus",
    "mpeg4.avi": f"{TWO} -c:v mpeg4 -c:a libmp3lame",
    "mpeg2.ts": f"{TWO} -c:v mpeg2video -c:a mp2",
    "prores.mov": f"{TWO} -c:v prores_ks -pix_fmt yuv422p10le -c:a pcm_s16le",
    "sound.m4a": "-f lavfi -i sine=d=1 -c:a aac",
}


@functools.cache
def made(options, name):
    """What ffmpeg makes of `options`, as bytes."""
    with tempfile.TemporaryDirectory(prefix="strongroom-clip-") as folder:
        path = pathlib.Path(folder) / name
        subprocess.run(
            ["ffmpeg", "-nostdin", "-v", "error", "-y", *options.split(), "-fflags", "+bitexact", path],
            check=True,
            stderr=subprocess.DEVNULL,
        )
        return path.read_bytes()


def clip(name):
    return made(CLIPS[name], name)


def box(kind, *bodies):
    body = b"".join(bodies)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def patched(name, kind, offset, form, *values):
    """A good clip with a field of its first box of `kind` overwritten, `offset` bytes behind the name."""
    content = bytearray(clip(name))
    struct.pack_into(form, content, content.index(kind) + 4 + offset, *values)
    return bytes(content)


def with_reference(url):
    """An MP4 whose pictures are said to lie elsewhere. Its index is last, so that no offset moves."""
    content = bytearray(made(CLIPS["h264.mp4"].replace("-movflags +faststart", ""), "h264.mp4"))
    entry = content.index(b"url \0\0\0\1") - 4
    added = bytes(4) + url + b"\0"
    content[entry + 8 : entry + 12] = added
    struct.pack_into(">I", content, entry, 8 + len(added))
    for kind in (b"dref", b"dinf", b"minf", b"mdia", b"trak", b"moov"):
        at = content.rindex(kind, 0, entry) - 4
        struct.pack_into(">I", content, at, struct.unpack_from(">I", content, at)[0] + len(added) - 4)
    return bytes(content)


def gab2(playlist):
    """An AVI whose subtitles are a playlist."""
    header = struct.pack("<4s4sIHHIIIIIIII4H", b"txts", b"\0" * 4, 0, 0, 0, 0, 1, 25, 0, 1, 4096, 0, 0, 0, 0, 0, 0)
    lists = _riff(b"LIST", b"strl", _riff(b"strh", header), _riff(b"strf", bytes(4)))
    subtitles = b"GAB2\0" + struct.pack("<HIHHI", 2, 2, 0, 4, len(playlist)) + playlist
    avih = struct.pack("<14I", 40_000, 4096, 0, 0x10, 1, 0, 1, 4096, 64, 64, 0, 0, 0, 0)
    return _riff(
        b"RIFF", b"AVI ", _riff(b"LIST", b"hdrl", _riff(b"avih", avih), lists), _riff(b"LIST", b"movi", _riff(b"00tx", subtitles))
    )


def _riff(kind, *bodies):
    body = b"".join(bodies)
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) & 1)


def playlists(port, neighbours):
    """Texts that some demuxer would follow, bare and behind the first bytes of something else."""
    http = b"http://127.0.0.1:%d" % port
    targets = [b"file://" + bytes(path) for path in neighbours] + [bytes(path) for path in neighbours] + [b"secret.ts"]
    hls = b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-TARGETDURATION:10\n%s#EXTINF:10.0,\n%s\n#EXT-X-ENDLIST\n"
    found = {
        "T12 HLS by HTTP": hls % (b"", http + b"/x.ts"),
        "T12 HLS by concat": hls % (b"", b"concat:%s/x.ts|file:///etc/passwd" % http),
        "T12 HLS with a key by HTTP": hls
        % (b'#EXT-X-KEY:METHOD=AES-128,URI="%s/key",IV=0x00000000000000000000000000000000\n' % http, b"file:///etc/passwd"),
        "T12 HLS by TCP": hls % (b"", b"tcp://127.0.0.1:%d" % port),
        "T12 HLS by gopher": hls % (b"", b"gopher://127.0.0.1:%d/x" % port),
        "T14 SDP": b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=video %d RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
        % port,
        "T14 MPD": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT9S"><BaseURL>%s/</BaseURL><Period><AdaptationSet mimeType="video/mp4">'
        b'<Representation id="1" bandwidth="9"><BaseURL>x.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>' % http,
        "T14 ASX": b'<asx version="3.0"><entry><ref href="%s/x.wmv"/></entry></asx>' % http,
        "T14 RAM": b"rtsp://127.0.0.1:%d/x.rm\n" % port,
        "T14 PLS": b"[playlist]\nFile1=%s/x.mp3\nNumberOfEntries=1\n" % http,
        "T14 SMIL": b'<smil><body><video src="%s/x"/></body></smil>' % http,
        "T14 Smooth Streaming": b'<?xml version="1.0"?><SmoothStreamingMedia><StreamIndex Url="%s/{bitrate}"/></SmoothStreamingMedia>'
        % http,
        "T14 subfile": b"subfile,,start,0,end,99,,:/etc/passwd",
        "T14 data": b"data:video/mp4;base64,AAAA",
        "T14 crypto": b"crypto:file:///etc/passwd",
        "T14 lavfi": b"movie=/etc/passwd",
        "T14 ffmetadata": b";FFMETADATA1\ntitle=x\n",
        "T14 concat by HTTP": b"ffconcat version 1.0\nfile '%s/x.ts'\n" % http,
    }
    for number, target in enumerate(targets):
        found[f"T13 HLS, neighbour {number}"] = hls % (b"", target)
        found[f"T13 ffconcat, neighbour {number}"] = b"ffconcat version 1.0\nfile '%s'\n" % target
        found[f"T13 HLS by subfile, neighbour {number}"] = hls % (b"", b"subfile,,start,0,end,99999,,:" + target)
    for label, text in found.items():
        yield hostile(label, text, "film.mp4", {"not_media", "malformed", "unsupported_codec"}, "video/mp4")
    spoken = found["T12 HLS by HTTP"], found["T13 HLS, neighbour 0"], found["T13 ffconcat, neighbour 0"]
    for name, head in {
        "MP4": box(b"ftyp", b"isom\0\0\2\0isom"),
        "free box": box(b"skip", b""),
        "Matroska": b"\x1a\x45\xdf\xa3",
        "AVI": b"RIFF\0\0\1\0AVI ",
        "WAV": b"RIFF\0\0\1\0WAVE",
        "MP3": b"ID3\4\0\0\0\0\0\0",
        "Ogg": b"OggS",
        "FLAC": b"fLaC",
    }.items():
        for number, text in enumerate(spoken):
            yield hostile(f"T12 playlist {number} behind the head of {name}", head + b"\n" + text, "film.mp4", REFUSED)
    for number, text in enumerate(spoken):
        yield hostile(f"T12 playlist {number} as subtitles in an AVI", gab2(text), "film.avi", REFUSED)
    for label, url in {"by HTTP": http + b"/x.mp4", "of the neighbour": targets[0]}.items():
        yield hostile(f"T13 MP4 whose pictures are elsewhere, {label}", lambda url=url: with_reference(url), "film.mp4", BROKEN)


def bombs():
    """T11, T19, T20."""
    source = "-f lavfi -i testsrc2=s=64x64:r=10:d=1"
    for name in ("film.avi", "film.mkv", "film.mov"):
        yield hostile(
            f"T11 MagicYUV in {name}", lambda name=name: made(f"{source} -c:v magicyuv", name), name, {"unsupported_codec"}
        )
    yield hostile(
        "T11 MagicYUV beside H.264",
        lambda: made(f"{source} -map 0 -map 0 -c:v:0 libx264 -preset:v:0 ultrafast -c:v:1 magicyuv", "a.mkv"),
        "a.mkv",
        {"ready"},
    )
    for codec, name in (
        ("ffv1", "a.mkv"),
        ("huffyuv", "a.avi"),
        ("png", "a.mov"),
        ("qtrle", "a.mov"),
        ("flv", "a.avi"),
        ("msmpeg4", "a.avi"),
        ("wmv2", "a.avi"),
        ("snow", "a.avi"),
        ("cinepak", "a.avi"),
    ):
        yield hostile(
            f"T11 {codec} in {name}",
            lambda codec=codec, name=name: made(f"{source} -c:v {codec} -strict -2", name),
            name,
            {"unsupported_codec"},
        )
    for name in ("a.flv", "a.wmv", "a.mpg", "a.mxf", "a.nut", "a.rm", "a.swf", "a.dv", "a.gxf", "a.y4m", "a.h264"):
        options = {
            "a.dv": "-f lavfi -i testsrc2=s=720x576:r=25:d=0.2 -c:v dvvideo -pix_fmt yuv420p",
            "a.h264": f"{source} -c:v libx264",
            "a.mxf": f"{source} -c:v mpeg2video -r 25",
            "a.mpg": f"{source} -c:v mpeg2video -r 25",
            "a.gxf": "-f lavfi -i testsrc2=s=720x576:r=25:d=0.2 -c:v mpeg2video",
        }.get(name, source)
        yield hostile(
            f"T14 a container we don't read, {name}",
            lambda o=options, n=name: made(o, n),
            "film.mp4",
            {"not_media", "unsupported_codec", "malformed"},
        )
    large = {"too_large"}
    yield hostile(
        "T19 H.264 8320×64",
        lambda: made("-f lavfi -i color=s=8320x64:r=1:d=1 -c:v libx264 -preset ultrafast", "a.mp4"),
        expected=large,
    )
    yield hostile(
        "T19 H.264 of 1000 pictures a second",
        lambda: made("-f lavfi -i color=s=64x64:r=1000:d=1 -c:v libx264 -preset ultrafast", "a.mp4"),
        expected=large,
    )
    yield hostile(
        "T19 100 hours of black",
        lambda: made("-f lavfi -i color=s=64x64:r=1/3600 -t 360000 -c:v libx264 -preset ultrafast", "a.mkv"),
        expected={"too_long"},
    )
    yield hostile(
        "T19 100 sound tracks",
        lambda: made("-f lavfi -i sine=d=0.1:r=8000 " + "-map 0 " * 100 + "-c:a pcm_s16le", "a.mkv"),
        expected=large,
    )
    yield hostile(
        "T19 a size that changes to 4096×4096",
        lambda: (
            made(f"{source} -c:v libx264 -preset ultrafast", "a.ts")
            + made("-f lavfi -i testsrc2=s=4096x4096:r=10:d=0.2 -c:v libx264 -preset ultrafast", "a.ts")
        ),
        "a.ts",
        BROKEN,
    )
    for label, where in {
        "stsz of 2³¹−1 samples": (b"stsz", 8, ">I", 0x7FFFFFFF),
        "stsz of one size": (b"stsz", 4, ">I", 0x7FFFFFFF),
        "stts of 2³²−1 entries": (b"stts", 4, ">I", 0xFFFFFFFF),
        "stsc of 2³¹ entries": (b"stsc", 4, ">I", 1 << 31),
        "stco of 2³⁰ entries": (b"stco", 4, ">I", 1 << 30),
        "offsets behind the end": (b"stco", 8, ">I", 0xFFFFFFF0),
        "mdhd with 0 ticks a second": (b"mdhd", 12, ">I", 0),
        "mvhd of 2³²−1 ticks": (b"mvhd", 16, ">I", 0xFFFFFFFF),
        "tkhd of 2³¹ pixels": (b"tkhd", 76, ">II", 0xFFFF0000, 0xFFFF0000),
        "elst of 2³² entries": (b"elst", 4, ">I", 0xFFFFFFFF),
        "elst that begins nowhere": (b"elst", 12, ">i", -2),
        "elst at rate 0": (b"elst", 16, ">I", 0),
        "avc1 65535×65535": (b"avc1", 24, ">HH", 65_535, 65_535),
        "avcC of ones": (b"avcC", 0, "16s", b"\xff" * 16),
        "moov of 0 bytes": (b"moov", -8, ">I", 0),
        "moov of 2³²−1 bytes": (b"moov", -8, ">I", 0xFFFFFFFF),
        "moov of 7 bytes": (b"moov", -8, ">I", 7),
        "mdat of 0 bytes": (b"mdat", -8, ">I", 0),
        "mdat of 8 bytes": (b"mdat", -8, ">I", 8),
        "no moov": (b"moov", -4, "4s", b"free"),
        "no stsd": (b"stsd", -4, "4s", b"free"),
        "an unknown sample entry": (b"avc1", -4, "4s", b"zzzz"),
        "an encrypted one": (b"avc1", -4, "4s", b"encv"),
        "a matrix of zeros": (b"tkhd", 40, "36s", bytes(36)),
    }.items():
        yield hostile(f"T19 MP4: {label}", lambda where=where: patched("h264.mp4", *where), "a.mp4", BROKEN)
    deep = b""
    for _ in range(10_000):
        deep = box(b"moov", deep)
    head = box(b"ftyp", b"isom\0\0\2\0isom")
    for label, content in {
        "moov in moov, 10000 deep": head + deep,
        "ftyp alone": head,
        "a box of 2⁶³ bytes": head + struct.pack(">I4sQ", 1, b"moov", 1 << 63),
        "no media at all": head + box(b"moov") + box(b"mdat"),
        "a million empty boxes": head + box(b"free") * 1_000_000,
        "an HTML in a free box": head + box(b"free", b"<html><script>" + STRAY + b"()</script>"),
    }.items():
        yield hostile(f"T19 MP4: {label}", content, "a.mp4", REFUSED)
    yield hostile(
        "T20 noise, 1080p",
        lambda: made(
            "-f lavfi -i nullsrc=s=1920x1080:r=30:d=1,geq=random(1)*255:128:128 -c:v libx264 -preset ultrafast -qp 36", "a.mp4"
        ),
        expected={"ready"},
    )


def sounds():
    """The same of sounds."""
    wav = made("-f lavfi -i sine=d=1 -c:a pcm_s16le", "a.wav")
    for label, (offset, form, value) in {
        "of 4 GiB": (40, "<I", 0xFFFFFFFF),
        "of no channels": (22, "<H", 0),
        "of 65535 channels": (22, "<H", 65_535),
        "of 0 Hz": (24, "<I", 0),
        "of 2³²−1 Hz": (24, "<I", 0xFFFFFFFF),
        "of 65535 bits": (34, "<H", 65_535),
        "of an unknown coding": (20, "<H", 0x1234),
        "in blocks of 0 bytes": (32, "<H", 0),
    }.items():
        content = bytearray(wav)
        struct.pack_into(form, content, offset, value)
        yield hostile(f"T19 WAV {label}", bytes(content), "a.wav", BROKEN)
    mp3 = made("-f lavfi -i sine=d=1 -c:a libmp3lame", "a.mp3")
    yield hostile("T19 MP3 with a tag of 256 MiB", b"ID3\4\0\0\x7f\x7f\x7f\x7f" + mp3, "a.mp3", BROKEN)
    yield hostile("T19 MP3 with 10000 tags", b"ID3\4\0\0\0\0\0\0" * 10_000 + mp3, "a.mp3", BROKEN)
    yield hostile("T19 MP3 of a tag alone", b"ID3\4\0\0\0\0\0\x10" + bytes(16), "a.mp3", REFUSED)
    flac = bytearray(made("-f lavfi -i sine=d=1 -c:a flac", "a.flac"))
    flac[18:26] = b"\xff" * 8
    yield hostile("T19 FLAC that claims everything", bytes(flac), "a.flac", BROKEN)
    ogg = bytearray(made("-f lavfi -i sine=d=1 -c:a libopus", "a.ogg"))
    ogg[ogg.index(b"OpusHead") + 9] = 255
    yield hostile("T19 Opus of 255 channels", bytes(ogg), "a.ogg", BROKEN)
    yield hostile("T19 Ogg of heads alone", b"OggS\0\2" + b"\xff" * 20 + b"\1\xff" + bytes(255), "a.ogg", REFUSED)


def films(port, neighbours):
    """All of them."""
    for group in (playlists(port, neighbours), bombs(), sounds()):
        yield from group
