//! What the stored-media calls need.

use strongroom_catalog::Catalog;
use strongroom_catalog::records::{Counted, Fetches, Freed, NewFetches, StoredMedia, StoredPage};
use strongroom_core::connection::Environment;
use strongroom_core::id::{ConnectionId, ListId, MediaId, MediaReference, OrganisationId, UploadId};
use strongroom_core::media::{MediaStatus, MediaType};
use strongroom_core::rendition::{RenditionFormat, RenditionName};

use super::at;
use super::fixtures::{completed, completing, events_of, facts, media_of, not_media, photo, ready, tenant};

const EVERYTHING: StoredPage = StoredPage {
    in_trash: false,
    types: None,
    statuses: None,
    formats: None,
    shortest_ms: None,
    longest_ms: None,
    created_from: None,
    after: None,
    limit: 100,
};

async fn list(catalog: &Catalog, owner: &ConnectionId, page: StoredPage) -> Vec<StoredMedia> {
    catalog.list_stored(owner.clone(), page).await.unwrap()
}

async fn ids(catalog: &Catalog, owner: &ConnectionId, page: StoredPage) -> Vec<MediaId> {
    list(catalog, owner, page).await.iter().map(|stored| stored.media.id).collect()
}

/// The variants among [`facts`]: `full`, `preview` and `thumb`, of 321,000 bytes each.
const ONE_PHOTO: Freed = Freed { media: 1, variants: 3, bytes: 963_000 };

pub(crate) async fn stored_media_are_paged_by_place(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let mut made = Vec::new();
    // Two of one millisecond, and one that a clock set back made last.
    for (seed, second) in [(1, 30), (2, 20), (3, 20), (4, 40), (5, 10)] {
        made.push(completed(catalog, &owner, seed, at(second)).await.media);
    }
    completed(catalog, &stranger, 6, at(25)).await;
    let newest_first = [3, 0, 2, 1, 4].map(|index| made[index]);
    assert_eq!(ids(catalog, &owner, EVERYTHING).await, newest_first);
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = list(catalog, &owner, StoredPage { after, limit: 2, ..EVERYTHING }).await;
        let Some(last) = page.last() else { break };
        after = Some(last.place());
        seen.extend(page.iter().map(|stored| stored.media.id));
    }
    assert_eq!(seen, newest_first);
}

pub(crate) async fn stored_media_are_filtered(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let done = ready(catalog, &owner, 1, at(1)).await.media;
    let waiting = completed(catalog, &owner, 2, at(2)).await.media;
    let upload = completing(catalog, &owner, at(3)).await;
    let failed = catalog.complete_upload(not_media(&owner, upload, 3), at(3)).await.unwrap().media;
    for (page, expected) in [
        (EVERYTHING, vec![failed, waiting, done]),
        (StoredPage { types: Some(vec![MediaType::Photo]), ..EVERYTHING }, vec![waiting, done]),
        (StoredPage { types: Some(vec![MediaType::Video, MediaType::Gif]), ..EVERYTHING }, vec![failed]),
        (StoredPage { statuses: Some(vec![MediaStatus::Ready, MediaStatus::Playable]), ..EVERYTHING }, vec![done]),
        (StoredPage { statuses: Some(vec![]), ..EVERYTHING }, vec![]),
        (StoredPage { formats: Some(vec![RenditionFormat::Jpeg]), ..EVERYTHING }, vec![done]),
        (StoredPage { formats: Some(vec![RenditionFormat::Mp4]), ..EVERYTHING }, vec![]),
        (StoredPage { created_from: Some(at(2)), ..EVERYTHING }, vec![failed, waiting]),
        // A photo lasts no time, not even none.
        (StoredPage { shortest_ms: Some(0), ..EVERYTHING }, vec![]),
        (StoredPage { longest_ms: Some(1000), ..EVERYTHING }, vec![]),
    ] {
        assert_eq!(ids(catalog, &owner, page.clone()).await, expected, "{page:?}");
    }
}

pub(crate) async fn stored_media_are_found_by_any_reference(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let upload = completing(catalog, &owner, at(1)).await;
    let first = catalog.complete_upload(photo(&owner, upload, 1), at(1)).await.unwrap().media;
    let second = completed(catalog, &owner, 2, at(2)).await.media;
    let foreign = completed(catalog, &stranger, 3, at(2)).await.media;
    let wanted = vec![
        MediaReference::Media(second),
        MediaReference::Media(foreign),
        MediaReference::Upload(upload),
        MediaReference::Upload(UploadId::random()),
        MediaReference::Media(first),
    ];
    let found = catalog.stored_media(owner.clone(), wanted).await.unwrap();
    assert_eq!(found.iter().map(|stored| stored.media.id).collect::<Vec<_>>(), [first, second]);
    assert_eq!(found[0].media, catalog.media(owner, first).await.unwrap().unwrap());
    assert_eq!(found[0].stored_at, None);
}

