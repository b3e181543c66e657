-- Dead jobs are few and counted at every scrape; without this, all done ones would be looked at for them.
create index job_dead on job (kind) where state = 'dead';
