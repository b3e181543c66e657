"""A media's renditions as files, and what independent programs (ffprobe, exiftool, Pillow) find in them."""

import json
import subprocess

from PIL import Image, ImageChops, ImageStat

from clips import PRIVATE
from server import delivered_urls

ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "video/mp4": ".mp4", "audio/mp4": ".m4a"}
# What exiftool lists of a film or a picture without metadata is about its coding; these are about people.
TELLING = ("GPS", "Artist", "Creator", "Comment", "Author", "Location", "Title", "Make", "Model", "Software", "Encoder", "Serial")


def download(caller, media, folder):
    """Every rendition once, as a file: paths by names."""
    files = {}
    for name, url in delivered_urls(media).items():
        status, headers, content = caller.fetch(url)
        if status != 200:
            raise AssertionError(f"{name} answered {status}")
        path = folder / f"{media['id']}-{name.replace(' ', '-')}{ENDINGS[headers['content-type']]}"
        path.write_bytes(content)
        files[name] = path
    return files


def private_bytes(path):
    content = path.read_bytes()
    return [secret for secret in PRIVATE if secret in content]


def telling_tags(paths):
    """What exiftool finds in the files that could tell something of the person: lists by paths, of one run."""
    run = subprocess.run(
        ["exiftool", "-json", "-G1", "-n", *paths], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
    )
    found = {}
    for tags in json.loads(run.stdout):
        names = [
            tag for tag in tags if not tag.startswith(("System:", "ExifTool:")) and tag.rpartition(":")[2].startswith(TELLING)
        ]
        found[tags["SourceFile"]] = {name: tags[name] for name in names}
    return found


def difference(path, expected):
    """Mean difference of a picture to what is expected, over all pixels and channels, of 255."""
    with Image.open(path) as picture:
        shown = picture.convert("RGB")
    wanted = expected.resize(shown.size, Image.Resampling.LANCZOS)
    return sum(ImageStat.Stat(ImageChops.difference(shown, wanted)).mean) / 3


def grid_difference(cells, columns_rows, expected):
    """The same of the mean colours of a grid's cells."""
    wanted = list(expected.resize(columns_rows, Image.Resampling.BOX).get_flattened_data())
    return sum(abs(a - b) for cell, want in zip(cells, wanted, strict=True) for a, b in zip(cell, want, strict=True)) / (
        3 * len(wanted)
    )


def probe(path):
    """Seconds, and the streams by kind, as ffprobe reads them."""
    run = subprocess.run(
        [
            "ffprobe",
            "-v",
            "error",
            "-show_entries",
            "format=duration:stream=codec_type,codec_name,width,height,duration,nb_frames",
            "-of",
            "json",
            path,
        ],
        stdout=subprocess.PIPE,
        check=True,
    )
    report = json.loads(run.stdout)
    return float(report["format"].get("duration", 0)), {stream["codec_type"]: stream for stream in report["streams"]}


def picture_digest(path):
    """A digest of a film's decoded pictures: equal for a film and its remux, and for nothing else."""
    run = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "md5", "-"],
        stdout=subprocess.PIPE,
        check=True,
    )
    return run.stdout
