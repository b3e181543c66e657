"""Hostile files through upload, render and delivery of one server: bombs, lies, playlists, other projects' bad files, mutants.

FILES=800 tries a sample of so many: every generated file (400), the rest drawn; without it all are tried. MUTANTS is how many are made
of each good clip. SEED comes from the environment. A file that is judged wrongly is kept in FINDINGS. Ends with `N passed, M failed`.
"""

import collections
import concurrent.futures
import os
import pathlib
import random
import re
import tempfile
import threading
import time

from PIL import Image, ImageStat

from canaries import COLOUR, Listener, find_copies, neighbour_film
from corpora import HARMFUL, corpora
from delivered import ENDINGS
from hostile_file import STRAY
from hostile_films import films
from hostile_names import MARK, names
from hostile_photos import photos
from mutants import mutants
from report import Report
from sending import send
from server import Caller, Server, binary, delivered_urls, wait_settled
from watching import MEBIBYTE, Watch, wait_idle

SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 32)))
FILES = int(os.environ.get("FILES", 0))
MUTANTS = int(os.environ.get("MUTANTS", 8 if FILES else 60))
FINDINGS = pathlib.Path(os.environ.get("FINDINGS", pathlib.Path(tempfile.gettempdir()) / "hostile-findings"))
CLIENTS = 6
SETTINGS = {"RENDER__FILM_WORKERS": 2, "RENDER__PHOTO_WORKERS": 2, "SWEEP__INTERVAL_SECONDS": 1, "UPLOAD__MAX_OPEN": 100_000}
# A photo may take 30 s and a film's beginning 70; what may be tried again is, twice, 12 s later in all.
SETTLED_SECONDS = 300
IDLE_SECONDS = 20
SERVER_BYTES = 256 * MEBIBYTE
PROGRAMS = {pathlib.PurePath(binary()).name, "ffmpeg", "ffprobe", "heif-convert", "heif-info"}
CODES = {"ready", "not_media", "unsupported_codec", "malformed", "too_large", "too_long", "timeout", "decoder_crash"}


class Campaign:
    """One server, and what became of each file."""

    def __init__(self, server, report, credentials):
        self.server, self.report, self.credentials = server, report, credentials
        self.callers = threading.local()
        self.tallies = collections.defaultdict(collections.Counter)
        self.slowest = []

    def caller(self):
        if not hasattr(self.callers, "one"):
            self.callers.one = Caller(self.server.address, *self.credentials)
        return self.callers.one

    def try_one(self, item):
        """Its outcome, and in words what is wrong with it."""
        began = time.monotonic()
        try:
            content = item.read()
            outcome, wrong = self.judge(item, content)
        except Exception as error:
            self.callers.__dict__.pop("one", None)
            content, outcome, wrong = b"", "nothing", [f"{type(error).__name__}: {error}"]
        self.slowest.append((time.monotonic() - began, item.label))
        self.tallies[kind_of(item)][outcome] += 1
        if wrong:
            self.keep(item, content)
            self.report.check(f"{item.label} ends {outcome}", False, "; ".join(wrong))
        else:
            self.report.passed += 1

    def judge(self, item, content):
        caller = self.caller()
        status, answer = send(caller, content, item.filename, item.declared)
        if status != 200:
            outcome = f"refused {status}"
            is_right = 400 <= status < 500 and (not item.expected or outcome in item.expected)
            return outcome, [] if is_right else [f"answered {status}: {answer}"]
        media = wait_settled(caller, answer["media"]["id"], SETTLED_SECONDS)
        outcome = "ready" if media["isReady"] else media["error"]["code"]
        wrong = (
            [] if outcome in (item.expected or CODES) else [f"expected {sorted(item.expected or CODES)}: {media.get('error')}"]
        )
        return outcome, wrong + list(self.wrong_original(caller, media)) + list(self.wrong_renditions(caller, media))

    def wrong_original(self, caller, media):
        status, headers, _ = caller.send("HEAD", f"/v2/access/vault/media/{media['id']}/original")
        if (
            status != 200
            or not headers["content-disposition"].startswith("attachment")
            or headers["x-content-type-options"] != "nosniff"
        ):
            yield f"its original is answered {status} with {dict(headers)}"
        if "set-cookie" in headers or re.search(r"html|svg|script|xml|multipart", headers["content-type"]):
            yield f"its original comes with {dict(headers)}"

    def wrong_renditions(self, caller, media):
        for name, url in delivered_urls(media).items():
            status, headers, content = caller.fetch(url)
            if status != 200 or headers["content-type"] not in ENDINGS or headers["x-content-type-options"] != "nosniff":
                yield f"{name} is answered {status} with {dict(headers)}"
            if STRAY in content:
                yield f"{name} has bytes of the original's that show nothing"
            if name == "thumb" and is_canary(content):
                yield "it shows the neighbour's film"

    def keep(self, item, content):
        FINDINGS.mkdir(parents=True, exist_ok=True)
        (FINDINGS / re.sub(r"[^A-Za-z0-9.]+", "-", item.label)[-100:]).write_bytes(content)


