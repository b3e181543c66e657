-- What a role needs to use a catalog that another one owns: all but migrations. Run it as the owner, which must be the role that
-- migrates, so that tables to come are granted, too:
--
--     psql --set role=strongroom --file migrations/postgres-role.sql postgres://owner@…
grant usage on schema public to :"role";
grant select, insert, update, delete on all tables in schema public to :"role";
revoke insert, update, delete on _sqlx_migrations from :"role";
alter default privileges in schema public grant select, insert, update, delete on tables to :"role";

-- A vault that moves here goes on with its own numbers.
grant update on all sequences in schema public to :"role";
alter default privileges in schema public grant update on sequences to :"role";
