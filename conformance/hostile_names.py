"""File names that are meant as something else: T15, T25 and T26. All of them are data."""

import os

from hostile_file import STRAY, hostile
from pictures import small_jpeg

# Nothing in a process's arguments or in the data directory may have it in its name.
MARK = "strayname"
NAMES = [
    "-i /etc/passwd",
    "-f lavfi",
    "$(id)",
    "`id`",
    ";reboot",
    "%d.png",
    "a|b",
    "@list",
    "--help",
    "|touch /tmp/strayname",
    "&& id",
    "../../strayname",
    "..\\..\\strayname",
    "%2e%2e%2fstrayname",
    "%252e%252e%252fstrayname",
    "/tmp/strayname",
    "C:\\strayname",
    "strayname\0.jpg",
    ".",
    "..",
    "CON",
    "strayname.",
    "strayname ",
    "strayname\u202egpj.exe",
    "strayname-e\u0301",
    "strayname-\u00e9",
    "strayname-\ud800",
    "strayname" * 455,
    "strayname\n.jpg",
    'a"\r\nSet-Cookie: strayscript=1',
    "\";filename*=UTF-8''strayname.html",
    "😀 strayname.jpg",
    "x" * 300,
    "<script>strayscript()</script>.svg",
    "' OR 1=1--",
    "file:///etc/passwd",
    "http://127.0.0.1/",
    "concat:strayname",
    "pipe:0",
    "strayname.mp4#.jpg",
    '\\"}],"strayname":[{',
]


def names():
    """A photo under each of the names; no two have the same bytes."""
    for name in NAMES:
        for declared in ("image/jpeg", "video/mp4"):
            label = f"T15 {declared} named {ascii(name[:40])}"
            yield hostile(label, small_jpeg() + STRAY + os.urandom(8), name, {"ready", "refused 400"}, declared)
