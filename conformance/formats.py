"""Every container, codec and picture format through a real server: what comes of it, in words, sizes, colours and a browser.

WRITE=1 writes docs/reference/formats.md; without it, what came of each file is compared with that page. SAMPLE=1 tries a
short list. Needs ffmpeg, heif-enc, exiftool, Chromium and strace. Ends with `N passed, M failed`.
"""

import os
import pathlib
import tempfile

from clips import SAMPLES, ffmpeg, make_all
from delivered import difference, download, grid_difference, picture_digest, private_bytes, probe, telling_tags
from players import GRID, play_all
from report import Report
from sending import send
from server import ROOT, Caller, Server, wait_settled
from tracing import Trace

PAGE = ROOT / "docs" / "reference" / "formats.md"
SETTINGS = {"RENDER__FILM_WORKERS": 2, "RENDER__PHOTO_WORKERS": 2}
SETTLED_SECONDS = 240
COLUMNS = ["file", "what", "type", "shown", "rungs", "plays", "seconds", "preview differs by", "film differs by"]
# What must stay as it is; the rest are measurements.
OUTCOME = COLUMNS[:6]
# One AAC frame at 44.1 kHz: sound is cut in these.
SOUND_FRAME_SECONDS = 1024 / 44_100
# Colours as Chromium shows them: its own conversion comes on top.
PLAYED_BOUND = 3


class Tried:
    """One file, what the server made of it, and the checks on that."""

    def __init__(self, sample, path, media, files):
        self.sample, self.path, self.media, self.files = sample, path, media, files
        self.played = None
        self.differences = {}

    @property
    def film(self):
        """The best film or the sound, if there is one."""
        sources = self.media.get("videoSources") or {}
        if "720" in sources:
            return {"kind": "video", "url": sources["720"]}
        return {"kind": "audio", "url": self.media["files"]["full"]["url"]} if self.sample.type == "audio" else None

    def shown_size(self):
        files = self.media.get("files") or {}
        full = files.get("full", {})
        return f"{full['width']}×{full['height']}" if "width" in full else "–"

    def rungs(self):
        sources = self.media.get("videoSources")
        return ", ".join(name for name in ("720", "240") if sources.get(name)) if sources else "–"

    def plays(self):
        if not self.played:
            return "–"
        return "yes" if "error" not in self.played and self.played["time"] > 0 else "no"

    def row(self):
        told = lambda name: f"{self.differences[name]:.1f}" if name in self.differences else "–"  # noqa: E731
        seconds = f"{self.media['duration']:.2f}" if "duration" in self.media else "–"
        kind = self.media["error"]["code"] if self.media["hasError"] else self.media["type"]
        return [
            self.sample.name,
            self.sample.what,
            kind,
            self.shown_size(),
            self.rungs(),
            self.plays(),
            seconds,
            told("preview"),
            told("film"),
        ]

    def check(self, report, tags):
        """One line for a file that is right; one for each thing that is wrong with it."""
        wrong = (
            [self.media["error"]] if self.media["hasError"] else [*self.wrong_facts(), *self.wrong_looks(), *self.wrong_playing()]
        )
        wrong += [f"{name} holds {found}" for name, path in self.files.items() if (found := private_bytes(path))]
        wrong += [f"{name} tells {found}" for name, path in self.files.items() if (found := tags.get(str(path)))]
        report.check(f"{self.sample.name} ({self.sample.what}): {', '.join(self.row()[2:])}", not wrong, wrong)

    def wrong_facts(self):
        sample, media = self.sample, self.media
        if media["type"] != sample.type:
            yield f"type is {media['type']}"
        if media["convertedToVideo"] != (sample.type == "gif"):
            yield f"convertedToVideo is {media['convertedToVideo']}"
        if sample.size:
            if (media["width"], media["height"]) != sample.upright:
                yield f"it is {media['width']}×{media['height']}, not {sample.upright}"
            yield from self.wrong_rungs()
        if sample.type != "photo":
            seconds = sample.seconds or probe(self.path)[0]
            if abs(media["duration"] - seconds) > sample.frame_seconds:
                yield f"duration is {media['duration']}, not {seconds:.3f}"
            for name, path in self.files.items():
                if path.suffix in (".mp4", ".m4a") and abs(probe(path)[0] - seconds) > sample.frame_seconds + SOUND_FRAME_SECONDS:
                    yield f"{name} lasts {probe(path)[0]}, not {seconds:.3f}"

    def wrong_rungs(self):
        if self.sample.type not in ("video", "gif"):
            return
        sources, streams = self.media["videoSources"], probe(self.files["video 720"])[1]
        expected = fit_shortest_even(self.sample.upright, 720)
        if (streams["video"]["width"], streams["video"]["height"]) != expected or streams["video"]["codec_name"] != "h264":
            yield f"720 is {streams['video']}, not {expected}"
        if self.sample.type == "gif" and "audio" in streams:
            yield "it has sound"
        if bool(sources.get("240")) != self.sample.has_small:
            yield f"240 is {sources.get('240')}"
        if sources.get("240"):
            small, expected = probe(self.files["video 240"])[1]["video"], fit_shortest_even(self.sample.upright, 240)
            if (small["width"], small["height"]) != expected:
                yield f"240 is {small}, not {expected}"
        if (
            self.sample.is_copied
            and self.sample.type == "video"
            and picture_digest(self.path) != picture_digest(self.files["video 720"])
        ):
            yield "its pictures were encoded again"

    def wrong_looks(self):
        if not self.sample.size:
            if "preview" not in self.files:
                yield "there is no picture of the sound"
            return
        shown = self.sample.shown()
        self.differences["preview"] = difference(self.files["preview"], shown)
        if self.played and "colours" in self.played:
            self.differences["film"] = grid_difference(self.played["colours"], GRID, shown)
        for name, value in self.differences.items():
            if value > (bound := self.sample.bound + PLAYED_BOUND * (name == "film")):
                yield f"the {name} differs by {value:.1f} of 255; {bound} are allowed"

    def wrong_playing(self):
        if not self.film:
            return
        if self.plays() != "yes":
            yield f"Chromium does not play it: {self.played}"
        elif self.sample.size:
            size = (self.played["width"], self.played["height"])
            if size != fit_shortest_even(self.sample.upright, 720) or not self.played["frames"]:
                yield f"Chromium shows {self.played['frames']} frames of {size}"


