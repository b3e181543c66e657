"""The published PyPI client `onlyfans-sdk`, unmodified, against the built server: it uploads, lists, and its models accept us.

Run it with the Python of .venv (tools/setup test). Ends with `N passed, M failed`.
"""

import json
import pathlib
import subprocess
import tempfile
import time
import urllib.parse

from onlyfans_sdk import OFAuthClient, account, models, upload, vault
from onlyfans_sdk import self as own_account
from onlyfans_sdk._client import OFAuthError

from pictures import PHOTO, PRIVATE, noise_png
from report import Report
from server import Caller, Server, delivered_urls, wait_settled

MIB = 1 << 20
# Groups of exiftool that tell about the file itself, not about who made it. ICC_Profile is the colour.
NEUTRAL_GROUPS = {"SourceFile", "ExifTool", "File", "JFIF", "ICC_Profile", "ICC-header", "PNG", "RIFF", "Composite"}
NEUTRAL_TAGS = {"EXIF:Orientation", "EXIF:ExifByteOrder", "File:ExifByteOrder"}


def b3sum(content):
    run = subprocess.run(["b3sum", "--no-names"], input=content, stdout=subprocess.PIPE, check=True)
    return run.stdout.decode().strip()


def refusal(call):
    """The error that the client raises, and how many seconds it took."""
    started = time.monotonic()
    try:
        call()
    except OFAuthError as error:
        return error, time.monotonic() - started
    raise AssertionError("the call was not refused")


