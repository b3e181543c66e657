"""Sends one file, whole or in parts, as its size demands. Standard library only."""


def send(caller, content, filename, content_type="application/octet-stream"):
    """Status and JSON of the answer that made the media, or of the first refusal."""
    status, session = caller.json(
        "POST", "/v2/access/uploads/init", {"filename": filename, "size": len(content), "contentType": content_type}
    )
    if status != 200:
        return status, session
    upload_id, parts = session["mediaUploadId"], session["parts"]
    if session["uploadType"] == "single":
        return caller.json("PUT", f"/v2/access/uploads/{upload_id}", content, {"prefer": "wait=0"})
    for part in parts:
        start, end = part["byteRange"]["start"], part["byteRange"]["end"]
        status, answer = caller.json(
            "PUT", f"/v2/access/uploads/{upload_id}/parts/{part['partNumber']}", content[start : end + 1]
        )
        if status != 200:
            return status, answer
    return caller.json("POST", "/v2/access/uploads/complete", {"mediaUploadId": upload_id}, {"prefer": "wait=0"})
