-- Times are milliseconds since 1970-01-01 UTC. Every table that holds what a tenant owns starts with connection_id, and every
-- query on it starts there too. The SQLite folder has the same numbers and the same tables.
--
-- Text is compared by its bytes, as SQLite does it: lists are sorted alike on both engines, and no index depends on the locale
-- data of the machine, which an upgrade of its C library may change.

create table organisation (
    id         text collate "C" primary key,
    name       text collate "C" not null,
    created_at bigint not null
);

insert into organisation (id, name, created_at) values ('org_000000000000000000000000', 'Default', 0);

create table api_key (
    id              text collate "C" primary key,
    organisation_id text collate "C" not null references organisation (id),
    environment     text collate "C" not null check (environment in ('live', 'sandbox')),
    name            text collate "C" not null,
    hash            bytea not null unique,
    scopes          text collate "C" not null,
    permissions     text collate "C" not null,
    created_at      bigint not null,
    expires_at      bigint,
    revoked_at      bigint
);

create table connection (
    id                  text collate "C" primary key,
    organisation_id     text collate "C" not null references organisation (id),
    environment         text collate "C" not null check (environment in ('live', 'sandbox')),
    status              text collate "C" not null check (status in ('active', 'expired', 'awaiting_2fa')),
    name                text collate "C" not null,
    username            text collate "C" not null,
    avatar              text collate "C",
    permissions         text collate "C" not null,
    client_reference_id text collate "C",
    created_at          bigint not null,
    updated_at          bigint not null,
    expired_at          bigint
);

create table upload (
    connection_id text collate "C" not null references connection (id),
    id            text collate "C" not null unique,
    state         text collate "C" not null check (state in ('open', 'completing', 'completed', 'aborted', 'expired')),
    filename      text collate "C" not null,
    content_type  text collate "C" not null,
    size_bytes    bigint not null,
    part_bytes    bigint not null,
    repr_digest   text collate "C",
    media_id      bigint,
    created_at    bigint not null,
    active_at     bigint not null,
    expires_at    bigint not null,
    closed_at     bigint,
    primary key (connection_id, id)
);

create index upload_recent on upload (connection_id, created_at desc, id desc);
create index upload_open on upload (connection_id) where state = 'open';
create index upload_due on upload (expires_at) where state = 'open';
create index upload_interrupted on upload (active_at) where state = 'completing';
create index upload_closed on upload (closed_at) where state in ('aborted', 'expired');

create table part (
    connection_id text collate "C" not null,
    upload_id     text collate "C" not null,
    number        bigint not null,
    size_bytes    bigint not null,
    digest        bytea not null,
    -- The generation of the side file that holds it; null where it lies in its slot of the staging file.
    side          bigint,
    received_at   bigint not null,
    primary key (connection_id, upload_id, number),
    foreign key (connection_id, upload_id) references upload (connection_id, id) on delete cascade
);

create table blob (
    connection_id   text collate "C" not null references connection (id),
    key             text collate "C" not null,
    etag            bytea not null,
    size_bytes      bigint not null,
    sha256          bytea,
    format          text collate "C",
    type            text collate "C" not null check (type in ('photo', 'video', 'audio', 'gif')),
    status          text collate "C" not null check (status in ('processing', 'playable', 'ready', 'error')),
    width           bigint,
    height          bigint,
    duration_ms     bigint,
    -- How far a film is, in thousandths; null before the first report and after the end.
    progress        bigint,
    failure_code    text collate "C",
    failure_message text collate "C",
    published_at    bigint,
    created_at      bigint not null,
    primary key (connection_id, key),
    unique (connection_id, etag, size_bytes)
);

create unique index blob_by_key on blob (key);
create index blob_by_sha256 on blob (connection_id, sha256) where sha256 is not null;

create table rendition (
    connection_id text collate "C" not null,
    blob_key      text collate "C" not null,
    name          text collate "C" not null,
    format        text collate "C" not null,
    width         bigint not null,
    height        bigint not null,
    size_bytes    bigint not null,
    primary key (connection_id, blob_key, name),
    foreign key (connection_id, blob_key) references blob (connection_id, key) on delete cascade
);

create table media (
    id            bigint generated by default as identity primary key,
    connection_id text collate "C" not null references connection (id),
    upload_id     text collate "C" not null,
    blob_key      text collate "C" not null,
    -- Type and status are the blob's, kept here too so that a page is one index walk. Both change in one transaction.
    type          text collate "C" not null check (type in ('photo', 'video', 'audio', 'gif')),
    status        text collate "C" not null check (status in ('processing', 'playable', 'ready', 'error')),
    filename      text collate "C" not null,
    -- The blob whose renditions are shown as this media's preview, where one was chosen by hand.
    preview_blob  text collate "C",
    url_version   bigint not null default 1,
    likes         bigint not null default 0,
    tips          bigint not null default 0,
    created_at    bigint not null,
    deleted_at    bigint,
    unique (connection_id, upload_id),
    foreign key (connection_id, blob_key) references blob (connection_id, key),
    foreign key (connection_id, preview_blob) references blob (connection_id, key)
);

create index media_recent on media (connection_id, created_at, id) where deleted_at is null;
create index media_liked on media (connection_id, likes, id) where deleted_at is null;
create index media_tipped on media (connection_id, tips, id) where deleted_at is null;
create index media_of_blob on media (connection_id, blob_key);

create table job (
    id            bigint generated by default as identity primary key,
    connection_id text collate "C" not null references connection (id),
    kind          text collate "C" not null,
    blob_key      text collate "C" not null,
    state         text collate "C" not null check (state in ('ready', 'running', 'done', 'dead')),
    run_at        bigint not null,
    attempts      bigint not null default 0,
    lease_token   text collate "C",
    lease_until   bigint,
    last_error    text collate "C",
    created_at    bigint not null,
    updated_at    bigint not null,
    foreign key (connection_id, blob_key) references blob (connection_id, key) on delete cascade
);

create index job_ready on job (kind, run_at, id) where state = 'ready';
create index job_done on job (updated_at) where state = 'done';
create index job_running on job (kind, lease_until) where state = 'running';

create table event (
    id            text collate "C" primary key,
    connection_id text collate "C" not null references connection (id),
    type          text collate "C" not null,
    media_id      bigint,
    sequence      bigint not null,
    data          text collate "C" not null,
    created_at    bigint not null
);

create index event_of_media on event (connection_id, media_id, sequence);
