"""Looks at a server and its children while they work: what they run, how much memory they take, with which words."""

import os
import pathlib
import re
import threading
import time

EVERY_SECONDS = 0.05
MEBIBYTE = 1 << 20


class Watch:
    """Samples /proc while in a `with`."""

    def __init__(self, server):
        self.server = server
        self.is_over = threading.Event()
        # By program: the most resident bytes; every limit of address space seen; and every argument.
        self.peaks, self.limits, self.words = {}, {}, set()
        self.server_peak = 0
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()

    def _run(self):
        while not self.is_over.wait(EVERY_SECONDS):
            if process := self.server.process:
                self.server_peak = max(self.server_peak, memory(process.pid, "VmHWM"))
                for child in descendants(process.pid):
                    self._look(child)

    def _look(self, child):
        try:
            root = pathlib.Path(f"/proc/{child}")
            words = (root / "cmdline").read_bytes().split(b"\0")
            limit = re.search(r"Max address space\s+(\S+)", (root / "limits").read_text())[1]
            program = pathlib.PurePath(os.readlink(root / "exe")).name
        except OSError:
            return
        self.words.update(words)
        # Until a child has set its own limit it is still being started, and its memory is the server's.
        if limit != "unlimited":
            self.limits.setdefault(program, set()).add(int(limit))
            self.peaks[program] = max(self.peaks.get(program, 0), memory(child, "VmHWM"))


def memory(process, field):
    """Bytes, or 0 where the process is gone."""
    try:
        found = re.search(rf"{field}:\s+(\d+) kB", pathlib.Path(f"/proc/{process}/status").read_text())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0


def descendants(process):
    """Everything that a process started, and what that started."""
    parents = {}
    for path in pathlib.Path("/proc").iterdir():
        if path.name.isdigit():
            try:
                parents.setdefault(int((path / "stat").read_text().rpartition(") ")[2].split()[1]), []).append(int(path.name))
            except OSError:
                pass
    found, waiting = [], [process]
    while waiting:
        below = parents.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def wait_idle(server, seconds):
    """Whether nothing is left at work: no child, no scratch directory."""
    deadline, scratch = time.monotonic() + seconds, server.data_dir / "scratch"
    while left := [*descendants(server.process.pid), *scratch.iterdir()]:
        if time.monotonic() > deadline:
            return left
        time.sleep(0.1)
    return []