pub(crate) async fn fetches_add_up(catalog: &Catalog) {
    let owner = tenant(catalog).await;
    let media = ready(catalog, &owner, 1, at(1)).await.media;
    let add = |name, total, second| NewFetches {
        connection: owner.clone(),
        media,
        fetches: Fetches { name, total, last_at: at(second) },
    };
    let (full, thumb) = (RenditionName::Full, RenditionName::Thumb);
    let of_nobody = NewFetches { media: MediaId::new(987_654), ..add(full, 1, 1) };
    catalog.count_fetches(vec![add(thumb, 2, 10), of_nobody, add(full, 1, 11)]).await.unwrap();
    // Flushes may come out of order.
    catalog.count_fetches(vec![add(thumb, 3, 9)]).await.unwrap();
    let stored = list(catalog, &owner, EVERYTHING).await.remove(0);
    assert_eq!(stored.stored_at, Some(at(1)));
    let counted = |name, total, second| Fetches { name, total, last_at: at(second) };
    assert_eq!(stored.fetches, [counted(full, 1, 11), counted(thumb, 5, 10)]);
}

pub(crate) async fn a_removed_media_lies_in_the_trash(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    let photo = ready(catalog, &owner, 1, at(1)).await;
    let kept = ready(catalog, &owner, 2, at(2)).await;
    let version = media_of(catalog, &owner, photo).await.url_version;
    let reference = MediaReference::Media(photo.media);
    assert_eq!(catalog.remove_stored(stranger, reference, at(3)).await.unwrap(), None);
    assert_eq!(catalog.remove_stored(owner.clone(), reference, at(3)).await.unwrap(), Some(ONE_PHOTO));
    assert_eq!(catalog.remove_stored(owner.clone(), reference, at(4)).await.unwrap(), None, "it is gone already");

    assert_eq!(catalog.deliverable(photo.media, RenditionName::Thumb).await.unwrap(), None);
    assert_eq!(ids(catalog, &owner, EVERYTHING).await, [kept.media]);
    let trash = list(catalog, &owner, StoredPage { in_trash: true, ..EVERYTHING }).await;
    assert_eq!((trash.len(), trash[0].media.id, trash[0].media.deleted_at), (1, photo.media, Some(at(3))));
    assert!(trash[0].media.url_version > version, "every older URL is dead, also when it is restored");
    assert_eq!(events_of(catalog, &owner, photo).await.last().map(String::as_str), Some("media.deleted"));
}

pub(crate) async fn a_purge_goes_in_steps(catalog: &Catalog) {
    let (owner, stranger) = (tenant(catalog).await, tenant(catalog).await);
    for seed in 1..=3 {
        ready(catalog, &owner, seed, at(seed.into())).await;
    }
    let theirs = ready(catalog, &stranger, 9, at(9)).await;
    let mut steps = Vec::new();
    let mut total = Freed::default();
    while steps.last() != Some(&0) {
        let freed = catalog.purge_stored(owner.clone(), 2, at(20)).await.unwrap();
        steps.push(freed.media);
        total += freed;
    }
    assert_eq!(steps, [2, 1, 0]);
    assert_eq!(total, Freed { media: 3, variants: 9, bytes: 3 * ONE_PHOTO.bytes });
    assert_eq!(ids(catalog, &owner, EVERYTHING).await, []);
    assert_eq!(list(catalog, &owner, StoredPage { in_trash: true, ..EVERYTHING }).await.len(), 3);
    assert_eq!(ids(catalog, &stranger, EVERYTHING).await, [theirs.media]);
}

pub(crate) async fn what_is_stored_adds_up(catalog: &Catalog) {
    let (owner, other) = (tenant(catalog).await, tenant(catalog).await);
    ready(catalog, &owner, 1, at(1)).await;
    let removed = ready(catalog, &other, 3, at(3)).await;
    completed(catalog, &owner, 2, at(4)).await;
    let totals = catalog.stored_totals(owner.clone()).await.unwrap();
    assert_eq!((totals.media, totals.stored, totals.pending), (2, 1, 1));
    let rendered: u64 = facts(1).renditions.iter().map(|rendition| rendition.size_bytes).sum();
    let one = super::fixtures::SIZE_BYTES + rendered;
    assert_eq!(totals.bytes, one + super::fixtures::SIZE_BYTES);

    let all = Counted {
        organisation: OrganisationId::default_organisation(),
        environment: Environment::Live,
        connections: None,
    };
    let sum = catalog.organisation_totals(all.clone()).await.unwrap();
    assert_eq!((sum.connections, sum.with_vault_plus, sum.media, sum.bytes), (2, 0, 3, totals.bytes + one));
    let only = Counted { connections: Some(vec![other.clone()]), ..all.clone() };
    let sum = catalog.organisation_totals(only).await.unwrap();
    assert_eq!((sum.connections, sum.media, sum.bytes), (1, 1, one));
    for nobodys in [
        Counted { environment: Environment::Sandbox, ..all.clone() },
        Counted { organisation: OrganisationId::random(), ..all },
    ] {
        let sum = catalog.organisation_totals(nobodys).await.unwrap();
        assert_eq!((sum.connections, sum.media, sum.bytes), (0, 0, 0));
    }

    // What lies in the trash is no media, and still takes room.
    catalog.remove_stored(other.clone(), MediaReference::Media(removed.media), at(5)).await.unwrap();
    let totals = catalog.stored_totals(other).await.unwrap();
    assert_eq!((totals.media, totals.stored, totals.bytes), (0, 0, one));
    assert_eq!(catalog.media_on_list(owner, ListId::new(1)).await.unwrap(), None);
}
