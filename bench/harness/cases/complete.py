"""b. complete alone: 10 MiB, 1 GiB in 64 parts, 10 GiB, 10,000 parts; against what makes one file of the parts elsewhere."""

import os
import shutil

from .. import GIB, MIB, peers
from ..ours import Strongroom
from ..rounds import target, value

COLUMNS = [["finish_ms", "complete ms, p50", "{:.1f}"], ["slowest_ms", "slowest ms", "{:.1f}"]]
# So many uploads a turn: a complete is short, and one is luck.
REPEATS = 5
PARTS = 10_000


def measure(bench):
    def finish(server, *words, count=1):
        def run():
            sent = bench.load("upload", *server.load(), "--streams", 4, "--count", count, *words)
            server.clear(sent["names"])
            return {"finish_ms": sent["finish_ms"]["p50"], "slowest_ms": sent["finish_ms"]["max"]}
        return run

    small = Strongroom(bench.home, "strongroom small parts", UPLOAD__MIN_PART_BYTES=65536, UPLOAD__MAX_PART_BYTES=65536)
    ours = Strongroom(bench.home)
    has_room = shutil.disk_usage(bench.home).free > 20 * GIB and not os.environ.get("SMALL")
    with peers.running([peers.Rustus, peers.SeaweedFs, peers.Garage], bench) as (others, missing):
        try:
            for server in (small, ours):
                server.start()
            contestants = {
                "strongroom, 10 MiB in 2 parts": finish(ours, "--bytes", 10 * MIB, count=REPEATS),
                "strongroom, 1 GiB in 64 parts": finish(ours, "--bytes", GIB),
                **({"strongroom, 10 GiB in 640 parts": finish(ours, "--bytes", 10 * GIB)} if has_room else {}),
                "strongroom, 625 MiB in 10,000 parts": finish(small, "--bytes", PARTS * 65536),
            }
            for peer in others:
                contestants[f"{peer.name}, 1 GiB in 64 parts"] = finish(peer, "--bytes", GIB, "--pieces", 64)
            if not has_room:
                missing.append("10 GiB: less than 20 GiB are free on this disk")
            rows, failed = bench.turns(contestants)
            versions = {server.name: server.version() for server in [ours, *others]}
        finally:
            for server in (small, ours):
                server.remove()
    p50 = lambda name: value(rows, name, "finish_ms")  # noqa: E731
    gib = p50("strongroom, 1 GiB in 64 parts")
    targets = [
        target("1 GiB in 64 parts, ms", "≤ 5", gib, 5, form="{:.1f}"),
        # Noise of a shared disk: half as much again, and two milliseconds.
        target("10 GiB, ms", "as 1 GiB, within noise", p50("strongroom, 10 GiB in 640 parts"), 1.5 * gib + 2 if gib else None, form="{:.1f}"),
        target("10,000 parts, ms", "≤ 30", p50("strongroom, 625 MiB in 10,000 parts"), 30, form="{:.1f}"),
    ]
    plot = {"title": "What makes one file of the parts", "key": "finish_ms", "unit": "ms"}
    return {"title": "b. Complete alone", "tables": [{"columns": COLUMNS, "rows": rows, "plot": plot}],
            "targets": targets, "missing": missing + failed, "versions": versions,
            "notes": ["Strict durability: what complete answers is on stable storage. Garage, SeaweedFS and rustus do not sync."]}
