"""One line a check, and a count at the end."""

import contextlib
import sys
import traceback


class Report:
    """Counts what held and what did not."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def check(self, claim, holds, otherwise=""):
        """Prints whether `claim` holds; `otherwise` says what was seen instead."""
        if holds:
            self.passed += 1
            print(f"ok    {claim}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL  {claim}: {otherwise}", flush=True)
        return holds

    @contextlib.contextmanager
    def holds(self, claim):
        """A check that fails if its block raises."""
        try:
            yield
        except Exception as error:
            traceback.print_exc()
            self.check(claim, False, f"{type(error).__name__}: {error}")
        else:
            self.check(claim, True)

    def end(self):
        """Prints the count and ends the process; a run that checked nothing has failed."""
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        sys.exit(1 if self.failed or not self.passed else 0)
