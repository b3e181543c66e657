"""A `strongroom worker` process beside a server that has none of its own, and what it holds."""

import os
import pathlib
import re
import selectors
import signal
import subprocess
import time

from server import START_SECONDS, STOP_SECONDS, binary

# Where SQLite locks the shared memory of a write-ahead log for who writes (sqlite3's wal.c, WAL_WRITE_LOCK).
WRITE_LOCK_BYTE = 120


class Worker:
    """One process. Its log goes to its server's."""

    def __init__(self, server):
        self.server = server
        with open(server.log_path, "ab") as log:
            self.process = subprocess.Popen([binary(), "worker", "--data-dir", server.data_dir], env=server.environment(),
                                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True)

    def wait_ready(self):
        """Waits for the ready line."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            said = os.read(self.process.stdout.fileno(), 4096) if selector.select(START_SECONDS) else b""
        if b"worker is ready" not in said:
            raise RuntimeError(f"the worker was not ready within {START_SECONDS} s\n{self.server.log()}")
        return self

    @property
    def pid(self):
        return self.process.pid

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self):
        """Stops it, but not in the middle of a commit: who is stopped there holds SQLite's lock, and nobody else can write. How
        often it was let go on for that."""
        times = 0
        self._suspend()
        while self.is_writing():
            times += 1
            self.signal(signal.SIGCONT)
            time.sleep(0.005)
            self._suspend()
        return times

    def _suspend(self):
        """SIGSTOP, and waits until it has reached every thread: one that runs on may still take the lock."""
        self.signal(signal.SIGSTOP)
        deadline = time.monotonic() + 5
        while not all(" T " in path.read_text().rpartition(")")[2][:3] for path in pathlib.Path(f"/proc/{self.pid}/task").glob("*/stat")):
            assert time.monotonic() < deadline, "a worker does not stop"
            time.sleep(0.001)

    def is_writing(self):
        """Whether it holds the lock of who writes the catalog."""
        inode = (self.server.data_dir / "catalog.db-shm").stat().st_ino
        for line in pathlib.Path("/proc/locks").read_text().splitlines():
            held = re.match(rf"\d+: POSIX +ADVISORY +WRITE {self.pid} \S+:{inode} (\d+) (\d+|EOF)", line)
            if held and int(held[1]) <= WRITE_LOCK_BYTE <= (float("inf") if held[2] == "EOF" else int(held[2])):
                return True
        return False

    def blobs(self):
        """The blobs that it has a scratch directory for: it keeps that open, for its lock."""
        scratch, found = self.server.data_dir / "scratch", set()
        for link in pathlib.Path(f"/proc/{self.pid}/fd").iterdir():
            try:
                path = pathlib.Path(os.readlink(link))
            except OSError:
                continue
            if path.parent == scratch and "." in path.name:
                found.add(path.name.split(".")[0])
        return found

    def kill(self):
        """SIGKILL, to the worker alone: its children have to notice by themselves."""
        self.process.kill()
        return self._reap()

    def terminate(self):
        """SIGTERM, as an operator would; the exit status."""
        self.signal(signal.SIGTERM)
        return self._reap()

    def _reap(self):
        status = self.process.wait(timeout=STOP_SECONDS)
        self.process.stdout.close()
        return status
