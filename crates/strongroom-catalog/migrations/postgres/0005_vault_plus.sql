-- How often a rendition was fetched. Counted in memory and written now and then, so a crash loses a few.
create table rendition_access (
    connection_id text collate "C" not null references connection (id) on delete cascade,
    media_id      bigint not null references media (id) on delete cascade,
    name          text collate "C" not null,
    total         bigint not null,
    last_at       bigint not null,
    primary key (connection_id, media_id, name)
);
