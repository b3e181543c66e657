"""Every function of the published PyPI client's vault, account and stored-media modules, unmodified, against the built server.

Each is called at least once, iterators included, and the client's own pydantic models validate the answers; a function that
was not called fails the run. Where the wire contract lets a field be null and the generated model forgot to, the field is
named in NULLABLE. Run it with the Python of .venv (tools/setup test). Ends with `N passed, M failed`.
"""

import inspect

from onlyfans_sdk import OFAuthClient, account, models, upload, vault, vault_cache, vault_lists, vault_media, vault_stats, vault_store
from onlyfans_sdk import self as own_account
from onlyfans_sdk._client import OFAuthError
from pydantic import ValidationError

from pictures import PHOTO, small_jpeg
from report import Report
from server import Caller, Server, wait_settled

# Fields that the contract (sections 4, 6 and 9) lets be null; the generator of the models lost that.
NULLABLE = {"name", "avatar", "expiredAt", "clientReferenceId", "lastCheckedAt", "partnerId", "code", "status", "approvedAt",
            "lastChangedAt", "userName", "duration", "storedAt", "settingsOverrides"}
# Sessions of another service are imported with these, notifications are its own, and a profile is changed there.
NOT_OURS = {"create_connections_connections_import", "update_connections_connections_import", "list_notifications",
            "iter_notifications", "update_self"}
MODULES = (upload, vault, vault_lists, vault_media, vault_store, vault_stats, vault_cache, account, own_account)


def validate(model, answer):
    """As `model_validate`, but nulls are taken where the contract has them."""
    try:
        model.model_validate(answer)
    except ValidationError as error:
        wrong = [problem for problem in error.errors() if problem["input"] is not None or problem["loc"][-1] not in NULLABLE]
        assert not wrong, wrong
    return answer


def note_calls(module, called):
    """Wraps the module's functions, so that the end can tell which were called."""
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ != module.__name__ or name in NOT_OURS:
            continue

        def noted(*arguments, function=function, name=f"{module.__name__}.{name}", **named):
            called[name] = True
            return function(*arguments, **named)

        called[f"{module.__name__}.{name}"] = False
        setattr(module, name, noted)


