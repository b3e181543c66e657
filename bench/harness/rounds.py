"""Turns: every contestant once a round, A B A B, so that a slow minute of the machine is everybody's."""

import json
import os
import re
import statistics
import subprocess
import time

from . import PEERS, install


class Bench:
    """One run of the harness: where things lie, how many rounds count, and the client."""

    def __init__(self, home, rounds, warm_ups):
        self.home, self.rounds, self.warm_ups = home, rounds, warm_ups
        self.load_program = install.load()
        self.commands = []

    def load(self, *words):
        """One run of the client: what it printed."""
        words = [str(word) for word in words]
        self.remember("load", *words)
        run = subprocess.run([str(self.load_program), *words], capture_output=True, text=True)
        if run.returncode != 0:
            raise RuntimeError(run.stderr.strip()[-500:])
        return json.loads(run.stdout)

    def remember(self, *words):
        """For the report, without what is another in every run."""
        text = " ".join(str(word) for word in words)
        for pattern, name in ((str(self.home), "DIR"), (re.escape(str(PEERS)), "bench/.peers"), (r"sk_live_\w+", "KEY"), (r"conn_\w{24}", "CONNECTION"),
                              (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"), (r"(port[.a-z]*[= ]|-p )\d+", r"\1PORT"), (r"\b[0-9a-f]{32,}\b", "SECRET")):
            text = re.sub(pattern, name, text)
        if text not in self.commands:
            self.commands.append(text)

    def turns(self, contestants):
        """`contestants`: names and functions that measure once and give numbers. Gives rows of medians; who fails is left out
        from then on and named."""
        rows = {name: {"name": name, "runs": []} for name in contestants}
        failed = []
        for turn in range(self.warm_ups + self.rounds):
            for name, measure in contestants.items():
                if name not in rows:
                    continue
                # What the one before has left to be written is not this one's to wait for.
                os.sync()
                try:
                    numbers = measure()
                except (RuntimeError, OSError, subprocess.SubprocessError, ValueError) as error:
                    failed.append(f"{name}: {error}")
                    print(f"bench:   {name}: {error}", flush=True)
                    del rows[name]
                    continue
                if turn >= self.warm_ups:
                    rows[name]["runs"].append(numbers)
                shown = ", ".join(f"{key} {value:.4g}" for key, value in numbers.items() if isinstance(value, (int, float)))
                print(f"bench:   {'warm-up' if turn < self.warm_ups else f'{turn - self.warm_ups + 1}/{self.rounds}'} {name}: {shown}", flush=True)
        return [row | {"values": medians(row["runs"])} for row in rows.values()], failed


def medians(runs):
    """Of every number that all runs have."""
    keys = [key for key in (runs[0] if runs else {}) if all(isinstance(run.get(key), (int, float)) for run in runs)]
    return {key: statistics.median(run[key] for run in runs) for key in keys}


def value(rows, name, key):
    """A row's median, or none where the row is missing."""
    return next((row["values"].get(key) for row in rows if row["name"] == name), None)


def measured(process, action):
    """What `action` gives, with the processor time and the peak of memory it cost a server."""
    process.forget_peak()
    before, started = process.cpu_seconds(), time.monotonic()
    numbers = action()
    return numbers | {"harness_wall_s": time.monotonic() - started, "server_cpu_s": process.cpu_seconds() - before, "peak_mib": process.peak_mib()}


def target(what, wanted, ours, limit, is_at_most=True, form="{:.2f}"):
    """One line of the issue's table: met, not met, or unknown where something is missing."""
    if ours is None or limit is None:
        return {"what": what, "wanted": wanted, "ours": "–", "limit": "–", "met": None}
    met = ours <= limit if is_at_most else ours >= limit
    return {"what": what, "wanted": wanted, "ours": form.format(ours), "limit": ("≤ " if is_at_most else "≥ ") + form.format(limit), "met": met}


def times(number, limit):
    """A limit that is a multiple of something measured."""
    return None if limit is None else number * limit
