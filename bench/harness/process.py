"""A process and everything it starts: how it is started and ended, and what it has used of processor and memory."""

import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
SAMPLE_SECONDS = 0.05


def free_port():
    """A loopback port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    """One server of a measurement, in a session of its own."""

    def __init__(self, arguments, log_path, environment=None, stdout=None):
        self.log_path = pathlib.Path(log_path)
        self.started = time.monotonic()
        with open(self.log_path, "ab") as log:
            self.popen = subprocess.Popen([str(word) for word in arguments], env=os.environ | (environment or {}), stdin=subprocess.DEVNULL,
                                          stdout=stdout or log, stderr=log, start_new_session=True)

    @property
    def pid(self):
        return self.popen.pid

    def wait_port(self, port, seconds=30):
        """Waits until it listens; how long that took since its start."""
        deadline = self.started + seconds
        while True:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", port)) == 0:
                    return time.monotonic() - self.started
            if self.popen.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.popen.args[0]} did not listen on port {port}:\n{self.log()}")
            time.sleep(0.01)

    def log(self):
        return self.log_path.read_text(errors="replace")[-2000:]

    def cpu_seconds(self):
        """Of the whole tree, children that have ended included."""
        return sum(_cpu_ticks(pid) for pid in tree(self.pid)) / TICKS_A_SECOND

    def forget_peak(self):
        """The peak of memory counts from now."""
        for pid in tree(self.pid):
            try:
                pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")
            except OSError:
                pass

    def peak_mib(self):
        """The most that was resident since `forget_peak`: the sum of what each process of the tree had."""
        return sum(_status_kib(pid, "VmHWM") for pid in tree(self.pid)) / 1024

    def resident_mib(self):
        return sum(_status_kib(pid, "VmRSS") for pid in tree(self.pid)) / 1024

    def stop(self, seconds=5):
        """SIGTERM, then SIGKILL to whatever is left of the tree."""
        whole = tree(self.pid)
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                pass
        for pid in whole:
            # Only what is still ours: a number may have been given to someone else since.
            if pid == self.pid and self.popen.poll() is None or pid != self.pid and _session(pid) == self.pid:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        self.popen.wait()


class Sampler:
    """Watches a tree whose children come and go: the most that all of it had resident at a time."""

    def __init__(self, pid, seconds=SAMPLE_SECONDS):
        self.peak_mib = 0.0
        self._seconds = seconds
        self._pid, self._over = pid, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()

    def _watch(self):
        while not self._over.wait(self._seconds):
            resident = sum(_status_kib(pid, "VmRSS") for pid in tree(self._pid)) / 1024
            self.peak_mib = max(self.peak_mib, resident)


def tree(root):
    """A process and its descendants."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (words := _stat(entry)):
            children.setdefault(int(words[1]), []).append(int(entry))
    found, ahead = [], [root]
    while ahead:
        pid = ahead.pop()
        found.append(pid)
        ahead.extend(children.get(pid, []))
    return found


def _stat(pid):
    """The words of /proc/…/stat after the name, which may hold spaces: state, parent, group, session, …"""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None


def _cpu_ticks(pid):
    words = _stat(pid)
    return sum(int(word) for word in words[11:15]) if words else 0


def _session(pid):
    words = _stat(pid)
    return int(words[3]) if words else None


def _status_kib(pid, name):
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return int(status.split(f"{name}:")[1].split()[0]) if f"{name}:" in status else 0
