"""System calls of a running server and its children, watched by strace."""

import re

from injection import Injection


class Trace(Injection):
    """Attached to a server while in a `with`; afterwards `text` is what strace wrote of its calls named in `calls`."""

    def __init__(self, server, calls):
        super().__init__(server, calls, "")
        self.command = ["strace", "-f", "-o", self.trace.name, "-e", f"trace={calls}", "-p", str(server.process.pid)]

    def started(self):
        """The programs that were started, in order."""
        begun = re.findall(r'execve\("([^"]*)", [^\n]*', self.text)
        failed = re.findall(r'execve\("([^"]*)", [^\n]* = -1 ', self.text)
        for program in failed:
            begun.remove(program)
        return begun
