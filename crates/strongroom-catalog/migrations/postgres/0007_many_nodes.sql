-- What several nodes share where the bytes are in an object store: which multipart upload holds an upload's parts, and which
-- tries may write them.

alter table upload add column multipart_id text collate "C";

-- The object store's entity tag of a part that lies in the multipart upload.
alter table part add column store_tag text collate "C";

-- The right to write a part under its own number, claimed once. A try that finds it taken writes an object of its own.
create table part_slot (
    connection_id text collate "C" not null,
    upload_id     text collate "C" not null,
    number        bigint not null,
    primary key (connection_id, upload_id, number),
    foreign key (connection_id, upload_id) references upload (connection_id, id) on delete cascade
);

-- The keys that sign URLs, where every node must have the same: a line each, the newest signs.
create table signing_key (
    id         text collate "C" primary key,
    line       text collate "C" not null,
    created_at bigint not null
);

-- Other nodes hear at once of what they would otherwise find when they look next. They hear at commit, and the same words once
-- for each transaction.
create function announce_jobs() returns trigger language plpgsql as $$ begin
    perform pg_notify('strongroom', 'jobs');
    return null;
end $$;

create function announce_settled() returns trigger language plpgsql as $$ begin
    perform pg_notify('strongroom', 'settled ' || new.key);
    return null;
end $$;

create trigger announce_job_added after insert on job for each statement execute function announce_jobs();
create trigger announce_job_freed after update of state on job for each row
    when (old.state <> 'ready' and new.state = 'ready') execute function announce_jobs();
create trigger announce_blob_settled after update of status on blob for each row
    when (old.status <> new.status and new.status <> 'processing') execute function announce_settled();
