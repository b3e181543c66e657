"""h. Start to ready; memory when idle, and at 1, 16, 64 and 512 uploads."""

import time

from .. import MIB, peers
from ..ours import Strongroom
from ..rounds import target, value

# How large each file is when so many come at a time: long enough that all of them are under way at once.
UPLOADS = {1: 64 * MIB, 16: 64 * MIB, 64: 32 * MIB, 512: 8 * MIB}
COLUMNS = [["ready_ms", "ready ms", "{:.0f}"], ["idle_mib", "idle RSS MiB", "{:.0f}"],
           *([f"uploads_{count}_mib", f"{count} at a time, MiB", "{:.0f}"] for count in UPLOADS)]
SETTLE_SECONDS = 2


def measure(bench):
    def once(server, most=512):
        def run():
            server.stop()
            started = time.monotonic()
            server.start()
            # Ours says when it is ready; of a peer its open port is taken, and that is kind to some of them.
            ready = getattr(server, "ready_seconds", None) or time.monotonic() - started
            time.sleep(SETTLE_SECONDS)
            numbers = {"ready_ms": ready * 1000, "idle_mib": server.process.resident_mib()}
            for count, size in UPLOADS.items():
                if count > most:
                    continue
                server.process.forget_peak()
                sent = bench.load("upload", *server.load(), "--bytes", size, "--count", count, "--concurrency", count)
                numbers[f"uploads_{count}_mib"] = server.process.peak_mib()
                server.clear(sent["names"])
            return numbers
        return run

    ours = Strongroom(bench.home)
    with peers.running(peers.UPLOAD_PEERS, bench) as (others, missing):
        try:
            ours.start()
            # Gigabytes into S3 servers that keep them are not what this asks.
            rows, failed = bench.turns({"strongroom": once(ours), **{peer.name: once(peer, 64) for peer in others}})
            versions = {server.name: server.version() for server in [ours, *others]}
        finally:
            ours.remove()
    targets = [target("start to ready, ms", "≤ 150", value(rows, "strongroom", "ready_ms"), 150, form="{:.0f}"),
               target("idle, MiB", "≤ 40", value(rows, "strongroom", "idle_mib"), 40, form="{:.0f}"),
               target("64 uploads, MiB", "≤ 120", value(rows, "strongroom", "uploads_64_mib"), 120, form="{:.0f}")]
    plot = {"title": "Memory with 64 uploads at a time", "key": "uploads_64_mib", "unit": "MiB"}
    return {"title": "h. Start and memory", "tables": [{"columns": COLUMNS, "rows": rows, "plot": plot}],
            "targets": targets, "missing": missing + failed, "versions": versions,
            "notes": ["Peak resident memory of the whole process tree (VmHWM) while so many uploads come at a time; files of 64, 64, 32 and 8 MiB. "
                      "Ready: the line that says so, with the sandbox tried out; of the peers the open port."]}
