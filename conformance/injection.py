"""System calls of a running server that fail or kill it, by strace."""

import pathlib
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ATTACH_SECONDS = 20
DETACH_SECONDS = 5
# Every way in which a write is made durable here: Rust's and SQLite's.
SYNCS = "fsync,fdatasync"


class Injection:
    """Attached to a server while in a `with`: its calls named in `calls`, on `paths` if given, meet `fault`.

    `fault` is strace's: `error=EIO`, `signal=KILL:when=3`. strace counts for every thread and every call by itself.
    """

    def __init__(self, server, calls, fault, paths=()):
        self.trace = tempfile.NamedTemporaryFile(prefix="strongroom-strace-")
        named = [word for path in paths for word in ("-P", str(path))]
        self.command = ["strace", "-f", "-o", self.trace.name, "-e", f"trace={calls}", "-e", f"inject={calls}:{fault}", *named,
                        "-p", str(server.process.pid)]
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
        deadline, said = time.monotonic() + ATTACH_SECONDS, b""
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stderr, selectors.EVENT_READ)
            while b" attached" not in said:
                chunk = self.process.stderr.read1() if selector.select(max(0, deadline - time.monotonic())) else b""
                if not chunk:
                    self.__exit__()
                    raise RuntimeError(f"strace did not attach: {said.decode(errors='replace')}")
                said += chunk
        return self

    def __exit__(self, *_):
        """Lets go of the server, which runs on if it still lives."""
        # An interrupt that meets a dying server can leave strace 6.1 waiting for ever; killed, it lets go as well.
        for end in (signal.SIGINT, signal.SIGKILL):
            if self.process.poll() is None:
                self.process.send_signal(end)
            try:
                self.process.communicate(timeout=DETACH_SECONDS)
                break
            except subprocess.TimeoutExpired:
                pass
        self.text = pathlib.Path(self.trace.name).read_text(errors="replace")
        self.trace.close()

    def outlive_server(self):
        """Waits until strace has seen the server's end, for a server that has broken its connections."""
        self.process.wait(timeout=ATTACH_SECONDS)

    @property
    def has_hit(self):
        """Whether a call met the fault; known once the server has been let go."""
        return "(INJECTED)" in self.text or "killed by SIGKILL" in self.text


def require_strace():
    """The end of the process where there is none, or where it may not look into others: nothing would have been tested."""
    name = pathlib.Path(sys.argv[0]).name
    if not shutil.which("strace"):
        sys.exit(f"{name}: needs strace (tools/setup test)")
    with subprocess.Popen(["sleep", "60"]) as sleeping:
        traced = subprocess.run(["timeout", "--signal=INT", "1", "strace", "-o", "/dev/null", "-p", str(sleeping.pid)],
                                stderr=subprocess.PIPE, text=True)
        sleeping.kill()
    if " attached" not in traced.stderr:
        sys.exit(f"{name}: strace cannot attach here: {traced.stderr.strip()}")
