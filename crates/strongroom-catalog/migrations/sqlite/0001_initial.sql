-- Times are milliseconds since 1970-01-01 UTC. Every table that holds what a tenant owns starts with connection_id, and every
-- query on it starts there too. The PostgreSQL folder has the same numbers and the same tables.

create table organisation (
    id         text   primary key,
    name       text   not null,
    created_at bigint not null
);

insert into organisation (id, name, created_at) values ('org_000000000000000000000000', 'Default', 0);

create table api_key (
    id              text   primary key,
    organisation_id text   not null references organisation (id),
    environment     text   not null check (environment in ('live', 'sandbox')),
    name            text   not null,
    hash            blob   not null unique,
    scopes          text   not null,
    permissions     text   not null,
    created_at      bigint not null,
    expires_at      bigint,
    revoked_at      bigint
);

create table connection (
    id                  text   primary key,
    organisation_id     text   not null references organisation (id),
    environment         text   not null check (environment in ('live', 'sandbox')),
    status              text   not null check (status in ('active', 'expired', 'awaiting_2fa')),
    name                text   not null,
    username            text   not null,
    avatar              text,
    permissions         text   not null,
    client_reference_id text,
    created_at          bigint not null,
    updated_at          bigint not null,
    expired_at          bigint
);

create table upload (
    connection_id text   not null references connection (id),
    id            text   not null unique,
    state         text   not null check (state in ('open', 'completing', 'completed', 'aborted', 'expired')),
    filename      text   not null,
    content_type  text   not null,
    size_bytes    bigint not null,
    part_bytes    bigint not null,
    repr_digest   text,
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
    connection_id text    not null,
    upload_id     text    not null,
    number        integer not null,
    size_bytes    bigint  not null,
    digest        blob    not null,
    -- The generation of the side file that holds it; null where it lies in its slot of the staging file.
    side          bigint,
    received_at   bigint  not null,
    primary key (connection_id, upload_id, number),
    foreign key (connection_id, upload_id) references upload (connection_id, id) on delete cascade
);

create table blob (
    connection_id   text   not null references connection (id),
    key             text   not null,
    etag            blob   not null,
    size_bytes      bigint not null,
    sha256          blob,
    format          text,
    type            text   not null check (type in ('photo', 'video', 'audio', 'gif')),
    status          text   not null check (status in ('processing', 'playable', 'ready', 'error')),
    width           bigint,
    height          bigint,
    duration_ms     bigint,
    -- How far a film is, in thousandths; null before the first report and after the end.
    progress        bigint,
    failure_code    text,
    failure_message text,
    published_at    bigint,
    created_at      bigint not null,
    primary key (connection_id, key),
    unique (connection_id, etag, size_bytes)
);

create unique index blob_by_key on blob (key);
create index blob_by_sha256 on blob (connection_id, sha256) where sha256 is not null;

create table rendition (
    connection_id text   not null,
    blob_key      text   not null,
    name          text   not null,
    format        text   not null,
    width         bigint not null,
    height        bigint not null,
    size_bytes    bigint not null,
    primary key (connection_id, blob_key, name),
    foreign key (connection_id, blob_key) references blob (connection_id, key) on delete cascade
);

create table media (
    id            integer primary key autoincrement,
    connection_id text    not null references connection (id),
    upload_id     text    not null,
    blob_key      text    not null,
    -- Type and status are the blob's, kept here too so that a page is one index walk. Both change in one transaction.
    type          text    not null check (type in ('photo', 'video', 'audio', 'gif')),
    status        text    not null check (status in ('processing', 'playable', 'ready', 'error')),
    filename      text    not null,
    -- The blob whose renditions are shown as this media's preview, where one was chosen by hand.
    preview_blob  text,
    url_version   bigint  not null default 1,
    likes         bigint  not null default 0,
    tips          bigint  not null default 0,
    created_at    bigint  not null,
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
    id            integer primary key autoincrement,
    connection_id text    not null references connection (id),
    kind          text    not null,
    blob_key      text    not null,
    state         text    not null check (state in ('ready', 'running', 'done', 'dead')),
    run_at        bigint  not null,
    attempts      bigint  not null default 0,
    lease_token   text,
    lease_until   bigint,
    last_error    text,
    created_at    bigint  not null,
    updated_at    bigint  not null,
    foreign key (connection_id, blob_key) references blob (connection_id, key) on delete cascade
);

create index job_ready on job (kind, run_at, id) where state = 'ready';
create index job_done on job (updated_at) where state = 'done';
create index job_running on job (kind, lease_until) where state = 'running';

create table event (
    id            text   primary key,
    connection_id text   not null references connection (id),
    type          text   not null,
    media_id      bigint,
    sequence      bigint not null,
    data          text   not null,
    created_at    bigint not null
);

create index event_of_media on event (connection_id, media_id, sequence);
