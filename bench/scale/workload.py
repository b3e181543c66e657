"""What one upload, one delivery, one poll is for the catalog: the statements of crates/strongroom-catalog/src/queries, as pgbench scripts.

`c` is a connection (0 to tenants - 1), ids are random. Statements that only check rights come with each request, as they do in the server.
"""

TENANTS = 1000

CONNECTIONS = """insert into connection (id, organisation_id, environment, status, name, username, permissions, created_at, updated_at)
    select 'conn_' || lpad(i::text, 24, '0'), 'org_000000000000000000000000', 'live', 'active', 'Name', 'name', '', 0, 0
    from generate_series(0, {tenants} - 1) i;
insert into api_key (id, organisation_id, environment, name, hash, scopes, permissions, created_at)
    select 'key_1', 'org_000000000000000000000000', 'live', 'bench', decode(repeat('00', 32), 'hex'), '', '', 0;
"""

# Photos with four renditions each. A batch is a transaction: the counting triggers update one row for each connection, and in one
# transaction each update walks past all before it.
BATCH = 2000
FILL = """
create temp table item on commit drop as
    select i, 'conn_' || lpad((i % {tenants})::text, 24, '0') as owner, gen_random_uuid()::text as upload, gen_random_uuid()::text as blob
    from generate_series({first}, {last}) i;
insert into upload (connection_id, id, state, filename, content_type, size_bytes, part_bytes, created_at, active_at, expires_at, closed_at)
    select owner, upload, 'open', 'IMG_' || i || '.jpg', 'image/jpeg', 4000000, 8388608, i, i, i, null from item;
insert into part_slot (connection_id, upload_id, number) select owner, upload, 1 from item;
insert into part (connection_id, upload_id, number, size_bytes, digest, received_at)
    select owner, upload, 1, 4000000, decode(md5(upload) || md5(blob), 'hex'), i from item;
update upload set state = 'completed', closed_at = created_at from item where connection_id = owner and id = upload.id and item.upload = upload.id;
insert into blob (connection_id, key, etag, size_bytes, sha256, format, type, status, width, height, published_at, created_at)
    select owner, blob, decode(md5(blob) || md5(upload), 'hex'), 4000000, decode(md5(blob) || md5(upload), 'hex'), 'jpeg', 'photo',
           'ready', 4032, 3024, i, i from item;
insert into rendition (connection_id, blob_key, name, format, width, height, size_bytes, digest)
    select owner, blob, name, 'jpeg', 300, 225, 20000, decode(md5(blob) || md5(name), 'hex')
    from item, unnest(array['full', 'preview', 'squarePreview', 'thumb']) as name;
insert into media (connection_id, upload_id, blob_key, type, status, filename, created_at)
    select owner, upload, blob, 'photo', 'ready', 'IMG_' || i || '.jpg', i from item order by i;
update upload set media_id = media.id from media, item
    where media.connection_id = owner and media.upload_id = item.upload and upload.connection_id = owner and upload.id = item.upload;
insert into event (id, connection_id, type, media_id, sequence, data, created_at)
    select 'evt_' || gen_random_uuid()::text, connection_id, kind, media.id, number, '{{"mediaId":' || media.id || '}}', created_at
    from item join media on media.connection_id = owner and media.upload_id = item.upload,
         (values ('upload.completed', 1), ('media.ready', 2)) as k (kind, number);
"""

RIGHTS = """select * from api_key where hash = decode(repeat('00', 32), 'hex');
select * from connection where id = 'conn_' || lpad(:c::text, 24, '0');
"""

START = """\\set c random({first}, {last})
select 'conn_' || lpad(:c::text, 24, '0') as owner, gen_random_uuid()::text as upload, gen_random_uuid()::text as blob,
       (extract(epoch from clock_timestamp()) * 1000)::bigint as now \\gset
"""

INIT = RIGHTS + """begin;
select stored_bytes, reserved_bytes from usage where connection_id = :owner for update;
insert into upload (connection_id, id, state, filename, content_type, size_bytes, part_bytes, created_at, active_at, expires_at)
    select :owner, :upload, 'open', 'IMG_1234567.jpg', 'image/jpeg', 4000000, 8388608, :now::bigint, :now::bigint, :now::bigint
    where (select count(*) from upload where connection_id = :owner and state = 'open') < 1000;
commit;
"""

# Rights are checked before and after the body.
PART = RIGHTS + """select * from upload where connection_id = :owner and id = :upload;
insert into part_slot (connection_id, upload_id, number)
    select connection_id, id, {number} from upload where connection_id = :owner and id = :upload and state = 'open' on conflict do nothing;
""" + RIGHTS + """begin;
update upload set active_at = :now::bigint, expires_at = :now::bigint + {number} where connection_id = :owner and id = :upload and state = 'open';
select number, size_bytes, digest, side, store_tag from part where connection_id = :owner and upload_id = :upload and number = {number};
insert into part (connection_id, upload_id, number, size_bytes, digest, side, store_tag, received_at)
    values (:owner, :upload, {number}, 4000000, decode(md5(:upload) || md5(:blob), 'hex'), null, null, :now::bigint);
commit;
"""

