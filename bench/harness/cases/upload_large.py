"""a. 1 GiB: one stream, and 4 at a time; from init to the answer of complete; strict, and relaxed as every peer is."""

from .. import GIB, peers
from ..ours import Strongroom
from ..rounds import measured, target, times, value

COLUMNS = [["wall_s", "wall s", "{:.2f}"], ["server_cpu_s", "server cpu s", "{:.2f}"], ["peak_mib", "peak RSS MiB", "{:.0f}"],
           ["finish_ms", "finish ms", "{:.1f}"], ["client_cpu_s", "client cpu s", "{:.2f}"]]
# Three of the peers need to be told how to cut; four parts where they are put together again, 64 where S3 is spoken.
S3_PIECES = 64


def measure(bench):
    def upload(server, *words):
        def once():
            sent = bench.load("upload", *server.load(), "--bytes", GIB, *words)
            names = sent["names"]
            return {"wall_s": sent["wall_s"], "client_cpu_s": sent["client_cpu_s"], "finish_ms": (sent["finish_ms"] or {}).get("p50"), "names": names}

        def run():
            numbers = measured(server.process, once)
            server.clear(numbers.pop("names"))
            if isinstance(server, peers.S3):
                # Started anew: its first write makes volumes and connections, which is nobody's upload.
                bench.load("upload", *server.load(), "--bytes", 1000)
            return numbers
        return run

    def disk():
        written = bench.load("disk", "--path", bench.home / "disk", "--bytes", GIB)
        return {"wall_s": written["wall_s"], "written_s": written["written_s"]}

    ours = [Strongroom(bench.home), Strongroom(bench.home, "strongroom relaxed", STORE__DURABILITY="relaxed")]
    with peers.running(peers.UPLOAD_PEERS, bench) as (others, missing):
        try:
            contestants = {"disk alone, 1 GiB and fsync": disk}
            for server in ours:
                server.start()
                contestants[f"{server.name}, 1 stream"] = upload(server)
                contestants[f"{server.name}, 4 parallel"] = upload(server, "--streams", 4)
            for peer in others:
                if isinstance(peer, peers.S3):
                    contestants[f"{peer.name}, 4 parallel"] = upload(peer, "--streams", 4, "--pieces", S3_PIECES)
                else:
                    contestants[f"{peer.name}, 1 stream"] = upload(peer)
                if isinstance(peer, peers.Nginx):
                    contestants["nginx, 4 parallel (4 files)"] = upload(peer, "--streams", 4, "--pieces", 4)
                if isinstance(peer, peers.Rustus):
                    contestants["rustus, 4 partials and concatenation"] = upload(peer, "--streams", 4, "--pieces", 4)
            rows, failed = bench.turns(contestants)
            versions = {server.name: server.version() for server in [*ours[:1], *others]}
        finally:
            for server in ours:
                server.remove()

    wall = lambda name: value(rows, name, "wall_s")  # noqa: E731
    relaxed = wall("strongroom relaxed, 4 parallel")
    rivals = [row["values"]["wall_s"] for row in rows if not row["name"].startswith(("strongroom", "nginx", "disk"))]
    targets = [
        target("strict, 4 parallel, s", "≤ 1.2 × the disk alone", wall("strongroom, 4 parallel"), times(1.2, wall("disk alone, 1 GiB and fsync"))),
        target("relaxed, 4 parallel, s", "≤ 1.35 × nginx PUT", relaxed, times(1.35, wall("nginx, 1 stream"))),
        target("relaxed, 4 parallel, s", "≥ 2.3 × faster than every other peer", relaxed, min(rivals) / 2.3 if rivals else None),
        target("server cpu, relaxed, s", "≤ 1.2", value(rows, "strongroom relaxed, 4 parallel", "server_cpu_s"), 1.2),
        target("server cpu, strict, s", "≤ 1.2", value(rows, "strongroom, 4 parallel", "server_cpu_s"), 1.2),
    ]
    plots = {"title": "1 GiB, from init to complete", "key": "wall_s", "unit": "s"}
    return {"title": "a. Upload of 1 GiB", "tables": [{"columns": COLUMNS, "rows": rows, "plot": plots}], "targets": targets,
            "missing": missing + failed, "versions": versions,
            "notes": ["nginx keeps four files where it is sent four; it cannot put them together. Neither it nor any other peer syncs or (nginx, rustus, "
                      "tus-node) digests what it takes: against them `relaxed` is the like for like, and it still digests.",
                      "@tus/file-store has no concatenation, so tus-node has one stream."]}
