//! Fills one connection with a million media and times every kind of page: `tools/bench-listing [media [file]]`. A file that is
//! named is kept, and filled only once.
//!
//! What is printed is what a call to the catalog takes, p50 and p99 of many, with the file in the page cache as it is on a server
//! that is in use. JSON and HTTP come on top.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement that fails has failed")]
#![allow(clippy::disallowed_methods, reason = "it measures time")]

use std::time::{Duration, Instant};

use rusqlite::Connection;
use strongroom_catalog::Catalog;
use strongroom_catalog::records::{MediaOrder, MediaPage, MediaPlace, Shelf};
use strongroom_core::clock::Timestamp;
use strongroom_core::id::{ConnectionId, ListId};
use strongroom_core::media::{MediaStatus, MediaType};

const OWNER: &str = "conn_benchbenchbenchbenchbenc";
const STRANGER: &str = "conn_otherotherotherotherothe";
const FIRST_MILLIS: i64 = 1_700_000_000_000;
const RUNS: usize = 100;

/// Nine of ten are photos; one in ten thousand has failed; one in ten was liked. `sunset` is in a thousandth of the names,
/// `zanzibar` in three, `img` in all. A second connection has a tenth as many under the same names.
const FILL: &str = "
    insert into connection (id, organisation_id, environment, status, name, username, permissions, created_at, updated_at)
    select value, 'org_000000000000000000000000', 'live', 'active', '', '', '', 0, 0
    from json_each('[\"conn_benchbenchbenchbenchbenc\", \"conn_otherotherotherotherothe\"]');

    create temp table n as
        with recursive n (i) as (select 1 union all select i + 1 from n where i < $media) select i from n;

    create temp table item as
        select i, case when i % 11 = 10 then 'conn_otherotherotherotherothe' else 'conn_benchbenchbenchbenchbenc' end as owner,
               case when i % 1000 = 7 then 'audio' when i % 100 = 3 then 'gif' when i % 11 = 4 then 'video' else 'photo' end as type,
               case when i % 10000 = 5 then 'error' else 'ready' end as status,
               'IMG_' || printf('%07d', i) || case when i % 1000 = 9 then ' sunset' when i in (1000, 500000, 900000) then ' zanzibar' else '' end || '.jpg' as name
        from n;

    insert into blob (connection_id, key, etag, size_bytes, type, status, width, height, published_at, created_at)
        select owner, printf('%08x-0000-4000-8000-000000000000', i), cast(printf('%032d', i) as blob), 4000000, type, status,
               4032, 3024, 1700000000000, 1700000000000 from item;

    insert into rendition (connection_id, blob_key, name, format, width, height, size_bytes)
        select owner, printf('%08x-0000-4000-8000-000000000000', i), name.value, 'jpg', 300, 225, 20000
        from item, json_each('[\"full\", \"preview\", \"square\", \"thumb\"]') as name where status = 'ready';

    insert into media (connection_id, upload_id, blob_key, type, status, filename, likes, tips, created_at)
        select owner, printf('%08x-0000-4000-8000-000000000001', i), printf('%08x-0000-4000-8000-000000000000', i), type, status,
               name, case when i % 10 = 0 then i * 7919 % 1000 else 0 end, case when i % 50 = 0 then i * 104729 % 10000 else 0 end,
               1700000000000 + i * 1000
        from item order by i;

    insert into list (connection_id, id, type, name, folded, created_at, updated_at)
        select 'conn_benchbenchbenchbenchbenc', i, 'custom', 'List ' || i, 'list ' || i, 0, 0 from n where i <= 50;
    update connection set last_list_id = 50 where id = 'conn_benchbenchbenchbenchbenc';

    insert into list_media (connection_id, list_id, media_id, added_at)
        select connection_id, case when id % 10 = 0 then 1 else 2 + id % 49 end, id, 0
        from media where connection_id = 'conn_benchbenchbenchbenchbenc' and (id % 10 = 0 or id % 1000 < 49);";

fn fill(path: &std::path::Path, media: u64) {
    let connection = Connection::open(path).unwrap();
    let fill = FILL.replace("$media", &(media + media / 10).to_string());
    let fast = "pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -1000000; begin";
    connection.execute_batch(fast).unwrap();
    connection.execute_batch(&fill).unwrap();
    connection.execute_batch("commit").unwrap();
}

/// Prints what `call` takes. It answers how many rows it found.
async fn time(name: &str, mut call: impl AsyncFnMut(usize) -> usize) {
    let mut taken = Vec::with_capacity(RUNS);
    let mut found = 0;
    for run in 0..RUNS {
        let started = Instant::now();
        found = call(run).await;
        taken.push(started.elapsed());
    }
    taken.sort();
    let millis = |duration: Duration| duration.as_secs_f64() * 1000.0;
    println!("{name:<58} {:>8.2} {:>8.2}   {found}", millis(taken[RUNS / 2]), millis(taken[RUNS * 99 / 100]));
}