def kind_of(item):
    """Whose file it is."""
    first, _, rest = item.label.partition(" ")
    return rest.partition("/")[0] if first == "corpus" else f"{first}s" if first == "mutant" else "generated here"


def is_canary(content):
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        with Image.open(file.name) as picture:
            mean = ImageStat.Stat(picture.convert("RGB")).mean
    return all(abs(seen - wanted) < 40 for seen, wanted in zip(mean, COLOUR, strict=True))


def draw(generated, others, choice):
    """Every generated file, and of the others as many as are wanted; two in three of these have a name that says harm."""
    if not FILES:
        return generated + others
    count = max(0, FILES - len(generated))
    harmful = [item for item in others if HARMFUL.search(item.label) or item.label.startswith("mutant")]
    harmless = [item for item in others if item not in harmful]
    return (
        generated
        + choice.sample(harmful, min(len(harmful), count * 2 // 3))
        + choice.sample(harmless, min(len(harmless), count - count * 2 // 3))
    )


def neighbour(server):
    """Another tenant's film, and where its bytes lie on the disk."""
    content = neighbour_film()
    caller = Caller(server.address, server.create_key("neighbour"), server.create_connection("neighbour"))
    _, answer = send(caller, content, "secret.ts", "video/mp2t")
    wait_settled(caller, answer["media"]["id"], SETTLED_SECONDS)
    return find_copies(server.data_dir, content)


def check_server(server, report, listener, watch):
    """What has to hold of the whole."""
    report.check("the server still runs", server.process.poll() is None, server.process.poll())
    left = wait_idle(server, IDLE_SECONDS)
    report.check("no child and no scratch directory is left", not left, left)
    report.check("nobody called on the listener", listener.hits == 0, listener.hits)
    strays = [path for path in server.data_dir.rglob("*") if MARK in path.name] + list(
        pathlib.Path(tempfile.gettempdir()).glob(f"*{MARK}*")
    )
    report.check("no file anywhere has an uploader's name", not strays, strays)
    told = [word for word in watch.words if MARK.encode() in word or b"passwd" in word or b"reboot" in word]
    report.check("no process was told an uploader's word", not told, told)
    report.check(
        f"only our programs ran: {', '.join(sorted(watch.peaks))}",
        watch.peaks and watch.peaks.keys() <= PROGRAMS,
        sorted(watch.peaks),
    )
    for program, peak in sorted(watch.peaks.items()):
        limit = max(watch.limits[program])
        report.check(f"{program} took {peak // MEBIBYTE} MiB at most, and may have {limit // MEBIBYTE}", peak <= limit)
    report.check(f"the server took {watch.server_peak // MEBIBYTE} MiB at most", watch.server_peak <= SERVER_BYTES)
    panics = re.findall(r".*panicked.*", server.log_path.read_text(errors="replace"))
    report.check("nothing panicked in the server", not panics, panics[:3])


def main():
    print(f"SEED={SEED}", flush=True)
    choice = random.Random(SEED)
    report, listener = Report(), Listener()
    found, skipped = corpora()
    for reason in skipped:
        print(f"left out: {reason}", flush=True)
    with Server(**SETTINGS) as server:
        credentials = server.create_key(), server.create_connection()
        server.start()
        generated = [*photos(listener.port), *films(listener.port, neighbour(server)), *names()]
        items = draw(generated, found + list(mutants(SEED, MUTANTS)), choice)
        choice.shuffle(items)
        campaign = Campaign(server, report, credentials)
        began = time.monotonic()
        with Watch(server) as watch, concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(campaign.try_one, items))
        print(f"{len(items)} files in {time.monotonic() - began:.0f} s")
        for kind, tally in sorted(campaign.tallies.items()) + [("all", sum(campaign.tallies.values(), collections.Counter()))]:
            print(f"{kind}:", ", ".join(f"{outcome} {count}" for outcome, count in tally.most_common()))
        print("slowest:", "; ".join(f"{seconds:.0f} s {label}" for seconds, label in sorted(campaign.slowest, reverse=True)[:5]))
        check_server(server, report, listener, watch)
        report.check("SIGTERM ends the server with status 0", server.stop() == 0)
        if report.failed:
            print(server.log())
    listener.close()
    report.end()


if __name__ == "__main__":
    main()
