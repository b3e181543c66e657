-- What a search looks at: the file name, and the names of the people on the release forms attached. Trigrams, so that any three
-- characters in a row are found, whatever their case. `owner` is one trigram, too: three characters of the connection's id,
-- so that a search passes over what is not its tenant's by the thousand. It is a hint only: what is found is joined by its
-- connection all the same.
create virtual table media_text using fts5 (owner, text, tokenize = 'trigram');

create view searchable as
    select media.id, substr(media.connection_id, 6, 3) as owner,
           media.filename || coalesce((
               select group_concat(char(10) || person.name || char(10) || person.username, '')
               from media_release_form attached
               join release_form on release_form.connection_id = attached.connection_id
                                and release_form.id = attached.form_id and release_form.deleted_at is null
               join person on person.connection_id = release_form.connection_id and person.id = release_form.person_id
               where attached.connection_id = media.connection_id and attached.media_id = media.id), '') as text
    from media;

insert into media_text (rowid, owner, text) select id, owner, text from searchable;

create trigger media_text_added after insert on media begin
    insert into media_text (rowid, owner, text) values (new.id, substr(new.connection_id, 6, 3), new.filename);
end;

create trigger media_text_renamed after update of filename on media when old.filename <> new.filename begin
    replace into media_text (rowid, owner, text) select id, owner, text from searchable where id = new.id;
end;

create trigger media_text_removed after delete on media begin
    delete from media_text where rowid = old.id;
end;

create trigger media_text_form_attached after insert on media_release_form begin
    replace into media_text (rowid, owner, text) select id, owner, text from searchable where id = new.media_id;
end;

create trigger media_text_form_detached after delete on media_release_form begin
    replace into media_text (rowid, owner, text) select id, owner, text from searchable where id = old.media_id;
end;

create trigger media_text_form_changed after update of person_id, deleted_at on release_form
when old.person_id is not new.person_id or old.deleted_at is not new.deleted_at begin
    replace into media_text (rowid, owner, text)
    select id, owner, text from searchable
    where id in (select media_id from media_release_form where connection_id = new.connection_id and form_id = new.id);
end;

create trigger media_text_person_changed after update of name, username on person
when old.name <> new.name or old.username <> new.username begin
    replace into media_text (rowid, owner, text)
    select id, owner, text from searchable
    where id in (select attached.media_id from release_form
                 join media_release_form attached on attached.connection_id = release_form.connection_id
                                                 and attached.form_id = release_form.id
                 where release_form.connection_id = new.connection_id and release_form.person_id = new.id);
end;

-- A media that is purged takes these rows along, by its id alone; without an index that is led by it, each purge reads all.
create index media_release_form_of_media on media_release_form (media_id);
create index rendition_access_of_media on rendition_access (media_id);
