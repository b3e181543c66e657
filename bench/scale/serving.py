"""What the server itself takes: processor time for each GiB sent and delivered, for each photo and each second of film."""

import os
import pathlib
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "conformance"))
import server as strongroom  # noqa: E402

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PHOTOS, FETCHES, MIB = 16, 400, 1 << 20
# What the sample film is: 1280 by 720 and so long.
FILM_SECONDS = 5


def cpu_seconds(process):
    """Of a process, and of its children that have ended."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(int(fields[number]) for number in (11, 12, 13, 14)) / TICKS_PER_SECOND


def spent(process, work):
    before = cpu_seconds(process)
    answer = work()
    return cpu_seconds(process) - before, answer


def send(running, key, connection, paths, wait):
    import json
    import subprocess
    environment = {"STRONGROOM_URL": running.url, "STRONGROOM_API_KEY": key, "STRONGROOM_CONNECTION": connection}
    with tempfile.TemporaryDirectory() as state:
        command = [strongroom.binary(), "upload", *paths, "--json", "--state-dir", state, *(["--wait"] if wait else [])]
        run = subprocess.run(command, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(run.stdout or "null")


def measure():
    with strongroom.Server() as running, tempfile.TemporaryDirectory() as folder:
        running.start()
        key, connection = running.create_key(), running.create_connection()
        folder = pathlib.Path(folder)
        photo = (ROOT / "samples" / "photo.jpg").read_bytes()
        photos = []
        for number in range(PHOTOS):
            # Other bytes after the end of the picture make it another file and change nothing of the work.
            path = folder / f"{number}.jpg"
            path.write_bytes(photo + str(number).encode())
            photos.append(path)
        rendering, sent = spent(running.process, lambda: send(running, key, connection, photos, True))
        film, _ = spent(running.process, lambda: send(running, key, connection, [ROOT / "samples" / "film.mp4"], True))
        caller = strongroom.Caller(running.address, key, connection)
        url = sent[0]["files"]["preview"]["url"]
        delivering, size = spent(running.process, lambda: [len(caller.fetch(url)[2]) for _ in range(FETCHES)][0])
        big = folder / "big.mp4"
        with open(big, "wb") as file:
            file.write((ROOT / "samples" / "film.mp4").read_bytes()[:4096])
            for _ in range(512):
                file.write(os.urandom(MIB))
        sending, _ = spent(running.process, lambda: send(running, key, connection, [big], False))
        time.sleep(1)
    return {
        "photo_cpu_seconds": round(rendering / PHOTOS, 3), "photo_bytes": len(photo),
        "film_cpu_seconds": round(film, 2), "film_seconds": FILM_SECONDS,
        "delivery_cpu_microseconds": round(delivering / FETCHES * 1e6), "delivery_bytes": size,
        "upload_cpu_seconds_per_gib": round(sending * 2, 2), "profile": os.environ.get("PROFILE", "dev"),
    }
