-- Settings. Null inherits: a connection's from its organisation, an organisation's from the server's configuration.
-- An organisation has a row for each of its two worlds: what is tried in the sandbox changes nothing that is live.
create table organisation_settings (
    organisation_id        text collate "C" not null references organisation (id) on delete cascade,
    environment            text collate "C" not null check (environment in ('live', 'sandbox')),
    consent_policy         text collate "C" check (consent_policy in ('off', 'warn', 'require')),
    quota_bytes            bigint,
    trash_retention_days   bigint,
    delivery_ttl_seconds   bigint,
    -- Origins, separated by one space.
    cors_origins           text collate "C",
    vault_plus_auto_enable bigint not null default 0,
    -- JSON that clients keep here; nothing reads it.
    vault_plus_settings    text collate "C",
    primary key (organisation_id, environment)
);

insert into organisation_settings (organisation_id, environment)
    select id, 'live' from organisation union all select id, 'sandbox' from organisation;

create function settings_of_organisation() returns trigger language plpgsql as $$ begin
    insert into organisation_settings (organisation_id, environment) values (new.id, 'live'), (new.id, 'sandbox');
    return null;
end $$;

create trigger settings_of_organisation after insert on organisation for each row execute function settings_of_organisation();

alter table connection add column consent_policy text collate "C" check (consent_policy in ('off', 'warn', 'require'));
alter table connection add column quota_bytes bigint;
alter table connection add column trash_retention_days bigint;
alter table connection add column delivery_ttl_seconds bigint;
alter table connection add column cors_origins text collate "C";
alter table connection add column vault_plus_enabled bigint not null default 0;
alter table connection add column vault_plus_settings text collate "C";
alter table connection add column last_checked_at bigint;
-- Since when nobody can see it; what it holds goes soon after, and then it is purged. The row stays, without a name: events
-- and the audit log speak of it.
alter table connection add column deleted_at bigint;
alter table connection add column purged_at bigint;

create index connection_recent on connection (organisation_id, environment, created_at, id) where deleted_at is null;
create index connection_to_purge on connection (deleted_at) where deleted_at is not null and purged_at is null;

-- The connections that a key may use, separated by one space; null is all of its organisation's.
alter table api_key add column connection_ids text collate "C";

create index api_key_recent on api_key (organisation_id, environment, created_at, id) where revoked_at is null;

create index upload_completing on upload (connection_id) where state = 'completing';

-- What a connection holds, counted by the triggers below in the transaction of every change. A quota is held to it.
create table usage (
    connection_id   text collate "C" primary key references connection (id) on delete cascade,
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

create function usage_of_connection() returns trigger language plpgsql as $$ begin
    insert into usage (connection_id) values (new.id);
    return null;
end $$;

create function usage_blob_added() returns trigger language plpgsql as $$ begin
    update usage set stored_bytes = stored_bytes + new.size_bytes where connection_id = new.connection_id;
    return null;
end $$;

create function usage_blob_removed() returns trigger language plpgsql as $$ begin
    update usage set stored_bytes = stored_bytes - old.size_bytes where connection_id = old.connection_id;
    return null;
end $$;

create function usage_upload_added() returns trigger language plpgsql as $$ begin
    update usage set reserved_bytes = reserved_bytes + new.size_bytes where connection_id = new.connection_id;
    return null;
end $$;

create function usage_upload_moved() returns trigger language plpgsql as $$ begin
    update usage
    set reserved_bytes = reserved_bytes + case when new.state in ('open', 'completing') then new.size_bytes else -new.size_bytes end
    where connection_id = new.connection_id;
    return null;
end $$;

create function usage_upload_removed() returns trigger language plpgsql as $$ begin
    update usage set reserved_bytes = reserved_bytes - old.size_bytes where connection_id = old.connection_id;
    return null;
end $$;

create function usage_rendition_added() returns trigger language plpgsql as $$ begin
    update usage set rendition_bytes = rendition_bytes + new.size_bytes where connection_id = new.connection_id;
    return null;
end $$;

create function usage_rendition_changed() returns trigger language plpgsql as $$ begin
    update usage set rendition_bytes = rendition_bytes + new.size_bytes - old.size_bytes
    where connection_id = new.connection_id;
    return null;
end $$;

create function usage_rendition_removed() returns trigger language plpgsql as $$ begin
    update usage set rendition_bytes = rendition_bytes - old.size_bytes where connection_id = old.connection_id;
    return null;
end $$;

create trigger usage_of_connection after insert on connection for each row execute function usage_of_connection();
create trigger usage_blob_added after insert on blob for each row execute function usage_blob_added();
create trigger usage_blob_removed after delete on blob for each row execute function usage_blob_removed();
create trigger usage_upload_added after insert on upload for each row when (new.state in ('open', 'completing'))
    execute function usage_upload_added();
create trigger usage_upload_moved after update of state on upload for each row
    when ((old.state in ('open', 'completing')) <> (new.state in ('open', 'completing')))
    execute function usage_upload_moved();
create trigger usage_upload_removed after delete on upload for each row when (old.state in ('open', 'completing'))
    execute function usage_upload_removed();
create trigger usage_rendition_added after insert on rendition for each row execute function usage_rendition_added();
create trigger usage_rendition_changed after update of size_bytes on rendition for each row
    execute function usage_rendition_changed();
create trigger usage_rendition_removed after delete on rendition for each row execute function usage_rendition_removed();
