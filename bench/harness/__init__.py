"""The harness: who is measured, how, and what is written about it. Standard library only."""

import pathlib

BENCH = pathlib.Path(__file__).resolve().parent.parent
ROOT = BENCH.parent
# Everything that is installed, built or made for measurements; git does not see it.
PEERS = BENCH / ".peers"

MIB = 1 << 20
GIB = 1 << 30
