"""A disk that is full or fails, a kill at every system call of a complete and of a whole file, a child that dies or hangs.

SEED (random, printed) comes from the environment. Needs root, loop devices and strace. Ends with `N passed, M failed`.
"""

import os
import random
import sys

from disk_full import disk_full
from failed_syncs import failed_syncs
from injection import require_strace
from killed_completes import killed_completes
from killed_whole_files import killed_whole_files
from report import Report
from stuck_children import stuck_children

SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(1 << 32)))
CAMPAIGNS = {"disk full": disk_full, "failed syncs": failed_syncs, "killed completes": killed_completes,
             "killed whole files": killed_whole_files, "stuck children": stuck_children}


def main():
    print(f"SEED={SEED}", flush=True)
    require_strace()
    report = Report()
    for name, campaign in CAMPAIGNS.items():
        if not sys.argv[1:] or name in sys.argv[1:]:
            with report.holds(f"no error ended the {name} early"):
                campaign(report, f"{SEED}/{name}")
    report.end()


if __name__ == "__main__":
    main()
