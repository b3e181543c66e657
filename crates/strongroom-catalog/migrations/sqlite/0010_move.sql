-- Moving a vault to another database, another store, or both: docs/adr/0017-move.md.

-- At most one row: this vault is leaving, has left, or is arriving here. While `is_held` is 1 the triggers below refuse every
-- write, whoever asks for it; reads go on.
create table relocation (
    id          integer primary key check (id = 1),
    -- The same on both sides of one move.
    token       text not null,
    role        text not null check (role in ('leaving', 'left', 'arriving')),
    is_held     bigint  not null,
    -- Where to, without a password; null is: it stays where it is.
    to_database text,
    to_store    text,
    began_at    bigint  not null
);

-- Where the parts of uploads under way lie in the new store. Their rows name the old one until the move ends.
create table relocated_upload (
    connection_id text not null,
    upload_id     text not null,
    multipart_id  text not null,
    primary key (connection_id, upload_id)
);

create table relocated_part (
    connection_id text not null,
    upload_id     text not null,
    number        integer not null,
    -- Of the bytes that were copied: the part may be sent anew meanwhile.
    digest        blob not null,
    side          bigint,
    store_tag     text,
    primary key (connection_id, upload_id, number)
);

-- What triggers keep (usage, media_tally, listing, media_text) needs none of these: it changes with the rows that it follows from.
create trigger held_api_key_insert before insert on api_key when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_api_key_update before update on api_key when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_api_key_delete before delete on api_key when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_blob_insert before insert on blob when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_blob_update before update on blob when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_blob_delete before delete on blob when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_connection_insert before insert on connection when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_connection_update before update on connection when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_connection_delete before delete on connection when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_event_insert before insert on event when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_event_update before update on event when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_event_delete before delete on event when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_job_insert before insert on job when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_job_update before update on job when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_job_delete before delete on job when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_list_insert before insert on list when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_list_update before update on list when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_list_delete before delete on list when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_list_media_insert before insert on list_media when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_list_media_update before update on list_media when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_list_media_delete before delete on list_media when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_media_insert before insert on media when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_media_update before update on media when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_media_delete before delete on media when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_media_release_form_insert before insert on media_release_form when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_media_release_form_update before update on media_release_form when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_media_release_form_delete before delete on media_release_form when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_organisation_insert before insert on organisation when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_organisation_update before update on organisation when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_organisation_delete before delete on organisation when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_organisation_settings_insert before insert on organisation_settings when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_organisation_settings_update before update on organisation_settings when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_organisation_settings_delete before delete on organisation_settings when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_part_insert before insert on part when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_part_update before update on part when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_part_delete before delete on part when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_part_slot_insert before insert on part_slot when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_part_slot_update before update on part_slot when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_part_slot_delete before delete on part_slot when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_person_insert before insert on person when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_person_update before update on person when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_person_delete before delete on person when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_release_form_insert before insert on release_form when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_release_form_update before update on release_form when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_release_form_delete before delete on release_form when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_release_form_audit_insert before insert on release_form_audit when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_release_form_audit_update before update on release_form_audit when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_release_form_audit_delete before delete on release_form_audit when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_release_form_document_insert before insert on release_form_document when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_release_form_document_update before update on release_form_document when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_release_form_document_delete before delete on release_form_document when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_rendition_insert before insert on rendition when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_rendition_update before update on rendition when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_rendition_delete before delete on rendition when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_rendition_access_insert before insert on rendition_access when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_rendition_access_update before update on rendition_access when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_rendition_access_delete before delete on rendition_access when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_signing_key_insert before insert on signing_key when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_signing_key_update before update on signing_key when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_signing_key_delete before delete on signing_key when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_upload_insert before insert on upload when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_upload_update before update on upload when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
create trigger held_upload_delete before delete on upload when exists (select 1 from relocation where is_held = 1)
begin select raise(abort, 'the vault takes no writes: it moves, or has moved'); end;
