//! New signing keys.

use strongroom_server::app::rotate_signing_key;

use super::{get, sample, url};
use crate::problem::problem;
use crate::support::{Server, eventually};

#[tokio::test]
async fn keys_rotate_and_old_urls_stay_good_for_as_long_as_their_key_is_kept() {
    let server = Server::start(&[("STRONGROOM_SWEEP__INTERVAL_SECONDS", "0.05")]).await;
    let media = sample(&server.client).await;
    let path = format!("/v2/access/vault/media/{}", media["id"]);
    let old = url(&media, "thumb").to_owned();

    let kid = rotate_signing_key(server.data(), server.database()).await.unwrap();
    let new = eventually(async || {
        let media = server.client.get(&path).await.ok();
        let new = url(&media, "thumb").to_owned();
        new.contains(&format!("kid={kid}&")).then_some(new)
    })
    .await;
    assert_ne!(old, new);
    let (by_old, by_new) = (get(&server, &old, &[]).await, get(&server, &new, &[]).await);
    assert_eq!((by_old.status, by_new.status), (200, 200));
    assert_eq!(by_old.bytes, by_new.bytes);

    // A key file that cannot be read changes nothing.
    let file = server.data().join("signing.keys");
    let keys = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, "this is no key\n").unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(get(&server, &new, &[]).await.status, 200);

    // The old key taken out of the file.
    std::fs::write(&file, format!("{}\n", keys.lines().next().unwrap())).unwrap();
    let refused = eventually(async || {
        let answer = get(&server, &old, &[]).await;
        (answer.status != 200).then_some(answer)
    })
    .await;
    problem(&refused, 403, "SIGNATURE_INVALID");
    assert_eq!(get(&server, &new, &[]).await.status, 200);
}
