"""c. 1,000 files of 20 KB, 16 at a time: a session and one PUT each; rendering off, and on."""

import time

from .. import media, peers
from ..ours import Strongroom
from ..rounds import measured, target, value

COLUMNS = [["uploads_per_s", "uploads/s", "{:.0f}"], ["p50_ms", "p50 ms", "{:.1f}"], ["p99_ms", "p99 ms", "{:.1f}"],
           ["server_cpu_s", "server cpu s", "{:.2f}"], ["peak_mib", "peak RSS MiB", "{:.0f}"], ["client_cpu_s", "client cpu s", "{:.2f}"]]
COUNT, BYTES, CONCURRENCY = 1000, 20_000, 16
RENDERED = 200


def measure(bench):
    def upload(server, *words, count=COUNT):
        def once():
            sent = bench.load("upload", *server.load(), "--count", count, "--concurrency", CONCURRENCY, *words)
            return {"uploads_per_s": sent["uploads_per_s"], "p50_ms": sent["upload_ms"]["p50"], "p99_ms": sent["upload_ms"]["p99"],
                    "client_cpu_s": sent["client_cpu_s"], "names": sent["names"]}

        def run():
            numbers = measured(server.process, once)
            names = numbers.pop("names")
            if words[0] == "--body":
                wait_ready(server, names[-1])
            return numbers
        return run

    off = Strongroom(bench.home, arguments=("--no-worker",))
    relaxed = Strongroom(bench.home, "strongroom relaxed", arguments=("--no-worker",), STORE__DURABILITY="relaxed")
    on = Strongroom(bench.home, "strongroom rendering")
    small = media.small_jpeg()
    with peers.running(peers.UPLOAD_PEERS, bench) as (others, missing):
        try:
            for server in (off, relaxed, on):
                server.start()
            contestants = {
                "strongroom": upload(off, "--bytes", BYTES),
                "strongroom relaxed": upload(relaxed, "--bytes", BYTES),
                **{peer.name: upload(peer, "--bytes", BYTES) for peer in others},
            }
            rows, failed = bench.turns(contestants)
            # Apart: renders delete files, and creating others beside them is slow for a while (bench/run, `spread`).
            rendering = upload(on, "--body", small, "--content-type", "image/jpeg", count=RENDERED)
            more, failed_more = bench.turns({f"strongroom rendering {RENDERED} JPEGs meanwhile": rendering})
            rows, failed = rows + more, failed + failed_more
            versions = {server.name: server.version() for server in [off, *others]}
        finally:
            for server in (off, relaxed, on):
                server.remove()
    rate = lambda name: value(rows, name, "uploads_per_s")  # noqa: E731
    rivals = [row["values"]["uploads_per_s"] for row in rows if not row["name"].startswith(("strongroom", "nginx"))]
    targets = [target("uploads/s, strict", "≥ 1,500", rate("strongroom"), 1500, False, "{:.0f}"),
               target("uploads/s, strict", "≥ every peer but nginx", rate("strongroom"), max(rivals, default=None), False, "{:.0f}")]
    plot = {"title": "20 KB uploads a second, 16 at a time", "key": "uploads_per_s", "unit": "/s"}
    return {"title": "c. Small uploads", "tables": [{"columns": COLUMNS, "rows": rows, "plot": plot}],
            "targets": targets, "missing": missing + failed, "versions": versions,
            "notes": [f"Ours are two calls each (init and PUT), tus two (creation and PATCH), nginx and S3 one. {COUNT} noise files of {BYTES} bytes; "
                      f"for rendering {RENDERED} JPEGs of about that size, `Prefer: wait=0`. Only ours are synced, but for `relaxed`."]}


def wait_ready(server, media_id, seconds=300):
    """The next turn is not to pay for this one's renders."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        shown = server.call("GET", "/v2/access/vault/media?limit=1&status=processing")
        if not shown["list"]:
            return
        time.sleep(0.2)
    raise RuntimeError(f"media {media_id} was not ready after {seconds} s")
