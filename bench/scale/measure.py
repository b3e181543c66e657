#!/usr/bin/env python3
"""Measures the unit costs that the model of docs/concepts/scale.md is made of, and writes them to measured.json.

Usage: bench/scale/measure.py [media]      how many media fill the catalog; 100000 unless given

CPU is what the kernel accounts to PostgreSQL's processes and to the server and its children, so it hardly depends on what else
this machine does. Rates do: they are here only where waiting is what limits, at one lock.
"""

import datetime
import json
import os
import pathlib
import platform
import signal
import sys

import serving
import workload
from cluster import cluster

HERE = pathlib.Path(__file__).resolve().parent
SECONDS = int(os.environ.get("SECONDS_EACH", "8"))  # of each measurement

TABLES = """
select c.relname, greatest(c.reltuples, 0), pg_table_size(c.oid), pg_indexes_size(c.oid)
from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
where c.relkind = 'r' and c.reltuples > 0 order by pg_total_relation_size(c.oid) desc;
"""

# Unique indexes that a database sharded by connection could not hold: their columns do not include it. Then foreign keys like that.
NOT_BY_CONNECTION = """
select t.relname, i.relname from pg_index x
join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid join pg_namespace n on n.oid = t.relnamespace and n.nspname = 'public'
where x.indisunique and t.relname not in ('connection', 'organisation', 'organisation_settings', 'api_key', 'signing_key')
  and not exists (select from pg_attribute a where a.attrelid = t.oid and a.attnum = any (x.indkey) and a.attname = 'connection_id')
union all
select c.conrelid::regclass::text, c.conname || ' (foreign key)' from pg_constraint c
where c.contype = 'f' and c.confrelid::regclass::text not in ('connection', 'organisation')
  and not exists (select from pg_attribute a where a.attrelid = c.conrelid and a.attnum = any (c.conkey) and a.attname = 'connection_id')
order by 1, 2;
"""


def per_media(base, media):
    """Rows and bytes of each table for one media; those that do not grow with media are left out."""
    tables = {}
    for name, rows, heap, indexes in base.sql(TABLES):
        if float(rows) > media / 2:
            tables[name] = {"rows": round(float(rows) / media, 2), "heap_bytes": round(int(heap) / media), "index_bytes": round(int(indexes) / media)}
    return tables


def operations(base, media):
    """What each thing that the server does takes of the database."""
    # So that the first write to a page after a checkpoint, which takes the whole page along, is counted as it is on a busy server.
    base.sql("checkpoint")
    one, nine = (base.bench(workload.upload(parts), 2, SECONDS) for parts in (1, 9))
    part = {"cpu_microseconds": round((nine["cpu_microseconds"] - one["cpu_microseconds"]) / 8)}
    # A part's own rows: its pages were written by its upload a moment before, and the noise of whole pages is larger than they are.
    base.sql("alter system set full_page_writes = off")
    base.sql("select pg_reload_conf()")
    rows = [base.bench(workload.upload(parts), 2, SECONDS / 2)["wal_bytes"] for parts in (1, 9)]
    part["wal_bytes"] = round((rows[1] - rows[0]) / 8)
    one["wal_bytes_of_rows"] = rows[0]
    base.sql("alter system reset full_page_writes")
    base.sql("select pg_reload_conf()")
    waiting = int(base.number("select count(*) from job where state = 'ready'"))
    render = base.bench(workload.CLAIM + workload.FINISH.format(), 2, SECONDS, transactions=min(waiting // 4, 2000))
    return {
        "upload_of_one_part": one, "another_part": part, "claim_and_finish": render,
        "idle_poll": base.bench(workload.POLL, 2, SECONDS),
        "delivery": base.bench(workload.DELIVERY.format(media=media), 2, SECONDS),
        # A pooler in transaction mode knows no names of statements, so each is planned again.
        "delivery_through_a_pooler": base.bench(workload.DELIVERY.format(media=media), 2, SECONDS, mode="extended"),
        "page": base.bench(workload.PAGE.format(tenants=workload.TENANTS), 2, SECONDS),
    }


def locks(base):
    """How often a second what can only be done one after another was done, by many clients at once."""
    init = workload.START + workload.INIT
    spread = base.bench(init.format(first=0, last=workload.TENANTS - 1), 16, SECONDS)["per_second"]
    one = base.bench(init.format(first=7, last=7), 16, SECONDS)["per_second"]
    note = "begin; select pg_notify('strongroom', 'jobs'); insert into organisation (id, name, created_at) values (gen_random_uuid()::text, '', 0); commit;"
    notify = base.bench(note, 16, SECONDS)["per_second"]
    silent = base.bench(note.replace("select pg_notify('strongroom', 'jobs');", "select 1;"), 16, SECONDS)["per_second"]
    claims = {}
    for clients in (1, 4, 16, 64):
        base.sql("update job set state = 'ready', attempts = 0, lease_token = null, lease_until = null")
        base.sql("vacuum job")
        waiting = int(base.number("select count(*) from job"))
        claims[str(clients)] = base.bench(workload.CLAIM, clients, SECONDS, transactions=min(waiting // 2, 4000) // clients)["per_second"]
    return {"inits_of_one_connection": one, "inits_of_many_connections": spread, "commits_with_notify": notify,
            "commits_without_notify": silent, "claims_by_clients": claims}


def main():
    # A kill, too, takes the database along.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    media = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with cluster() as base:
        base.sql(workload.CONNECTIONS.format(tenants=workload.TENANTS))
        for first in range(1, media + 1, workload.BATCH):
            last = min(media, first + workload.BATCH - 1)
            base.sql("begin;" + workload.FILL.format(first=first, last=last, tenants=workload.TENANTS) + "commit;")
        base.sql("vacuum (analyze)")
        measured = {
            "measured_on": f"{datetime.date.today()}, {os.cpu_count()} processors, Linux {platform.release().split('-')[0]}, {base.sql('show server_version')[0][0]}",
            "media": media, "connections": workload.TENANTS,
            "tables": per_media(base, media),
            "not_by_connection": base.sql(NOT_BY_CONNECTION),
            "operations": operations(base, media),
            "locks": locks(base),
        }
    measured["server"] = serving.measure()
    (HERE / "measured.json").write_text(json.dumps(measured, indent=1) + "\n")
    print(json.dumps(measured, indent=1))


main()
