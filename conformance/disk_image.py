"""A file system of a test's own, in an image file on a loop device: its power can be cut, and it can be filled."""

import contextlib
import fcntl
import itertools
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import time

# _IOR('X', 125, u32) of linux/fs.h. The flag: what the journal has not written yet is lost, as in a power cut.
FS_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2
# No share of ext4 is kept for root: full is to mean full.
MAKE = {"ext4": ["mkfs.ext4", "-q", "-F", "-m", "0"], "xfs": ["mkfs.xfs", "-q", "-f"]}
INSPECT = {"ext4": ["e2fsck", "-f", "-n"], "xfs": ["xfs_repair", "-n"]}
# A render child that has lost its server may still hold the file system for a moment.
UNMOUNT_SECONDS = 10


class DiskImage:
    """One image, mounted while in a `with`. Its `data_dir` is for a server; it has the name of the whole thing."""

    def __init__(self, kind, size_bytes):
        self.kind = kind
        self.home = pathlib.Path(tempfile.mkdtemp(prefix=f"strongroom-{kind}-"))
        self.image, self.root = self.home / "image", self.home / "root"
        self.root.mkdir()
        self.data_dir = self.root / self.home.name
        # Kept in mind, since a file system without power cannot be asked whether it is there.
        self.is_mounted = False
        self.is_kept = False
        with open(self.image, "wb") as image:
            image.truncate(size_bytes)
        run(*MAKE[kind], self.image)

    def __enter__(self):
        try:
            self.mount()
        except RuntimeError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.unmount()
        if not self.is_kept:
            shutil.rmtree(self.home, ignore_errors=True)

    def keep(self):
        """Leaves the image for whoever looks into a failure."""
        self.is_kept = True

    def mount(self):
        run("mount", "-o", "loop", self.image, self.root)
        self.is_mounted = True

    def unmount(self):
        """Unmounts it; whoever used it has just been killed."""
        deadline = time.monotonic() + UNMOUNT_SECONDS
        while self.is_mounted:
            try:
                run("umount", self.root)
                self.is_mounted = False
            except RuntimeError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def cut_power(self):
        """From now on nothing reaches the disk. Every call on it fails until it is unmounted and mounted again."""
        root = os.open(self.root, os.O_RDONLY)
        try:
            fcntl.ioctl(root, FS_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(root)

    def faults(self):
        """What the file system's own checker finds. Not while it is mounted."""
        checked = subprocess.run([*INSPECT[self.kind], self.image], env=environment(), stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True, timeout=120)
        return checked.stdout if checked.returncode else ""

    def free_bytes(self):
        space = os.statvfs(self.root)
        return space.f_bavail * space.f_frsize

    def fill(self):
        """Takes every byte that is left, as another program might."""
        names = (self.root / f"filler.{number}" for number in itertools.count())
        while True:
            try:
                with open(next(name for name in names if not name.exists()), "xb", buffering=0) as file:
                    self._fill(file)
                    # A file system keeps some room for a file that grows, and has it again when the file is closed.
                    if not os.fstat(file.fileno()).st_size:
                        return
            except OSError:
                # Not even room for another name.
                return

    def empty(self):
        """Gives back what `fill` took."""
        for filler in self.root.glob("filler.*"):
            filler.unlink()
        # XFS frees the blocks of removed files in its own time, unless it is asked to.
        subprocess.run(["sync", "-f", self.root], check=True)

    def _fill(self, file):
        for size in (1 << 20, 4 << 10, 1):
            with contextlib.suppress(OSError):
                while True:
                    file.write(b"\xff" * size)
        # A delayed write may only now find that there is no room.
        with contextlib.suppress(OSError):
            os.fsync(file.fileno())


def kinds():
    """The file systems that can be made here, or the end of the process: without any, nothing would have been tested."""
    name = pathlib.Path(sys.argv[0]).name
    if os.geteuid() != 0:
        sys.exit(f"{name}: needs root, to mount file systems")
    found = [kind for kind, make in MAKE.items() if shutil.which(make[0], path=environment()["PATH"])]
    if not found:
        sys.exit(f"{name}: needs mkfs.ext4 or mkfs.xfs (tools/setup test)")
    for kind in found:
        try:
            with DiskImage(kind, 512 << 20):
                pass
        except RuntimeError as error:
            sys.exit(f"{name}: needs loop devices and the right to mount {kind} from them: {error}")
    return found


def environment():
    """Where Debian has the tools, also for those whose path lacks it."""
    return os.environ | {"PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin", "LC_ALL": "C"}


def run(*command):
    ran = subprocess.run([str(word) for word in command], env=environment(), stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, timeout=60)
    if ran.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))} ended with {ran.returncode}: {ran.stdout.strip()}")
