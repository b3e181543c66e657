"""A vault that moves one thing at a time: its rows to PostgreSQL, then its bytes to S3, then those back to a disk.

Each move is killed once while writes are held, and run again to its end, beside readers and an uploading client; then both places are
compared as in `moving.py`. Uploads whose parts nobody can read any more keep the last move from beginning until they have ended.
PHOTOS (20) and SEED (random, printed) come from the environment. Ends with `N passed, M failed`.
"""

import os
import random

os.environ.setdefault("PHOTOS", "20")

from moving import HELD, PHOTOS, SEED, SETTINGS, Mover, Readers, Vault, Writer, compare, end
from pictures import noise_png
from report import Report
from sending import send
from server import Server

NO_WORKER = ("--no-worker",)


def main():
    print(f"SEED={SEED} PHOTOS={PHOTOS}", flush=True)
    report, choice = Report(), random.Random(SEED)
    with Server(shared={}, **SETTINGS) as embedded, report.holds("no error ended the moves early"):
        embedded.start()
        vault = Vault(embedded)
        vault.fill(choice)
        rows = Mover(embedded, to_store=None)
        with Server(embedded.data_dir, NO_WORKER, rows.shared, **SETTINGS) as on_postgres:
            print("rows alone, from SQLite to PostgreSQL", flush=True)
            move(report, choice, vault, rows, on_postgres)
            bytes_out = Mover(on_postgres, to_database=False)
            with Server(embedded.data_dir, NO_WORKER, bytes_out.shared, **SETTINGS) as on_both:
                print("bytes alone, from the disk to S3", flush=True)
                move(report, choice, vault, bytes_out, on_both)
                with Server(shared=bytes_out.shared, **SETTINGS) as elsewhere:
                    print("bytes alone, from S3 to the disk of another machine", flush=True)
                    bytes_back = Mover(elsewhere, to_database=False, to_store="disk")
                    refused_until_ended(report, vault, bytes_back)
                    with Server(elsewhere.data_dir, NO_WORKER, bytes_back.shared, **SETTINGS) as back:
                        move(report, choice, vault, bytes_back, back)
    report.end()


def move(report, choice, vault, mover, target):
    """Moves the vault from where it is to where `target` looks for it."""
    readers, writer, log = Readers(vault), Writer(vault), vault.server.log_path
    before = len(log.read_text())
    readers.start()
    writer.start()
    killed, _, (_, err) = mover.kill_while_held(choice.uniform(0, 0.3))
    status, out, again = mover.run()
    readers.ended.set()
    writer.ended.set()
    readers.join()
    writer.join()
    report.check(f"the run after {'a kill' if killed else 'one that came to its end'} while writes were held ends well",
                 status == 0 and HELD in err, (status, out, again, err))
    report.check(f"{readers.reads} reads from the old place were all answered, the slowest three in {readers.slowest:.1f} s",
                 readers.reads and not readers.wrong, readers.wrong[:5])
    report.check(f"{len(writer.sent)} uploads went on until writes were held; then {len(writer.refusals)} were told to come back", not writer.wrong, writer.wrong[:5])
    vault.media |= writer.sent
    said = log.read_text()[before:].splitlines()
    report.check("the log says once that writes are held, and little more", sum("takes no writes" in line for line in said) <= 1 and len(said) <= 3, said[:9])
    compare(report, vault, vault.server, target)
    vault.server, vault.caller, vault.uploads = target, vault.session.caller, []
    vault.open_uploads()


def refused_until_ended(report, vault, mover):
    """Parts in a multipart upload cannot be read: the move names their sessions, holds nothing, and begins once they have ended."""
    status, _, err = mover.run()
    stuck = [upload.id for upload in vault.uploads if upload.received()]
    report.check(f"{len(stuck)} uploads with parts in the bucket are named and keep the bytes there", status == 2 and all(name in err for name in stuck), (status, err))
    sent, answer = send(vault.caller, noise_png(6_000, 24), "meanwhile.png")
    report.check("writes go on", sent == 200, (sent, answer))
    ended = [end(vault.session, upload) for upload in vault.uploads]
    report.check("all of them end whole", all(ended), ended)
    vault.uploads = []


if __name__ == "__main__":
    main()
