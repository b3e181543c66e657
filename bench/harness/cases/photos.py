"""d. Photos: the same three outputs of the same decode, against sharp and libvips; and how long a client waits for `ready`."""

import concurrent.futures
import json
import os
import pathlib
import resource
import shutil
import subprocess
import time

from .. import install, media, three_outputs
from ..ours import Strongroom
from ..rounds import target, times, value

COLUMNS = [["per_s", "images/s, on all cores", "{:.2f}"], ["single_ms", "ms for one", "{:.0f}"], ["cpu_ms", "cpu ms a photo", "{:.0f}"],
           ["peak_mib", "peak RSS MiB", "{:.0f}"]]
READY = [["ready_ms", "ready, ms p50", "{:.0f}"], ["slowest_ms", "slowest ms", "{:.0f}"], ["vips_ms", "libvips, the three outputs, ms", "{:.0f}"]]
AT_A_TIME = os.cpu_count()
# As `strongroom_render::Limits::default()`; an order that the child no longer understands is refused with a text.
LIMITS = {"max_pixels": 50_000_000, "max_side": 16384, "max_input_bytes": 256 << 20, "max_decoded_bytes": 512 << 20, "max_metadata_bytes": 1 << 20,
          "max_scans": 100, "address_space_bytes": 1 << 30, "cpu_seconds": 20, "wall_seconds": 30, "output_bytes": 512 << 20, "threads": 2,
          "care": "usual",
          "film": {"max_side": 8192, "max_seconds": 14400, "max_frames_per_second": 240, "max_streams": 16, "max_animation_frames": 500,
                   "max_animation_pixels": 250_000_000, "address_space_bytes": 2 << 30, "output_bytes": 8 << 30, "unrolled_bytes": 1 << 30,
                   "probe_seconds": 10, "seconds_per_second": 4, "base_seconds": 60, "wall_seconds": 21600, "silence_seconds": 60, "threads": 2}}
# As the server's renderer.rs.
ENVIRONMENT = {"GLIBC_TUNABLES": ":".join(f"glibc.malloc.{setting}" for setting in (
    "arena_max=1", "hugetlb=1", "mmap_threshold=33554432", "trim_threshold=1073741824"))}
# A peer's script, and what runs it.
SCRIPTS = {"sharp": lambda: ["node", install.node("sharp.mjs")], "pyvips": lambda: [install.libvips(), install.BENCH / "peers" / "vips.py"]}


def measure(bench):
    missing = []
    contestants = {}
    ours = Strongroom(bench.home)
    children = {"strongroom, its own renditions": ours.program}
    try:
        children["strongroom, the three outputs"] = three_outputs.child()
    except (install.Missing, RuntimeError) as error:
        missing.append(f"strongroom with the peers' three outputs: {error}")
    for label, file, count in (("12 MP", media.photo12(), 24), ("48 MP", media.photo48(), 8)):
        for name, child in reversed(children.items()):
            contestants[f"{name}, {label}"] = lambda child=child, file=file, count=count: by_children(bench, child, file, count)
        for name, command in SCRIPTS.items():
            try:
                contestants[f"{name}, {label}"] = lambda words=command(), file=file, count=count: by_script(bench, words, file, count)
            except install.Missing as error:
                missing.append(str(error))
    rows, failed = bench.turns(contestants)

    ours.start()
    kinds = {"12 MP JPEG": (media.photo12(), "image/jpeg"), "48 MP JPEG": (media.photo48(), "image/jpeg"),
             "12 MP HEIC": (media.heic12(), "image/heic"), "12 MP PNG": (media.png12(), "image/png")}
    try:
        ready_rows, also_failed = bench.turns({
            name: lambda file=file, kind=kind: finalize(bench, ours, file, kind) for name, (file, kind) in kinds.items()})
        versions = {"strongroom": ours.version(), "sharp": package_version("sharp"), "pyvips": "3.2.0, libvips " + vips_version()}
    finally:
        ours.remove()

    per_s = lambda name: value(rows, f"{name}, 12 MP", "per_s")  # noqa: E731
    three = per_s("strongroom, the three outputs")
    targets = [target("12 MP, images/s on two cores", "≥ 1.5 × sharp", three, times(1.5, per_s("sharp")), False),
               target("12 MP, images/s on two cores", "≥ 1.5 × libvips", three, times(1.5, per_s("pyvips")), False),
               target("finalize answered `ready`, 12 MP, ms p50", "≤ 250", value(ready_rows, "12 MP JPEG", "ready_ms"), 250, form="{:.0f}")]
    return {"title": "d. Photos", "tables": [
                {"title": "Three outputs (fit 1920 q82, square 960, 300 wide) from one decode", "columns": COLUMNS, "rows": rows,
                 "plot": {"title": "Photos a second on two cores", "key": "per_s", "unit": "/s"}},
                {"title": "From the last byte of the PUT (or from complete) to the answer `isReady: true`", "columns": READY, "rows": ready_rows}],
            "targets": targets, "missing": missing + failed + also_failed, "versions": versions,
            "notes": ["Ours are sandboxed processes, started anew for every photo, and write the lossless `full` besides (a copy of the file's "
                      "compressed pixels). sharp and pyvips are one warm process without a fence. `its own renditions` are those of the contract: "
                      "full, preview 1280 as JPEG and WebP, 640 WebP, square 960, thumb 300.",
                      "Files above 8 MiB (48 MP, PNG) come in parts, and the time is complete's. libvips' column is one photo alone in a warm "
                      "process, without any server.",
                      "sharp's prebuilt libvips does not decode HEIC (HEVC)."]}


