-- What a search looks at: the file name, and the names of the people on the release forms attached. Trigrams, so that any three
-- characters in a row are found, whatever their case.
do $$ begin
    if not exists (select from pg_extension where extname = 'pg_trgm') then
        create extension pg_trgm;
    end if;
exception when insufficient_privilege then
    raise exception 'searches need the extension pg_trgm, which this role may not create: as a superuser, run "create extension pg_trgm" in this database'
        using errcode = 'insufficient_privilege';
when undefined_file or feature_not_supported then
    raise exception 'searches need the extension pg_trgm, which this server lacks: install the contrib package of its version'
        using errcode = 'feature_not_supported';
end $$;

-- A text with nothing left of its case, whatever the locale of the database. The final sigma is one letter with the other, as
-- it is for SQLite: what is searched for may end where the name does not.
create function folded(words text) returns text language sql immutable strict parallel safe as
    $$ select translate(lower(words collate "und-x-icu"), 'ς', 'σ') collate "C" $$;

-- `owner` is three characters of the connection's id, the first line of what the index holds, so that a search passes over what
-- is not its tenant's by the thousand. They are a hint only: what is found is joined by its connection all the same.
create table media_text (
    id    bigint primary key,
    owner text collate "C" not null,
    text  text collate "C" not null
);

create index media_text_words on media_text using gin ((owner || E'\n' || text) gin_trgm_ops);

create view searchable as
    select media.id, substr(media.connection_id, 6, 3) as owner,
           folded(media.filename || coalesce((
               select string_agg(E'\n' || person.name || E'\n' || person.username, '' order by person.id)
               from media_release_form attached
               join release_form on release_form.connection_id = attached.connection_id
                                and release_form.id = attached.form_id and release_form.deleted_at is null
               join person on person.connection_id = release_form.connection_id and person.id = release_form.person_id
               where attached.connection_id = media.connection_id and attached.media_id = media.id), '')) as text
    from media;

insert into media_text (id, owner, text) select id, owner, text from searchable;

create function media_text_of(ids bigint[]) returns void language sql as $$
    insert into media_text (id, owner, text) select id, owner, text from searchable where id = any (ids)
    on conflict (id) do update set text = excluded.text where media_text.text <> excluded.text
$$;

create function media_text_added() returns trigger language plpgsql as $$ begin
    insert into media_text (id, owner, text) values (new.id, substr(new.connection_id, 6, 3), folded(new.filename));
    return null;
end $$;

create function media_text_renamed() returns trigger language plpgsql as $$ begin
    perform media_text_of(array[new.id]);
    return null;
end $$;

create function media_text_removed() returns trigger language plpgsql as $$ begin
    delete from media_text where id = old.id;
    return null;
end $$;

create function media_text_form_attached() returns trigger language plpgsql as $$ begin
    perform media_text_of(array[new.media_id]);
    return null;
end $$;

create function media_text_form_detached() returns trigger language plpgsql as $$ begin
    perform media_text_of(array[old.media_id]);
    return null;
end $$;

create function media_text_form_changed() returns trigger language plpgsql as $$ begin
    perform media_text_of(array(select media_id from media_release_form
                                where connection_id = new.connection_id and form_id = new.id));
    return null;
end $$;

create function media_text_person_changed() returns trigger language plpgsql as $$ begin
    perform media_text_of(array(select attached.media_id from release_form
                                join media_release_form attached on attached.connection_id = release_form.connection_id
                                                                and attached.form_id = release_form.id
                                where release_form.connection_id = new.connection_id and release_form.person_id = new.id));
    return null;
end $$;

create trigger media_text_added after insert on media for each row execute function media_text_added();
create trigger media_text_renamed after update of filename on media for each row when (old.filename <> new.filename)
    execute function media_text_renamed();
create trigger media_text_removed after delete on media for each row execute function media_text_removed();
create trigger media_text_form_attached after insert on media_release_form for each row
    execute function media_text_form_attached();
create trigger media_text_form_detached after delete on media_release_form for each row
    execute function media_text_form_detached();
create trigger media_text_form_changed after update of person_id, deleted_at on release_form for each row
    when (old.person_id is distinct from new.person_id or old.deleted_at is distinct from new.deleted_at)
    execute function media_text_form_changed();
create trigger media_text_person_changed after update of name, username on person for each row
    when (old.name <> new.name or old.username <> new.username) execute function media_text_person_changed();

-- A media that is purged takes these rows along, by its id alone; without an index that is led by it, each purge reads all.
create index media_release_form_of_media on media_release_form (media_id);
create index rendition_access_of_media on rendition_access (media_id);
