//! Signed documents over the wire.

use serde_json::json;
use sha2::{Digest as _, Sha256};
use strongroom_core::permission::Permission;

use super::{FORMS, form, media, patch};
use crate::problem::problem;
use crate::shelf::shelve;
use crate::support::{Server, photo};

/// One page of 400 × 200 points, half of it red. It has no table of objects; readers make one.
const PDF: &[u8] = b"%PDF-1.4
1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 400 200] /Contents 4 0 R /Resources << >> >> endobj
4 0 obj << /Length 31 >> stream
0.9 0 0 rg 0 0 200 200 re f    
endstream endobj
trailer << /Root 1 0 R >>
";

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn documents_are_kept_as_they_are_and_for_ever() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let form = form(client, json!({})).await;
    let path = format!("{FORMS}/{}/document", form["id"]);
    problem(&client.get(&path).await, 404, "RESOURCE_NOT_FOUND");
    let (pdf, picture) = (b"%PDF-1.7\n<script>alert(1)</script>".as_slice(), photo(2000, 100, 1));
    // What the client says it is, is not asked.
    let shown = client.put_bytes(&path, pdf, &[("content-type", "text/html")]).await.ok();
    let document = json!({
        "version": 1, "sha256": sha256(pdf), "contentType": "application/pdf", "size": pdf.len(),
        "createdAt": shown["document"]["createdAt"],
    });
    assert_eq!(shown["document"], document);
    assert_eq!(client.put_bytes(&path, pdf, &[]).await.ok()["document"], document, "the same bytes again");
    problem(&client.get(&format!("{path}/preview")).await, 404, "RESOURCE_NOT_FOUND");
    let shown = client.put_bytes(&path, &picture, &[]).await.ok();
    assert_eq!((&shown["document"]["version"], &shown["document"]["contentType"]), (&json!(2), &json!("image/png")));

    for (query, bytes, content_type, name) in [
        ("", picture.as_slice(), "image/png", "2.png"),
        ("?version=2", &picture, "image/png", "2.png"),
        ("?version=1", pdf, "application/pdf", "1.pdf"),
    ] {
        let answer = client.get(&format!("{path}{query}")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, content_type));
        assert!(answer.bytes == bytes, "as it was sent");
        let disposition = format!("attachment; filename=\"release-form-{}-{name}\"", form["id"]);
        assert!(
            answer.header("content-disposition").starts_with(&disposition),
            "{}",
            answer.header("content-disposition")
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("content-security-policy"), "default-src 'none'; sandbox");
        assert_eq!(answer.header("cache-control"), "private, no-store");
        assert_eq!(answer.header("etag"), format!("\"{}\"", sha256(bytes)));
    }
    let preview = client.get(&format!("{path}/preview")).await;
    assert_eq!((preview.status, preview.header("content-type")), (200, "image/jpeg"));
    assert!(preview.bytes.starts_with(b"\xff\xd8\xff"));
    problem(&client.get(&format!("{path}?version=3")).await, 404, "RESOURCE_NOT_FOUND");
    problem(&client.get(&format!("{path}?version=x")).await, 400, "BAD_REQUEST");

    client.delete(&format!("{FORMS}/{}", form["id"])).await.ok();
    problem(&client.get(&path).await, 404, "RESOURCE_NOT_FOUND");
    assert_eq!(server.files("blobs").len(), 2, "kept all the same");
}

#[tokio::test]
async fn the_preview_of_a_pdf_is_its_first_page() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let path = format!("{FORMS}/{}/document", form(client, json!({})).await["id"]);
    client.put_bytes(&path, PDF, &[]).await.ok();
    let preview = client.get(&format!("{path}/preview")).await;
    assert_eq!((preview.status, preview.header("content-type")), (200, "image/jpeg"));
    assert_eq!(preview.header("cache-control"), "private, no-store");
    // A frame header of 640 lines of 1280 samples: a page twice as wide as it is high.
    let is_frame = |bytes: &[u8]| bytes.starts_with(b"\xff\xc0") && bytes.ends_with(&[0x02, 0x80, 0x05, 0x00]);
    assert!(preview.bytes.windows(9).any(is_frame), "{:02x?}", &preview.bytes[..preview.bytes.len().min(700)]);

    let vault_only = [Permission::VaultRead, Permission::VaultWrite];
    let other = server.client_allowed(&vault_only, Permission::ALL).await;
    assert_eq!(other.get(&format!("{path}/preview")).await.status, 403);
    problem(&server.new_client().await.get(&format!("{path}/preview")).await, 404, "RESOURCE_NOT_FOUND");
}

/// The same bytes are a document here and no media there, whichever came first.
#[tokio::test]
async fn a_pdf_is_no_media_even_where_it_is_a_document() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let path = format!("{FORMS}/{}/document", form(client, json!({})).await["id"]);
    let (_, before) = shelve(client, "before.pdf", PDF).await;
    client.put_bytes(&path, PDF, &[]).await.ok();
    let (_, after) = shelve(client, "after.pdf", PDF).await;
    for shown in [before, after] {
        let shown = media(client, &shown).await;
        assert_eq!((&shown["status"], &shown["error"]["code"]), (&json!("error"), &json!("not_media")));
    }
    assert_eq!(client.get(&format!("{path}/preview")).await.status, 200);
}

#[tokio::test]
async fn what_is_no_document_is_refused_and_not_kept() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let path = format!("{FORMS}/{}/document", form(client, json!({})).await["id"]);
    for bytes in [&b"<html>"[..], b" %PDF-1.7", b"PK\x03\x04", b"\0\0\0\x14ftypqt  \0\0\0\0qt  "] {
        problem(&client.put_bytes(&path, bytes, &[]).await, 415, "UNSUPPORTED_MEDIA_TYPE");
    }
    problem(&client.put_bytes(&path, b"", &[]).await, 411, "LENGTH_REQUIRED");
    let head = client.head("PUT", &path, &[("Content-Length", "67108865")]);
    let mut wire = server.connect().await;
    wire.send(head.as_bytes()).await;
    problem(&wire.answer().await, 413, "TOO_LARGE");
    assert_eq!(server.files("blobs"), Vec::<String>::new());
}

/// Documents are originals that somebody sent, and count as such.
#[tokio::test]
async fn documents_and_avatars_count_towards_the_quota() {
    let server = Server::start(&[]).await;
    let client = &server.client;
    let path = format!("{FORMS}/{}/document", form(client, json!({})).await["id"]);
    let settings = format!("/v2/account/connections/{}/settings", client.connection);
    patch(client, &settings, &json!({ "quotaBytes": 20 })).await.ok();
    client.put_bytes(&path, b"%PDF-1.7 first", &[]).await.ok();
    problem(&client.put_bytes(&path, b"%PDF-1.7 second", &[]).await, 413, "QUOTA_EXCEEDED");
    client.put_bytes(&path, b"%PDF-1.7 first", &[]).await.ok();
    assert_eq!(server.files("blobs").len(), 1);
}
