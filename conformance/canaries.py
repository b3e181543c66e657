"""What a hostile file may reach for, and where it would be seen: a listener on loopback, and another tenant's film."""

import pathlib
import socket
import subprocess
import tempfile
import threading

# No test picture has this colour all over, so a rendition that does shows the neighbour's film.
COLOUR = (255, 0, 255)


class Listener:
    """Counts whoever connects; answers nobody."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        self.hits = 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self):
        while True:
            try:
                visitor, _ = self.socket.accept()
            except OSError:
                return
            self.hits += 1
            visitor.close()

    def close(self):
        self.socket.close()


def neighbour_film():
    """A film that is all of one colour, with a text in it."""
    with tempfile.TemporaryDirectory(prefix="strongroom-neighbour-") as folder:
        path = pathlib.Path(folder) / "secret.ts"
        subprocess.run(
            [
                "ffmpeg",
                "-nostdin",
                "-v",
                "error",
                "-f",
                "lavfi",
                "-i",
                "color=0xFF00FF:s=320x240:r=10:d=1",
                "-c:v",
                "libx264",
                "-preset",
                "ultrafast",
                "-pix_fmt",
                "yuv420p",
                "-metadata",
                "service_name=strayscript-neighbour",
                path,
            ],
            check=True,
        )
        return path.read_bytes()


def find_copies(folder, content):
    """The files below `folder` that have exactly these bytes: where a neighbour's original lies."""
    return [
        path
        for path in pathlib.Path(folder).rglob("*")
        if path.is_file() and path.stat().st_size == len(content) and path.read_bytes() == content
    ]
