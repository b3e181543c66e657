"""bench/results.json: the last result of every case, and what machine it was measured on."""

import json
import os
import pathlib
import platform
import subprocess
import time

from . import BENCH, ROOT

PATH = BENCH / "results.json"


def read():
    return json.loads(PATH.read_text()) if PATH.exists() else {}


def keep(name, result):
    """Puts one case's result in the place of its last."""
    results = read()
    results[name] = result | {"taken": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())}
    PATH.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")


def machine():
    """What a reader has to know to compare."""
    processor = next(line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    memory = int(pathlib.Path("/proc/meminfo").read_text().split("MemTotal:")[1].split()[0]) / 1024**2
    release = pathlib.Path("/etc/os-release").read_text().split('PRETTY_NAME="')[1].split('"')[0]
    source = subprocess.run(["df", "--output=source,fstype", BENCH], capture_output=True, text=True).stdout.split()[-2:]
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], capture_output=True, text=True).stdout.strip()
    return {"processor": processor, "cores": os.cpu_count(), "memory_gib": round(memory, 1), "system": f"{release}, Linux {platform.release()}",
            "disk": " ".join(source), "commit": os.environ.get("BENCH_COMMIT", commit), "load_before": os.getloadavg()[0]}
