use futures_util::future::join_all;
use insta::assert_snapshot;
use serde_json::json;

use crate::session::{SMALL_PARTS, Session, UPLOADS, etag, media};
use crate::support::{Server, noise, photo};

#[tokio::test]
async fn a_single_put_finalizes() {
    let server = Server::start(&[]).await;
    let file = photo(64, 48, 1);
    let session = Session::open(&server.client, file.len()).await;
    let answer = session.put_whole(&file).await;
    assert_eq!(answer.header("etag"), etag(&file));
    assert_eq!(answer.ok()["mediaUploadId"], session.id);
    let made = media(&answer);
    assert_eq!((&made["etag"], &made["isReady"]), (&json!(etag(&file)), &json!(true)), "{made:#}");
    assert_eq!(media(&session.complete().await)["id"], made["id"]);
    assert_eq!(session.state().await, "completed");
}

#[tokio::test]
async fn any_content_type_will_do() {
    let server = Server::start(&[]).await;
    let file = noise(100);
    for content_type in ["image/png", "application/json", "multipart/form-data; boundary=x", "no type at all"] {
        let session = Session::open(&server.client, file.len()).await;
        server.client.put_bytes(&session.path(), &file, &[("Content-Type", content_type)]).await.ok();
    }
}

#[tokio::test]
async fn a_small_file_may_be_sent_as_its_one_part() {
    let server = Server::start(&[]).await;
    let file = noise(100);
    let session = Session::open(&server.client, file.len()).await;
    let part = session.put_part(1, &file).await;
    assert_eq!(part.header("etag"), etag(&file));
    assert_eq!(session.state().await, "open");
    assert_eq!(media(&session.complete().await)["etag"], etag(&file));
}

#[tokio::test]
async fn a_file_planned_in_parts_is_not_taken_in_one_piece() {
    let server = Server::start(&[SMALL_PARTS]).await;
    let file = noise(2500);
    let session = Session::open(&server.client, file.len()).await;
    assert_snapshot!(session.put_whole(&file).await.refusal(), @"400 BAD_REQUEST: upload:[id] was planned in 3 parts; PUT them to upload:[id]/parts/1 to 3, then complete");
    session.put_all(&file).await;
    assert_eq!(media(&session.complete().await)["etag"], etag(&file));
}

#[tokio::test]
async fn a_second_put_of_the_same_bytes_answers_the_same_media() {
    let server = Server::start(&[]).await;
    let file = noise(100);
    let session = Session::open(&server.client, file.len()).await;
    let first = media(&session.put_whole(&file).await)["id"].clone();
    assert_eq!(media(&session.put_whole(&file).await)["id"], first, "the first answer may have been lost on its way");
    let mut other = file;
    other[0] ^= 1;
    assert_snapshot!(session.put_whole(&other).await.refusal(), @"409 UPLOAD_CLOSED: upload:[id] is complete and takes no more parts");
}

/// Whoever loses has sent other bytes than those that count, and finds the upload closed; nothing of his stays.
#[tokio::test]
async fn of_racing_puts_of_different_bytes_one_counts() {
    let server = Server::start(&[]).await;
    for round in 0..8 {
        let session = Session::open(&server.client, 1000).await;
        let files: Vec<Vec<u8>> = (0..4).map(|racer| vec![racer + 4 * round; 1000]).collect();
        let answers = join_all(files.iter().map(|file| session.put_whole(file))).await;
        let won: Vec<usize> = (0..4).filter(|racer| answers[*racer].status == 200).collect();
        let [winner] = won.as_slice() else { panic!("{won:?} of {answers:?}") };
        assert!(answers.iter().all(|answer| [200, 409].contains(&answer.status)), "{answers:?}");
        let made = media(&session.complete().await);
        assert_eq!(made["etag"], etag(&files[*winner]));
        let original = format!("/v2/access/vault/media/{}/original", made["id"]);
        assert_eq!(server.client.get(&original).await.bytes, files[*winner]);
        let blobs = server.files("blobs").len();
        assert_eq!((blobs, server.files("staging").len()), (usize::from(round) + 1, 0));
    }
}

#[tokio::test]
async fn a_whole_file_takes_the_place_of_the_part_that_was_there() {
    let server = Server::start(&[]).await;
    let (part, file) = (noise(100), vec![7; 100]);
    let session = Session::open(&server.client, file.len()).await;
    session.put_part(1, &part).await.ok();
    let made = media(&session.put_whole(&file).await);
    assert_eq!(made["etag"], etag(&file));
    let original = format!("/v2/access/vault/media/{}/original", made["id"]);
    assert_eq!(server.client.get(&original).await.bytes, file);
    assert_eq!(server.files("staging"), [""; 0]);
    assert_eq!(server.files("blobs").len(), 1);
}

/// The bytes of those who are refused at the end are gone, and the session is open.
#[tokio::test]
async fn a_put_that_is_refused_at_its_end_leaves_nothing() {
    let server = Server::start(&[]).await;
    let file = noise(100);
    let session = Session::open(&server.client, file.len()).await;
    let wrong = [("Content-Digest", "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:")];
    let answer = server.client.put_bytes(&session.path(), &file, &wrong).await;
    assert_eq!((answer.status, &answer.json()["type"]), (400, &json!("DIGEST_MISMATCH")));
    assert_eq!((server.files("staging"), server.files("blobs")), (Vec::new(), Vec::new()));
    assert_eq!(session.state().await, "open");
    session.put_whole(&file).await.ok();
}

#[tokio::test]
async fn a_put_without_a_body_is_refused_at_once() {
    // A client generated from the published document sends none: the body is not in its signature.
    let server = Server::start(&[]).await;
    let session = Session::open(&server.client, 100).await;
    let request = server.client.request(reqwest::Method::PUT, &session.path());
    let answer = crate::support::Answer::to(request).await;
    assert_snapshot!(answer.refusal(), @"411 LENGTH_REQUIRED: a part needs a Content-Length, or Transfer-Encoding: chunked");
    session.put_whole(&noise(100)).await.ok();
}

#[tokio::test]
async fn bytes_that_are_no_media_are_kept_and_say_so() {
    let server = Server::start(&[]).await;
    let file = noise(100);
    let session = Session::open(&server.client, file.len()).await;
    let made = media(&session.put_whole(&file).await);
    assert_eq!((&made["hasError"], &made["isReady"]), (&json!(true), &json!(false)));
    assert_eq!(made["error"]["code"], "not_media");
    assert_eq!(made["error"]["retryable"], false);
    assert!(made.get("files").is_none());
    let original = format!("/v2/access/vault/media/{}/original", made["id"]);
    assert_eq!(server.client.get(&original).await.bytes, file);
    let again = server.client.post_json(&format!("{UPLOADS}/complete"), &json!({ "mediaUploadId": session.id })).await;
    assert_eq!(media(&again), made);
}
