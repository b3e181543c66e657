"""Opens every URL of an uploaded photo in a real browser (Debian's Chromium, headless) and asks it for the sizes it sees.

Ends with `N passed, M failed`.
"""

import html
import http.server
import json
import re
import shutil
import subprocess
import tempfile
import threading

from pictures import PHOTO
from report import Report
from server import Caller, Server, delivered_urls, wait_settled

PATIENCE_SECONDS = 90
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--dump-dom"]
# The sizes of contract.md §3 for a 4032x3024 photo that is stored turned: upright, nothing enlarged.
EXPECTED = {"full": (4032, 3024), "preview": (1280, 960), "squarePreview": (960, 960), "thumb": (300, 225)}
SCRIPT = """
addEventListener("load", () => {
    const sizes = [...document.images].map(image => [image.id, [image.naturalWidth, image.naturalHeight]]);
    document.getElementById("sizes").textContent = JSON.stringify(Object.fromEntries(sizes));
});
"""


def page_of(urls):
    images = "".join(f'<img id="{html.escape(name)}" src="{html.escape(url)}">' for name, url in urls.items())
    return f'<!doctype html><meta charset="utf-8"><pre id="sizes"></pre>{images}<script>{SCRIPT}</script>'.encode()


def serve(page):
    """A web server on loopback that knows one page."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_):
            pass

    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    return site


def sizes_seen(url):
    """What the page reports after Chromium has loaded it."""
    profile = tempfile.mkdtemp(prefix="strongroom-chromium-")
    try:
        run = subprocess.run(["chromium", *FLAGS, f"--user-data-dir={profile}", url], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, timeout=PATIENCE_SECONDS, text=True)
    finally:
        shutil.rmtree(profile, ignore_errors=True)
    found = re.search(r'<pre id="sizes">(\{.*?\})</pre>', run.stdout, re.DOTALL)
    if not found:
        raise AssertionError(f"chromium ended with {run.returncode} and no sizes: {run.stdout[-500:]}{run.stderr[-1500:]}")
    return {name: tuple(size) for name, size in json.loads(html.unescape(found[1])).items()}


def main():
    report = Report()
    with Server() as server:
        key, connection_id = server.create_key(), server.create_connection()
        server.start()
        caller = Caller(server.address, key, connection_id)
        photo = PHOTO.read_bytes()
        session = caller.expect("POST", "/v2/access/uploads/init", {"filename": "photo.jpg", "size": len(photo), "contentType": "image/jpeg"})
        answer = caller.expect("PUT", f"/v2/access/uploads/{session['mediaUploadId']}", photo)
        urls = delivered_urls(wait_settled(caller, answer["media"]["id"]))
        site = serve(page_of(urls))
        sizes = sizes_seen(f"http://127.0.0.1:{site.server_port}/")
        for name in urls:
            expected = EXPECTED.get(name) or EXPECTED[name.split("[")[0]]
            holds = sizes[name] == expected or "[" in name and 0 < sizes[name][0] <= expected[0]
            report.check(f"the browser shows {name} at {sizes[name][0]}x{sizes[name][1]}", holds, f"expected {expected}")
        report.check("every rendition of the contract is there", EXPECTED.keys() <= urls.keys(), sorted(urls))
        site.shutdown()
        server.stop()
    report.end()


if __name__ == "__main__":
    main()
