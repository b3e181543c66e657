"""Runs scripts on several combinations of engines: on_engines.py postgres,disk sqlite,s3 -- published_client.py races.py

The engines are started once. Ends with status 1 if any script did not pass, and names which.
"""

import os
import pathlib
import subprocess
import sys

import engines

HERE = pathlib.Path(__file__).resolve().parent


def main():
    split = sys.argv.index("--")
    combinations, scripts = sys.argv[1:split], sys.argv[split + 1:]
    environment = dict(os.environ)
    if any(combination.startswith("postgres") for combination in combinations):
        environment["TEST_POSTGRES"] = engines.postgres().url
    if any(combination.endswith("s3") for combination in combinations):
        environment["TEST_S3"] = f"{engines.s3().endpoint},{engines.s3().filer}"
    failed = []
    for combination in combinations:
        for script in scripts:
            print(f"== {script} on {combination}", flush=True)
            run = subprocess.run([sys.executable, HERE / script], env=environment | {"ENGINES": combination}, check=False)
            if run.returncode != 0:
                failed.append(f"{script} on {combination}")
    print(f"{len(combinations) * len(scripts) - len(failed)} of {len(combinations) * len(scripts)} passed" +
          "".join(f"\nfailed: {name}" for name in failed), flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
