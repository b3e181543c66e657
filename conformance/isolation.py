"""Who gets at what: every operation of the server's own OpenAPI document, for every kind of key and every kind of id.

Operations × own, foreign, deleted and random ids × keys with every permission, none, one alone, all but one, with and without
the scope ACCOUNT × live and sandbox. What has to come out follows from contract.md alone; a route that is added is in the
matrix by being in the document. A refusal for a foreign or deleted id has to be, byte for byte, that for an unknown one.

Run it with the Python of .venv (tools/setup test). Ends with `N passed, M failed`.
"""

import collections
import json
import uuid

from pictures import small_jpeg
from report import Report
from server import Caller, Server, wait_settled

PERMISSIONS = ("vault:read", "vault:write", "profile:read", "profile:write")
RANDOM_NUMBER = 987_654
METHODS = ("get", "post", "put", "patch", "delete")
# The log of a form outlives it, and revoking a key is repeatable.
OUTLIVES_DELETION = {"getReleaseFormAudit", "revokeKey"}
# Things that a path or body can name, and a number or id of each that nobody has.
RANDOM = {
    "upload": lambda: f"upload:{uuid.uuid4()}",
    "media": lambda: str(RANDOM_NUMBER),
    "list": lambda: str(RANDOM_NUMBER),
    "form": lambda: str(RANDOM_NUMBER),
    "person": lambda: str(RANDOM_NUMBER),
    "connection": lambda: "conn_" + uuid.uuid4().hex[:24],
    "key": lambda: "key_" + uuid.uuid4().hex[:24],
}
PARAMETERS = {"mediaUploadId": "upload", "mediaId": "media", "listId": "list", "formId": "form", "releaseFormId": "form",
              "personId": "person", "userId": "person", "connectionId": "connection", "keyId": "key"}
PICTURE = small_jpeg()


class Operation:
    """One method of one path."""

    def __init__(self, path, method, document):
        self.path, self.method = path, method.upper()
        self.id = document["operationId"]
        self.names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
        self.kind = next((PARAMETERS[name] for name in self.names if name in PARAMETERS), None)
        self.right = document["x-required-permission"]
        self.content = document.get("requestBody", {}).get("content", {})

    @property
    def is_account(self):
        return self.right == "ACCOUNT"

    @property
    def is_about_connection_header(self):
        return not self.path.startswith("/v2/account/") and not self.path.endswith(("/store/stats", "/vault-plus/stats"))

    def fill(self, identity):
        path = self.path.replace("{partNumber}", "1").replace("{sha256}", "0" * 64)
        for name in self.names:
            path = path.replace(f"{{{name}}}", str(identity))
        return path

    def body(self, own):
        """A good body: the document's example, about things of one's own."""
        if not self.content:
            return None, {}
        if self.content.get("application/json") is None:
            return PICTURE, {"content-type": "image/jpeg"}
        example = example_of(self.content["application/json"])
        replaced = dict(example)
        for key, value in example.items():
            if key in ("mediaUploadId",):
                replaced[key] = own["upload"]
            elif key == "mediaIds":
                replaced[key] = [own["media"] if isinstance(value[0], str) else int(own["media"])]
            elif key in ("releaseFormIds", "formIds"):
                replaced[key] = [int(own["form"])]
            elif key == "listIds":
                replaced[key] = [int(own["list"])]
            elif key == "userId":
                replaced[key] = int(own["person"])
            elif key in ("parts", "connectionIds"):
                replaced.pop(key)
        return replaced, {}


def example_of(content):
    if "example" in content:
        return content["example"]
    return next(iter(content["examples"].values()))["value"]


def key_kinds():
    """What keys there are: name, permissions, whether with the scope."""
    yield "every right", PERMISSIONS, True
    yield "every permission, no scope", PERMISSIONS, False
    yield "the scope alone", (), True
    for permission in PERMISSIONS:
        yield f"{permission} alone", (permission,), False
        yield f"all but {permission}", tuple(other for other in PERMISSIONS if other != permission), True