def fit_shortest_even(size, shortest):
    """The contract's geometry of a rung: never enlarged, both sides even."""
    side = min(size)
    scaled = size if side <= shortest else [(number * shortest + side // 2) // side for number in size]
    return tuple(max(2, number & ~1) for number in scaled)


def try_all(server, credentials, samples, folder):
    """Sends everything, then waits for everything."""
    caller = Caller(server.address, *credentials)
    paths = make_all(samples)
    sent = {}
    for sample in samples:
        status, answer = send(caller, paths[sample.name].read_bytes(), sample.name)
        if status != 200:
            raise AssertionError(f"{sample.name} was answered {status}: {answer}")
        sent[sample] = answer["media"]["id"]
    tried = []
    for sample, media_id in sent.items():
        media = wait_settled(caller, media_id, SETTLED_SECONDS)
        tried.append(Tried(sample, paths[sample.name], media, {} if media["hasError"] else download(caller, media, folder)))
    playable = {one.sample.name: one.film for one in tried if not one.media["hasError"] and one.film}
    played = play_all(playable)
    for one in tried:
        one.played = played.get(one.sample.name)
    return tried


def runs_of_ffmpeg(server, credentials, report):
    """Films under strace: ffmpeg is started once for a short one, whatever is made of it, and twice for one that is playable early."""
    sample = next(sample for sample in SAMPLES if sample.name == "h264-1080p.mp4")
    short = make_all([sample])[sample.name]
    with tempfile.TemporaryDirectory() as folder:
        long = pathlib.Path(folder) / sample.name
        ffmpeg(["-stream_loop", "11", "-i", short, "-c", "copy"], long)
        for path, what, runs in [(short, "a short film", 1), (long, "a film of twelve seconds", 2)]:
            # Other bytes than before, or it would be ready at once.
            content = path.read_bytes() + b"\0\0\0\x10free" + os.urandom(8)
            caller = Caller(server.address, *credentials)
            with Trace(server, "execve") as trace:
                _, answer = send(caller, content, sample.name)
                media = wait_settled(caller, answer["media"]["id"], SETTLED_SECONDS)
            started = [program for program in trace.started() if program.endswith("/ffmpeg")]
            report.check(
                f"{what} with two rungs and a poster: ffmpeg ran {len(started)} time(s)",
                media["isReady"] and len(started) == runs,
                media.get("error") or trace.started(),
            )


def table(rows):
    lines = [f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS), *(f"| {' | '.join(row)} |" for row in rows)]
    return "\n".join(lines) + "\n"


INTRODUCTION = """# Formats

Made by `make formats WRITE=1`, which sends every file below through a real server, reads all that is delivered back with
ffprobe, exiftool and Pillow, and plays it in Chromium; `make formats` fails when an outcome is another than here.

- *shown*: the size of `full`, upright, in square pixels. *rungs*: which of `videoSources` are there; `240` is none where the film is
  no larger. *plays*: in Chromium, `currentTime` moves and the size is right.
- *seconds* are within one frame of the original's. *differs by*: mean difference to the picture that the file was made of, over all
  pixels and channels, of 255. At most 6 for a preview, 9 in a film as Chromium shows it. HDR may differ by 32, and VP8 by 8: tones
  are mapped, so that what is brighter than paper has room, and all else is shown darker; VP8 was encoded in haste.
- Of several picture or sound tracks the first that is decoded here is taken, the file's default before others. Tracks beside it
  (other sounds, covers, subtitles, timecodes, data) are left out whatever they hold; no decoder touches one that is not on the
  list of docs/adr/0009-film.md. A film whose only sound is not decoded (DTS, AC-4, WMA) is shown without sound; a sound alone of such
  a kind, or a film whose pictures are of one, ends `unsupported_codec` and names it.
- A HEIC or AVIF is turned by its boxes (`irot`, `imir`) alone. Chromium and libheif, too, show one whose EXIF alone says "turned" as
  it is stored; phones write the box.
- An animation whose second picture cannot be decoded is a still: its first picture. One of more than 500 pictures, or of more than
  250 megapixels in all of them together, ends `too_large` before any is decoded.
- TIFF: uncompressed, LZW, Deflate, PackBits, CCITT group 4; 1, 8 and 16 bits. JPEG and group 3 in a TIFF, floating point, YCbCr, L*a*b*
  and BigTIFF end `unsupported_codec` or `not_media`.
- Artist, comment and place, planted in every file whose format has room for them, are in nothing that is delivered.

"""


def compare(report, rows):
    """What came of each file, against the page."""
    committed = {}
    for line in PAGE.read_text().splitlines() if PAGE.exists() else []:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        committed[cells[0]] = cells[: len(OUTCOME)]
    for row in rows:
        expected = committed.get(row[0])
        if expected != row[: len(OUTCOME)]:
            report.check(f"{row[0]} is as {PAGE.relative_to(ROOT)} says", False, f"{row[: len(OUTCOME)]}, there {expected}")


def main():
    report = Report()
    samples = [sample for sample in SAMPLES if sample.is_sampled or not os.environ.get("SAMPLE")]
    samples = [sample for sample in samples if not os.environ.get("ONLY") or sample.name in os.environ["ONLY"].split(",")]
    with Server(**SETTINGS) as server, tempfile.TemporaryDirectory(prefix="strongroom-formats-out-") as folder:
        credentials = server.create_key(), server.create_connection()
        server.start()
        tried = try_all(server, credentials, samples, pathlib.Path(folder))
        files = [path for one in tried for path in one.files.values()]
        tags = telling_tags(files) if files else {}
        for one in tried:
            try:
                one.check(report, tags)
            except Exception as error:
                report.check(f"{one.sample.name} ({one.sample.what})", False, f"{type(error).__name__}: {error}")
        runs_of_ffmpeg(server, credentials, report)
        report.check("SIGTERM ends the server with status 0", server.stop() == 0)
    rows = [one.row() for one in tried]
    if os.environ.get("WRITE"):
        PAGE.parent.mkdir(parents=True, exist_ok=True)
        PAGE.write_text(INTRODUCTION + table(rows))
    else:
        compare(report, rows)
    report.end()


if __name__ == "__main__":
    main()
