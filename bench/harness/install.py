"""Installs peers and tools from package registries into bench/.peers/. What cannot be had is named, and its cases go on without it."""

import os
import pathlib
import shutil
import subprocess

from . import BENCH, PEERS, ROOT

DEBIAN = {"nginx": "nginx", "ffmpeg": "ffmpeg", "heif-enc": "libheif-examples", "node": "nodejs", "npm": "npm"}
CARGO = {"rustus": "0.5.10", "garage": "2.5.0"}
# Built elsewhere already: name a cargo root in BENCH_CARGO_ROOT, whose bin/ has them.
CARGO_ROOT = pathlib.Path(os.environ.get("BENCH_CARGO_ROOT", PEERS / "cargo"))


def run(*arguments, **options):
    """Runs an installer quietly; its last words are the error."""
    print("bench:", " ".join(str(word) for word in arguments), flush=True)
    done = subprocess.run([str(word) for word in arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{arguments[0]} failed: {done.stdout.strip()[-300:]}")


class Missing(Exception):
    """A peer that could not be installed, and why."""


def _attempt(name, install):
    try:
        return install()
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        raise Missing(f"{name}: {error}") from error


def program(name):
    """A program of a Debian package."""
    def install():
        if not shutil.which(name):
            run("apt-get", "-qq", "update")
            run("apt-get", "install", "-qq", "-y", "--no-install-recommends", DEBIAN[name])
        return shutil.which(name) or name
    return _attempt(name, install)


def cargo(name):
    """A program of a crate."""
    path = CARGO_ROOT / "bin" / name
    def install():
        if not path.exists():
            run("cargo", "install", "--locked", name, "--version", CARGO[name], "--root", CARGO_ROOT)
        return path
    return _attempt(name, install)


def python():
    """The Python with pyvips, whose bin/ has SeaweedFS' `weed`, too."""
    venv, pins = PEERS / "venv", BENCH / "peers" / "requirements.txt"
    mark = venv / "installed-requirements"
    def install():
        if not mark.exists() or mark.read_text() != pins.read_text():
            run("python3", "-m", "venv", venv)
            run(venv / "bin" / "pip", "install", "-q", "--disable-pip-version-check", "-r", pins)
            mark.write_text(pins.read_text())
        return venv / "bin" / "python"
    return _attempt("pip packages", install)


def libvips():
    """The library that pyvips loads."""
    def install():
        if subprocess.run(["ldconfig", "-p"], capture_output=True, text=True).stdout.find("libvips.so.42") < 0:
            run("apt-get", "-qq", "update")
            run("apt-get", "install", "-qq", "-y", "--no-install-recommends", "libvips42")
        return python()
    return _attempt("libvips", install)


def node(script):
    """A script of bench/peers beside its node_modules."""
    lock, mark = BENCH / "peers" / "package-lock.json", PEERS / "package-lock.json"
    def install():
        program("node")
        PEERS.mkdir(exist_ok=True)
        if not (PEERS / "node_modules").exists() or not mark.exists() or mark.read_text() != lock.read_text():
            program("npm")
            for name in ("package.json", "package-lock.json"):
                shutil.copy(BENCH / "peers" / name, PEERS / name)
            run("npm", "ci", "--no-audit", "--no-fund", cwd=PEERS)
        shutil.copy(BENCH / "peers" / script, PEERS / script)
        return PEERS / script
    return _attempt(script, install)


def pip_source(name, version):
    """An unpacked source distribution: for the media in it."""
    folder = PEERS / f"{name}-{version}"
    def install():
        if not folder.exists():
            run(python().parent / "pip", "download", "-q", "--no-deps", "--no-binary", name, "-d", PEERS, f"{name}=={version}")
            run("tar", "-xzf", PEERS / f"{name}-{version}.tar.gz", "-C", PEERS)
        return folder
    return _attempt(name, install)


def load():
    """The load generator."""
    target = PEERS / "load"
    run("cargo", "build", "--release", "--quiet", "--manifest-path", BENCH / "load" / "Cargo.toml", env=os.environ | {"CARGO_TARGET_DIR": str(target)})
    return target / "release" / "load"


def strongroom():
    """Ours: STRONGROOM_BIN, or a release build of this tree."""
    if given := os.environ.get("STRONGROOM_BIN"):
        return pathlib.Path(given)
    run("cargo", "build", "--release", "--quiet", "--package", "strongroom", cwd=ROOT)
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release" / "strongroom"
