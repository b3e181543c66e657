-- What bytes at rest are held to.

-- BLAKE3 of a rendition's bytes; null where it was made before this was kept, until a scrub writes it down.
alter table rendition add column digest blob;

-- The digest that an original should have, where its bytes were found lost or damaged. Such a blob is in quarantine: its `etag`
-- is one that no file has, so that the same file can be sent again and is a blob of its own.
alter table blob add column lost_etag blob;

create index blob_in_quarantine on blob (key) where lost_etag is not null;