class PublishedVault:
    """A team's day with the vault, in the order in which they would do these things."""

    def __init__(self, report, server, key, connection_id):
        self.report = report
        self.connection_id = connection_id
        self.caller = Caller(server.address, key, connection_id)
        self.client = OFAuthClient(api_key=key, base_url=server.url, connection_id=connection_id)
        self.media = []

    def uploads(self):
        with self.report.holds("three photos arrive, by every upload function"):
            for index, content in enumerate((PHOTO.read_bytes(), small_jpeg() + b"1", small_jpeg() + b"2")):
                assert not upload.create_uploads_uploads_check(self.client, {"etag": "0" * 64, "size": len(content)})["exists"]
                session = upload.init_uploads(self.client, {"filename": f"holiday {index}.jpg", "size": len(content), "contentType": "image/jpeg"})
                for refused in (lambda: upload.replace_uploads(self.client, session["mediaUploadId"]),
                                lambda: upload.replace_uploads_uploads_parts(self.client, session["mediaUploadId"], 1)):
                    try:
                        refused()
                    except OFAuthError as error:
                        assert error.status == 400, error.status
                    else:
                        raise AssertionError("an empty PUT was accepted")
                self.caller.expect("PUT", f"/v2/access/uploads/{session['mediaUploadId']}", content, {"content-type": "image/jpeg"})
                answer = upload.complete_uploads(self.client, {"mediaUploadId": session["mediaUploadId"]})
                validate(models.V2AccessUploadsCompletePostResponse, answer)
                self.media.append(wait_settled(self.caller, answer["media"]["id"])["id"])

    def lists(self):
        with self.report.holds("a list is made, renamed, filled, listed"):
            made = validate(models.V2AccessVaultListsPostResponse, vault_lists.create_vault_vault_lists(self.client, {"name": "Best of"}))
            assert made["name"] == "Best of" and made["hasMedia"] is False and 0 < made["id"] < 1_000_000, made
            self.list_id = float(made["id"])
            renamed = vault_lists.update_vault_vault_lists(self.client, self.list_id, {"name": "Best of 2026"})
            assert validate(models.V2AccessVaultListsListIdPatchResponse, renamed)["name"] == "Best of 2026", renamed
            filled = vault_lists.create_vault_vault_lists_media(self.client, self.list_id, {"mediaIds": self.media[:2] + self.media[:1]})
            assert validate(models.V2AccessVaultListsListIdMediaPostResponse, filled)["hasMedia"] is True, filled
            lists = validate(models.V2AccessVaultListsGetResponse, vault_lists.list_vault_vault_lists(self.client))
            assert [item["name"] for item in lists["list"]] == ["Best of 2026"] and lists["all"]["photosCount"] == 3, lists
            assert lists["list"][0]["medias"] and lists["list"][0]["medias"][0]["url"], lists
        with self.report.holds("the list's media come by page and by iterator"):
            page = vault_lists.list_vault_vault_lists_media(self.client, self.list_id, sort="oldest", type="photo")
            validate(models.V2AccessVaultListsListIdMediaGetResponse, page)
            assert [item["id"] for item in page["list"]] == self.media[:2], page
            assert [named["id"] for named in page["list"][0]["lists"]] == [int(self.list_id)], page
            ids = [item["id"] for item in vault_lists.iter_vault_vault_lists_media(self.client, self.list_id, page_size=1)]
            assert ids == self.media[1::-1], ids
        with self.report.holds("twelve lists come page by page and end"):
            for number in range(11):
                vault_lists.create_vault_vault_lists(self.client, {"name": f"List {number}"})
            names = {item["name"] for item in vault_lists.iter_vault_vault_lists(self.client, page_size=5)}
            assert len(names) == 12, names
            found = vault_lists.list_vault_vault_lists(self.client, query="best")
            assert [item["name"] for item in found["list"]] == ["Best of 2026"], found
        with self.report.holds("a list is emptied and deleted, and its media stay"):
            vault_lists.update_vault_vault_lists(self.client, self.list_id, {"name": "Empty", "clearMedia": True})
            assert vault_lists.list_vault_vault_lists_media(self.client, self.list_id)["list"] == []
            assert vault_lists.delete_vault_vault_lists(self.client, self.list_id) == {}
            assert len(vault.list_media(self.client)["list"]) == 3

    def search(self):
        with self.report.holds("list_media and iter_media sort, filter and search in both generations of names"):
            for arguments in ({"sort": "oldest"}, {"sort_by": "recent", "sort_direction": "asc"}):
                page = validate(models.V2AccessVaultMediaGetResponse, vault.list_media(self.client, **arguments))
                assert [item["id"] for item in page["list"]] == self.media, (arguments, page)
            assert [item["id"] for item in vault.iter_media(self.client, page_size=2, query="DAY 1")] == [self.media[1]]
            assert list(vault.iter_media(self.client, type="video")) == []
            made = vault_lists.create_vault_vault_lists(self.client, {"name": "One"})
            vault_lists.create_vault_vault_lists_media(self.client, made["id"], {"mediaIds": self.media[2:]})
            assert [item["id"] for item in vault.iter_media(self.client, list_id=made["id"], media_type="photo")] == self.media[2:]
            self.one = made["id"]

    def consent(self):
        with self.report.holds("release forms and people are listed, page by page, and shown on media"):
            person = self.caller.expect("POST", "/v2/access/self/tagged-friend-users", {"name": "Ana Lima", "username": "analima"})
            for number in range(23):
                form = self.caller.expect("POST", "/v2/access/self/release-forms",
                                          {"name": f"Form {number:02}", "type": "model", "userId": person.get("user", person)["id"]})
            page = validate(models.V2AccessSelfReleaseFormsGetResponse,
                            own_account.list_release_forms(self.client, limit=20, filter="pending", sort_by="name", sort_direction="asc"))
            assert [item["name"] for item in page["list"]] == [f"Form {number:02}" for number in range(20)] and page["hasMore"], page
            names = [item["name"] for item in own_account.iter_release_forms(self.client, page_size=7, search="form 1")]
            assert len(names) == 10, names
            people = validate(models.V2AccessSelfTaggedFriendUsersGetResponse, own_account.list_tagged_friend_users(self.client, search="lima"))
            assert [item["user"]["username"] for item in people["list"]] == ["analima"], people
            assert len(list(own_account.iter_tagged_friend_users(self.client, page_size=1))) == 1
            self.caller.expect("PUT", f"/v2/access/vault/media/{self.media[0]}/release-forms", {"releaseFormIds": [form["id"]]})
            page = validate(models.V2AccessVaultMediaGetResponse, vault.list_media(self.client, query="lima"))
            assert [item["id"] for item in page["list"]] == self.media[:1], page
            assert page["list"][0]["releaseForms"][0]["user"]["username"] == "analima", page
            validate(models.V2AccessSelfGetResponse, own_account.list_selfs(self.client))

    def stored(self):
        with self.report.holds("the stored-media calls show the same media"):
            listed = validate(models.V2VaultPlusListGetResponse, vault_media.list_v2_vault_plus_lists(self.client, self.connection_id, limit=2))
            assert len(listed["items"]) == 2 and listed["nextCursor"], listed
            rest = vault_media.list_v2_vault_plus_lists(self.client, self.connection_id, limit=2, cursor=listed["nextCursor"])
            assert {item["id"] for item in listed["items"] + rest["items"]} == {str(media) for media in self.media}, rest
            assert "nextCursor" not in rest, rest
            first = str(self.media[0])
            one = validate(models.V2VaultPlusMediaIdGetResponse, vault_media.get_v2_vault_plus(self.client, self.connection_id, first))
            assert one["type"] == "image" and {"full", "preview", "thumb"} <= set(one["media"]), one
            status, _, content = self.caller.fetch(one["media"]["thumb"]["url"])
            assert status == 200 and content[:2] == b"\xff\xd8", status
            batch = vault_media.create_v2_vault_plus_batch(self.client, self.connection_id, {"mediaIds": [first, "999999"]})
            assert [item["id"] for item in validate(models.V2VaultPlusBatchPostResponse, batch)["items"]] == [first], batch
            stored = vault_store.create_v2_vault_plus_store_list(self.client, self.connection_id, str(self.one))
            validate(models.V2VaultPlusStoreListListIdPostResponse, stored)
            cached = vault_cache.create_v2_vault_cache_list(self.client, self.connection_id, str(self.one))
            assert cached["listId"] == str(self.one), cached
            status = validate(models.V2VaultPlusStoreStatusGetResponse, vault_stats.list_v2_vault_plus_store_status(self.client, self.connection_id))
            assert status["totalMedia"] == 3 and status["storedCount"] == 3 and status["pendingCount"] == 0, status
            stats = validate(models.V2VaultPlusStoreStatsGetResponse, vault_stats.list_v2_vault_plus_store_stats(self.client))
            assert stats["totalMediaCount"] == 3 and stats["totalStorageBytes"] > 0, stats

    def stored_gone(self):
        with self.report.holds("the stored-media calls delete one and all, and the trash gives them back"):
            first = str(self.media[0])
            gone = validate(models.V2VaultPlusMediaIdDeleteResponse, vault_media.delete_v2_vault_plus(self.client, self.connection_id, first))
            assert gone["success"] and gone["freedBytes"] > 0 and len(vault.list_media(self.client)["list"]) == 2, gone
            purged = validate(models.V2VaultPlusPurgeDeleteResponse, vault_media.delete_v2_vault_plus_purge(self.client, self.connection_id))
            assert purged["success"] and purged["purgedCount"] > 0 and vault.list_media(self.client)["list"] == [], purged
            self.caller.expect("POST", f"/v2/access/vault/media/{first}/restore")
            assert [item["id"] for item in vault.list_media(self.client)["list"]] == [self.media[0]]

    def account(self):
        with self.report.holds("connections and settings are listed, changed, invalidated, deleted"):
            validate(models.V2AccountWhoamiGetResponse, account.whoami(self.client))
            for number in range(11):
                spare = self.caller.expect("POST", "/v2/account/connections", {"name": f"Spare {number}", "username": f"spare{number}"})
            page = validate(models.V2AccountConnectionsGetResponse, account.list_connections(self.client, status="active", imported="false"))
            assert len(page["list"]) == 10 and page["hasMore"], page
            assert len({item["id"] for item in account.iter_connections(self.client, page_size=5)}) == 12
            account.invalidate_connections(self.client, spare["id"])
            expired = account.list_connections(self.client, status="expired")
            assert [item["id"] for item in expired["list"]] == [spare["id"]] and expired["list"][0]["expiredAt"], expired
            assert account.delete_connections(self.client, spare["id"]) == {}
            assert account.list_connections(self.client, status="expired")["list"] == []
            before = validate(models.V2AccountConnectionsConnectionIdSettingsGetResponse,
                              account.get_connection_settings(self.client, self.connection_id))
            changed = account.update_connection_settings(
                self.client, self.connection_id, {"vaultPlus": {"enabled": True, "settings": {"cacheVideos": False}}, "unknown": 1})
            validate(models.V2AccountConnectionsConnectionIdSettingsPatchResponse, changed)
            assert changed["settings"]["vaultPlus"]["enabled"] is True and before["connectionId"] == self.connection_id, changed
            assert changed["settings"]["vaultPlus"]["settingsOverrides"] == {"cacheVideos": False}, changed
            validate(models.V2AccountSettingsGetResponse, account.get_org_settings(self.client))
            patched = account.update_org_settings(self.client, {"vaultPlus": {"autoEnableForNewConnections": True, "applyToExistingConnections": True,
                                                                              "defaultSettings": {"retentionDays": 7}}})
            validate(models.V2AccountSettingsPatchResponse, patched)
            assert patched["settings"]["vaultPlus"]["defaultSettings"]["retentionDays"] == 7, patched


def main():
    report, called = Report(), {}
    for module in MODULES:
        note_calls(module, called)
    with Server(LIMITS__REQUESTS_PER_MINUTE=0) as server:
        key, connection_id = server.create_key(), server.create_connection()
        server.start()
        day = PublishedVault(report, server, key, connection_id)
        for step in (day.uploads, day.lists, day.search, day.consent, day.stored, day.account, day.stored_gone):
            step()
        forgotten = [name for name, was_called in called.items() if not was_called]
        report.check(f"all {len(called)} functions of the modules were called", not forgotten, forgotten)
        if report.failed:
            print(server.log())
    report.end()


if __name__ == "__main__":
    main()
