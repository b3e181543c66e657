-- Lists are numbered within their connection, so that their ids stay below a million; a number is never used twice.
alter table connection add column last_list_id bigint not null default 0;

create table list (
    connection_id text collate "C" not null references connection (id) on delete cascade,
    id            bigint not null,
    type          text collate "C" not null check (type in ('custom', 'messages', 'posts', 'stories', 'streams', 'media_stickers')),
    name          text collate "C" not null,
    created_at    bigint not null,
    updated_at    bigint not null,
    -- The name in lower case, which is what a search looks at.
    folded        text collate "C" not null default '',
    primary key (connection_id, id)
);

create table list_media (
    connection_id text collate "C" not null,
    list_id       bigint not null,
    media_id      bigint not null references media (id) on delete cascade,
    added_at      bigint not null,
    primary key (connection_id, list_id, media_id),
    foreign key (connection_id, list_id) references list (connection_id, id) on delete cascade
);

create index list_media_of_media on list_media (connection_id, media_id);
-- A media that is purged takes its rows along by its id alone.
create index list_media_by_id on list_media (media_id);

-- What init named; attached by the transaction of complete. Numbers, separated by one space.
alter table upload add column list_ids text collate "C";
alter table upload add column release_form_ids text collate "C";
-- Who named them, for the audit log.
alter table upload add column named_by text collate "C";

create index media_trash on media (connection_id, deleted_at) where deleted_at is not null;
create index media_discarded on media (deleted_at) where deleted_at is not null;
-- A blob that goes takes its jobs along.
create index job_of_blob on job (connection_id, blob_key);
create index media_of_preview on media (connection_id, preview_blob) where preview_blob is not null;

-- What pages are cut from: a narrow row for each place where a media shows. The vault itself is list 0, the trash list -1.
-- Kept by the triggers below, so that every page, however sorted and filtered, is a walk along one index.
create table listing (
    connection_id text collate "C" not null references connection (id) on delete cascade,
    media_id      bigint not null,
    list_id       bigint not null,
    type          text collate "C" not null,
    status        text collate "C" not null,
    likes         bigint not null,
    tips          bigint not null,
    created_at    bigint not null,
    primary key (connection_id, media_id, list_id)
);

-- Whatever a filter looks at is in the index: what is passed over costs no second look-up.
create index listing_recent on listing (connection_id, list_id, created_at, media_id, status);
create index listing_liked on listing (connection_id, list_id, likes, media_id, status, created_at);
create index listing_tipped on listing (connection_id, list_id, tips, media_id, status, created_at);
create index listing_typed_recent on listing (connection_id, list_id, type, created_at, media_id, status);
create index listing_typed_liked on listing (connection_id, list_id, type, likes, media_id, status, created_at);
create index listing_typed_tipped on listing (connection_id, list_id, type, tips, media_id, status, created_at);
-- Nearly all media are ready, so only the others need to be found by their status.
create index listing_unready_recent on listing (connection_id, list_id, status, created_at, media_id, type)
    where status <> 'ready';
create index listing_unready_liked on listing (connection_id, list_id, status, likes, media_id, type, created_at)
    where status <> 'ready';
create index listing_unready_tipped on listing (connection_id, list_id, status, tips, media_id, type, created_at)
    where status <> 'ready';

-- These two orders are walked along the listing now.
drop index media_liked;
drop index media_tipped;

insert into listing (connection_id, media_id, list_id, type, status, likes, tips, created_at)
    select connection_id, id, 0, type, status, likes, tips, created_at from media where deleted_at is null;

create function listing_media_added() returns trigger language plpgsql as $$ begin
    insert into listing (connection_id, media_id, list_id, type, status, likes, tips, created_at)
    values (new.connection_id, new.id, 0, new.type, new.status, new.likes, new.tips, new.created_at);
    return null;
end $$;

