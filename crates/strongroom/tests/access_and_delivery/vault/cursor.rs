//! Cursors: a walk that nothing moves.

use std::time::Duration;

use serde_json::{Value, json};

use crate::shelf::{ids, shelve};
use crate::support::{Client, Server, photo};

const LIST: &str = "/v2/access/vault/media";

/// Media with these likes, a second apart. Answers their ids, oldest first.
async fn liked(server: &Server, likes: &[i64]) -> Vec<i64> {
    let mut made = Vec::new();
    for likes in likes {
        server.clock.advance(Duration::from_secs(1));
        let (_, media) = shelve(&server.client, "a.png", &photo(8, 8, 1)).await;
        let counters = json!({ "counters": { "likesCount": likes } });
        patch(&server.client, &media["id"], &counters).await;
        made.push(media["id"].as_i64().unwrap());
    }
    made
}

async fn patch(client: &Client, id: &Value, body: &Value) {
    let path = format!("{LIST}/{id}");
    crate::support::Answer::to(client.request(reqwest::Method::PATCH, &path).json(body)).await.ok();
}

#[tokio::test]
async fn a_walk_shows_each_once_while_media_arrive() {
    let server = Server::start(&[]).await;
    let made = liked(&server, &[2, 0, 2, 1, 0]).await;
    for (sort, expected) in [
        ("sort=recent", [4, 3, 2, 1, 0]),
        ("sort=oldest", [0, 1, 2, 3, 4]),
        ("sort=most_liked", [2, 0, 3, 4, 1]),
        ("sortBy=most-liked&sortDirection=asc", [1, 4, 3, 0, 2]),
        ("sort=highest_tips", [4, 3, 2, 1, 0]),
        ("sort=recent&query=a.png", [4, 3, 2, 1, 0]),
        ("sort=most_liked&type=photo&status=ready&createdFrom=2020-01-01", [2, 0, 3, 4, 1]),
    ] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = server.client.get(&format!("{LIST}?limit=2&{sort}{cursor}")).await;
            seen.extend(ids(&page));
            let page = page.ok();
            assert!(page["list"].as_array().unwrap().len() == 2 || page["hasMore"] == false, "{sort}");
            match page.get("nextCursor") {
                // A client that counts along all the same skips nothing by it.
                Some(next) => cursor = format!("&cursor={}&offset={}", next.as_str().unwrap(), seen.len()),
                None => break,
            }
            liked(&server, &[2]).await;
        }
        seen.retain(|id| made.contains(id));
        assert_eq!(seen, expected.map(|index: usize| made[index]), "{sort}");
    }
}

#[tokio::test]
async fn times_are_read_as_people_write_them() {
    let server = Server::start(&[]).await;
    let (_, media) = shelve(&server.client, "a.png", &photo(8, 8, 1)).await;
    let id = media["id"].as_i64().unwrap();
    let made_at = media["createdAt"].as_str().unwrap();
    let day = &made_at[..10];
    for (query, is_found) in [
        (format!("createdFrom={made_at}&createdTo={made_at}"), true),
        (format!("createdFrom={day}&createdTo={day}"), true),
        ("createdFrom=0&createdTo=4102444800000".to_owned(), true),
        ("createdFrom=4102444800000".to_owned(), false),
        ("createdTo=2020-01-01".to_owned(), false),
        ("createdFrom=2020-01-01T00:00:00+01:00".to_owned(), true),
        ("createdFrom=2020-01-01T00:00:00%2B01:00".to_owned(), true),
        ("createdFrom=null&createdTo=".to_owned(), true),
    ] {
        let found = ids(&server.client.get(&format!("{LIST}?{query}")).await);
        assert_eq!(found == [id], is_found, "{query}: {found:?}");
    }
}
