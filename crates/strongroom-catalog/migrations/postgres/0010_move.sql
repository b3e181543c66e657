-- Moving a vault to another database, another store, or both: docs/adr/0017-move.md.

-- At most one row: this vault is leaving, has left, or is arriving here. While `is_held` is 1 the triggers below refuse every
-- write, whoever asks for it; reads go on.
create table relocation (
    id          bigint primary key check (id = 1),
    -- The same on both sides of one move.
    token       text collate "C" not null,
    role        text collate "C" not null check (role in ('leaving', 'left', 'arriving')),
    is_held     bigint  not null,
    -- Where to, without a password; null is: it stays where it is.
    to_database text collate "C",
    to_store    text collate "C",
    began_at    bigint  not null
);

-- Where the parts of uploads under way lie in the new store. Their rows name the old one until the move ends.
create table relocated_upload (
    connection_id text collate "C" not null,
    upload_id     text collate "C" not null,
    multipart_id  text collate "C" not null,
    primary key (connection_id, upload_id)
);

create table relocated_part (
    connection_id text collate "C" not null,
    upload_id     text collate "C" not null,
    number        bigint not null,
    -- Of the bytes that were copied: the part may be sent anew meanwhile.
    digest        bytea not null,
    side          bigint,
    store_tag     text collate "C",
    primary key (connection_id, upload_id, number)
);

-- What triggers keep (usage, media_tally, listing, media_text) needs none of these: it changes with the rows that it follows from.
create function refuse_while_held() returns trigger language plpgsql as $$ begin
    if exists (select 1 from relocation where is_held = 1) then
        raise exception 'the vault takes no writes: it moves, or has moved';
    end if;
    return null;
end $$;

create trigger held_api_key_insert before insert on api_key for each statement execute function refuse_while_held();
create trigger held_api_key_update before update on api_key for each statement execute function refuse_while_held();
create trigger held_api_key_delete before delete on api_key for each statement execute function refuse_while_held();
create trigger held_blob_insert before insert on blob for each statement execute function refuse_while_held();
create trigger held_blob_update before update on blob for each statement execute function refuse_while_held();
create trigger held_blob_delete before delete on blob for each statement execute function refuse_while_held();
create trigger held_connection_insert before insert on connection for each statement execute function refuse_while_held();
create trigger held_connection_update before update on connection for each statement execute function refuse_while_held();
create trigger held_connection_delete before delete on connection for each statement execute function refuse_while_held();
create trigger held_event_insert before insert on event for each statement execute function refuse_while_held();
create trigger held_event_update before update on event for each statement execute function refuse_while_held();
create trigger held_event_delete before delete on event for each statement execute function refuse_while_held();
create trigger held_job_insert before insert on job for each statement execute function refuse_while_held();
create trigger held_job_update before update on job for each statement execute function refuse_while_held();
create trigger held_job_delete before delete on job for each statement execute function refuse_while_held();
create trigger held_list_insert before insert on list for each statement execute function refuse_while_held();
create trigger held_list_update before update on list for each statement execute function refuse_while_held();
create trigger held_list_delete before delete on list for each statement execute function refuse_while_held();
create trigger held_list_media_insert before insert on list_media for each statement execute function refuse_while_held();
create trigger held_list_media_update before update on list_media for each statement execute function refuse_while_held();
create trigger held_list_media_delete before delete on list_media for each statement execute function refuse_while_held();
create trigger held_media_insert before insert on media for each statement execute function refuse_while_held();
create trigger held_media_update before update on media for each statement execute function refuse_while_held();
create trigger held_media_delete before delete on media for each statement execute function refuse_while_held();
create trigger held_media_release_form_insert before insert on media_release_form for each statement execute function refuse_while_held();
create trigger held_media_release_form_update before update on media_release_form for each statement execute function refuse_while_held();
create trigger held_media_release_form_delete before delete on media_release_form for each statement execute function refuse_while_held();
create trigger held_organisation_insert before insert on organisation for each statement execute function refuse_while_held();
create trigger held_organisation_update before update on organisation for each statement execute function refuse_while_held();
create trigger held_organisation_delete before delete on organisation for each statement execute function refuse_while_held();
create trigger held_organisation_settings_insert before insert on organisation_settings for each statement execute function refuse_while_held();
create trigger held_organisation_settings_update before update on organisation_settings for each statement execute function refuse_while_held();
create trigger held_organisation_settings_delete before delete on organisation_settings for each statement execute function refuse_while_held();
create trigger held_part_insert before insert on part for each statement execute function refuse_while_held();
create trigger held_part_update before update on part for each statement execute function refuse_while_held();
create trigger held_part_delete before delete on part for each statement execute function refuse_while_held();
create trigger held_part_slot_insert before insert on part_slot for each statement execute function refuse_while_held();
create trigger held_part_slot_update before update on part_slot for each statement execute function refuse_while_held();
create trigger held_part_slot_delete before delete on part_slot for each statement execute function refuse_while_held();
create trigger held_person_insert before insert on person for each statement execute function refuse_while_held();
create trigger held_person_update before update on person for each statement execute function refuse_while_held();
create trigger held_person_delete before delete on person for each statement execute function refuse_while_held();
create trigger held_release_form_insert before insert on release_form for each statement execute function refuse_while_held();
create trigger held_release_form_update before update on release_form for each statement execute function refuse_while_held();
create trigger held_release_form_delete before delete on release_form for each statement execute function refuse_while_held();
create trigger held_release_form_audit_insert before insert on release_form_audit for each statement execute function refuse_while_held();
create trigger held_release_form_audit_update before update on release_form_audit for each statement execute function refuse_while_held();
create trigger held_release_form_audit_delete before delete on release_form_audit for each statement execute function refuse_while_held();
create trigger held_release_form_document_insert before insert on release_form_document for each statement execute function refuse_while_held();
create trigger held_release_form_document_update before update on release_form_document for each statement execute function refuse_while_held();
create trigger held_release_form_document_delete before delete on release_form_document for each statement execute function refuse_while_held();
create trigger held_rendition_insert before insert on rendition for each statement execute function refuse_while_held();
create trigger held_rendition_update before update on rendition for each statement execute function refuse_while_held();
create trigger held_rendition_delete before delete on rendition for each statement execute function refuse_while_held();
create trigger held_rendition_access_insert before insert on rendition_access for each statement execute function refuse_while_held();
create trigger held_rendition_access_update before update on rendition_access for each statement execute function refuse_while_held();
create trigger held_rendition_access_delete before delete on rendition_access for each statement execute function refuse_while_held();
create trigger held_signing_key_insert before insert on signing_key for each statement execute function refuse_while_held();
create trigger held_signing_key_update before update on signing_key for each statement execute function refuse_while_held();
create trigger held_signing_key_delete before delete on signing_key for each statement execute function refuse_while_held();
create trigger held_upload_insert before insert on upload for each statement execute function refuse_while_held();
create trigger held_upload_update before update on upload for each statement execute function refuse_while_held();
create trigger held_upload_delete before delete on upload for each statement execute function refuse_while_held();
