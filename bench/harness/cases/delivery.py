"""f. Delivery: files of 100 KB, and 1 MiB ranges of a file of 1 GiB, over 64 connections, against nginx with sendfile."""

import shutil

from .. import GIB, MIB, media, peers
from ..ours import Strongroom, path_of
from ..rounds import measured, target, times, value

COLUMNS = [["requests_per_s", "requests/s", "{:.0f}"], ["mb_per_s", "MB/s", "{:.0f}"], ["p50_ms", "p50 ms", "{:.2f}"], ["p99_ms", "p99 ms", "{:.1f}"],
           ["server_cpu_s", "server cpu s", "{:.2f}"], ["client_cpu_s", "client cpu s", "{:.2f}"], ["peak_mib", "peak RSS MiB", "{:.0f}"]]
FILES, CONNECTIONS = 100, 64
REQUESTS, RANGES = 40_000, 6_000


def measure(bench):
    def get(server, paths, requests, *words):
        def once():
            address = f"127.0.0.1:{server.port}"
            got = bench.load("get", "--address", address, "--paths", paths, "--requests", requests, "--connections", CONNECTIONS, *words)
            numbers = {key: got[key] for key in ("requests_per_s", "mb_per_s", "client_cpu_s")}
            return numbers | {"p50_ms": got["request_ms"]["p50"], "p99_ms": got["request_ms"]["p99"]}
        return lambda: measured(server.process, once)

    def listed(name, paths):
        (bench.home / name).write_text("\n".join(paths))
        return bench.home / name

    ours = Strongroom(bench.home)
    with peers.running([peers.Nginx], bench) as (others, missing):
        try:
            ours.start()
            small = bench.load("upload", *ours.load(), "--body", media.jpeg100(), "--count", FILES, "--concurrency", 4, "--content-type", "image/jpeg",
                               "--wait", 25)
            urls = [path_of(ours.media(name)["files"]["full"]["url"]) for name in small["names"]]
            large = bench.load("upload", *ours.load(), "--bytes", GIB, "--streams", 4)["names"][0]
            (bench.home / "headers").write_text(f"apikey: {ours.key}\nx-connection-id: {ours.connection}\n")
            ranges = ["--range-bytes", MIB, "--size", GIB]
            original = listed("original", [f"/v2/access/vault/media/{large}/original"])
            contestants = {
                "strongroom, 100 KB": get(ours, listed("urls", urls), REQUESTS),
                "strongroom, 1 MiB ranges": get(ours, original, RANGES, *ranges, "--headers", bench.home / "headers"),
            }
            for nginx in others:
                served = nginx.home / "served"
                for index in range(FILES):
                    shutil.copy(media.jpeg100(), served / f"{index}.jpg")
                with open(served / "large", "wb") as file:
                    block = bytes(range(256)) * 4096
                    for _ in range(GIB // len(block)):
                        file.write(block)
                contestants["nginx, 100 KB"] = get(nginx, listed("files", [f"/served/{index}.jpg" for index in range(FILES)]), REQUESTS)
                contestants["nginx, 1 MiB ranges"] = get(nginx, listed("large", ["/served/large"]), RANGES, *ranges)
            rows, failed = bench.turns(contestants)
            versions = {server.name: server.version() for server in [ours, *others]}
        finally:
            ours.remove()
    rate = lambda name: value(rows, f"{name}, 100 KB", "requests_per_s")  # noqa: E731
    speed = lambda name: value(rows, f"{name}, 1 MiB ranges", "mb_per_s")  # noqa: E731
    targets = [target("100 KB, requests/s", "≥ 0.6 × nginx", rate("strongroom"), times(0.6, rate("nginx")), False, "{:.0f}"),
               target("1 MiB ranges, MB/s", "≥ 0.9 × nginx", speed("strongroom"), times(0.9, speed("nginx")), False, "{:.0f}")]
    plot = {"title": "Megabytes a second over 64 connections", "key": "mb_per_s", "unit": "MB/s"}
    return {"title": "f. Delivery", "tables": [{"columns": COLUMNS, "rows": rows, "plot": plot}],
            "targets": targets, "missing": missing + failed, "versions": versions,
            "notes": [f"100 KB: {FILES} photos' `full` by signed URL: signature, expiry, version and consent are checked at every request. Ranges: "
                      "the original of a 1 GiB file, with the API key checked. nginx checks nothing. All files are in the page cache.",
                      "The client shares the two cores with the server: its processor time is the same work for both."]}
