#!/usr/bin/env python3
"""Plays the busiest minute of a vault of each size, event by event, and prints the tables of docs/concepts/scale.md.

Usage: bench/scale/simulate.py                 prints the tables
       bench/scale/simulate.py --check         fails where docs/concepts/scale.md says something else
       bench/scale/simulate.py --write         writes them there

Uploads arrive at random (Poisson) and go through what they share: a database of so many processors, commits that wait for one
another, one tenant's row, workers. The model (model.py) says how busy each is; the simulation, how long an upload waits for it.
"""

import heapq
import itertools
import json
import pathlib
import random
import sys

import model
from model import GIB, Model

HERE = pathlib.Path(__file__).resolve().parent
PAGE = HERE.parent.parent / "docs" / "concepts" / "scale.md"
SCALES = (1, 10, 100, 1000)
SEED = 5
# Enough of them for a p99; a minute at the largest scale would be a hundred thousand.
UPLOADS = 4000


class Server:
    """Takes so many at a time, the others in turn. Used in the order of arrival."""

    def __init__(self, places):
        self.free = [0.0] * places

    def serve(self, now, seconds):
        begins = max(now, heapq.heappop(self.free))
        heapq.heappush(self.free, begins + seconds)
        return begins + seconds


def minute(costs, measured):
    """When each of many uploads was acknowledged and ready, after it came. The database's other work takes its share of processors."""
    chance = random.Random(SEED)
    operations = {name: cost["cpu_microseconds"] / 1e6 for name, cost in measured["operations"].items()}
    own = costs.load.uploads * (operations["upload_of_one_part"] + operations["claim_and_finish"])
    others = max(0.0, costs.database_cores() - own)
    database = Server(max(1, round(model.DATABASE_CORES - others)))
    announcing, usage = Server(1), Server(1)
    workers = Server(max(1, costs.workers * model.WORKER_CORES))
    server = measured["server"]
    photo = server["photo_cpu_seconds"]
    film = server["film_cpu_seconds"] / server["film_seconds"] * model.FILM_SECONDS
    hold = model.COMMIT_SECONDS + model.USAGE_HOLD_ROUND_TRIPS * model.ROUND_TRIP_SECONDS

    # One heap of things to come, so that every server is asked in the order of time.
    number, events, stored, ready = itertools.count(), [], [], []
    came = 0.0
    for _ in range(UPLOADS):
        came += chance.expovariate(costs.load.uploads)
        heapq.heappush(events, (came, next(number), "init", came, chance.random() < model.LARGEST_TENANT, chance.random() < model.FILMS))
    following = {"init": "complete", "complete": "render", "render": "finish"}
    while events:
        now, _, step, began, is_largest, is_film = heapq.heappop(events)
        if step == "render":
            done = workers.serve(now, film if is_film else photo)
        else:
            share = operations["claim_and_finish"] if step == "finish" else operations["upload_of_one_part"] / 2
            done = database.serve(now, share)
            if is_largest:
                done = usage.serve(done, hold)
            # Commits of others are synced together; those that announce go one by one.
            done = announcing.serve(done, model.COMMIT_SECONDS) if step != "init" else done + model.COMMIT_SECONDS
        if step == "complete":
            stored.append(done - began)
        if step in following:
            heapq.heappush(events, (done, next(number), following[step], began, is_largest, is_film))
        elif not is_film:
            ready.append(done - began)
    return stored, ready


def percentile(values, share):
    return sorted(values)[int(len(values) * share)]


