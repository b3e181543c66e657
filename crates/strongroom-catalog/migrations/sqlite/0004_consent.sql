-- Someone who is shown in media.
create table person (
    id            integer primary key autoincrement,
    connection_id text    not null references connection (id) on delete cascade,
    type          text    not null,
    name          text    not null,
    username      text    not null,
    -- Both names in lower case: what searches look through and lists are sorted by.
    search        text    not null,
    is_verified   bigint  not null default 0,
    is_guest      bigint  not null default 0,
    is_hidden     bigint  not null default 0,
    -- How far their identity is verified; a word of the operator's.
    iv_status     text,
    avatar_blob   text,
    url_version   bigint  not null default 1,
    created_at    bigint  not null,
    updated_at    bigint  not null,
    deleted_at    bigint,
    unique (connection_id, id),
    foreign key (connection_id, avatar_blob) references blob (connection_id, key)
);

create index person_recent on person (connection_id, created_at, id) where deleted_at is null;
create index person_of_avatar on person (connection_id, avatar_blob) where avatar_blob is not null;

-- The consent of a person to be shown. Its status follows from its times: strongroom_core::release_form has the rule.
create table release_form (
    id              integer primary key autoincrement,
    connection_id   text    not null references connection (id) on delete cascade,
    type            text    not null,
    name            text    not null,
    -- The name in lower case.
    search          text    not null,
    person_id       bigint,
    partner_id      bigint,
    partner_source  text    not null,
    code            text,
    usage           text,
    valid_from      bigint,
    expires_at      bigint,
    approved_at     bigint,
    revoked_at      bigint,
    is_hidden       bigint  not null default 0,
    -- The newest document.
    document_sha256 blob,
    -- What the expiry sweep has told of, so that it tells once.
    told_expiring   bigint  not null default 0,
    told_expired    bigint  not null default 0,
    created_at      bigint  not null,
    changed_at      bigint  not null,
    deleted_at      bigint,
    unique (connection_id, id),
    foreign key (connection_id, person_id) references person (connection_id, id)
);

create index release_form_recent on release_form (connection_id, created_at, id) where deleted_at is null;
create index release_form_of_person on release_form (connection_id, person_id) where person_id is not null;
create index release_form_due on release_form (expires_at) where told_expired = 0 and deleted_at is null;

-- Signed documents, never changed: another one is another row.
create table release_form_document (
    connection_id text   not null,
    form_id       bigint not null,
    -- From 1, without gaps.
    version       bigint not null,
    sha256        blob   not null,
    blob_key      text   not null,
    -- `pdf`, or the format of a picture; told from the bytes.
    kind          text   not null,
    size_bytes    bigint not null,
    created_at    bigint not null,
    primary key (connection_id, form_id, version),
    foreign key (connection_id, form_id) references release_form (connection_id, id),
    foreign key (connection_id, blob_key) references blob (connection_id, key)
);

create index release_form_document_of_blob on release_form_document (connection_id, blob_key);

create table media_release_form (
    connection_id text   not null,
    media_id      bigint not null references media (id) on delete cascade,
    form_id       bigint not null,
    attached_at   bigint not null,
    primary key (connection_id, media_id, form_id),
    foreign key (connection_id, form_id) references release_form (connection_id, id)
);

create index media_of_release_form on media_release_form (connection_id, form_id, media_id);

-- Who did what to which form, and when. Rows are added and never changed; the database itself refuses.
create table release_form_audit (
    id              integer primary key autoincrement,
    connection_id   text    not null,
    form_id         bigint  not null,
    action          text    not null,
    -- The key that did it, or `system`.
    actor           text    not null,
    document_sha256 blob,
    -- JSON: what changed.
    detail          text    not null,
    at              bigint  not null
);

create index release_form_audit_of_form on release_form_audit (connection_id, form_id, id);
create index release_form_audit_of_connection on release_form_audit (connection_id, id);

create trigger release_form_audit_is_kept before delete on release_form_audit begin
    select raise(abort, 'the audit log is append-only');
end;

create trigger release_form_audit_is_fixed before update on release_form_audit begin
    select raise(abort, 'the audit log is append-only');
end;

-- Whether it is, or was, someone's avatar: its renditions then include the small squares, however often it is rendered anew.
alter table blob add column is_avatar bigint not null default 0;
