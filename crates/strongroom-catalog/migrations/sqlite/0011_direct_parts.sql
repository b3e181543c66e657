-- Whether the parts of an upload go to the object store itself, past the nodes: docs/adr/0018-direct-parts.md.
alter table upload add column is_direct bigint not null default 0;

-- The object store's entity tags of the parts that its complete has found, in order, as JSON: those and no others are joined.
alter table upload add column part_tags text;
