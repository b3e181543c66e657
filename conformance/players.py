"""Plays films and sounds in a real browser (Debian's Chromium, headless): what it shows, and whether its time moves."""

import http.server
import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading

from browser import FLAGS

# The page may read the pixels of another origin's films: only so can it tell their colours.
PLAY_FLAGS = [flag for flag in FLAGS if flag != "--dump-dom"] + [
    "--autoplay-policy=no-user-gesture-required",
    "--disable-web-security",
]
START_SECONDS = 60
ITEM_SECONDS = 15
GRID = (16, 9)
SCRIPT = """
const wait = milliseconds => new Promise(done => setTimeout(done, milliseconds));
async function play({kind, url}) {
    const media = document.createElement(kind);
    document.body.append(media);
    media.muted = true;
    media.src = url;
    try {
        await Promise.race([media.play(), wait(LIMIT).then(() => { throw new Error("does not start"); })]);
        for (let waited = 0; media.currentTime < 0.15 && !media.ended && waited < LIMIT; waited += 25) await wait(25);
        const result = {time: media.currentTime, seconds: media.duration, width: media.videoWidth || 0, height: media.videoHeight || 0};
        if (kind === "video") {
            const canvas = Object.assign(document.createElement("canvas"), {width: media.videoWidth, height: media.videoHeight});
            const context = canvas.getContext("2d");
            context.drawImage(media, 0, 0);
            const {data} = context.getImageData(0, 0, canvas.width, canvas.height);
            result.frames = media.getVideoPlaybackQuality().totalVideoFrames;
            result.colours = means(data, canvas.width, canvas.height);
        }
        return result;
    } catch (error) {
        return {error: `${error}`};
    } finally {
        media.removeAttribute("src");
        media.load();
        media.remove();
    }
}
function means(data, width, height) {
    const cells = [];
    for (let row = 0; row < ROWS; row++) for (let column = 0; column < COLUMNS; column++) {
        const sums = [0, 0, 0];
        let count = 0;
        for (let y = Math.floor(row * height / ROWS); y < Math.floor((row + 1) * height / ROWS); y++)
            for (let x = Math.floor(column * width / COLUMNS); x < Math.floor((column + 1) * width / COLUMNS); x++, count++)
                for (let channel = 0; channel < 3; channel++) sums[channel] += data[4 * (y * width + x) + channel];
        cells.push(sums.map(sum => sum / count));
    }
    return cells;
}
addEventListener("load", async () => {
    for (const [name, item] of Object.entries(ITEMS)) await fetch("/" , {method: "POST", body: JSON.stringify([name, await play(item)])});
});
"""


def play_all(items):
    """What Chromium says of each of `items`, `{name: {"kind": "video" or "audio", "url": …}}`."""
    results = queue.Queue()
    constants = f"const ITEMS = {json.dumps(items)}, LIMIT = {ITEM_SECONDS * 1000}, COLUMNS = {GRID[0]}, ROWS = {GRID[1]};"
    site = _serve(f"<!doctype html><meta charset=utf-8><body><script>{constants}{SCRIPT}</script>".encode(), results)
    profile = tempfile.mkdtemp(prefix="strongroom-chromium-")
    browser = subprocess.Popen(
        ["chromium", *PLAY_FLAGS, f"--user-data-dir={profile}", f"http://127.0.0.1:{site.server_port}/"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    played, patience = {}, START_SECONDS
    try:
        while len(played) < len(items):
            name, result = results.get(timeout=patience)
            played[name], patience = result, 3 * ITEM_SECONDS
    except queue.Empty:
        pass
    finally:
        os.killpg(browser.pid, signal.SIGKILL)
        browser.wait()
        site.shutdown()
        shutil.rmtree(profile, ignore_errors=True)
    return {name: played.get(name, {"error": "Chromium said nothing of it"}) for name in items}


def _serve(page, results):
    """A web server on loopback with one page, which sends its results back."""

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.answer(page)

        def do_POST(self):
            results.put(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.answer(b"")

        def answer(self, body):
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    return site