class Matrix:
    def __init__(self, report, server):
        self.report, self.server = report, server
        self.owner_key = self.key("owner", PERMISSIONS, True, False)
        self.own = server.create_connection("own")
        self.foreign = server.create_connection("foreign")
        self.sandbox = server.command("connection", "create", "--name", "s", "--username", "s", "--sandbox")["id"]
        self.counted = collections.Counter()

    def key(self, name, permissions, scope, is_sandbox):
        arguments = ["key", "create", "--name", name] + (["--sandbox"] if is_sandbox else [])
        for permission in permissions:
            arguments += ["--permission", permission]
        created = self.server.command(*arguments, *(["--scope", "ACCOUNT"] if scope else []))
        return created["key"]

    def key_with(self, caller, name, permissions, scope):
        """The command line gives all where nothing is named, so keys that lack things are made over HTTP."""
        body = {"name": name, "permissions": list(permissions), "scopes": ["ACCOUNT"] if scope else []}
        return caller.expect("POST", "/v2/account/keys", body)["key"]

    def caller(self, key, connection):
        return Caller(self.server.address, key, connection)

    def things(self, caller):
        """One of everything, of the caller's."""
        body = PICTURE + uuid.uuid4().bytes
        upload = caller.expect("POST", "/v2/access/uploads/init", {"filename": "a.jpg", "size": len(body), "contentType": "image/jpeg"})["mediaUploadId"]
        done = caller.expect("PUT", f"/v2/access/uploads/{upload}", body)
        media = wait_settled(caller, done["media"]["id"])["id"]
        open_upload = caller.expect("POST", "/v2/access/uploads/init", {"filename": "b.jpg", "size": len(PICTURE), "contentType": "image/jpeg"})["mediaUploadId"]
        listed = caller.expect("POST", "/v2/access/vault/lists", {"name": "list"})["id"]
        person = caller.expect("POST", "/v2/access/self/tagged-friend-users", {"name": "Ana", "username": "ana"})
        form = caller.expect("POST", "/v2/access/self/release-forms", {"name": "form", "type": "model"})["id"]
        connection = caller.expect("POST", "/v2/account/connections", {"name": "spare", "username": "spare"})["id"]
        key = caller.expect("POST", "/v2/account/keys", {"name": "spare", "permissions": [], "scopes": []})["id"]
        return {"upload": open_upload, "media": str(media), "list": str(listed), "form": str(form),
                "person": str(person["id"]), "connection": connection, "key": key}

    def direct_upload(self, caller):
        """An open one whose parts go to the bucket itself, where there is one."""
        new = {"filename": "c.jpg", "size": len(PICTURE), "contentType": "image/jpeg", "directParts": True}
        return caller.expect("POST", "/v2/access/uploads/init", new)["mediaUploadId"]

    def delete(self, caller, things):
        for path in (f"/v2/access/vault/media/{things['media']}?purge=true", f"/v2/access/vault/lists/{things['list']}",
                     f"/v2/access/self/release-forms/{things['form']}", f"/v2/access/self/tagged-friend-users/{things['person']}",
                     f"/v2/account/connections/{things['connection']}", f"/v2/account/keys/{things['key']}"):
            caller.expect("DELETE", path)
        return {kind: identity for kind, identity in things.items() if kind != "upload"}

    def send(self, caller, operation, identity, own):
        body, headers = operation.body(own)
        return caller.send(operation.method, operation.fill(identity), body, headers)

    def run(self, operations):
        owner = self.caller(self.owner_key, self.own)
        stranger = self.caller(self.owner_key, self.foreign)
        mine = self.things(owner)
        # Lists are numbered within their connection: those of others get numbers that are none of mine.
        sandboxed = self.caller(self.key("sandbox", PERMISSIONS, True, True), self.sandbox)
        for other in (stranger, sandboxed) * 5:
            other.expect("POST", "/v2/access/vault/lists", {"name": "filler"})
        ids = {"own": mine, "foreign": self.things(stranger), "deleted": self.delete(owner, self.things(owner))}
        ids["sandbox"] = self.things(sandboxed)
        keys = []
        for world, maker in (("live", owner), ("sandbox", sandboxed)):
            keys += [(world, name, permissions, scope, self.key_with(maker, name, permissions, scope))
                     for name, permissions, scope in key_kinds()]
        for operation in operations:
            for world, name, permissions, scope, key in keys:
                caller = self.caller(key, self.own)
                self.of_key(operation, caller, ids, world, name, permissions, scope)
                caller.close()
        for operation in operations:
            self.permitted(operation, owner)

    def of_key(self, operation, caller, ids, world, name, permissions, scope):
        """One operation with one key, on the own live connection, for each kind of id that it may not have."""
        expected = self.refusal(operation, world, permissions, scope)
        kinds = ("own", "foreign", "deleted", "random", "sandbox") if operation.kind else ("none",)
        if expected is None:
            # What may be done is not done to what others still need; `permitted` does it to fresh things. To a sandbox key, the
            # sandbox's things are its own, and the live ones unknown.
            its_own = "sandbox" if world == "sandbox" else "own"
            kinds = tuple(kind for kind in kinds if kind not in (its_own, "none"))
        unknown = None
        for kind in sorted(kinds, key=lambda kind: kind != "random"):
            if kind not in ("random", "none") and operation.kind not in ids[kind]:
                continue
            if kind == "deleted" and operation.id in OUTLIVES_DELETION:
                continue
            # There is one organisation here; another's connections and keys are in the matrix in Rust.
            if kind == "foreign" and operation.kind in ("connection", "key"):
                continue
            identity = RANDOM[operation.kind]() if kind == "random" else ids[kind][operation.kind] if operation.kind else ""
            status, headers, body = self.send(caller, operation, identity, ids["own"])
            claim = f"{operation.method} {operation.path} of a {kind} id with a {world} key, {name}"
            self.counted[operation.id] += 1
            if expected is not None:
                code, word = expected
                answer = json.loads(body)
                held = status == code and answer["code"] == word
            else:
                held = status == 404 and json.loads(body).get("code") == "RESOURCE_NOT_FOUND"
                seen = self.masked(body, headers, identity)
                unknown = unknown or seen
                held = held and seen == unknown
            self.claim(claim, held, f"{status} {body[:200]!r}, expected {expected or 404}")

    def claim(self, claim, held, otherwise):
        """Thousands hold; only those that do not are printed."""
        if held:
            self.report.passed += 1
        else:
            self.report.check(claim, False, otherwise)

    def refusal(self, operation, world, permissions, scope):
        """What the key alone comes to: status and code, or `None` where it is good."""
        if operation.is_account:
            if not scope:
                return 403, "FORBIDDEN"
            if operation.is_about_connection_header and world == "sandbox":
                return 401, "SESSION_NOT_PROVIDED"
            return None
        if world == "sandbox":
            return 401, "SESSION_NOT_PROVIDED"
        return None if operation.right in permissions else (403, "FORBIDDEN")

    @staticmethod
    def masked(body, headers, identity):
        """All of an answer that may not differ between ids."""
        answer = json.loads(body)
        answer.pop("requestId", None)
        text = json.dumps(answer).replace(str(identity), "…")
        varying = ("date", "x-request-id", "content-length", "x-ratelimit-remaining", "x-ratelimit-reset")
        return text, sorted((name.lower(), value) for name, value in headers.items() if name.lower() not in varying)

    def permitted(self, operation, owner):
        """With every right and one's own thing, each operation works: without that the refusals above would prove nothing."""
        own = self.things(owner)
        if operation.id in ("completeUpload",):
            owner.expect("PUT", f"/v2/access/uploads/{own['upload']}", PICTURE)
        if operation.id == "getDirectParts":
            own["upload"] = self.direct_upload(owner)
        if operation.id.startswith("getReleaseFormDocument"):
            owner.expect("PUT", f"/v2/access/self/release-forms/{own['form']}/document", PICTURE)
        status, _, body = self.send(owner, operation, own.get(operation.kind, ""), own)
        self.counted[operation.id] += 1
        self.claim(f"{operation.method} {operation.path} works with every right", status == 200 and body, f"{status} {body[:300]!r}")


def main():
    report = Report()
    with Server(LIMITS__REQUESTS_PER_MINUTE=0, STORE__DIRECT_PARTS="true") as server:
        matrix = Matrix(report, server)
        server.start()
        document = matrix.caller(matrix.owner_key, matrix.own).expect("GET", "/openapi.json")
        operations = [Operation(path, method, item[method])
                      for path, item in document["paths"].items() for method in METHODS if method in item]
        matrix.run(operations)
        counted = sum(matrix.counted.values())
        report.check(f"the matrix has {counted} checks of {len(operations)} operations", counted >= 3000, counted)
        if report.failed:
            print(server.log())
    report.end()


if __name__ == "__main__":
    main()
