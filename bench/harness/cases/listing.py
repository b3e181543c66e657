"""g. Lists and searches at 10⁴, 10⁵ and 10⁶ media, over HTTP."""

import os
import re
import sqlite3

from .. import ROOT
from ..ours import Strongroom
from ..rounds import measured, target, times, value

COLUMNS = [["p50_ms", "p50 ms", "{:.2f}"], ["p99_ms", "p99 ms", "{:.2f}"], ["requests_per_s", "requests/s", "{:.0f}"]]
SIZES = (10_000, 100_000, 1_000_000)
REQUESTS = 400
PAGES = {
    "first page": "limit=24",
    "oldest": "limit=24&sort=oldest",
    "most liked": "limit=24&sort=most_liked",
    "type audio (0.1 %)": "limit=24&type=audio",
    "offset 9,000": "limit=24&offset=9000",
    "search img (all)": "limit=24&query=img",
    "search sunset (0.1 %)": "limit=24&query=sunset",
    "search, nothing there": "limit=24&query=timbuktu",
}
FILLED = "conn_benchbenchbenchbenchbenc"


def measure(bench):
    servers, contestants = [], {}
    sizes = [size for size in SIZES if size <= int(os.environ.get("MEDIA", SIZES[-1]))]
    try:
        for size in sizes:
            server = Strongroom(bench.home, f"strongroom {size}", arguments=("--no-worker",))
            servers.append(server)
            server.start()
            server.stop()
            fill(server, size)
            server.start()
            (bench.home / f"headers-{size}").write_text(f"apikey: {server.key}\nx-connection-id: {server.connection}\n")
        for page, query in PAGES.items():
            path = bench.home / re.sub(r"\W", "-", page)
            path.write_text(f"/v2/access/vault/media?{query}")
            for size, server in zip(sizes, servers):
                contestants[f"{page}, {size:,}"] = ask(bench, server, path, bench.home / f"headers-{size}")
        rows, failed = bench.turns(contestants)
        versions = {"strongroom": servers[0].version()}
    finally:
        for server in servers:
            server.remove()
    p = lambda name, key: value(rows, name, key)  # noqa: E731
    million, ten_thousand = f"first page, {SIZES[-1]:,}", f"first page, {SIZES[0]:,}"
    targets = [target("list page, 10⁶ media, p50 ms", "≤ 3", p(million, "p50_ms"), 3),
               target("list page, 10⁶ media, p99 ms", "≤ 10", p(million, "p99_ms"), 10),
               target("the same, p50 ms", "≤ 1.5 × that of 10⁴", p(million, "p50_ms"), times(1.5, p(ten_thousand, "p50_ms")))]
    plot = {"title": "A page of 24, p50", "key": "p50_ms", "unit": "ms"}
    return {"title": "g. Listing and search", "tables": [{"columns": COLUMNS, "rows": rows, "plot": plot}],
            "targets": targets, "missing": failed, "versions": versions,
            "notes": [f"Over HTTP with the key checked, one connection, {REQUESTS} requests a turn, pages of 24 with every URL signed. The catalog "
                      "alone, with more kinds of page: `make bench-listing`."]}


def ask(bench, server, paths, headers):
    def once():
        got = bench.load("get", "--address", f"127.0.0.1:{server.port}", "--paths", paths, "--requests", REQUESTS, "--connections", 1, "--headers", headers)
        return {"p50_ms": got["request_ms"]["p50"], "p99_ms": got["request_ms"]["p99"], "requests_per_s": got["requests_per_s"]}
    return lambda: measured(server.process, once)


def fill(server, size):
    """The same rows as tools/bench-listing has, by the same statements, given to the server's own connection."""
    example = (type(ROOT)(os.environ.get("BENCH_TREE", ROOT)) / "crates/strongroom-catalog/examples/listing.rs").read_text()
    statements = re.search(r'const FILL: &str = "(.*?)";\n', example, re.DOTALL)[1].replace('\\"', '"')
    statements = statements.replace("$media", str(size + size // 10))
    # Its owner is there already, with a key's permissions; the stranger is not.
    statements = statements.replace(f'["{FILLED}", ', "[").replace(FILLED, server.connection)
    catalog = sqlite3.connect(server.data / "catalog.db", isolation_level=None)
    fast = "pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -1000000"
    catalog.executescript(f"{fast}; begin; {statements}; commit; pragma journal_mode = wal;")
    catalog.close()
