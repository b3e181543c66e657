-- What several nodes share where the bytes are in an object store: which multipart upload holds an upload's parts, and which
-- tries may write them.

alter table upload add column multipart_id text;

-- The object store's entity tag of a part that lies in the multipart upload.
alter table part add column store_tag text;

-- The right to write a part under its own number, claimed once. A try that finds it taken writes an object of its own.
create table part_slot (
    connection_id text    not null,
    upload_id     text    not null,
    number        integer not null,
    primary key (connection_id, upload_id, number),
    foreign key (connection_id, upload_id) references upload (connection_id, id) on delete cascade
);

-- The keys that sign URLs, where every node must have the same: a line each, the newest signs.
create table signing_key (
    id         text   primary key,
    line       text   not null,
    created_at bigint not null
);
