"""The power fails under eight uploading clients; after each restart everything acknowledged has to be whole.

The data directory is on a real file system in an image (ext4 and xfs, half of the rounds each), which is shut down without
writing its journal, like a disk that has lost its power. ROUNDS (6) and SEED (random, printed) come from the environment.
Stops at the first round that fails, and keeps the image. Needs root and loop devices. Ends with `N passed, M failed`.
"""

import os
import pathlib
import random
import shutil
import sqlite3
import tempfile
import threading
import time

from disk_image import DiskImage, kinds
from kill_campaign import SEED, SETTINGS, Campaign
from report import Report
from server import Server

ROUNDS = int(os.environ.get("ROUNDS", "6"))
# Sparse: only what is written costs space. mkfs.xfs refuses less than 300 MiB.
IMAGE_BYTES = 4 << 30


class PowerCuts(Campaign):
    """The rounds on one file system. All but the cut is the kill campaign's: clients, ledger, judgement, aftermath."""

    def __init__(self, server, report, disk):
        super().__init__(server, report)
        self.disk = disk
        self.choice = random.Random(f"{SEED}/{disk.kind}")

    def round(self, number):
        """Start, upload, cut, perhaps cut while starting, restart, verify. True if all was whole."""
        self.server.start()
        cut, failures = threading.Event(), []
        threads = [threading.Thread(target=client.run, args=(self.caller(), f"{SEED}/{self.disk.kind}/{number}/{client.number}", cut, failures))
                   for client in self.clients]
        for thread in threads:
            thread.start()
        seconds = self.choice.uniform(0.02, 1.5)
        time.sleep(seconds)
        # What is answered between the cut and the kill is in the ledger too: no sync can have succeeded any more.
        cut.set()
        self.lose_power()
        for thread in threads:
            thread.join()
        interrupted = self.cut_while_starting()
        parts = sum(len(upload.received()) for client in self.clients for upload in client.open)
        media = sum(len(client.completed) for client in self.clients)
        self.server.start()
        failures += self.verify()
        self.server.kill()
        failures += self.catalog_faults()
        return self.report.check(f"{self.disk.kind} round {number}: power cut after {seconds:.3f} s and {interrupted} time(s) while starting; "
                                 f"{parts} parts and {media} media acknowledged, all whole", not failures, "; ".join(failures[:10]))

    def cut_while_starting(self):
        times = self.choice.choice([0, 0, 1, 2])
        for _ in range(times):
            self.server.spawn()
            time.sleep(self.choice.uniform(0, 0.4))
            self.lose_power()
        return times

    def lose_power(self):
        self.disk.cut_power()
        self.server.kill()
        self.disk.unmount()
        self.disk.mount()

    def catalog_faults(self):
        """What SQLite finds in a copy of the catalog: looking at the file itself would change what the next start meets."""
        with tempfile.TemporaryDirectory() as folder:
            for file in self.server.data_dir.glob("catalog.db*"):
                shutil.copy(file, folder)
            catalog = sqlite3.connect(pathlib.Path(folder) / "catalog.db")
            found = [row[0] for row in catalog.execute("pragma integrity_check")]
            catalog.close()
        return [] if found == ["ok"] else found


def campaign(report, kind, rounds):
    failed_before = report.failed
    with DiskImage(kind, IMAGE_BYTES) as disk:
        with Server(disk.data_dir, **SETTINGS) as server:
            cuts = PowerCuts(server, report, disk)
            with report.holds(f"no error ended the campaign on {kind} early"):
                if all(cuts.round(number) for number in range(1, rounds + 1)):
                    cuts.aftermath()
            if report.failed > failed_before:
                server.keep(SEED)
                disk.keep()
                print(f"the image is kept: {disk.image}")
        disk.unmount()
        report.check(f"the checker finds {kind} clean", not (faults := disk.faults()), faults)


def main():
    print(f"SEED={SEED} ROUNDS={ROUNDS}", flush=True)
    report = Report()
    found = kinds()
    for index, kind in enumerate(found):
        # Where the rounds do not divide, the first ones have one more.
        rounds = ROUNDS // len(found) + (index < ROUNDS % len(found))
        if rounds:
            campaign(report, kind, rounds)
    report.end()


if __name__ == "__main__":
    main()