class PublishedClient:
    """The checks, in the order in which a newcomer would do these things."""

    def __init__(self, report, server, key, connection_id):
        self.report = report
        self.connection_id = connection_id
        self.key = key
        self.base_url = server.url
        self.caller = Caller(server.address, key, connection_id)
        self.client = OFAuthClient(api_key=key, base_url=server.url, connection_id=connection_id)

    def upload(self, name, content, mime_type, model, parts):
        """Through `upload_media`, as its documentation shows."""
        steps = []
        with self.report.holds(f"upload_media sends {name}, {len(content)} bytes in {parts} part(s)"):
            answer = self.client.upload_media(self.connection_id, name, content, mime_type,
                                              on_progress=lambda done, total: steps.append((done, total)))
            model.model_validate(answer)
            assert len(steps) == parts and steps[-1] == (len(content), len(content)), steps
        media = wait_settled(self.caller, answer["media"]["id"])
        self.report.check(f"{name} is a ready photo", media["isReady"] and media["type"] == "photo", media)
        self.report.check(f"the etag of {name} is what b3sum prints", media["etag"].strip('"') == b3sum(content), media["etag"])
        original = self.caller.send("GET", f"/v2/access/vault/media/{media['id']}/original")[2]
        self.report.check(f"the original of {name} comes back bit for bit", original == content, f"{len(original)} bytes")
        self.repeat_complete(name, answer)
        self.check_known(name, content, media)
        return media

    def repeat_complete(self, name, answer):
        with self.report.holds(f"complete_uploads for {name} again answers the same media"):
            again = upload.complete_uploads(self.client, {"mediaUploadId": answer["mediaUploadId"]})
            models.V2AccessUploadsCompletePostResponse.model_validate(again)
            assert again["media"]["id"] == answer["media"]["id"], again

    def check_known(self, name, content, media):
        with self.report.holds(f"check knows {name} by its digest, quoted or bare"):
            for etag in (b3sum(content), f'"{b3sum(content)}"'):
                answer = upload.create_uploads_uploads_check(self.client, {"etag": etag, "size": len(content)})
                models.V2AccessUploadsCheckPostResponse.model_validate(answer)
                assert answer["exists"] and answer["media"]["id"] == media["id"], answer

    def check_unknown(self):
        with self.report.holds("check does not know other bytes, nor other sizes"):
            answer = upload.create_uploads_uploads_check(self.client, {"etag": "0" * 64, "size": 5})
            models.V2AccessUploadsCheckPostResponse.model_validate(answer)
            assert answer["exists"] is False, answer

    def lists(self, uploaded):
        with self.report.holds("list_media lists both, newest first"):
            answer = vault.list_media(self.client)
            models.V2AccessVaultMediaGetResponse.model_validate(answer)
            assert [media["id"] for media in answer["list"]] == [media["id"] for media in reversed(uploaded)], answer
            assert answer["hasMore"] is False and all(type(media["id"]) is int for media in answer["list"]), answer
        with self.report.holds("iter_media pages through both and ends"):
            ids = [media["id"] for media in vault.iter_media(self.client, page_size=1, sort="oldest", type="photo")]
            assert ids == [media["id"] for media in uploaded], ids
        with self.report.holds("a page behind the end is empty and says so"):
            answer = vault.list_media(self.client, offset=100)
            assert answer["list"] == [] and answer["hasMore"] is False and "nextOffset" not in answer, answer

    def who_am_i(self):
        with self.report.holds("whoami and self answer as their models say"):
            models.V2AccountWhoamiGetResponse.model_validate(account.whoami(self.client))
            answer = own_account.list_selfs(self.client)
            models.V2AccessSelfGetResponse1.model_validate(answer)
            assert answer["isAuth"] is True, answer

    def generated_calls(self):
        """The generated PUT functions cannot send a body; the session has to outlive them."""
        content = PHOTO.read_bytes() + b"once more"
        session = upload.init_uploads(self.client, {"filename": "again.jpg", "size": len(content), "contentType": "image/jpeg"})
        models.V2AccessUploadsInitPostResponse.model_validate(session)
        upload_id = session["mediaUploadId"]
        for name, call in (("replace_uploads", lambda: upload.replace_uploads(self.client, upload_id)),
                           ("replace_uploads_uploads_parts", lambda: upload.replace_uploads_uploads_parts(self.client, upload_id, 1))):
            with self.report.holds(f"{name} without a body is a quick 400"):
                error, seconds = refusal(call)
                assert error.status == 400 and seconds < 1, (error.status, str(error), seconds)
        with self.report.holds("completing it too early is 409 and says what is missing"):
            error, _ = refusal(lambda: upload.complete_uploads(self.client, {"mediaUploadId": upload_id}))
            assert error.status == 409 and error.code == "UPLOAD_INCOMPLETE", (error.status, error.code)
            assert error.details["missingParts"] == [{"from": 1, "to": 1}], error.details
        with self.report.holds("the session still takes the bytes, under its percent-encoded id"):
            encoded = urllib.parse.quote(upload_id, safe="")
            answer = self.caller.expect("PUT", f"/v2/access/uploads/{encoded}", content, {"content-type": "image/jpeg"})
            models.V2AccessUploadsMediaUploadIdPutResponse.model_validate(answer)
            assert answer["mediaUploadId"] == upload_id, answer
        with self.report.holds("an upload reference and floats name the media, too"):
            media_id = answer["media"]["id"]
            for spelling in (f"{media_id}.0", f"{media_id:e}", upload_id, encoded):
                assert self.caller.expect("GET", f"/v2/access/vault/media/{spelling}")["id"] == media_id, spelling

    def refusals(self):
        wrong_key = OFAuthClient(api_key=self.key[:-1] + ("A" if self.key[-1] != "A" else "B"), base_url=self.base_url)
        wrong_connection = OFAuthClient(api_key=self.key, base_url=self.base_url, connection_id="conn_" + "0" * 24)
        for name, client, status, code in (("key", wrong_key, 401, "UNAUTHORIZED"),
                                           ("connection", wrong_connection, 401, "SESSION_NOT_PROVIDED")):
            with self.report.holds(f"a wrong {name} is {code}"):
                error, _ = refusal(lambda client=client: vault.list_media(client))
                assert (error.status, error.code) == (status, code) and str(error), (error.status, error.code)

    def nothing_private(self, media):
        """Every byte delivered, searched for what the sample's metadata says, and read by a tool that is not ours."""
        urls = delivered_urls(media)
        self.report.check("the photo has full, preview, its option, squarePreview and thumb", len(urls) >= 5, urls)
        with tempfile.TemporaryDirectory() as folder:
            for name, url in urls.items():
                status, headers, content = self.caller.fetch(url)
                found = [what for what, needle in PRIVATE.items() if needle in content]
                self.report.check(f"{name} is delivered without what only the camera knew", status == 200 and not found, (status, found))
                path = pathlib.Path(folder) / "delivered"
                path.write_bytes(content)
                run = subprocess.run(["exiftool", "-j", "-G0", path], stdout=subprocess.PIPE, check=True)
                tags = {tag for tag in json.loads(run.stdout)[0] if tag.split(":")[0] not in NEUTRAL_GROUPS} - NEUTRAL_TAGS
                self.report.check(f"exiftool finds nothing else in {name} ({headers['content-type']})", not tags, tags)
        original = PHOTO.read_bytes()
        self.report.check("the search finds all of it in the original", all(needle in original for needle in PRIVATE.values()))


def main():
    report = Report()
    with Server() as server:
        key, connection_id = server.create_key(), server.create_connection()
        server.start()
        checks = PublishedClient(report, server, key, connection_id)
        photo = checks.upload("photo.jpg", PHOTO.read_bytes(), "image/jpeg", models.V2AccessUploadsMediaUploadIdPutResponse, 1)
        large = checks.upload("noise.png", noise_png(40 * MIB), "image/png", models.V2AccessUploadsCompletePostResponse, 5)
        checks.lists([photo, large])
        checks.check_unknown()
        checks.who_am_i()
        checks.generated_calls()
        checks.refusals()
        checks.nothing_private(photo)
        if report.failed:
            print(server.log())
        report.check("SIGTERM ends the server with status 0", server.stop() == 0)
    report.end()


if __name__ == "__main__":
    main()
