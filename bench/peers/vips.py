"""libvips, one decode a photo: `vips.py FILE COUNT AT_A_TIME OUTPUT_DIRECTORY`. Prints seconds, processor seconds, and peak memory."""

import json
import os
import resource
import sys
import time

file, count, at_a_time, output = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
# Several photos at a time need no threads inside one; one alone may use what there is. Read when libvips is loaded.
os.environ["VIPS_CONCURRENCY"] = "1" if at_a_time > 1 else "2"

import concurrent.futures  # noqa: E402

import pyvips  # noqa: E402

pyvips.cache_set_max(0)


def photo(index):
    # Decoded once, at a scale that the decoder gives cheaply; the smaller two are made from the larger.
    large = pyvips.Image.thumbnail(file, 1920, height=1920).copy_memory()
    large.jpegsave(f"{output}/{index}-1920.jpg", Q=82, strip=True)
    large.thumbnail_image(300).jpegsave(f"{output}/{index}-300.jpg", Q=80, strip=True)
    large.thumbnail_image(960, height=960, crop="centre").jpegsave(f"{output}/{index}-960.jpg", Q=80, strip=True)


photo("warm-up")
started, before = time.monotonic(), time.process_time()
# libvips runs without Python's lock.
with concurrent.futures.ThreadPoolExecutor(at_a_time) as pool:
    list(pool.map(photo, range(count)))
print(json.dumps({"wall_s": time.monotonic() - started, "cpu_s": time.process_time() - before,
                  "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
