"""What a vault of a given size asks of each component, from measured unit costs and stated assumptions.

A *scale* multiplies media, connections and traffic alike. 1 is a million media, a thousand connections, three nodes.
"""

import dataclasses

DAY = 86_400
GIB, MIB = 1 << 30, 1 << 20

# What the world does. Change a line and run simulate.py to see what follows.
MEDIA = 1_000_000
CONNECTIONS = 1_000
NEW_A_DAY = 0.01               # of the stock
VIEWS_A_DAY = 4.0              # of each media, all renditions together
PAGES_A_DAY = 200              # of each connection
PEAK = 4                       # the busiest hour against the mean
FILMS = 0.1                    # of all uploads; the rest are photos
PHOTO_BYTES, FILM_BYTES = 4_000_000, 100 * MIB
FILM_SECONDS = 60
PART_BYTES = 8 * MIB
LARGEST_TENANT = 0.05          # of all uploads come from one connection, however many there are
DELIVERED_BYTES = 200_000

# What machines are.
NODE_CORES, WORKER_CORES, DATABASE_CORES = 8, 16, 32
COMMIT_SECONDS = 0.0005        # of a disk with power-loss protection, or a synchronous standby in the next rack
ROUND_TRIP_SECONDS = 0.0002
WAL_LIMIT = 200 * MIB          # a second, what one disk and one standby take in comfort
POOL, LISTENERS = 16, 1        # database.max_connections, and the one that hears announcements
DIRECT_CONNECTIONS = 400       # more than that, and PostgreSQL loses by them: then PgBouncer
FULL = 0.6                     # a resource that is this busy at the peak is full

# What the code does: see the table of docs/concepts/scale.md. Transactions that NOTIFY commit one at a time.
NOTIFIES = 2                   # an upload: the job is added, the blob settles
USAGE_COMMITS, USAGE_HOLD_ROUND_TRIPS = 3, 6
SWEEP_ROUND = 256 * 60         # seconds in which every node looks at every blob once
SWEPT_A_SECOND = 1 / (2 * ROUND_TRIP_SECONDS + 0.0001)  # one look-up after the other
POLLS = 2                      # a second, by each idle worker
OBJECTS = 5                    # of a photo: the original and four renditions
PHOTO_REQUESTS = {"PUT": 1 + 4, "GET": 1, "HEAD": 1, "LIST": 0}

# docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html: at least, for each partitioned prefix.
S3_PUTS, S3_GETS, S3_SHARDS = 3_500, 5_500, 256


@dataclasses.dataclass
class Load:
    """What is asked at the peak, a second."""

    scale: int
    uploads: float
    parts: float
    views: float
    pages: float
    bytes_in: float
    bytes_out: float