#[tokio::main]
async fn main() {
    let media: u64 = std::env::args().nth(1).map_or(1_000_000, |number| number.parse().unwrap());
    let home = tempfile::tempdir().unwrap();
    let path = std::env::args().nth(2).map_or_else(|| home.path().join("catalog.db"), Into::into);
    let is_filled = path.exists();
    // Opened for its schema, and let go of: what writes no journal must be alone.
    drop(Catalog::open_sqlite(&path).await.unwrap());
    let started = Instant::now();
    if !is_filled {
        fill(&path, media);
    }
    let catalog = Catalog::open_sqlite(&path).await.unwrap();
    let bytes = std::fs::metadata(&path).unwrap().len();
    println!("{media} media in {:.0} s, {} MB\n", started.elapsed().as_secs_f64(), bytes >> 20);
    println!("{:<58} {:>8} {:>8}   rows", "", "p50 ms", "p99 ms");

    let owner: ConnectionId = OWNER.parse().unwrap();
    let list = async |page: MediaPage| catalog.list_media(owner.clone(), page).await.unwrap();
    let first = || MediaPage { limit: 25, ..MediaPage::default() };
    let word = |text: &str| MediaPage { words: Some(text.to_owned()), ..first() };
    let last_day = Some(Timestamp::from_millis(FIRST_MILLIS + i64::try_from(media).unwrap() * 1000 - 86_400_000));
    let pages = [
        ("first page", first()),
        ("oldest", MediaPage { descending: false, ..first() }),
        ("most liked", MediaPage { order: MediaOrder::Likes, ..first() }),
        ("highest tips", MediaPage { order: MediaOrder::Tips, ..first() }),
        ("type photo (90 %)", MediaPage { media_type: Some(MediaType::Photo), ..first() }),
        ("type audio (0.1 %)", MediaPage { media_type: Some(MediaType::Audio), ..first() }),
        (
            "type video, most liked",
            MediaPage { media_type: Some(MediaType::Video), order: MediaOrder::Likes, ..first() },
        ),
        ("status ready", MediaPage { status: Some(MediaStatus::Ready), ..first() }),
        ("status error (0.01 %)", MediaPage { status: Some(MediaStatus::Error), ..first() }),
        ("status processing (none)", MediaPage { status: Some(MediaStatus::Processing), ..first() }),
        ("the last day, most liked", MediaPage { created_from: last_day, order: MediaOrder::Likes, ..first() }),
        ("list of 100,000", MediaPage { shelf: Shelf::List(ListId::new(1)), ..first() }),
        ("list of 1,000, oldest", MediaPage { shelf: Shelf::List(ListId::new(2)), descending: false, ..first() }),
        ("trash (empty)", MediaPage { shelf: Shelf::Trash, ..first() }),
        ("offset 10,000", MediaPage { offset: 10_000, ..first() }),
        ("offset 100,000", MediaPage { offset: 100_000, ..first() }),
        ("offset 100,000, most liked", MediaPage { offset: 100_000, order: MediaOrder::Likes, ..first() }),
        ("search `img` (all)", word("img")),
        ("search `sunset` (0.1 %)", word("sunset")),
        ("search `zanzibar` (3)", word("zanzibar")),
        ("search for what is not there", word("timbuktu")),
        ("search for what is not there, of common trigrams", word("_0jpg")),
        ("search `im` (all, shorter than a trigram)", word("im")),
        ("search `sunset`, oldest", MediaPage { descending: false, ..word("sunset") }),
        ("search `sunset`, most liked", MediaPage { order: MediaOrder::Likes, ..word("sunset") }),
        ("search `sunset` among audio", MediaPage { media_type: Some(MediaType::Audio), ..word("sunset") }),
        (
            "search `img` among video, oldest",
            MediaPage { media_type: Some(MediaType::Video), descending: false, ..word("img") },
        ),
        ("search `img`, highest tips", MediaPage { order: MediaOrder::Tips, ..word("img") }),
        ("search `img` on a list of 1,000", MediaPage { shelf: Shelf::List(ListId::new(2)), ..word("img") }),
        ("search `sunset` on a list of 100,000", MediaPage { shelf: Shelf::List(ListId::new(1)), ..word("sunset") }),
    ];
    for (name, page) in pages {
        time(name, async |_| list(page.clone()).await.len()).await;
    }
    for (name, order) in [("cursor walk", MediaOrder::Created), ("cursor walk, most liked", MediaOrder::Likes)] {
        let mut after = None;
        time(name, async |_| {
            let shown = list(MediaPage { order, after, ..first() }).await;
            after = shown.last().map(|last| MediaPlace { value: order.value_of(last), media: last.id });
            shown.len()
        })
        .await;
    }
    let deep = MediaPlace { value: FIRST_MILLIS + 1000 * 1000, media: strongroom_core::id::MediaId::new(1000) };
    time("cursor near the end", async |_| list(MediaPage { after: Some(deep), ..first() }).await.len()).await;
    time("lists, 20 with covers", async |_| catalog.vault_lists(owner.clone(), None, 21, 0).await.unwrap().len()).await;
    time("the vault's counts and covers", async |_| catalog.vault_overview(owner.clone()).await.unwrap().covers.len())
        .await;
    let stranger: ConnectionId = STRANGER.parse().unwrap();
    time("another connection's search `img`", async |_| {
        catalog.list_media(stranger.clone(), word("img")).await.unwrap().len()
    })
    .await;
    let now = Timestamp::from_millis(FIRST_MILLIS * 2);
    let media: Vec<_> =
        list(MediaPage { limit: u32::try_from(RUNS).unwrap(), ..first() }).await.iter().map(|media| media.id).collect();
    time("to the trash (a write, synced)", async |run| {
        usize::from(catalog.trash_media(owner.clone(), media[run], now).await.unwrap())
    })
    .await;
    time("purge (a write, synced)", async |run| {
        catalog.purge_media(owner.clone(), media[run], now).await.unwrap().map_or(0, |purged| purged.blobs.len())
    })
    .await;
}
