"""The published property tester schemathesis against the built server and its own OpenAPI document.

All checks, on every operation: with the document's examples, at the bounds of its schemas, with random data that it allows and
data that it does not, and in sequences that take ids from one answer into the next call. What it would find: server errors,
answers that the document does not describe, schemas that an answer breaks, operations that do without a key. SEED repeats a
run, SECONDS_PER_RUN bounds its random part. Ends with `N passed, M failed`.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

import jsonschema_rs

from pictures import small_jpeg
from report import Report
from server import Caller, Server, wait_settled

# These would end the key or the connection that the run itself lives on; the access matrix of the Rust tests has them.
SELF_DESTRUCTIVE = ("deleteConnection", "invalidateConnection", "revokeKey")

# A document cannot say which ids, cursors and digests exist, nor what a quota has left: data that it allows may be refused.
CANNOT_BE_SAID = "positive_data_acceptance"


def furnish(caller):
    """A photo, a list, a form and a person, so that the document's example ids name something."""
    photo = small_jpeg()
    session = caller.expect("POST", "/v2/access/uploads/init",
                            {"filename": "a.jpg", "size": len(photo), "contentType": "image/jpeg"})
    media = caller.expect("PUT", f"/v2/access/uploads/{session['mediaUploadId']}", photo)["media"]
    wait_settled(caller, media["id"])
    caller.expect("POST", "/v2/access/vault/lists", {"name": "Summer"})
    caller.expect("POST", "/v2/access/self/release-forms", {"name": "Ana", "type": "model"})
    caller.expect("POST", "/v2/access/self/tagged-friend-users", {"name": "Ana"})


def run(server, credentials, seed, *options):
    """Runs the tester; its exit status."""
    key, connection_id = credentials
    excluded = [part for operation in SELF_DESTRUCTIVE for part in ("--exclude-operation-id", operation)]
    command = [
        pathlib.Path(sys.executable).parent / "st", "run", f"{server.url}/openapi.json",
        "--header", f"apiKey: {key}", "--header", f"x-connection-id: {connection_id}",
        "--checks", "all", "--exclude-checks", CANNOT_BE_SAID, *excluded, "--seed", seed, *options,
        "--continue-on-failure", "--request-timeout", "20", "--generation-database", "none", "--warnings", "off",
    ]
    hooks = {"SCHEMATHESIS_HOOKS": "schemathesis_hooks", "PYTHONPATH": str(pathlib.Path(__file__).parent)}
    # Where it is started it leaves folders behind.
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run(command, cwd=folder, env=os.environ | hooks, timeout=400).returncode


def wrong_examples(document):
    """The examples of JSON bodies that their own schemas refuse."""
    wrong = []
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for body in (operation.get("requestBody", {}), operation["responses"]["200"]):
                content = body.get("content", {}).get("application/json")
                if content:
                    schema = {**content["schema"], "components": document["components"]}
                    errors = jsonschema_rs.validator_for(schema).iter_errors(content["example"])
                    wrong += [f"{method} {path}: {error.message}" for error in errors]
    return wrong


def main():
    report = Report()
    seconds, seed = os.environ.get("SECONDS_PER_RUN", "50"), os.environ.get("SEED", "1")
    # Limits would make of most answers one and the same.
    with Server(LIMITS__REQUESTS_PER_MINUTE=0) as server:
        credentials = server.create_key(), server.create_connection()
        server.start()
        caller = Caller(server.address, *credentials)
        wrong = wrong_examples(caller.expect("GET", "/openapi.json"))
        report.check("every example is one of its schema", not wrong, wrong[:3])
        furnish(caller)
        status = run(server, credentials, seed, "--phases", "examples,coverage,fuzzing", "--max-examples", "15", "--max-time", seconds)
        report.check(f"schemathesis finds nothing in single calls (SEED={seed})", status == 0, f"exit status {status}")
        # It takes every header that names a connection for a call that must begin by listing connections.
        status = run(server, credentials, seed, "--phases", "stateful", "--exclude-tag", "account", "--max-examples", "120")
        report.check(f"schemathesis finds nothing in sequences of calls (SEED={seed})", status == 0, f"exit status {status}")
        errors = [line for line in server.log().splitlines() if "ERROR" in line]
        report.check("the server logged no error", not errors, errors[:3])
        report.check("SIGTERM ends the server with status 0", server.stop() == 0)
    report.end()


if __name__ == "__main__":
    main()