def short(value):
    """Three digits that mean something."""
    for size, unit in ((1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")):
        if value >= size * 0.9995:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def rounded(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def sizes(measured):
    """The first table: what each scale asks for."""
    rows = [("media", "connections", "uploads/s at the peak", "views/s", "bytes in, MiB/s", "catalog, GiB", "write-ahead log, MiB/s",
             "database cores", "serving cores", "rendering cores", "nodes × 8 cores", "workers × 16 cores", "PostgreSQL connections",
             "S3 writes/s", "S3 reads/s", "LIST requests a day, of sweeps", "upload stored: database time, p50 / p99 ms", "photo ready, p50 / p99 s")]
    for scale in SCALES:
        costs = Model(measured, scale)
        load = costs.load
        writes, reads = costs.s3()
        direct, listeners = costs.connections()
        stored, ready = minute(costs, measured)
        bounded = max(resource.busy for resource in costs.resources() if resource.name.startswith(("announ", "database", "one tenant"))) < 1
        unbounded = "grows without end"
        rows.append((
            short(model.MEDIA * scale), short(model.CONNECTIONS * scale), rounded(load.uploads), rounded(load.views), rounded(load.bytes_in / model.MIB),
            rounded(costs.catalog_bytes() / GIB), rounded(costs.wal() / model.MIB), rounded(costs.database_cores()), rounded(costs.serve_cores),
            rounded(costs.render_cores), str(costs.nodes), str(costs.workers), f"{direct}, or {listeners} + a pool", rounded(writes), rounded(reads),
            short(costs.sweep_lists()),
            f"{percentile(stored, 0.5) * 1000:.1f} / {percentile(stored, 0.99) * 1000:.1f}" if bounded else unbounded,
            f"{percentile(ready, 0.5):.1f} / {percentile(ready, 0.99):.1f}" if bounded else unbounded,
        ))
    head = "| | " + " | ".join(f"{scale}×" for scale in SCALES) + " |"
    lines = [" | ".join(("", name, *(row[index] for row in rows[1:]), "")).strip() for index, name in enumerate(rows[0])]
    return [head, "|---" * (len(SCALES) + 1) + "|", *lines]


def limits(measured):
    """The second table: how busy what can be full is, and the scale at which it is."""
    lines = ["| at the peak, busy | " + " | ".join(f"{scale}×" for scale in SCALES) + " | full at | then |", "|---" * (len(SCALES) + 3) + "|"]
    columns = [Model(measured, scale).resources() for scale in SCALES]
    for index, resource in enumerate(columns[0]):
        busy = [column[index].busy for column in columns]
        lines.append(f"| {resource.name} | " + " | ".join(f"{share * 100:.2g} %" if share < 1 else f"{short(share)}×" for share in busy)
                     + f" | {full_at(measured, index)} | {resource.way_on} |")
    return lines


def full_at(measured, index):
    """The scale at which a resource is as busy as it may be, found by halving; told in media."""
    low, high = 0.01, 1e6
    for _ in range(60):
        middle = (low * high) ** 0.5
        if Model(measured, middle).resources()[index].busy < model.FULL:
            low = middle
        else:
            high = middle
    return f"{float(f'{low:.2g}'):g}×" if low < 1000 else f"{short(low)}×"


def per_media(measured):
    """The third table: rows and bytes of one media."""
    lines = ["| table | rows | bytes | of that indexes |", "|---|---|---|---|"]
    total = [0, 0]
    for name, table in measured["tables"].items():
        size = table["heap_bytes"] + table["index_bytes"]
        total = [total[0] + size, total[1] + table["index_bytes"]]
        lines.append(f"| `{name}` | {table['rows']:g} | {size} | {table['index_bytes']} |")
    return [*lines, f"| all | | {total[0]} | {total[1]} |"]


def operations(measured):
    """The fourth table: what one operation takes of the database."""
    lines = ["| operation | processor, µs | write-ahead log, bytes |", "|---|---|---|"]
    names = {"upload_of_one_part": "an upload of one part: init, part, complete", "another_part": "each further part",
             "claim_and_finish": "a render: claim and finish", "idle_poll": "an idle worker's poll", "delivery": "a delivery's look-up",
             "delivery_through_a_pooler": "the same, planned anew as behind PgBouncer",
             "page": "a page of 25 media"}
    for key, name in names.items():
        cost = measured["operations"][key]
        rows = f", {cost['wal_bytes_of_rows']} of them rows" if "wal_bytes_of_rows" in cost else ""
        lines.append(f"| {name} | {cost['cpu_microseconds']} | {max(0, cost['wal_bytes'])}{rows} |")
    return lines


def locks(measured):
    """The fifth table: what waits for one lock."""
    held = measured["locks"]
    claims = ", ".join(f"{rate} by {clients}" for clients, rate in held["claims_by_clients"].items())
    return ["| | a second |", "|---|---|",
            f"| inits on a thousand connections | {held['inits_of_many_connections']} |",
            f"| inits on one connection, which wait for its `usage` row | {held['inits_of_one_connection']} |",
            f"| small commits | {held['commits_without_notify']} |",
            f"| small commits that NOTIFY | {held['commits_with_notify']} |",
            f"| claims, by so many clients | {claims} |"]


def unsharded(measured):
    """The sixth table: what a database that is sharded by connection could not hold as it is."""
    found = {}
    for table, name in measured["not_by_connection"]:
        found.setdefault(table, []).append(f"`{name}`".replace(" (foreign key)`", "` (foreign key)"))
    return ["| table | without the connection |", "|---|---|", *(f"| `{table}` | {', '.join(names)} |" for table, names in sorted(found.items()))]


TABLES = (sizes, limits, per_media, operations, locks, unsharded)


def filled(text, measured):
    """The page with each table in its place."""
    for table in TABLES:
        begin, end = f"<!-- {table.__name__} -->\n", f"<!-- end of {table.__name__} -->"
        before, rest = text.split(begin)
        _, after = rest.split(end)
        text = before + begin + "\n".join(table(measured)) + "\n" + end + after
    return text


def main():
    measured = json.loads((HERE / "measured.json").read_text())
    if "--check" in sys.argv or "--write" in sys.argv:
        text = PAGE.read_text()
        now = filled(text, measured)
        if "--write" in sys.argv:
            PAGE.write_text(now)
        elif now != text:
            sys.exit(f"simulate.py: {PAGE.name} is not what the model gives; bench/scale/simulate.py --write, and read what changed")
        return
    for table in TABLES:
        print("\n".join(table(measured)), end="\n\n")


main()
