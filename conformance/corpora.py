"""Other projects' collections of bad and odd files, fetched by package name, pinned by SHA-256, kept outside the repository."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import threading

from hostile_file import hostile

# Members with a path like these are test files.
WANTED = re.compile(
    r"/(Tests/images|tests/images|tests/fixtures|tests/files|tests/data|fuzzing/corpus|tests/test-images|t/images|fuzz/common_fuzzer_corpus"
    r"|test/test-suite/images|test/testdata|test/resources/\w+|webp_js)/"
)
# Source text and expectations beside them.
UNWANTED = re.compile(
    r"\.(py|pl|txt|md|cpp|h|c|conf|build|out|json|in|am|rst|license|gpg|html)$|/(LICENSE|README|Makefile)", re.IGNORECASE
)
HARMFUL = re.compile(
    r"crash|oom|timeout|bomb|oob|trunc|invalid|corrupt|bad|fail|fuzz|broken|poc|uaf|overflow|hbo|ghsa|missing|unexpected",
    re.IGNORECASE,
)
MOST_BYTES = 24 << 20
UNPACKING = threading.Lock()
# Debian's source packages: their upstream archive and its SHA-256.
SOURCES = {
    "libheif": "28d5a376fe7954d2d03453f983aaa0b7486f475c27c7806bda31df9102325556",
    "gdk-pixbuf": "46663e445468e92f4a0ca876b02aed4f8758595ee3acfaa6ef3ba2b29e1c1930",
    "vips": "a4a6b282216f7522b42ebb5cd64cfd82a0d1a632033e9c0502f021e945fed641",
    "libimage-exiftool-perl": "9de7ccd6ed6adf92038c8d943b1960d087b58c00b3924d19f61a1d774b7610fc",
    "libexif": "d3fb7c47829ec4d2def39aa38f4c35a0891763448a05dbf216a329a12bf198f9",
    "libwebp": "7bf5a8a28cc69bcfa8cb214f2c3095703c6b73ac5fba4d5480c205331d9494df",
    "taglib": "58f08b4db3dc31ed152c04896ee9172d22052bc7ef12888028c01d8b1d60ade0",
}


def corpora():
    """Every file of every collection that could be had, and in words what could not."""
    home = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "strongroom-corpora"
    home.mkdir(parents=True, exist_ok=True)
    found, skipped = sources(home)
    return [item for archive in packages(home) + found for item in files(archive)], skipped


def packages(home):
    """The Python packages of corpora.txt; pip holds them to their hashes. One that cannot be had fails."""
    pins = pathlib.Path(__file__).with_name("corpora.txt")
    folder = home / hashlib.sha256(pins.read_bytes()).hexdigest()[:16]
    if not folder.exists():
        fresh = home / f"new-{folder.name}"
        shutil.rmtree(fresh, ignore_errors=True)
        names = ",".join(re.findall(r"^([a-z-]+)==", pins.read_text(), re.MULTILINE))
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
                "--require-hashes",
                "--no-binary",
                names,
                "-r",
                pins,
                "-d",
                fresh,
            ],
            check=True,
        )
        fresh.rename(folder)
    return archives(folder)


def sources(home):
    """Debian's source packages, by the machine's own apt and package lists of our own; none where that does not work."""
    folder = home / f"debian-{hashlib.sha256(repr(SOURCES).encode()).hexdigest()[:16]}"
    if not folder.exists() and (reason := fetch_sources(folder)):
        return [], [f"Debian's source packages ({reason})"]
    by_digest = {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in archives(folder)}
    found = [by_digest[digest] for digest in SOURCES.values() if digest in by_digest]
    return found, [f"{name}: the mirror has another version" for name, digest in SOURCES.items() if digest not in by_digest]


def fetch_sources(folder):
    """`None`, or why they cannot be had."""
    described = [path.read_text() for path in pathlib.Path("/etc/apt/sources.list.d").glob("debian*.sources")]
    if not shutil.which("apt-get") or not described:
        return "no apt-get with .sources files"
    fresh = folder.with_name(f"new-{folder.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    for name in ("lists/partial", "sources.d"):
        (fresh / name).mkdir(parents=True)
    (fresh / "sources.d" / "debian.sources").write_text("\n".join(described).replace("Types: deb\n", "Types: deb-src\n"))
    apt = [
        "apt-get",
        "-qq",
        "-o",
        "Dir::Etc::sourcelist=/dev/null",
        "-o",
        f"Dir::Etc::sourceparts={fresh}/sources.d",
        "-o",
        f"Dir::State::lists={fresh}/lists",
    ]
    for arguments in (["update"], ["source", "--download-only", *SOURCES]):
        if subprocess.run(
            [*apt, *arguments], cwd=fresh, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        ).returncode:
            return f"apt-get {arguments[0]} failed"
    fresh.rename(folder)
    return None


def archives(folder):
    """As they were fetched; what was unpacked of them lies beside them."""
    return sorted(path for path in folder.glob("*.tar.*") if path.is_file())


def files(archive):
    """The test files in an archive, read when they are wanted."""
    with tarfile.open(archive) as tar:
        members = [
            member
            for member in tar
            if member.isfile()
            and WANTED.search(member.name)
            and not UNWANTED.search(member.name)
            and 0 < member.size <= MOST_BYTES
        ]
    return [
        hostile(f"corpus {member.name}", lambda member=member: read(archive, member), member.name.rpartition("/")[2])
        for member in members
    ]


def read(archive, member):
    """From a copy that is unpacked once, under a name of ours: theirs are no business of this machine's."""
    folder = archive.with_name(f"{archive.name}.files")
    with UNPACKING:
        if not folder.exists():
            fresh = archive.with_name(f"{archive.name}.new")
            fresh.mkdir(exist_ok=True)
            with tarfile.open(archive) as tar:
                for other in tar:
                    if other.isfile() and WANTED.search(other.name):
                        (fresh / file_name(other)).write_bytes(tar.extractfile(other).read())
            fresh.rename(folder)
    return (folder / file_name(member)).read_bytes()


def file_name(member):
    return hashlib.sha256(member.name.encode()).hexdigest()