COMPLETE = RIGHTS + """select * from upload where connection_id = :owner and id = :upload;
select * from part where connection_id = :owner and upload_id = :upload;
begin;
update upload set state = 'completing', active_at = :now::bigint where connection_id = :owner and id = :upload and state = 'open';
select size_bytes from upload where connection_id = :owner and id = :upload;
commit;
select * from part where connection_id = :owner and upload_id = :upload;
begin;
update upload set state = 'completed', closed_at = :now::bigint where connection_id = :owner and id = :upload and state = 'completing';
select key from blob where connection_id = :owner and etag = decode(md5(:blob) || md5(:upload), 'hex') and size_bytes = 4000000;
insert into blob (connection_id, key, etag, size_bytes, type, status, created_at)
    values (:owner, :blob, decode(md5(:blob) || md5(:upload), 'hex'), 4000000, 'photo', 'processing', :now::bigint);
insert into job (connection_id, kind, blob_key, state, run_at, created_at, updated_at)
    values (:owner, 'render_photo', :blob, 'ready', :now::bigint, :now::bigint, :now::bigint);
insert into media (connection_id, upload_id, blob_key, type, status, filename, created_at)
    values (:owner, :upload, :blob, 'photo', 'processing', 'IMG_1234567.jpg', :now::bigint) returning id as media \\gset
update upload set media_id = :media::bigint where connection_id = :owner and id = :upload;
insert into event (id, connection_id, type, media_id, sequence, data, created_at)
    select 'evt_' || gen_random_uuid()::text, :owner, 'upload.completed', :media::bigint, 1 + coalesce(max(sequence), 0), '{{}}', :now::bigint
    from event where connection_id = :owner and media_id = :media::bigint;
commit;
"""

POLL = """select min(due) as due from (
    select min(run_at) as due from job where state = 'ready' and kind = 'render_photo' and attempts < 3
    union all
    select min(lease_until) + 1 from job where state = 'running' and kind = 'render_photo' and attempts < 3) as waiting;
"""

CLAIM = """select (extract(epoch from clock_timestamp()) * 1000)::bigint as now, gen_random_uuid()::text as lease \\gset
update job set state = 'running', lease_token = :lease, lease_until = :now::bigint + 12000, attempts = attempts + 1, updated_at = :now::bigint
where id = coalesce(
    (select id from job where state = 'running' and kind = 'render_photo' and lease_until < :now::bigint and attempts < 3
     order by lease_until limit 1 for update skip locked),
    (select id from job where state = 'ready' and kind = 'render_photo' and run_at <= :now::bigint and attempts < 3
     order by run_at, id limit 1 for update skip locked)) returning id as job, connection_id as owner, blob_key as blob, attempts \\gset
"""

FINISH = """begin;
update job set state = 'done', lease_token = null, lease_until = null, updated_at = :now::bigint where id = :job::bigint and lease_token = :lease and state = 'running';
delete from rendition where connection_id = :owner and blob_key = :blob;
insert into rendition (connection_id, blob_key, name, format, width, height, size_bytes) values (:owner, :blob, 'full', 'jpeg', 1, 1, 2000000);
insert into rendition (connection_id, blob_key, name, format, width, height, size_bytes) values (:owner, :blob, 'preview', 'jpeg', 1, 1, 20000);
insert into rendition (connection_id, blob_key, name, format, width, height, size_bytes) values (:owner, :blob, 'squarePreview', 'jpeg', 1, 1, 20000);
insert into rendition (connection_id, blob_key, name, format, width, height, size_bytes) values (:owner, :blob, 'thumb', 'jpeg', 1, 1, 20000);
update blob set status = 'ready', format = 'jpeg', width = 4032, height = 3024, sha256 = decode(md5(:blob) || md5(:lease), 'hex'), published_at = :now::bigint
    where connection_id = :owner and key = :blob;
update media set status = 'ready' where connection_id = :owner and blob_key = :blob and status <> 'ready' returning id as media \\gset
insert into event (id, connection_id, type, media_id, sequence, data, created_at)
    select 'evt_' || gen_random_uuid()::text, :owner, 'media.ready', :media::bigint, 1 + coalesce(max(sequence), 0), '{{}}', :now::bigint
    from event where connection_id = :owner and media_id = :media::bigint;
commit;
"""

DELIVERY = """\\set media random(1, {media})
select blob.key, media.connection_id, media.url_version, rendition.*, connection.*, organisation_settings.*
from media
join connection on connection.id = media.connection_id and connection.deleted_at is null
join organisation_settings on organisation_settings.organisation_id = connection.organisation_id and organisation_settings.environment = connection.environment
join blob on blob.connection_id = media.connection_id and blob.key = media.blob_key
join rendition on rendition.connection_id = blob.connection_id and rendition.blob_key = blob.key
where media.id = :media::bigint and rendition.name = 'preview' and media.deleted_at is null and media.status in ('ready', 'playable');
"""

PAGE = """\\set c random(0, {tenants} - 1)
select media_id from listing where connection_id = 'conn_' || lpad(:c::text, 24, '0') and list_id = 0 order by created_at desc, media_id desc limit 25;
"""


def upload(parts, first=0, last=TENANTS - 1):
    """One upload of so many parts, from init to complete."""
    parts = "".join(PART.format(number=number) for number in range(1, parts + 1))
    return START.format(first=first, last=last) + INIT + parts + COMPLETE.format()