create function listing_media_changed() returns trigger language plpgsql as $$ begin
    update listing set type = new.type, status = new.status, likes = new.likes, tips = new.tips
    where connection_id = new.connection_id and media_id = new.id;
    return null;
end $$;

create function listing_media_discarded() returns trigger language plpgsql as $$ begin
    delete from listing where connection_id = new.connection_id and media_id = new.id;
    insert into listing (connection_id, media_id, list_id, type, status, likes, tips, created_at)
    values (new.connection_id, new.id, -1, new.type, new.status, new.likes, new.tips, new.created_at);
    return null;
end $$;

create function listing_media_restored() returns trigger language plpgsql as $$ begin
    delete from listing where connection_id = new.connection_id and media_id = new.id;
    insert into listing (connection_id, media_id, list_id, type, status, likes, tips, created_at)
    select new.connection_id, new.id, place.list_id, new.type, new.status, new.likes, new.tips, new.created_at
    from (select 0 as list_id union all
          select list_id from list_media where connection_id = new.connection_id and media_id = new.id) as place;
    return null;
end $$;

create function listing_media_removed() returns trigger language plpgsql as $$ begin
    delete from listing where connection_id = old.connection_id and media_id = old.id;
    return null;
end $$;

create function listing_list_joined() returns trigger language plpgsql as $$ begin
    insert into listing (connection_id, media_id, list_id, type, status, likes, tips, created_at)
    select connection_id, id, new.list_id, type, status, likes, tips, created_at
    from media where connection_id = new.connection_id and id = new.media_id and deleted_at is null;
    return null;
end $$;

create function listing_list_left() returns trigger language plpgsql as $$ begin
    delete from listing
    where connection_id = old.connection_id and media_id = old.media_id and list_id = old.list_id;
    return null;
end $$;

create trigger listing_media_added after insert on media for each row when (new.deleted_at is null)
    execute function listing_media_added();
create trigger listing_media_changed after update of type, status, likes, tips on media for each row
    when (old.type <> new.type or old.status <> new.status or old.likes <> new.likes or old.tips <> new.tips)
    execute function listing_media_changed();
create trigger listing_media_discarded after update of deleted_at on media for each row
    when (old.deleted_at is null and new.deleted_at is not null) execute function listing_media_discarded();
create trigger listing_media_restored after update of deleted_at on media for each row
    when (old.deleted_at is not null and new.deleted_at is null) execute function listing_media_restored();
create trigger listing_media_removed after delete on media for each row execute function listing_media_removed();
create trigger listing_list_joined after insert on list_media for each row execute function listing_list_joined();
create trigger listing_list_left after delete on list_media for each row execute function listing_list_left();

-- How many media of each kind a connection shows, counted by the triggers below.
create table media_tally (
    connection_id text collate "C" not null references connection (id) on delete cascade,
    type          text collate "C" not null,
    status        text collate "C" not null,
    total         bigint not null default 0,
    primary key (connection_id, type, status)
);

insert into media_tally (connection_id, type, status, total)
    select connection_id, type, status, count(*) from media where deleted_at is null group by connection_id, type, status;

create function tally_more() returns trigger language plpgsql as $$ begin
    insert into media_tally (connection_id, type, status, total) values (new.connection_id, new.type, new.status, 1)
    on conflict (connection_id, type, status) do update set total = media_tally.total + 1;
    return null;
end $$;

create function tally_less() returns trigger language plpgsql as $$ begin
    update media_tally set total = total - 1
    where connection_id = old.connection_id and type = old.type and status = old.status;
    return null;
end $$;

create trigger tally_media_added after insert on media for each row when (new.deleted_at is null)
    execute function tally_more();
create trigger tally_media_left after update of type, status, deleted_at on media for each row when (old.deleted_at is null)
    execute function tally_less();
create trigger tally_media_came after update of type, status, deleted_at on media for each row when (new.deleted_at is null)
    execute function tally_more();
create trigger tally_media_removed after delete on media for each row when (old.deleted_at is null)
    execute function tally_less();