def by_children(bench, child, file, count):
    """Sandboxed children, as many at a time as there are processors, each started by hand with the order that the server would give."""
    output = pathlib.Path(bench.home) / "photos"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(AT_A_TIME) as pool:
        peaks = list(pool.map(lambda index: render(child, file, output / str(index)), range(count)))
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    singles = []
    for index in range(5):
        started = time.monotonic()
        render(child, file, output / f"single-{index}")
        singles.append(time.monotonic() - started)
    shutil.rmtree(output)
    return {"per_s": count / wall, "single_ms": sorted(singles)[2] * 1000, "cpu_ms": cpu / count * 1000, "peak_mib": max(peaks) * AT_A_TIME / 1024}


def render(child, file, output):
    """One photo; the child's own peak of memory, in KiB."""
    output.mkdir(parents=True)
    order = {"parent": os.getpid(), "confinement": "required", "limits": LIMITS, "photo_use": "media", "input": str(file), "output": str(output),
             "task": "photo"}
    run = subprocess.run([str(child), "render"], input=json.dumps(order), capture_output=True, text=True, env=ENVIRONMENT)
    answer = json.loads(run.stdout) if run.returncode == 0 else {}
    if "rendered" not in answer:
        raise RuntimeError(f"the child refused: {run.stdout[:300]} {run.stderr[:300]}")
    return answer["rendered"]["peak_resident_kib"]


def by_script(bench, words, file, count):
    """A peer's script: many at a time, and then one alone."""
    output = pathlib.Path(bench.home) / "photos"
    output.mkdir()
    def run(count, at_a_time):
        done = subprocess.run([*map(str, words), str(file), str(count), str(at_a_time), str(output)], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip()[-300:])
        return json.loads(done.stdout)
    many, single = run(count, AT_A_TIME), run(5, 1)
    shutil.rmtree(output)
    return {"per_s": count / many["wall_s"], "single_ms": single["wall_s"] / 5 * 1000, "cpu_ms": many["cpu_s"] / count * 1000, "peak_mib": many["peak_mib"]}


def finalize(bench, ours, file, kind, count=5):
    """What a client waits for an answer that says `isReady`, through the real server."""
    sent = bench.load("upload", *ours.load(), "--body", file, "--count", count, "--content-type", kind, "--wait", 25)
    if sent["ready"] != count:
        raise RuntimeError(f"{count - sent['ready']} of {count} answers were not `isReady`")
    ours.clear(sent["names"])
    took = sent["finish_ms"] or sent["request_ms"]
    words = [*SCRIPTS["pyvips"](), file, 3, 1, bench.home]
    alone = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    vips = {"vips_ms": json.loads(alone.stdout)["wall_s"] / 3 * 1000} if alone.returncode == 0 else {}
    return {"ready_ms": took["p50"], "slowest_ms": took["max"]} | vips


def package_version(name):
    return json.loads((install.PEERS / "node_modules" / name / "package.json").read_text())["version"]


def vips_version():
    code = "import pyvips; print('.'.join(str(pyvips.version(part)) for part in range(3)))"
    return subprocess.run([str(install.libvips()), "-c", code], capture_output=True, text=True).stdout.strip()