def load(scale):
    mean = MEDIA * scale / DAY
    uploads = mean * NEW_A_DAY * PEAK
    film_parts = -(-FILM_BYTES // PART_BYTES)
    mean_bytes = (1 - FILMS) * PHOTO_BYTES + FILMS * FILM_BYTES
    views = mean * VIEWS_A_DAY * PEAK
    return Load(scale, uploads, uploads * ((1 - FILMS) + FILMS * film_parts), views, CONNECTIONS * scale * PAGES_A_DAY / DAY * PEAK,
                uploads * mean_bytes, views * DELIVERED_BYTES)


@dataclasses.dataclass
class Resource:
    """Something that can be full: how busy it is at the peak, and what then helps."""

    name: str
    busy: float
    way_on: str


class Model:
    """The costs of one scale."""

    def __init__(self, measured, scale):
        self.load = load(scale)
        self.measured = measured
        self.operations = {name: cost["cpu_microseconds"] / 1e6 for name, cost in measured["operations"].items()}
        self.render_cores = self.rendering()
        self.serve_cores = self.serving()
        self.nodes = max(3, 1 + round(self.serve_cores / NODE_CORES / FULL + 0.5))
        self.workers = max(1, round(self.render_cores / WORKER_CORES / FULL + 0.5))

    def rendering(self):
        server = self.measured["server"]
        film = server["film_cpu_seconds"] / server["film_seconds"] * FILM_SECONDS
        return self.load.uploads * ((1 - FILMS) * server["photo_cpu_seconds"] + FILMS * film)

    def serving(self):
        server, load = self.measured["server"], self.load
        delivered = load.views * server["delivery_cpu_microseconds"] / 1e6
        return load.bytes_in / GIB * server["upload_cpu_seconds_per_gib"] + delivered

    def swept(self):
        """Look-ups a second of one node's sweep, and how full that one task is."""
        wanted = MEDIA * self.load.scale / SWEEP_ROUND
        return min(wanted, SWEPT_A_SECOND), wanted / SWEPT_A_SECOND

    def database_cores(self):
        cost, load = self.operations, self.load
        writes = load.uploads * (cost["upload_of_one_part"] + cost["claim_and_finish"]) + max(0, load.parts - load.uploads) * cost["another_part"]
        # One row by its key: no more than a page of 25.
        looks = self.swept()[0] * self.nodes * cost["page"]
        return writes + load.views * cost["delivery"] + load.pages * cost["page"] + self.idle_polls() * cost["idle_poll"] + looks

    def idle_polls(self):
        """A worker of photos for each core, and one of films: the half of them that have nothing to do."""
        return self.workers * (WORKER_CORES + 1) * POLLS / 2

    def wal(self):
        operations = self.measured["operations"]
        more = max(0, self.load.parts - self.load.uploads) * max(0, operations["another_part"]["wal_bytes"])
        return self.load.uploads * (operations["upload_of_one_part"]["wal_bytes"] + operations["claim_and_finish"]["wal_bytes"]) + more

    def catalog_bytes(self):
        tables = self.measured["tables"].values()
        return MEDIA * self.load.scale * sum(table["heap_bytes"] + table["index_bytes"] for table in tables)

    def connections(self):
        processes = self.nodes + self.workers
        return processes * (POOL + LISTENERS), processes * LISTENERS

    def s3(self):
        """Requests a second at the peak: writes and reads."""
        load = self.load
        films = load.uploads * FILMS
        writes = (load.uploads - films) * PHOTO_REQUESTS["PUT"] + (load.parts - (load.uploads - films)) + films * (2 + 3)
        return writes, load.views * 2 + load.uploads * 2

    def sweep_lists(self):
        """LIST requests a day of all nodes: a thousand objects each."""
        return self.nodes * MEDIA * self.load.scale * OBJECTS / 1000 * DAY / SWEEP_ROUND

    def resources(self):
        load = self.load
        writes, reads = self.s3()
        usage = COMMIT_SECONDS + USAGE_HOLD_ROUND_TRIPS * ROUND_TRIP_SECONDS
        direct, listeners = self.connections()
        return [
            Resource("announcements: commits that NOTIFY", load.uploads * NOTIFIES * COMMIT_SECONDS, "announce in batches, or only poll"),
            Resource("one tenant's `usage` row", load.uploads * LARGEST_TENANT * USAGE_COMMITS * usage, "count deltas in rows of their own, fold them later"),
            Resource("each node's sweep of blobs", self.swept()[1], "one sweeper for all, many keys a query"),
            Resource("database processors", self.database_cores() / DATABASE_CORES, "read replicas for deliveries; then shards by connection"),
            Resource("write-ahead log", self.wal() / WAL_LIMIT, "shards by connection"),
            Resource("PostgreSQL connections without a pooler", direct / DIRECT_CONNECTIONS * FULL, "smaller pools; then PgBouncer, at its price"),
            Resource("PostgreSQL connections behind PgBouncer", listeners / DIRECT_CONNECTIONS * FULL, "listen on some nodes only"),
            Resource("S3 writes before the bucket has split", writes / S3_PUTS, "nothing: our keys have 256 shards, S3 splits by itself"),
            Resource("S3 writes over 256 prefixes", writes / S3_PUTS / S3_SHARDS, "longer shards"),
            Resource("S3 reads over 256 prefixes", reads / S3_GETS / S3_SHARDS, "a CDN before it"),
        ]
