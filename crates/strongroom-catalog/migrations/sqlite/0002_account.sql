-- Settings. Null inherits: a connection's from its organisation, an organisation's from the server's configuration.
-- An organisation has a row for each of its two worlds: what is tried in the sandbox changes nothing that is live.
create table organisation_settings (
    organisation_id        text   not null references organisation (id) on delete cascade,
    environment            text   not null check (environment in ('live', 'sandbox')),
    consent_policy         text   check (consent_policy in ('off', 'warn', 'require')),
    quota_bytes            bigint,
    trash_retention_days   bigint,
    delivery_ttl_seconds   bigint,
    -- Origins, separated by one space.
    cors_origins           text,
    vault_plus_auto_enable bigint not null default 0,
    -- JSON that clients keep here; nothing reads it.
    vault_plus_settings    text,
    primary key (organisation_id, environment)
);

insert into organisation_settings (organisation_id, environment)
    select id, 'live' from organisation union all select id, 'sandbox' from organisation;

create trigger settings_of_organisation after insert on organisation begin
    insert into organisation_settings (organisation_id, environment) values (new.id, 'live'), (new.id, 'sandbox');
end;

alter table connection add column consent_policy text check (consent_policy in ('off', 'warn', 'require'));
alter table connection add column quota_bytes bigint;
alter table connection add column trash_retention_days bigint;
alter table connection add column delivery_ttl_seconds bigint;
alter table connection add column cors_origins text;
alter table connection add column vault_plus_enabled bigint not null default 0;
alter table connection add column vault_plus_settings text;
alter table connection add column last_checked_at bigint;
-- Since when nobody can see it; what it holds goes soon after, and then it is purged. The row stays, without a name: events
-- and the audit log speak of it.
alter table connection add column deleted_at bigint;
alter table connection add column purged_at bigint;

create index connection_recent on connection (organisation_id, environment, created_at, id) where deleted_at is null;
create index connection_to_purge on connection (deleted_at) where deleted_at is not null and purged_at is null;

-- The connections that a key may use, separated by one space; null is all of its organisation's.
alter table api_key add column connection_ids text;

create index api_key_recent on api_key (organisation_id, environment, created_at, id) where revoked_at is null;

create index upload_completing on upload (connection_id) where state = 'completing';

-- What a connection holds, counted by the triggers below in the transaction of every change. A quota is held to it.
create table usage (
    connection_id   text   primary key references connection (id) on delete cascade,
    -- Originals, and whatever else was sent and is kept.
    stored_bytes    bigint not null default 0,
    -- Promised to sessions that are open or completing.
    reserved_bytes  bigint not null default 0,
    rendition_bytes bigint not null default 0
);

insert into usage (connection_id, stored_bytes, reserved_bytes, rendition_bytes)
    select id,
           (select coalesce(sum(size_bytes), 0) from blob where blob.connection_id = connection.id),
           (select coalesce(sum(size_bytes), 0) from upload
            where upload.connection_id = connection.id and state in ('open', 'completing')),
           (select coalesce(sum(size_bytes), 0) from rendition where rendition.connection_id = connection.id)
    from connection;

create trigger usage_of_connection after insert on connection begin
    insert into usage (connection_id) values (new.id);
end;

create trigger usage_blob_added after insert on blob begin
    update usage set stored_bytes = stored_bytes + new.size_bytes where connection_id = new.connection_id;
end;

create trigger usage_blob_removed after delete on blob begin
    update usage set stored_bytes = stored_bytes - old.size_bytes where connection_id = old.connection_id;
end;

create trigger usage_upload_added after insert on upload when new.state in ('open', 'completing') begin
    update usage set reserved_bytes = reserved_bytes + new.size_bytes where connection_id = new.connection_id;
end;

create trigger usage_upload_moved after update of state on upload
when (old.state in ('open', 'completing')) <> (new.state in ('open', 'completing')) begin
    update usage
    set reserved_bytes = reserved_bytes + case when new.state in ('open', 'completing') then new.size_bytes else -new.size_bytes end
    where connection_id = new.connection_id;
end;

create trigger usage_upload_removed after delete on upload when old.state in ('open', 'completing') begin
    update usage set reserved_bytes = reserved_bytes - old.size_bytes where connection_id = old.connection_id;
end;

create trigger usage_rendition_added after insert on rendition begin
    update usage set rendition_bytes = rendition_bytes + new.size_bytes where connection_id = new.connection_id;
end;

create trigger usage_rendition_changed after update of size_bytes on rendition begin
    update usage set rendition_bytes = rendition_bytes + new.size_bytes - old.size_bytes
    where connection_id = new.connection_id;
end;

create trigger usage_rendition_removed after delete on rendition begin
    update usage set rendition_bytes = rendition_bytes - old.size_bytes where connection_id = old.connection_id;
end;
