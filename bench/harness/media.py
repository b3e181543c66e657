"""Photos and films to measure with: made once, from a real camera's photo and a real film that packages ship."""

import subprocess

from . import PEERS, install

MEDIA = PEERS / "media"


def _made(name, make):
    """A file that is made once."""
    path = MEDIA / name
    if not path.exists():
        MEDIA.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"unfinished-{name}")
        make(unfinished)
        unfinished.rename(path)
    return path


def _vips(code, *arguments):
    subprocess.run([str(install.libvips()), "-c", f"import sys, pyvips\n{code}", *map(str, arguments)], check=True)


def _ffmpeg(*arguments):
    install.program("ffmpeg")
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True)


def _camera():
    install.node("tus.mjs")
    return PEERS / "node_modules" / "exif" / "test" / "sony-alpha-6000.jpg"


def photo12():
    """A camera's photo of 24 MP, cut to 4:3 and scaled to a phone's 4032 × 3024."""
    code = """image = pyvips.Image.new_from_file(sys.argv[1]).crop(333, 0, 5333, 4000)
image.resize(4032 / 5333, vscale=3024 / 4000).jpegsave(sys.argv[2], Q=90, strip=True)"""
    return _made("photo12.jpg", lambda path: _vips(code, _camera(), path))


def photo48():
    """The same twice as large a side, with a sensor's noise: enlarged pixels alone would be too easy to decode."""
    code = """image = pyvips.Image.new_from_file(sys.argv[1]).resize(2)
noise = pyvips.Image.gaussnoise(image.width, image.height, sigma=4, mean=0)
(image + noise).cast('uchar').jpegsave(sys.argv[2], Q=88, strip=True)"""
    return _made("photo48.jpg", lambda path: _vips(code, photo12(), path))


def png12():
    code = "pyvips.Image.new_from_file(sys.argv[1]).pngsave(sys.argv[2], compression=6)"
    return _made("photo12.png", lambda path: _vips(code, photo12(), path))


def heic12():
    def make(path):
        heic = path.with_suffix(".heic")
        subprocess.run([install.program("heif-enc"), "-q", "60", str(photo12()), "-o", str(heic)], check=True, stdout=subprocess.DEVNULL)
        heic.rename(path)
    return _made("photo12.heic", make)


def small_jpeg():
    """A JPEG of about 20 KB."""
    code = "pyvips.Image.thumbnail(sys.argv[1], 400).jpegsave(sys.argv[2], Q=72, strip=True)"
    return _made("small.jpg", lambda path: _vips(code, photo12(), path))


def jpeg100():
    """A JPEG of about 100 KB, whose `full` is delivered as it is."""
    code = "pyvips.Image.thumbnail(sys.argv[1], 900).jpegsave(sys.argv[2], Q=80, strip=True)"
    return _made("jpeg100.jpg", lambda path: _vips(code, photo12(), path))


def film():
    """60 s of 1080p30, H.264 at 12 Mb/s and AAC, index at the end: Big Buck Bunny's trailer (CC-BY 3.0), enlarged and with grain."""
    def make(path):
        source = next(install.pip_source("moviepy", "2.2.1").rglob("trailer_bbb.mp4"))
        grain = "scale=1920:1080:flags=bicubic,fps=30,noise=alls=6:allf=t"
        picture = ("-c:v", "libx264", "-preset", "veryfast", "-b:v", "12300k", "-maxrate", "18M", "-bufsize", "24M", "-pix_fmt", "yuv420p")
        _ffmpeg("-stream_loop", 1, "-i", source, "-t", 60, "-vf", grain, *picture, "-c:a", "aac", "-b:a", "128k", "-f", "mp4", path)
    return _made("film-1080p30.mp4", make)


def film_to_copy():
    """60 s of 720p30 as the web has it: its pictures and its sound need not be coded again."""
    def make(path):
        _ffmpeg("-i", film(), "-vf", "scale=1280:720", "-c:v", "libx264", "-preset", "veryfast", "-crf", "26", "-maxrate", "2500k", "-bufsize", "5M",
                "-g", 60, "-pix_fmt", "yuv420p", "-c:a", "copy", "-f", "mp4", path)
    return _made("film-720p30.mp4", make)
