//! What the catalog's methods do not show yet, asked of the rows themselves.

use sqlx::{Executor as _, Row as _};
use strongroom_catalog::records::{MediaOrder, MediaPage};
use strongroom_core::media::FailureCode;

use crate::conformance::at;
use crate::conformance::fixtures::{IDLE, claim, completed, facts, failure, open, tenant};
use crate::home::Home;

#[tokio::test]
async fn events_of_a_media_are_numbered_from_one() {
    let home = Home::new();
    let catalog = home.open().await;
    let owner = tenant(&catalog).await;
    let expired = open(&catalog, &owner, at(0)).await;
    assert!(catalog.expire_upload(owner.clone(), expired, at(0).after(IDLE)).await.unwrap());
    for seed in [1, 2] {
        completed(&catalog, &owner, seed, at(0)).await;
        let job = claim(&catalog, at(1)).await;
        assert!(catalog.fail_render(job, failure(FailureCode::Malformed), at(1)).await.unwrap());
        completed(&catalog, &owner, seed, at(2)).await;
        let job = claim(&catalog, at(3)).await;
        assert!(catalog.finish_render(job, facts(seed), at(3)).await.unwrap());
    }
    let rows = sqlx::query(
        "select media_id, group_concat(sequence || ' ' || type, ', ') as story
         from (select * from event where connection_id = $1 order by media_id, sequence) group by media_id",
    )
    .bind(owner.to_string())
    .fetch_all(&mut home.connect().await)
    .await
    .unwrap();
    let stories: Vec<String> = rows.iter().map(|row| row.get("story")).collect();
    let retried = "1 upload.completed, 2 media.failed, 3 media.ready";
    let shared = "1 upload.completed, 2 media.ready";
    assert_eq!(stories, ["1 upload.expired", retried, shared, retried, shared]);
}

#[tokio::test]
async fn media_are_ordered_by_likes_and_tips() {
    let home = Home::new();
    let catalog = home.open().await;
    let owner = tenant(&catalog).await;
    let mut ids = Vec::new();
    for seed in 0..5 {
        ids.push(completed(&catalog, &owner, seed, at(0)).await.media);
    }
    let mut other = home.connect().await;
    for (id, likes, tips) in [(0, 5, 1), (1, 9, 0), (2, 5, 7), (3, 0, 7), (4, 5, 3)] {
        let number = ids[id].number();
        let update = sqlx::query("update media set likes = $2, tips = $3 where id = $1");
        other.execute(update.bind(number).bind(likes).bind(tips)).await.unwrap();
    }
    for (order, ascending) in [(MediaOrder::Likes, [3, 0, 2, 4, 1]), (MediaOrder::Tips, [1, 0, 4, 2, 3])] {
        for descending in [false, true] {
            let page = MediaPage { order, descending, media_type: None, status: None, limit: 4, offset: 1 };
            let mut expected = ascending.map(|index| ids[index]);
            if descending {
                expected.reverse();
            }
            let shown: Vec<_> =
                catalog.list_media(owner.clone(), page).await.unwrap().iter().map(|media| media.id).collect();
            assert_eq!(shown, expected[1..], "{order:?}, descending {descending}");
        }
    }
}
