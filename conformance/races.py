"""A hundred callers at once: one complete wins and all hear of it, one body of a part wins whole, abort and complete never mix.

Ends with `N passed, M failed`.
"""

import os
import threading

import engines
from report import Report
from server import Caller, Server

RACERS = 16 if engines.is_on_s3() else 100
ROUNDS = 3
PART_BYTES = engines.smallest_part(64 << 10)
SETTINGS = {"UPLOAD__MIN_PART_BYTES": PART_BYTES, "SERVER__MAX_CONNECTIONS_PER_ADDRESS": 2 * RACERS}


class Race:
    """Callers that are connected and wait at one gate."""

    def __init__(self, server, key, connection_id):
        self.arguments = server.address, key, connection_id

    def run(self, requests):
        """Sends all requests at the same moment; each answer, or the error in its place."""
        gate, answers = threading.Barrier(len(requests)), [None] * len(requests)

        def racer(index, request):
            caller = Caller(*self.arguments)
            caller.http.connect()
            gate.wait()
            try:
                answers[index] = caller.json(*request)
            except Exception as error:
                answers[index] = (None, repr(error))
            finally:
                caller.close()

        threads = [threading.Thread(target=racer, args=pair) for pair in enumerate(requests)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers


def uploaded(caller, bodies):
    """A new upload with these parts in it; its id. None stands for a part that is not sent."""
    size = PART_BYTES * len(bodies)
    session = caller.expect("POST", "/v2/access/uploads/init", {"filename": "race", "size": size, "contentType": "image/png"})
    for number, body in enumerate(bodies, 1):
        if body:
            caller.expect("PUT", f"/v2/access/uploads/{session['mediaUploadId']}/parts/{number}", body)
    return session["mediaUploadId"]


def completing(upload_id):
    return "POST", "/v2/access/uploads/complete", {"mediaUploadId": upload_id}, {"prefer": "wait=0"}


def original(caller, media_id):
    return caller.send("GET", f"/v2/access/vault/media/{media_id}/original")[2]


def racing_completes(report, race, caller):
    bodies = [os.urandom(PART_BYTES) for _ in range(3)]
    before = len(listed(caller))
    answers = race.run([completing(uploaded(caller, bodies))] * RACERS)
    statuses = {status for status, _ in answers}
    report.check(f"{RACERS} racing completes are all 200", statuses == {200}, [answer for answer in answers if answer[0] != 200][:3])
    ids = {answer["media"]["id"] for status, answer in answers if status == 200}
    report.check("they all name one media, and one is there", len(ids) == 1 and len(listed(caller)) == before + 1, ids)
    report.check("it has the bytes that were sent", ids and original(caller, ids.pop()) == b"".join(bodies))


def racing_parts(report, race, caller):
    first, last = os.urandom(PART_BYTES), os.urandom(PART_BYTES)
    upload_id = uploaded(caller, [first, None, last])
    bodies = [os.urandom(PART_BYTES) for _ in range(RACERS)]
    answers = race.run([("PUT", f"/v2/access/uploads/{upload_id}/parts/2", body) for body in bodies])
    refused = [answer for answer in answers if answer[0] != 200]
    report.check(f"{RACERS} racing PUTs of one part are all 200", not refused, refused[:3])
    by_etag = {answer["etag"]: body for (status, answer), body in zip(answers, bodies) if status == 200}
    session = caller.expect("GET", f"/v2/access/uploads/{upload_id}")
    winners = [part["etag"] for part in session["receivedParts"] if part["partNumber"] == 2]
    report.check("the session lists one of them", len(winners) == 1 and winners[0] in by_etag, winners)
    media = caller.expect(*completing(upload_id))["media"]
    expected = first + by_etag.get(winners[0], b"") + last
    report.check("the file has exactly the listed one's bytes", original(caller, media["id"]) == expected)


def racing_abort(report, race, caller):
    bodies = [os.urandom(PART_BYTES) for _ in range(2)]
    upload_id = uploaded(caller, bodies)
    (completed, answer), (aborted, _) = race.run([completing(upload_id), ("DELETE", f"/v2/access/uploads/{upload_id}")])
    if completed == 200:
        whole = original(caller, answer["media"]["id"]) == b"".join(bodies)
        report.check(f"complete won against abort ({aborted}) and the media is whole", whole)
    else:
        state = caller.json("GET", f"/v2/access/uploads/{upload_id}")
        gone = completed == 410 and aborted == 200
        report.check("abort won against complete and nothing is left", gone, (completed, answer, aborted, state))


def listed(caller):
    return [session["mediaUploadId"] for session in caller.expect("GET", "/v2/access/uploads?state=completed&limit=40")["list"]]


def main():
    report = Report()
    with Server(**SETTINGS) as server:
        key, connection_id = server.create_key(), server.create_connection()
        server.start()
        race, caller = Race(server, key, connection_id), Caller(server.address, key, connection_id)
        for _ in range(ROUNDS):
            racing_completes(report, race, caller)
            racing_parts(report, race, caller)
            for _ in range(5):
                racing_abort(report, race, caller)
        if report.failed:
            print(server.log())
        report.check("SIGTERM ends the server with status 0", server.stop() == 0)
    report.end()


if __name__ == "__main__":
    main()
